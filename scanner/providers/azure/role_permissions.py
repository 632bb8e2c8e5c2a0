"""Evaluates Azure RBAC roles: lists the rows of an answer and matches actions against `actions` and
`notActions`.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import Any, Final

from scanner.core.policies.wildcards import covers
from scanner.model.answers import Answer, Call, State
from scanner.model.values import Unreadable

Row = Mapping[str, Any]
Listing = Generator[Call, Answer, list[Row] | Unreadable]

OWNER: Final = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
"""Id of Owner, which is the same in every tenant, as that of every built-in role."""
CUSTOM_ROLES: Final = "Microsoft.Authorization:RoleDefinitions_List"


def list_call(operation: str, params: Mapping[str, Any], absent_on: tuple[str, ...] = ()) -> Call:
    """The call of a listing of Azure Resource Manager or Microsoft Graph."""
    return Call(
        operation=operation,
        region="",
        params=params,
        items=("value",),
        absent_on=absent_on,
    )


def rows_of(answer: Answer) -> tuple[list[Row], list[Unreadable]]:
    """The rows of an answer, and the reasons why there may be more."""
    if answer.state is State.ABSENT:
        return [], []
    if answer.state not in (State.OK, State.EMPTY, State.PARTIAL):
        return [], [answer.unread]
    if not isinstance(answer.data, Mapping):
        return [], [answer.unread]
    unread: list[Unreadable] = []
    if answer.state is State.PARTIAL:
        unread.append(answer.unread)
    message = f"{answer.call.operation} returned rows in an unknown format"
    value = answer.data.get("value")
    if not isinstance(value, list):
        unread.append(Unreadable(message))
        return [], unread
    rows = [row for row in value if isinstance(row, Mapping)]
    # A row that is skipped may be the one that decides: it leaves the list open.
    if len(rows) < len(value):
        unread.append(Unreadable(message))
    return rows, unread


def allows(part: Row, action: str) -> bool:
    """Whether a permission block of a role or deny assignment covers an action, which is in lower
    case.
    """
    # `notActions` is no denial: it takes away from this block alone, another role may give it back.
    excepted = any(covers(pattern, action) for pattern in patterns(part, "notActions"))
    if excepted:
        return False
    return any(covers(pattern, action) for pattern in patterns(part, "actions"))


def patterns(part: Row, member: str) -> list[str]:
    """Action patterns of a permission block, in lower case."""
    value = part.get(member)
    if not isinstance(value, list):
        return []
    return [text.lower() for text in value if isinstance(text, str)]


def properties_of(row: Row) -> Row:
    """The `properties` of a resource; empty where there are none."""
    properties = row.get("properties")
    if isinstance(properties, Mapping):
        return properties
    return {}
