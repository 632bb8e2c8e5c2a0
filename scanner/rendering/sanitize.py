"""Makes values and names from a cloud safe to write: JSON values, and text that acts on nothing."""

from __future__ import annotations

import json
import math
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from scanner.model.values import Absent, OpenList, Unreadable
from scanner.words import amount

_UNSAFE: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Unicode categories that can move a cursor, reverse or hide text, or break a line."""

Json = Any
"""What `json.dumps` takes: a recursive type that has no short name in Python 3.11."""


def sanitized(text: str) -> str:
    """Text on one line in which nothing acts on a terminal: such characters become escapes."""
    # Almost every text is plain ASCII, and this is called for each one that is printed.
    if text.isascii() and text.isprintable():
        return text
    return "".join(map(_safe_character, text))


def _safe_character(char: str) -> str:
    if unicodedata.category(char) not in _UNSAFE:
        return char
    return char.encode("unicode_escape", "surrogatepass").decode("ascii")


def json_value(value: object) -> Json:
    """A value of the condition language in JSON.

    What was not read is `{"unreadable": reason}` and what is known to be absent `{"absent": true}`:
    never null, which a consumer would take for either.
    """
    match value:
        case Unreadable():
            return {"unreadable": value.reason}
        case Absent():
            return {"absent": True}
        # Before the lists: an open list is one, and would look complete.
        case OpenList():
            return {"read": _json_items(value), "unreadable": value.reason}
        case Mapping():
            return _json_members(value)
        case list() | tuple() | set() | frozenset():
            return _json_items(value)
    return _json_scalar(value)


def _json_items(items: list[Any] | tuple[Any, ...] | set[Any] | frozenset[Any]) -> list[Json]:
    return [json_value(item) for item in items]


def _json_members(members: Mapping[Any, Any]) -> dict[str, Json]:
    # Sorted, so that the same evidence gives the same bytes.
    return {str(key): json_value(members[key]) for key in sorted(members, key=str)}


def _json_scalar(value: object) -> Json:
    match value:
        case datetime():
            return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
        case timedelta():
            seconds = f"{value / timedelta(seconds=1):f}"
            return seconds.rstrip("0").rstrip(".") + "s"
        # JSON has no infinity and no NaN; Python would write them all the same.
        case float() if not math.isfinite(value):
            return str(value)
    return value


def shortened(value: object, limit: int = 60) -> str:
    """A value on one line for people, cut to `limit` characters; a list between its items."""
    text = _for_people(value)
    # An open list is written as a mapping that says why: as a list it would look complete.
    if isinstance(value, OpenList) or not isinstance(value, list | tuple):
        return shortened_text(text, limit)
    if len(sanitized(text)) <= limit:
        return sanitized(text)
    return _first_items(value, limit) or shortened_text(text, limit)


def _first_items(items: Sequence[object], limit: int) -> str:
    """`["a", "b", … 3 more]`: as many items as fit; empty where the first one does not."""
    for count in range(len(items) - 1, 0, -1):
        shown = ", ".join(sanitized(_for_people(item)) for item in items[:count])
        text = f"[{shown}, … {len(items) - count} more]"
        if len(text) <= limit:
            return text
    return ""


def shortened_text(text: str, limit: int = 60) -> str:
    """A text on one line, cut to `limit` characters."""
    safe = sanitized(text)
    if len(safe) <= limit:
        return safe
    return safe[: limit - 1] + "…"


def _for_people(value: object) -> str:
    match value:
        case Unreadable():
            return f"unreadable: {value.reason}"
        case Absent():
            return "absent"
        case timedelta() if abs(value) >= timedelta(days=1):
            return amount(value / timedelta(days=1), "day")
        case timedelta():
            return str(value)
        case datetime():
            return str(json_value(value))
    return json.dumps(json_value(value), ensure_ascii=False)
