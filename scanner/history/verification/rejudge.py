"""Judge the evidence of records again: by the pack of the day, or by today's."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from scanner.errors import TscanError
from scanner.history.ledger.ledger import Ledger
from scanner.history.records.statements import stream_of
from scanner.history.snapshots.archived_inputs import ArchivedInputs
from scanner.history.snapshots.content_archive import ContentArchive
from scanner.model.answers import Snapshot
from scanner.model.attestations import Attestation
from scanner.model.findings import Assessment
from scanner.model.history import Record
from scanner.model.library import Library
from scanner.model.waivers import Waiver

Judge = Callable[
    [Sequence[Snapshot], Library, tuple[Waiver, ...], tuple[Attestation, ...]], Assessment
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejudged:
    """The result of judging the evidence of one scan by one pack."""

    records: tuple[Record, ...]
    """One record for each target that was judged together."""
    pack: str
    """`day` or `today`."""
    library: Library | None = None
    assessment: Assessment | None = None
    why_not: str = ""
    """Why it was not re-evaluated; `` if it was."""

    @property
    def recorded_pack(self) -> str:
        """Digest of the pack that judged on the day."""
        return self.records[0].pack_sha256


class Rejudger:
    """Judges records of one store again."""

    def __init__(self, ledger: Ledger, judge: Judge, today: Library) -> None:
        self.said = ArchivedInputs(ledger.store)
        self._ledger = ledger
        self._judge = judge
        self._today = today
        self._packs = ContentArchive(ledger.store, today)
        self._by_scan: dict[str, Record] | None = None

    def run(self, records: Sequence[Record], pack: str) -> Iterator[Rejudged]:
        """Judge each scan of these records once, in order of time.

        `pack` is `day` or `today`. Damage of the store is a TscanError.
        """
        done: set[str] = set()
        for record in sorted(records, key=lambda one: (one.finished, one.target)):
            if record.scan in done:
                continue
            judged_together = self._judged_together(record)
            done.add(record.scan)
            done.update(one.scan for one in judged_together)
            yield self._rejudge(judged_together, record, pack)

    def pack_of(self, record: Record) -> Library:
        """The pack that judged a record; TscanError as `ContentArchive.of`."""
        return self._packs.of(record)

    def _judged_together(self, record: Record) -> tuple[Record, ...]:
        """The records that were judged as one, in that order, as far as this store has them."""
        if not record.together:
            return (record,)
        by_scan = self._all_records()
        return tuple(by_scan[scan] for scan in record.together if scan in by_scan)

    def _all_records(self) -> Mapping[str, Record]:
        """Every record of the store by scan; read once, and only where scans were judged as one."""
        if self._by_scan is None:
            self._by_scan = {}
            # Also of targets that were not selected: they may have been judged together.
            for chain in self._ledger.chains():
                for record in self._ledger.records(chain):
                    self._by_scan[record.scan] = record
        return self._by_scan

    def _rejudge(self, records: tuple[Record, ...], record: Record, pack: str) -> Rejudged:
        # Accounts of an organization answer checks for each other: a part would judge otherwise.
        if len(records) < len(record.together):
            why = "it was judged with scans that are not in this store"
            return Rejudged(records=(record,), pack=pack, why_not=why)
        library = self._today
        if pack == "day":
            try:
                library = self.pack_of(record)
            except TscanError as error:
                # The reason is a result: the other scans are judged all the same.
                why = error.message.splitlines()[0]
                return Rejudged(records=records, pack=pack, why_not=why)
        assessment = self._judge(
            [self._snapshot(one) for one in records],
            library,
            self.said.waivers(record),
            self.said.attestations(record),
        )
        return Rejudged(records=records, pack=pack, library=library, assessment=assessment)

    def _snapshot(self, record: Record) -> Snapshot:
        """The evidence of a record with the parameters that judged it."""
        return replace(self._ledger.snapshot(record), params=record.params)


def name_of(record: Record) -> str:
    """The chain and number of a record: `aws=123456789012/7`."""
    return f"{stream_of(record.chain)}/{record.seq}"


def record_head(record: Record) -> dict[str, Any]:
    """The members that identify a record in a JSON document."""
    return {
        "target": record.target,
        "seq": record.seq,
        "scan": record.scan,
        "finished": record.finished,
        "sha256": record.sha256,
    }
