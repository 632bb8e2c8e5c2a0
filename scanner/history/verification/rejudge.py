"""Old evidence judged again: each record, or those that were judged as one, by the pack of its day or by today's."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

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
PACKS: Final = ("day", "today")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejudged:
    """What the evidence of one scan says by one pack."""

    records: tuple[Record, ...]
    """One for each target that was judged together."""
    pack: str
    """`day` or `today`."""
    library: Library | None = None
    assessment: Assessment | None = None
    why_not: str = ""
    """Why it was not judged again; `` where it was."""

    @property
    def recorded_pack(self) -> str:
        """The digest of the pack that judged on the day."""
        return self.records[0].pack_sha256


class Rejudge:
    """Judges records of one store again."""

    def __init__(self, ledger: Ledger, judge: Judge, today: Library) -> None:
        self._ledger = ledger
        self.said = ArchivedInputs(ledger.store)
        self._judge = judge
        self._today = today
        self._packs = ContentArchive(ledger.store, today)

    def run(self, records: Sequence[Record], pack: str) -> Iterator[Rejudged]:
        """Each scan of these records once, in order of time; damage of the store is a TscanError."""
        known: dict[str, Mapping[str, Record]] = {}
        done: set[str] = set()
        for record in sorted(records, key=lambda one: (one.finished, one.target)):
            if record.scan in done:
                continue
            found = self._together(record, known) if record.together else (record,)
            done |= {record.scan, *(one.scan for one in found)}
            yield self._one(found, record, pack)

    def _together(
        self, record: Record, known: dict[str, Mapping[str, Record]]
    ) -> tuple[Record, ...]:
        """The records of the scans that were judged as one, as far as this store has them, in the order of judging."""
        if not known:
            known["all"] = {
                one.scan: one for target in self._ledger.targets() for one in self._ledger.records(target)
            }  # fmt: skip
        return tuple(known["all"][scan] for scan in record.together if scan in known["all"])

    def _one(self, records: tuple[Record, ...], record: Record, pack: str) -> Rejudged:
        if record.together and len(records) < len(record.together):
            why = "it was judged together with scans that are not in this store"
            return Rejudged(records=(record,), pack=pack, why_not=why)
        try:
            library = self._today if pack == "today" else self.pack_of(record)
        except TscanError as error:
            return Rejudged(records=records, pack=pack, why_not=error.message.splitlines()[0])
        snapshots = [replace(self._ledger.snapshot(one), params=one.params) for one in records]
        assessment = self._judge(
            snapshots, library, self.said.waivers(record), self.said.attestations(record)
        )
        return Rejudged(records=records, pack=pack, library=library, assessment=assessment)

    def pack_of(self, record: Record) -> Library:
        """The pack that judged a record; TscanError as `ContentArchive.of`."""
        return self._packs.of(record)


def name_of(record: Record) -> str:
    """The chain and number of a record: `aws=123456789012/7`."""
    return f"{stream_of(record.target)}/{record.seq}"


def record_head(record: Record) -> dict[str, Any]:
    """What names a record in a document."""
    return {
        "target": record.target,
        "seq": record.seq,
        "scan": record.scan,
        "finished": record.finished,
        "sha256": record.sha256,
    }
