"""Maps operations to IAM actions, and writes the policy documents that allow a set of actions."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any, Final

from scanner.errors import TscanError

PREFIXES: Final = {
    "accessanalyzer": "access-analyzer",
    "efs": "elasticfilesystem",
    "elb": "elasticloadbalancing",
    "elbv2": "elasticloadbalancing",
    "opensearch": "es",
    "resourcegroupstaggingapi": "tag",
    "s3control": "s3",
    "sso-admin": "sso",
    "stepfunctions": "states",
}
"""botocore's names of services whose IAM prefix is another word."""

DISCOVERY: Final = {"ec2:DescribeRegions": "the enabled regions"}
"""Actions of the calls that connect to an account, whatever is selected; sts:GetCallerIdentity
needs none.
"""
NAMES: Final = {"iam:ListAccountAliases": "the account alias, for display only"}
"""The same for words that are only shown: with inventories of types they are a statement of their
own, so that they can be left out knowingly.
"""
SHOWN_ONLY: Final = "ShownOnly"
"""The Sid of that statement; a policy has no comments."""
ORGANIZATION: Final = {
    "organizations:DescribeOrganization": "the organization's management account"
}
"""The same where checks ask about the organization, or its accounts are scanned."""
LEADING: Final = {"organizations:ListAccounts": "the accounts of the organization"}
"""The same for the account from which an organization is scanned."""

Document = dict[str, Any]
"""A policy document."""

_ROLE: Final = re.compile(r"[\w+=,.@-]{1,64}", re.A)
LARGEST: Final = 6144
"""Characters that a managed policy may have without its white space (IAM and STS quotas, IAM User
Guide).
"""


def action_of(operation: str) -> str:
    """The IAM action that an operation is named after: `elbv2:DescribeListeners` →
    `elasticloadbalancing:…`.
    """
    service, _, name = operation.partition(":")
    return f"{PREFIXES.get(service, service)}:{name}"


def actions_of(operation: str) -> tuple[str, ...]:
    """The same as all that the operation needs."""
    return (action_of(operation),)


def discovery(*, organization: bool, leading: bool) -> dict[str, str]:
    """The actions by which an account is connected, each with what it tells."""
    actions = dict(DISCOVERY)
    if organization or leading:
        actions |= ORGANIZATION
    if leading:
        actions |= LEADING
    return actions


def entering(role: str) -> Document:
    """The right of the leading account to enter the others by a role of this name."""
    if not _ROLE.fullmatch(role):
        raise TscanError(
            f"--organization {role} is not the name of a role",
            "write the name alone, without an ARN",
        )
    statement = {
        "Effect": "Allow",
        "Action": ["sts:AssumeRole"],
        "Resource": f"arn:*:iam::*:role/{role}",
    }
    return {"Version": "2012-10-17", "Statement": [statement]}


def documents(actions: Iterable[str], names: Iterable[str] = ()) -> list[Document]:
    """Policy documents that allow exactly these actions, and `names` in a statement apart; as few
    as policies hold.
    """
    groups: list[list[str]] = [[]]
    apart: list[Document] = []
    if names:
        apart.append({"Sid": SHOWN_ONLY, **_allowing(sorted(set(names)))})
    for action in sorted(set(actions)):
        # The statement apart is counted with every group: it is not known yet which will be the
        # last.
        if size(_document(_allowing([*groups[-1], action]), *apart)) > LARGEST:
            groups.append([])
        groups[-1].append(action)
    full = [_document(_allowing(group)) for group in groups[:-1]]
    return [*full, _document(_allowing(groups[-1]), *apart)]


def size(document: Document) -> int:
    """The characters of a document, as IAM counts them."""
    return len(json.dumps(document, separators=(",", ":")))


def _document(*statements: Document) -> Document:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def _allowing(actions: list[str]) -> Document:
    # Every action is one of reading, and a scan asks about all resources that there are.
    return {"Effect": "Allow", "Action": actions, "Resource": "*"}
