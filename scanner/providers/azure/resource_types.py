"""Counts the resources of a subscription by type."""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Mapping
from typing import Final

from scanner.core.reading.context import ReadContext
from scanner.model.answers import Answer, Call
from scanner.model.values import Unreadable
from scanner.providers.azure.role_permissions import list_call, rows_of

_RESOURCES: Final = "Microsoft.Resources:Resources_List"


def resource_types(
    context: ReadContext,
) -> Generator[Call, Answer, dict[str, int] | Unreadable]:
    """By type, how many resources Azure Resource Manager lists."""
    answer = yield list_call(_RESOURCES, {"subscription": context.account})
    rows, unread = rows_of(answer)
    if unread:
        return unread[0]
    counts: Counter[str] = Counter()
    for row in rows:
        name = row.get("type") if isinstance(row, Mapping) else None
        if not isinstance(name, str):
            return Unreadable(f"{_RESOURCES} returned a resource without a type")
        counts[name.lower()] += 1
    return dict(counts)
