"""Reads GraphQL responses member by member: a list that a page cut off stays open, and a member
that is missing is unread.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from scanner.model.values import OpenList, Unreadable

FIRST: Final = {
    "associatedPullRequests": 10,
    "authors": 10,
    "commits": 100,
    "reviews": 100,
    "bypassForcePushAllowances": 100,
    "bypassPullRequestAllowances": 100,
}
"""How many nodes the queries ask of each connection that is read without its further pages."""

Known = bool | Unreadable
"""Whether something holds, or why that is not known."""


def nodes(owner: Mapping[str, Any], connection: str) -> list[Any]:
    """The nodes of a connection; an open list where there are more, or may be."""
    found = owner.get(connection)
    rows = found.get("nodes") if isinstance(found, Mapping) else None
    if not isinstance(found, Mapping) or not isinstance(rows, list):
        return OpenList((), f"GitHub returned no {connection}")
    # Without a word on it, a page that is as long as was asked for may have been cut off.
    if "pageInfo" not in found and len(rows) < FIRST[connection]:
        return rows
    if _member(found, "pageInfo", "hasNextPage") is not False:
        return OpenList(rows, f"GitHub returned only the first {len(rows)} {connection}")
    return rows


def text(owner: object, *steps: str) -> str | Unreadable:
    """The text at a path of members; unread where one is missing."""
    found = _member(owner, *steps)
    if isinstance(found, str) and found:
        return found
    return Unreadable(f"GitHub returned no {'.'.join(steps)}")


def flag(owner: object, *steps: str) -> Known:
    """The bool at a path of members; unread where one is missing."""
    found = _member(owner, *steps)
    if isinstance(found, bool):
        return found
    return Unreadable(f"GitHub returned no {'.'.join(steps)}")


def moment(owner: object, *steps: str) -> datetime | Unreadable:
    """The time at a path of members; unread where one is missing, or has no zone."""
    found = text(owner, *steps)
    if isinstance(found, Unreadable):
        return found
    try:
        when = datetime.fromisoformat(found)
    except ValueError:
        return Unreadable(f"{'.'.join(steps)} is not a time")
    if when.tzinfo is None:
        return Unreadable(f"{'.'.join(steps)} has no time zone")
    return when


def same(one: object, other: object) -> Known:
    """Whether two values that were read are equal."""
    for value in (one, other):
        if isinstance(value, Unreadable):
            return value
    return one == other


def all_of(conditions: Iterable[Known]) -> Known:
    """Whether all hold: one that does not decides, whatever is not known of the others."""
    unread: Unreadable | None = None
    for condition in conditions:
        if condition is False:
            return False
        if isinstance(condition, Unreadable):
            unread = unread or condition
    return unread or True


def negated(condition: Known) -> Known:
    """Whether it does not hold."""
    if isinstance(condition, Unreadable):
        return condition
    return not condition


def _member(owner: object, *steps: str) -> object:
    found = owner
    for step in steps:
        if not isinstance(found, Mapping):
            return None
        found = found.get(step)
    return found
