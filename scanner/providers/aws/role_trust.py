"""Who may assume the role that tscan reads with: an AWS principal, or a workflow at GitHub."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

from scanner.errors import TscanError
from scanner.providers.workflow_identity import ISSUER, GithubWorkflow

_PRINCIPAL: Final = re.compile(
    r"arn:aws[a-z-]*:iam::[0-9]{12}:(root|(user|role)/[\w+=,.@/-]+)", re.A
)
_EXTERNAL_ID: Final = re.compile(r"[\w+=,.@:/-]{2,1224}", re.A)
_ACCOUNT: Final = re.compile(r"[0-9]{12}")
_TRUST: Final = (
    "ARN of the principal that may assume the role: the account or role that runs tscan."
)
_EXTERNAL: Final = (
    "External id that tscan sends when it assumes the role: "
    "--external-id, or external_id in tscan.yaml."
)
_AUDIENCE: Final = "sts.amazonaws.com"


class Trust(Protocol):
    """The trust policy of the role, in each form."""

    def terraform(self) -> tuple[str, str]:
        """What stands before the role, and the members of its one statement."""
        ...

    def cloudformation(self) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
        """The template's parameters, and the statement."""
        ...


@dataclass(frozen=True, slots=True)
class PrincipalTrust:
    """An account, role or user, with an external id; what is empty is asked for on use."""

    principal: str = ""
    external_id: str = ""

    def __post_init__(self) -> None:
        # What IAM would refuse, or what would trust everyone.
        if self.principal and not _PRINCIPAL.fullmatch(self.principal):
            raise TscanError(
                f"--trust {self.principal} is not the ARN of an account, role or user",
                "write arn:aws:iam::111122223333:root",
            )
        if self.external_id and not _EXTERNAL_ID.fullmatch(self.external_id):
            raise TscanError(
                "--external-id is not one that IAM takes",
                "2 to 1224 letters, digits and + = , . @ : / -",
            )

    def terraform(self) -> tuple[str, str]:
        before = [
            _variable("tscan_trusted_principal", _TRUST, self.principal),
            _variable("tscan_external_id", _EXTERNAL, self.external_id),
        ]
        statement = """\
      Action    = "sts:AssumeRole"
      Principal = { AWS = var.tscan_trusted_principal }
      Condition = { StringEquals = { "sts:ExternalId" = var.tscan_external_id } }
"""
        return "\n".join(before), statement

    def cloudformation(self) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
        parameters = {
            "TrustedPrincipal": _parameter(_TRUST, self.principal),
            "ExternalId": _parameter(_EXTERNAL, self.external_id),
        }
        statement = {
            "Effect": "Allow",
            "Action": "sts:AssumeRole",
            "Principal": {"AWS": {"Ref": "TrustedPrincipal"}},
            "Condition": {"StringEquals": {"sts:ExternalId": {"Ref": "ExternalId"}}},
        }
        return parameters, statement


@dataclass(frozen=True, slots=True)
class GithubTrust:
    """A workflow at GitHub, by its token; each account has one identity provider for these."""

    workflow: GithubWorkflow

    @property
    def conditions(self) -> dict[str, dict[str, str]]:
        """What the token of a workflow must say."""
        claims = {
            f"{ISSUER}:aud": _AUDIENCE,
            f"{ISSUER}:sub": self.workflow.subject,
        }
        return {"StringEquals": claims}

    def policy(self, account: str) -> str:
        """The trust policy as JSON, for an account."""
        if not _ACCOUNT.fullmatch(account):
            raise TscanError(
                f"--account {account or '…'} is not the number of an AWS account",
                "give its 12 digits: the trust policy names the account's identity provider",
            )
        statement = self._statement(f"arn:aws:iam::{account}:oidc-provider/{ISSUER}")
        return json.dumps({"Version": "2012-10-17", "Statement": [statement]}, indent=2)

    def terraform(self) -> tuple[str, str]:
        before = f"""\
# The account's identity provider for GitHub; an account has one, which this module does not make.
data "aws_iam_openid_connect_provider" "github" {{
  url = "https://{ISSUER}"
}}
"""
        claims = self.conditions["StringEquals"]
        lines = [f"          {json.dumps(key)} = {json.dumps(claims[key])}\n" for key in claims]
        statement = f"""\
      Action    = "sts:AssumeRoleWithWebIdentity"
      Principal = {{ Federated = data.aws_iam_openid_connect_provider.github.arn }}
      Condition = {{
        StringEquals = {{
{"".join(lines)}        }}
      }}
"""
        return before, statement

    def cloudformation(self) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
        provider = "arn:${AWS::Partition}:iam::${AWS::AccountId}:oidc-provider/" + ISSUER
        return {}, self._statement({"Fn::Sub": provider})

    def _statement(self, provider: object) -> dict[str, Any]:
        return {
            "Effect": "Allow",
            "Action": "sts:AssumeRoleWithWebIdentity",
            "Principal": {"Federated": provider},
            "Condition": self.conditions,
        }


def _variable(name: str, meaning: str, value: str) -> str:
    # Without a default, Terraform asks for the value: a trust in nobody in particular is never
    # written.
    default = f"  default     = {json.dumps(value)}\n" if value else ""
    return (
        f'variable "{name}" {{\n  type        = string\n  description = "{meaning}"\n{default}}}\n'
    )


def _parameter(meaning: str, value: str) -> dict[str, object]:
    default = {"Default": value} if value else {"MinLength": 2}
    return {"Type": "String", "Description": meaning, **default}
