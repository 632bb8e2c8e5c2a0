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
FAIL: Final = "fail"


@dataclass(frozen=True, slots=True, kw_only=True)
class Spans:
    """Failing spans of items of one check in one region that only ever failed and passed: columns, item by item.

    Records are named by their numbers, which begin with 1; 0 is none. No listing of the check was ever cut short.
    """

    check: str
    region: str
    seen: Mapping[int, int]
    """The items that these are the spans of, counted by the record that saw them first."""
    resources: Sequence[str]
    before: Sequence[int]
    """The last record with which it changed before, and passed; 0 where it was not there before."""
    opened: Sequence[int]
    failed: Sequence[int]
    """The last record with which it changed and failed: the one that opened the span, or a later one."""
    closed: Sequence[int]
    """The record in which it passed again."""
    causes: Sequence[str]
    reasons: Sequence[str]
    endings: Sequence[str]
    """Why it passed again: the cause of the transition; `` where it did not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timelines:
    """All transitions of one target up to a record, each item's together and in order.

    Plain tuples and columns, for there are as many as findings that ever changed.
    """

    items: Iterable[tuple[Key, Sequence[Move]]]
    """Items that did anything but pass from the first, and are not among `spans`; to be gone through once."""
    listings: Mapping[Key, Sequence[Move]]
    """Listings that were not read whole."""
    passing: Mapping[tuple[str, str, int], int]
    """Items that passed when they were first seen and never failed, nearly all: counted by check, region and record."""
    spans: Iterable[Spans] = ()
    """Of items that are in no other member; what takes transitions one by one has none, and tells these as items."""


def build_timelines(transitions: Iterable[Transition], last: int) -> Timelines:
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
    return Timelines(
        items=items,
        listings={key: moves for key, moves in found.items() if key[2] == ANY},
        passing=passing,
    )
