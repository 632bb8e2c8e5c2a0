"""Writes the role that tscan reads with as Terraform and as CloudFormation."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Final

from scanner.providers.aws.permissions import Document
from scanner.providers.aws.role_trust import Trust

ROLE: Final = "tscan-read"


def terraform(documents: Sequence[Document], trust: Trust) -> str:
    """A module that makes the role."""
    before, statement = trust.terraform()
    parts = [
        f"# The role that tscan reads with: {_count(documents)}, "
        "made by `tscan permissions aws`.\n",
        before,
        f"""\
resource "aws_iam_role" "tscan" {{
  name                 = "{ROLE}"
  max_session_duration = 3600
  assume_role_policy = jsonencode({{
    Version = "2012-10-17"
    Statement = [{{
      Effect    = "Allow"
{statement}    }}]
  }})
}}
""",
    ]
    for number, document in enumerate(documents, 1):
        parts.append(_terraform_policy(number, document))
    parts.append('output "tscan_role_arn" {\n  value = aws_iam_role.tscan.arn\n}\n')
    return "\n".join(parts)


def cloudformation(documents: Sequence[Document], trust: Trust) -> str:
    """A template, in JSON, that makes the role."""
    parameters, statement = trust.cloudformation()
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
    template: dict[str, object] = {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": (
            f"The role that tscan reads with: {_count(documents)}, made by tscan permissions aws."
        ),
        "Resources": {**policies, "Role": role},
        "Outputs": {"RoleArn": {"Value": {"Fn::GetAtt": ["Role", "Arn"]}}},
    }
    # CloudFormation takes no empty section.
    if parameters:
        template["Parameters"] = parameters
    return json.dumps(template, indent=2) + "\n"


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


def _count(documents: Sequence[Document]) -> str:
    total = 0
    for document in documents:
        total += sum(len(statement["Action"]) for statement in document["Statement"])
    return f"{total} actions"
