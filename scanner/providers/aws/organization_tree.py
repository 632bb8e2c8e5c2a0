"""The reader of the organisation's tree: a second source of its accounts."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, Final

from scanner.core.reading.context import ReadContext
from scanner.model.answers import Answer, Call, State
from scanner.model.values import ABSENT, Unreadable
from scanner.providers.aws.config_recorder import rows

_ROOTS: Final = "organizations:ListRoots"
_CHILDREN: Final = "organizations:ListChildren"
_NO_ORGANIZATION: Final = "AWSOrganizationsNotInUseException"


def organization_tree(context: ReadContext) -> Generator[Call, Answer, Any]:
    """Ids of the accounts that stand in the organisation's tree, walked from its root; `ABSENT` without one."""
    answer = yield Call(
        operation=_ROOTS, region="", items=("Roots",), absent_on=(_NO_ORGANIZATION,)
    )
    if answer.state is State.ABSENT or answer.code == _NO_ORGANIZATION:
        return ABSENT
    above = _ids(answer, "Roots")
    accounts: list[str] = []
    walked: set[str] = set()
    while not isinstance(above, Unreadable) and above:
        parent, *above = above
        if parent in walked:
            return Unreadable(f"{_CHILDREN} leads in a circle")
        walked.add(parent)
        for kind in ("ACCOUNT", "ORGANIZATIONAL_UNIT"):
            answer = yield Call(
                operation=_CHILDREN,
                region="",
                params={"ParentId": parent, "ChildType": kind},
                items=("Children",),
            )
            found = _ids(answer, "Children")
            if isinstance(found, Unreadable):
                return found
            if kind == "ACCOUNT":
                accounts.extend(found)
            else:
                above.extend(found)
    return above if isinstance(above, Unreadable) else accounts


def _ids(answer: Answer, member: str) -> list[str] | Unreadable:
    found = rows(answer, member)
    if isinstance(found, Unreadable):
        return found
    ids = [row["Id"] for row in found if isinstance(row.get("Id"), str)]
    return (
        ids
        if len(ids) == len(found)
        else Unreadable(f"{answer.call.operation} gave something without an id")
    )
