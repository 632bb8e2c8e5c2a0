"""Walks the organization's tree for its accounts: a second source beside the list of accounts."""

from __future__ import annotations

from collections.abc import Generator
from typing import Final

from scanner.core.reading.context import ReadContext
from scanner.model.answers import Answer, Call, State
from scanner.model.values import ABSENT, Absent, Unreadable
from scanner.providers.aws.config_recorder import rows

_ROOTS: Final = "organizations:ListRoots"
_CHILDREN: Final = "organizations:ListChildren"
_NO_ORGANIZATION: Final = "AWSOrganizationsNotInUseException"


def organization_tree(
    context: ReadContext,
) -> Generator[Call, Answer, list[str] | Absent | Unreadable]:
    """Ids of the accounts in the organization's tree, walked from its root; `ABSENT` without an
    organization.
    """
    answer = yield Call(
        operation=_ROOTS, region="", items=("Roots",), absent_on=(_NO_ORGANIZATION,)
    )
    if answer.state is State.ABSENT or answer.code == _NO_ORGANIZATION:
        return ABSENT
    roots = _ids(answer, "Roots")
    if isinstance(roots, Unreadable):
        return roots
    parents = list(roots)
    accounts: list[str] = []
    walked: set[str] = set()
    while parents:
        parent = parents.pop(0)
        # A tree has no circles; a response that makes one would be walked for ever.
        if parent in walked:
            return Unreadable(f"{_CHILDREN} returned a cycle")
        walked.add(parent)
        found = _ids((yield _children(parent, "ACCOUNT")), "Children")
        if isinstance(found, Unreadable):
            return found
        accounts.extend(found)
        units = _ids((yield _children(parent, "ORGANIZATIONAL_UNIT")), "Children")
        if isinstance(units, Unreadable):
            return units
        parents.extend(units)
    return accounts


def _children(parent: str, kind: str) -> Call:
    return Call(
        operation=_CHILDREN,
        region="",
        params={"ParentId": parent, "ChildType": kind},
        items=("Children",),
    )


def _ids(answer: Answer, member: str) -> list[str] | Unreadable:
    found = rows(answer, member)
    if isinstance(found, Unreadable):
        return found
    ids = [row["Id"] for row in found if isinstance(row.get("Id"), str)]
    # A second source that drops an account in silence would agree with a listing that lacks the
    # same one.
    if len(ids) < len(found):
        return Unreadable(f"{answer.call.operation} returned an item without an id")
    return ids
