"""Sorts lists whose order means nothing, so that the same evidence always gives the same value."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime, timedelta

from scanner.model.values import ABSENT, Unreadable, Value


def canonical_list(items: Iterable[Value]) -> list[Value]:
    """The items sorted by their JSON text."""
    return sorted(items, key=_json_text)


def _json_text(item: Value) -> str:
    return json.dumps(
        item,
        sort_keys=True,
        separators=(",", ":"),
        default=_encode_other,
    )


def _encode_other(value: object) -> object:
    """The JSON form of a value that JSON itself does not know."""
    if isinstance(value, Unreadable):
        return {"$unreadable": value.reason}
    if value is ABSENT:
        return {"$absent": True}
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} is not an attribute value")
