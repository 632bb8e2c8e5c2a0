"""The canonical order of lists whose order means nothing: the same evidence reads the same, however it came."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from scanner.model.values import ABSENT, Unreadable


def canonical_list(items: Iterable[Any]) -> list[Any]:
    """The items sorted by their JSON text."""
    return sorted(items, key=_text)


def _text(item: Any) -> str:
    return json.dumps(item, sort_keys=True, separators=(",", ":"), default=_unusual)


def _unusual(value: Any) -> Any:
    if isinstance(value, Unreadable):
        return {"$unreadable": value.reason}
    if value is ABSENT:
        return {"$absent": True}
    if isinstance(value, timedelta):
        return value.total_seconds()
    return value.isoformat()
