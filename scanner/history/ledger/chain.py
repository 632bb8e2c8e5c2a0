"""One target's chain as it is read: its records, and what they add up to."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from scanner.core.periods.timelines import Timelines
from scanner.errors import TscanError
from scanner.history.ledger.changes import FindingKey, apply
from scanner.history.ledger.timeline_columns import COLUMNS, timelines_of
from scanner.history.records.seal import SealError
from scanner.history.records.segments import (
    SegmentError,
    prefer_system_memory,
    read_moves,
    read_table,
    stored,
)
from scanner.history.records.statements import place_of, read_sealed, record_key
from scanner.history.snapshots.documents import (
    Document,
    Given,
    put_together,
    read_answers,
    read_evidence,
)
from scanner.history.stores import Store, get_all
from scanner.model.answers import Snapshot
from scanner.model.history import Record, Segment, Transition

_VERIFY: Final = "'tscan verify' names everything that is damaged"
_KEPT: Final = 64
"""Evidence segments that are held at once."""


class Chain:
    """The records of one stream in order; TscanError wherever the store is not what they say."""

    def __init__(self, store: Store, stream: str) -> None:
        self._store = store
        self._stream = stream
        self.records: list[Record] = []
        self.sealed = False
        """Whether the newest record is signed."""
        self._state: tuple[int, dict[FindingKey, Transition]] = (0, {})
        self._index: tuple[int, dict[bytes, int]] = (0, {})
        self._documents: OrderedDict[str, dict[bytes, Document]] = OrderedDict()

    def refresh(self) -> None:
        """Read the records that others committed since."""
        places = (place_of(entry.key) for entry in self._store.list(f"log/{self._stream}/"))
        numbers = sorted(place[1] for place in places if place and place[1] > len(self.records))
        if numbers and numbers != list(range(len(self.records) + 1, numbers[-1] + 1)):
            raise TscanError(f"{self._store.name}: a record of {self._stream} is missing", _VERIFY)
        keys = [record_key(self._stream, number) for number in numbers]
        for key, content in zip(keys, get_all(self._store, keys), strict=True):
            self._add(key, content)

    def _add(self, key: str, content: bytes | None) -> None:
        try:
            if content is None:
                raise SealError("it is missing")
            record, sealed = read_sealed(content, key)
            before = self.records[-1].sha256 if self.records else ""
            if record.seq != len(self.records) + 1 or record.previous_sha256 != before:
                raise SealError("it does not follow the record before it")
        except SealError as error:
            raise TscanError(f"{self._store.name}/{key} is damaged: {error}", _VERIFY) from None
        self.sealed = sealed
        self.records.append(record)

    def state(self, seq: int | None = None) -> dict[FindingKey, Transition]:
        """The state after a record (none: the newest); not to be changed."""
        last = len(self.records) if seq is None else seq
        at, state = self._state if self._state[0] <= last else (0, {})
        at, state = self._nearest(at, state, last)
        for _, move in self._moves(self.records[at:last]):
            apply(state, (move,))
        if seq is None:
            self._state = (last, state)
        return state

    def _nearest(
        self, at: int, state: dict[FindingKey, Transition], last: int
    ) -> tuple[int, dict[FindingKey, Transition]]:
        """The newest written state that is ahead of what is known; one that is lost is made again from transitions."""
        if last - at <= 1:
            return at, state
        for record in reversed(self.records[at:last]):
            written = self.checkpoint(record)
            if written is not None:
                return record.seq, written
        return at, state

    def checkpoint(self, record: Record) -> dict[FindingKey, Transition] | None:
        """The state that was written with a record; None where there is none, or none any more."""
        for segment in _of(record, "state"):
            content = self._store.get(segment.path)
            if content is not None:
                rows = self._rows(stored(content, segment), segment)
                return {(row.check, row.region, row.resource): row for row in rows}
        return None

    def transitions(self, records: Sequence[Record]) -> Iterator[Transition]:
        """The transitions of these records, in order."""
        return (move for _, move in self._moves(records))

    def _moves(self, records: Sequence[Record]) -> Iterator[tuple[int, Transition]]:
        for seq, segment, content in self._segments(records, "transitions"):
            for move in self._rows(content, segment):
                yield seq, move

    def _segments(
        self, records: Sequence[Record], kind: str
    ) -> Iterator[tuple[int, Segment, bytes]]:
        # In portions: a year's files are fetched side by side, and never all of them held.
        for start in range(0, len(records), _KEPT):
            segments = [
                (one.seq, part) for one in records[start : start + _KEPT] for part in _of(one, kind)
            ]
            contents = get_all(self._store, (segment.path for _, segment in segments))
            for (seq, segment), content in zip(segments, contents, strict=True):
                yield seq, segment, stored(content, segment)

    def stories(self, records: Sequence[Record]) -> Timelines:
        """The same, item by item."""
        prefer_system_memory()
        try:
            return timelines_of(self._tables(records))
        except SegmentError as error:
            raise TscanError(
                f"{self._store.name}: {self._stream} has damaged transitions: {error}", _VERIFY
            ) from None

    def _tables(self, records: Sequence[Record]) -> Iterator[tuple[int, Any]]:
        for seq, segment, content in self._segments(records, "transitions"):
            try:
                yield seq, read_table(content, segment.kind, COLUMNS, words=COLUMNS)
            except SegmentError as error:
                raise TscanError(f"{segment.path} is damaged: {error}", _VERIFY) from None

    def _rows(self, content: bytes, segment: Segment) -> list[Transition]:
        try:
            return list(read_moves(content, segment.kind))
        except SegmentError as error:
            raise TscanError(f"{segment.path} is damaged: {error}", _VERIFY) from None

    def index(self) -> dict[bytes, int]:
        """For every document of the chain, the record whose evidence holds it; not to be changed."""
        at, index = self._index
        for record in reversed(self.records[at:]):
            if found := self._columns(_of(record, "index"), "index", ("sha256", "seq"), lost=True):
                at, index = record.seq, dict(found)
                break
        rest = self.records[at:]
        segments = [(record.seq, segment) for record in rest for segment in _of(record, "evidence")]
        for seq, segment in segments:
            for (digest,) in self._columns([segment], "evidence", ("sha256",)):
                index[digest] = seq
        self._index = (len(self.records), index)
        return index

    def _columns(
        self, segments: Iterable[Segment], kind: str, names: tuple[str, ...], *, lost: bool = False
    ) -> list[tuple[Any, ...]]:
        rows: list[tuple[Any, ...]] = []
        for segment in segments:
            content = self._store.get(segment.path)
            if content is None and lost:
                continue
            try:
                table = read_table(stored(content, segment), kind, names)
            except SegmentError as error:
                raise TscanError(f"{segment.path} is damaged: {error}", _VERIFY) from None
            rows += zip(*(table.column(name).to_pylist() for name in names), strict=True)
        return rows

    def answers(self, record: Record) -> tuple[str, list[Given]]:
        """The header of a record's snapshot, and its answers."""
        segment = next(_of(record, "answers"))
        try:
            return read_answers(stored(self._store.get(segment.path), segment))
        except SegmentError as error:
            raise TscanError(f"{segment.path} is damaged: {error}", _VERIFY) from None

    def snapshot(self, record: Record) -> Snapshot:
        """The snapshot of a record, equal to the one that was committed."""
        header, answers = self.answers(record)
        pairs = ((self._document(one), one.outcome) for one in answers)
        return put_together(header, pairs, record_key(self._stream, record.seq))

    def _document(self, given: Given) -> Document:
        if not 0 < given.seq <= len(self.records):
            raise TscanError(
                f"record {given.seq} of {self._stream} is named for evidence, and is not there",
                _VERIFY,
            )
        for segment in _of(self.records[given.seq - 1], "evidence"):
            documents = self._documents.get(segment.path)
            if documents is None:
                try:
                    documents = read_evidence(stored(self._store.get(segment.path), segment))
                except SegmentError as error:
                    raise TscanError(f"{segment.path} is damaged: {error}", _VERIFY) from None
                self._documents[segment.path] = documents
                if len(self._documents) > _KEPT:
                    self._documents.popitem(last=False)
            if given.digest in documents:
                return documents[given.digest]
        raise TscanError(
            f"document {given.digest.hex()[:16]} is not in the evidence of record {given.seq}",
            _VERIFY,
        )


def _of(record: Record, kind: str) -> Iterator[Segment]:
    return (segment for segment in record.segments if segment.kind == kind)
