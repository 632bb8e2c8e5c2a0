"""What stands for a redacted value in evidence, and how evaluation reads it."""

from __future__ import annotations

from typing import Any, Final

from scanner.model.values import Unreadable

MARK: Final = "$redacted"
"""The one key of the mapping that stands for a redacted value: `{"$redacted": "private key"}`."""
KEY_MARK: Final = f"{MARK}:"
"""How the name begins that stands for a redacted key: `$redacted:0`."""


def is_mark(value: object) -> bool:
    """Whether a raw value stands for a redacted one."""
    return isinstance(value, dict) and MARK in value


def with_unread_marks(value: Any, name: str = "a value") -> Any:
    """Raw data in which each redacted value is `Unreadable`, so that no comparison decides it.

    A mapping of which a key was redacted is unread as a whole: which members it has is not known.
    `name` is the member that the data is the value of.
    """
    if isinstance(value, list):
        return [with_unread_marks(item, name) for item in value]
    if not isinstance(value, dict):
        return value
    if MARK in value:
        return Unreadable(f"{name} was redacted ({value[MARK]})")
    if any(key.startswith(KEY_MARK) for key in value):
        return Unreadable(f"a name in {name} was redacted")
    return {key: with_unread_marks(item, key) for key, item in value.items()}
