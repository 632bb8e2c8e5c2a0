"""Values and names from a cloud, made safe to write."""

from __future__ import annotations

import json
import math
import unicodedata
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from scanner.model.values import Absent, OpenList, Unreadable

_UNSAFE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Unicode categories that can move a cursor, reverse or hide text, or break a line."""


def sanitized(text: str) -> str:
    """Text on one line in which nothing acts on a terminal: such characters are written as escapes."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        _escape(char) if unicodedata.category(char) in _UNSAFE else char for char in text
    )


def _escape(char: str) -> str:
    return char.encode("unicode_escape", "surrogatepass").decode("ascii")


def json_value(value: object) -> Any:
    """A value of the language in JSON; what was not read says so and is never null."""
    match value:
        case Unreadable():
            return {"unreadable": value.reason}
        case Absent():
            return {"absent": True}
        case OpenList():
            return {"read": [json_value(item) for item in value], "unreadable": value.reason}
        case datetime():
            return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
        case timedelta():
            return f"{value / timedelta(seconds=1):f}".rstrip("0").rstrip(".") + "s"
        case Mapping():
            return {str(key): json_value(value[key]) for key in sorted(value, key=str)}
        case list() | tuple() | set() | frozenset():
            return [json_value(item) for item in value]
        case float() if not math.isfinite(value):
            return str(value)
    return value


def shortened(value: object, limit: int = 60) -> str:
    """A value on one line for people, cut to `limit` characters."""
    match value:
        case Unreadable():
            text = f"unreadable: {value.reason}"
        case Absent():
            text = "absent"
        case timedelta():
            text = (
                f"{value / timedelta(days=1):.1f} days"
                if abs(value) >= timedelta(days=1)
                else str(value)
            )
        case datetime():
            text = json_value(value)
        case _:
            text = json.dumps(json_value(value), ensure_ascii=False)
    safe = sanitized(text)
    return safe if len(safe) <= limit else safe[: limit - 1] + "…"


def plural(count: int, noun: str) -> str:
    """`1 finding`, `2 findings`."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
