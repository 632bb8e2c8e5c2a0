"""Transitions told item by item: what the deviations of a period are walked out of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from scanner.model.history import Transition

Key = tuple[str, str, str]
"""Check, region, resource."""
Move = tuple[int, str, str, str]
"""One transition of an item: the record's number, the verdict, its cause and its reason."""

ANY: Final = "*"
GONE: Final = ""
PASS: Final = "pass"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stories:
    """All transitions of one target up to a record, each item's together and in order.

    Plain tuples, for there are as many as findings that ever changed.
    """

    items: Iterable[tuple[Key, Sequence[Move]]]
    """Items that did anything but pass from the first; to be gone through once."""
    listings: Mapping[Key, Sequence[Move]]
    """Listings that were not read whole."""
    passing: Mapping[tuple[str, str, int], int]
    """Items that passed when they were first seen and never moved, nearly all: counted by check, region and record."""


def tell(transitions: Iterable[Transition], last: int) -> Stories:
    """The stories in transitions that come in the order of their records, up to the record of a number."""
    found: dict[Key, list[Move]] = {}
    for row in transitions:
        if row.seq > last:
            break
        key = (row.check, row.region, row.resource)
        found.setdefault(key, []).append((row.seq, row.verdict, row.cause.value, row.reason))
    passing: dict[tuple[str, str, int], int] = {}
    items: list[tuple[Key, Sequence[Move]]] = []
    for key, moves in found.items():
        if key[2] == ANY:
            continue
        if len(moves) == 1 and moves[0][1] == PASS:
            same = (key[0], key[1], moves[0][0])
            passing[same] = passing.get(same, 0) + 1
        else:
            items.append((key, moves))
    return Stories(items=items, listings={key: moves for key, moves in found.items() if key[2] == ANY}, passing=passing)
