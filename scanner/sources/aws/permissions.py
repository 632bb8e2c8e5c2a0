"""IAM: the action of each operation, and the policy documents that allow a set of actions."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, Final

from scanner.core.permissions import Grant

PREFIXES: Final = {
    "accessanalyzer": "access-analyzer",
    "efs": "elasticfilesystem",
    "elbv2": "elasticloadbalancing",
    "opensearch": "es",
    "resourcegroupstaggingapi": "tag",
    "s3control": "s3",
    "sso-admin": "sso",
    "stepfunctions": "states",
}
"""botocore's names of services whose IAM prefix is another word."""

DISCOVERY: Final = {
    "ec2:DescribeRegions": "which regions are enabled",
    "iam:ListAccountAliases": "what people call the account",
}
"""Actions of the calls that open an account, whatever is selected; sts:GetCallerIdentity needs none."""

Document = dict[str, Any]
"""A policy document."""

LARGEST: Final = 6144
"""Characters that a managed policy may have without its white space (IAM and STS quotas, IAM User Guide)."""


def action_of(operation: str) -> str:
    """The IAM action that an operation is named after: `elbv2:DescribeListeners` → `elasticloadbalancing:…`."""
    service, _, name = operation.partition(":")
    return f"{PREFIXES.get(service, service)}:{name}"


def allowed(grants: Iterable[Grant]) -> tuple[str, ...]:
    """The actions of a reading role: those of the checks, and those that open the account."""
    return tuple(sorted({*DISCOVERY, *(grant.action for grant in grants)}))


def documents(actions: Iterable[str]) -> list[Document]:
    """Policy documents that allow exactly these actions; as few as fit into managed policies."""
    groups: list[list[str]] = [[]]
    for action in sorted(set(actions)):
        if size(_document([*groups[-1], action])) > LARGEST:
            groups.append([])
        groups[-1].append(action)
    return [_document(group) for group in groups]


def size(document: Document) -> int:
    """The characters of a document, as IAM counts them."""
    return len(json.dumps(document, separators=(",", ":")))


def _document(actions: list[str]) -> Document:
    # Every action is one of reading, and a scan asks about all resources that there are.
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": actions, "Resource": "*"}]}
