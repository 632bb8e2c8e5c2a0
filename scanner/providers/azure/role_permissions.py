"""What roles allow: rows of an answer, and actions held against patterns."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import Any, Final

from scanner.core.policies.wildcards import covers
from scanner.model.answers import Answer, Call, State
from scanner.model.values import Unreadable

Row = Mapping[str, Any]
Asking = Generator[Call, Answer, Any]

OWNER: Final = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
"""Id of Owner: as that of every role that Azure brings along, the same in every tenant."""
CUSTOM_ROLES: Final = "Microsoft.Authorization:RoleDefinitions_List"


def asked(operation: str, params: Mapping[str, Any], absent_on: tuple[str, ...] = ()) -> Call:
    """A listing of the resource manager or of Graph."""
    return Call(
        operation=operation, region="", params=params, items=("value",), absent_on=absent_on
    )


def rows_of(answer: Answer) -> tuple[list[Row], list[Unreadable]]:
    """The rows of an answer, and why there may be more."""
    if answer.state is State.ABSENT:
        return [], []
    if answer.state not in (State.OK, State.EMPTY, State.PARTIAL) or not isinstance(
        answer.data, Mapping
    ):
        return [], [answer.unread]
    unread = [answer.unread] if answer.state is State.PARTIAL else []
    value = answer.data.get("value")
    rows = [row for row in value if isinstance(row, Mapping)] if isinstance(value, list) else []
    if not isinstance(value, list) or len(rows) < len(value):
        unread.append(Unreadable(f"{answer.call.operation} gave rows in a form that is not known"))
    return rows, unread


def allows(part: Row, action: str) -> bool:
    """Whether a part of a role, or of a deny assignment, covers an action, which is in small letters."""
    return any(covers(pattern, action) for pattern in patterns(part, "actions")) and not any(
        covers(pattern, action) for pattern in patterns(part, "notActions")
    )


def patterns(part: Row, member: str) -> list[str]:
    """Patterns of actions, in small letters."""
    value = part.get(member)
    return (
        [text.lower() for text in value if isinstance(text, str)] if isinstance(value, list) else []
    )
