"""Lists the reviewed AWS operations; tscan calls no other."""

from __future__ import annotations

from importlib.resources import files
from typing import Final


def _read() -> frozenset[str]:
    text = files(__package__).joinpath("operations.txt").read_text(encoding="utf-8")
    return frozenset(line for line in text.splitlines() if line and not line.startswith("#"))


OPERATIONS: Final = _read()
"""`service:Operation`, the service as botocore names it."""

FORBIDDEN: Final = frozenset(
    {
        "ec2:GetConsoleOutput",
        "ec2:GetPasswordData",
        "ecr:GetAuthorizationToken",
        "kms:Decrypt",
        "kms:GenerateDataKey",
        "lambda:GetFunction",
        "s3:GetObject",
        "secretsmanager:BatchGetSecretValue",
        "secretsmanager:GetSecretValue",
        "ssm:GetParameter",
        "ssm:GetParameterHistory",
        "ssm:GetParameters",
        "ssm:GetParametersByPath",
        "sso:GetRoleCredentials",
        "sts:AssumeRole",
        "sts:GetFederationToken",
        "sts:GetSessionToken",
    }
)
"""Operations that return credentials or customers' data, or code; they are on no list, ever."""

EXCEPTIONS: Final = {
    "iam:GenerateCredentialReport": (
        "makes the report that GetCredentialReport reads; changes nothing else"
    ),
    "cloudtrail:LookupEvents": "a read of the event history; its name begins with Lookup",
    "codebuild:BatchGetProjects": "a read of several projects; its name begins with Batch",
    "inspector2:BatchGetAccountStatus": "a read of several accounts; its name begins with Batch",
}
"""Operations whose verb is not one of reading, and why they are allowed all the same."""
