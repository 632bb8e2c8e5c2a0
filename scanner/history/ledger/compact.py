"""Removes files that no record names, and checkpoints that newer ones supersede."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from scanner.history.ledger.chain import Chain
from scanner.history.records.segments import FOREVER, REBUILT, checkpoints
from scanner.history.records.statements import stream_and_number
from scanner.history.stores import Store
from scanner.model.history import Record

AGE: Final = 3600.0
"""Seconds before an orphan is removed: its record may not be committed yet."""


@dataclass(frozen=True, slots=True)
class Compacted:
    """How many files were removed."""

    orphans: int
    superseded: int
    unfinished: int


def compact(
    store: Store,
    *,
    now: float | None = None,
) -> Compacted:
    """Remove orphans older than an hour.

    TscanError, and nothing removed, where a chain cannot be read.
    """
    before = (time.time() if now is None else now) - AGE
    # Files are listed before records: a segment that is listed here and named by no record yet is
    # too young to be removed. What lies at FOREVER is never removed: a scan may be about to name
    # it, however old it is.
    removable: set[str] = set()
    for entry in store.list("segments/"):
        if entry.modified < before and f"/dt={FOREVER}/" not in entry.key:
            removable.add(entry.key)
    named: set[str] = set()
    old: set[str] = set()
    for stream in sorted(_streams(store)):
        chain = Chain(store, stream)
        chain.refresh()
        named.update(_paths(chain.records))
        old.update(_superseded(chain.records))
    # Nothing was deleted so far: a chain that cannot be read names files that must stay.
    orphans = sorted(removable - named)
    superseded = sorted(removable & old)
    for key in (*orphans, *superseded):
        store.delete(key)
    return Compacted(len(orphans), len(superseded), store.sweep(before))


def _paths(records: Sequence[Record]) -> Iterator[str]:
    for record in records:
        for segment in record.segments:
            yield segment.path


def _superseded(records: Sequence[Record]) -> Iterator[str]:
    """Paths of the checkpoints that no reader needs any more."""
    newest = {segment.path for segment in checkpoints(records)}
    for record in records:
        for segment in record.segments:
            if segment.kind in REBUILT and segment.path not in newest:
                yield segment.path


def _streams(store: Store) -> set[str]:
    places = (stream_and_number(entry.key) for entry in store.list("log/"))
    return {place[0] for place in places if place is not None}
