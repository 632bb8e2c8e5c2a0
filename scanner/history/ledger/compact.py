"""Compacting: what no record names, and checkpoints that newer ones supersede, leave the store."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Final

from scanner.history.ledger.chain import Chain
from scanner.history.records.segments import FOREVER, REBUILT, checkpoints
from scanner.history.records.statements import place_of
from scanner.history.stores import Store

AGE: Final = 3600.0
"""Seconds that an orphan is left alone: its record may be on its way."""


@dataclass(frozen=True, slots=True)
class Compacted:
    """What was removed."""

    orphans: int
    superseded: int
    unfinished: int


def compact(store: Store, *, now: float | None = None) -> Compacted:
    """Remove orphans older than an hour; TscanError, and nothing removed, where a chain cannot be read whole."""
    before = (time.time() if now is None else now) - AGE
    # Files before records: a segment that is seen here and named by nobody yet is too young to be removed. What is kept
    # by its digest alone stays: however old, a scan may be naming it at this moment.
    entries = {
        entry.key
        for entry in store.list("segments/")
        if entry.modified < before and f"/dt={FOREVER}/" not in entry.key
    }
    streams = {place[0] for entry in store.list("log/") if (place := place_of(entry.key))}
    named: set[str] = set()
    old: set[str] = set()
    for stream in sorted(streams):
        chain = Chain(store, stream)
        chain.refresh()
        segments = [segment for record in chain.records for segment in record.segments]
        newest = {segment.path for segment in checkpoints(chain.records)}
        named |= {segment.path for segment in segments}
        old |= {
            segment.path
            for segment in segments
            if segment.kind in REBUILT and segment.path not in newest
        }
    orphans = sorted(entries - named)
    superseded = sorted(entries & old)
    for key in (*orphans, *superseded):
        store.delete(key)
    return Compacted(len(orphans), len(superseded), store.sweep(before))
