"""Writes the role that tscan reads with as Terraform and as CloudFormation."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Final

from scanner.errors import TscanError
from scanner.providers.aws.permissions import Document

ROLE: Final = "tscan-read"
_PRINCIPAL: Final = re.compile(
    r"arn:aws[a-z-]*:iam::[0-9]{12}:(root|(user|role)/[\w+=,.@/-]+)", re.A
)
_EXTERNAL_ID: Final = re.compile(r"[\w+=,.@:/-]{2,1224}", re.A)
_TRUST: Final = "ARN of who may assume the role: the account or role that tscan runs as."
_EXTERNAL: Final = (
    "External id that tscan must give when it assumes the role: "
    "--external-id, or external_id in tscan.yaml."
)


def terraform(
    documents: Sequence[Document],
    *,
    trust: str,
    external_id: str,
) -> str:
    """A module that makes the role; what is not given is asked for as a variable."""
    checked(trust, external_id)
    parts = [
        f"# The role that tscan reads with: {_count(documents)}, "
        "made by `tscan permissions aws`.\n",
        _variable("tscan_trusted_principal", _TRUST, trust),
        _variable("tscan_external_id", _EXTERNAL, external_id),
        f"""\
resource "aws_iam_role" "tscan" {{
  name                 = "{ROLE}"
  max_session_duration = 3600
  assume_role_policy = jsonencode({{
    Version = "2012-10-17"
    Statement = [{{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = {{ AWS = var.tscan_trusted_principal }}
      Condition = {{ StringEquals = {{ "sts:ExternalId" = var.tscan_external_id }} }}
    }}]
  }})
}}
""",
    ]
    for number, document in enumerate(documents, 1):
        parts.append(_terraform_policy(number, document))
    parts.append('output "tscan_role_arn" {\n  value = aws_iam_role.tscan.arn\n}\n')
    return "\n".join(parts)


def cloudformation(
    documents: Sequence[Document],
    *,
    trust: str,
    external_id: str,
) -> str:
    """A template, in JSON, that makes the role; what is not given is asked for as a parameter."""
    checked(trust, external_id)
    condition = {"StringEquals": {"sts:ExternalId": {"Ref": "ExternalId"}}}
    statement = {
        "Effect": "Allow",
        "Action": "sts:AssumeRole",
        "Principal": {"AWS": {"Ref": "TrustedPrincipal"}},
        "Condition": condition,
    }
    policies = {
        f"ReadPolicy{number}": {
            "Type": "AWS::IAM::ManagedPolicy",
            "Properties": {"ManagedPolicyName": f"{ROLE}-{number}", "PolicyDocument": document},
        }
        for number, document in enumerate(documents, 1)
    }
    role = {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "RoleName": ROLE,
            "MaxSessionDuration": 3600,
            "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [statement]},
            "ManagedPolicyArns": [{"Ref": name} for name in policies],
        },
    }
    template = {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": (
            f"The role that tscan reads with: {_count(documents)}, made by tscan permissions aws."
        ),
        "Parameters": {
            "TrustedPrincipal": _parameter(_TRUST, trust),
            "ExternalId": _parameter(_EXTERNAL, external_id),
        },
        "Resources": {**policies, "Role": role},
        "Outputs": {"RoleArn": {"Value": {"Fn::GetAtt": ["Role", "Arn"]}}},
    }
    return json.dumps(template, indent=2) + "\n"


def checked(trust: str, external_id: str) -> None:
    """Refuse what IAM would refuse, or what would trust everyone."""
    if trust and not _PRINCIPAL.fullmatch(trust):
        raise TscanError(
            f"--trust {trust} is not the ARN of an account, role or user",
            "write arn:aws:iam::111122223333:root",
        )
    if external_id and not _EXTERNAL_ID.fullmatch(external_id):
        raise TscanError(
            "--external-id is not one that IAM takes",
            "2 to 1224 letters, digits and + = , . @ : / -",
        )


def _variable(name: str, meaning: str, value: str) -> str:
    # Without a default, Terraform asks for the value: a trust in nobody in particular is never
    # written.
    default = f"  default     = {json.dumps(value)}\n" if value else ""
    return (
        f'variable "{name}" {{\n  type        = string\n  description = "{meaning}"\n{default}}}\n'
    )


def _terraform_policy(number: int, document: Document) -> str:
    # jsonencode of the document itself: JSON's objects and lists are expressions of Terraform too.
    text = json.dumps(document, indent=2).replace("\n", "\n  ")
    return f"""\
resource "aws_iam_policy" "tscan_{number}" {{
  name   = "{ROLE}-{number}"
  policy = jsonencode({text})
}}

resource "aws_iam_role_policy_attachment" "tscan_{number}" {{
  role       = aws_iam_role.tscan.name
  policy_arn = aws_iam_policy.tscan_{number}.arn
}}
"""


def _parameter(meaning: str, value: str) -> dict[str, object]:
    default = {"Default": value} if value else {"MinLength": 2}
    return {"Type": "String", "Description": meaning, **default}


def _count(documents: Sequence[Document]) -> str:
    total = 0
    for document in documents:
        total += sum(len(statement["Action"]) for statement in document["Statement"])
    return f"{total} actions"
