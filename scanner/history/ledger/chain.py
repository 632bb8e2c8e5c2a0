"""Reads the chain of one target: its records, their state, and their evidence."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from scanner.core.periods.renames import CheckNames, rename_state
from scanner.core.periods.timelines import Timelines
from scanner.errors import TscanError
from scanner.history.ledger.changes import FindingKey, apply
from scanner.history.ledger.timeline_columns import COLUMNS, timelines_of
from scanner.history.records.seal import SealError
from scanner.history.records.segments import (
    SegmentError,
    checked_content,
    prefer_system_memory,
    read_table,
    read_transitions,
)
from scanner.history.records.statements import read_sealed, record_key, stream_and_number
from scanner.history.snapshots.documents import (
    Document,
    RecordedAnswer,
    join_snapshot,
    read_answers,
    read_evidence,
)
from scanner.history.stores import Store, get_many
from scanner.model.answers import Snapshot
from scanner.model.history import Record, Segment, Transition

if TYPE_CHECKING:
    import pyarrow as pa

State = dict[FindingKey, Transition]
_VERIFY: Final = "'tscan verify' lists all damage"
_BATCH: Final = 64
"""Records whose segments are fetched at once, and evidence segments that are cached."""


class Chain:
    """The records of one stream in order.

    TscanError wherever the store does not hold what they name.
    """

    def __init__(self, store: Store, stream: str) -> None:
        self._store = store
        self._stream = stream
        self.records: list[Record] = []
        self.sealed = False
        """Whether the newest record is signed."""
        self._state: tuple[int, State] = (0, {})
        """The number of a record, and the state after it."""
        self._index: tuple[int, dict[bytes, int]] = (0, {})
        self._documents: OrderedDict[str, dict[bytes, Document]] = OrderedDict()
        """Evidence segments by path, the most recent last."""

    def refresh(self) -> None:
        """Read the records that were committed since."""
        known = len(self.records)
        numbers: list[int] = []
        for entry in self._store.list(f"log/{self._stream}/"):
            place = stream_and_number(entry.key)
            if place is not None and place[1] > known:
                numbers.append(place[1])
        numbers.sort()
        expected = list(range(known + 1, known + 1 + len(numbers)))
        if numbers != expected:
            raise TscanError(f"{self._store.name}: a record of {self._stream} is missing", _VERIFY)
        keys = [record_key(self._stream, number) for number in numbers]
        for key, content in zip(keys, get_many(self._store, keys), strict=True):
            self._append(key, content)

    def _append(self, key: str, content: bytes | None) -> None:
        try:
            if content is None:
                raise SealError("it is missing")
            record, sealed = read_sealed(content, key)
            self._check_follows(record)
        except SealError as error:
            raise TscanError(f"{self._store.name}/{key} is damaged: {error}", _VERIFY) from None
        self.sealed = sealed
        self.records.append(record)

    def _check_follows(self, record: Record) -> None:
        previous_sha256 = self.records[-1].sha256 if self.records else ""
        numbered = record.seq == len(self.records) + 1
        # The digest chains the records: one that is replaced breaks every later one.
        if not numbered or record.previous_sha256 != previous_sha256:
            raise SealError("its predecessor has another digest")

    def state(self, seq: int | None = None) -> State:
        """The state after a record (None: the newest), with the ids of that record.

        It must not be modified.
        """
        last = len(self.records) if seq is None else seq
        at, state = self._state
        if at > last:
            at, state = 0, {}
        at, state = self._nearest_checkpoint(at, state, last)
        if seq is not None and state is self._state[1]:
            # What is cached must stay the state after its own record.
            state = dict(state)
        records = self.records[at:last]
        renamed = {record.seq: record.renamed for record in records if record.renamed}
        for number, segment, content in self._fetch(records, "transitions"):
            if number in renamed:
                state = rename_state(state, renamed.pop(number))
            apply(state, self._read_transitions(content, segment))
        if seq is None:
            self._state = (last, state)
        return state

    def _nearest_checkpoint(
        self,
        at: int,
        state: State,
        last: int,
    ) -> tuple[int, State]:
        """The newest checkpoint ahead of a known state.

        A checkpoint that is lost is made up by transitions.
        """
        if last - at <= 1:
            return at, state
        for record in reversed(self.records[at:last]):
            checkpoint = self.checkpoint(record)
            if checkpoint is not None:
                return record.seq, checkpoint
        return at, state

    def checkpoint(self, record: Record) -> State | None:
        """The state that was written with a record.

        None where none was, or where it was compacted.
        """
        for segment in _segments_of(record, "state"):
            content = self._store.get(segment.path)
            if content is not None:
                rows = self._read_transitions(checked_content(content, segment), segment)
                return {(row.check, row.region, row.resource): row for row in rows}
        return None

    def transitions(self, records: Sequence[Record]) -> Iterator[Transition]:
        """The transitions of these records, in order."""
        for _, segment, content in self._fetch(records, "transitions"):
            yield from self._read_transitions(content, segment)

    def _fetch(
        self,
        records: Sequence[Record],
        kind: str,
    ) -> Iterator[tuple[int, Segment, bytes]]:
        """The segments of a kind with the number of their record and their content."""
        # In batches: a year's files are fetched in parallel, and never held all at once.
        for start in range(0, len(records), _BATCH):
            segments: list[tuple[int, Segment]] = []
            for record in records[start : start + _BATCH]:
                segments.extend((record.seq, one) for one in _segments_of(record, kind))
            contents = get_many(self._store, [segment.path for _, segment in segments])
            for (seq, segment), content in zip(segments, contents, strict=True):
                yield seq, segment, checked_content(content, segment)

    def _read_transitions(self, content: bytes, segment: Segment) -> list[Transition]:
        try:
            return list(read_transitions(content, segment.kind))
        except SegmentError as error:
            raise _damaged(segment, error) from None

    def timelines(self, records: Sequence[Record], names: CheckNames) -> Timelines:
        """The timelines in the transitions of these records."""
        prefer_system_memory()
        try:
            return timelines_of(self._tables(records, names))
        except SegmentError as error:
            raise TscanError(
                f"{self._store.name}: {self._stream} has damaged transitions: {error}", _VERIFY
            ) from None

    def _tables(
        self,
        records: Sequence[Record],
        names: CheckNames,
    ) -> Iterator[tuple[int, pa.Table]]:
        for seq, segment, content in self._fetch(records, "transitions"):
            table = _read_columns(content, segment, COLUMNS, words=COLUMNS)
            yield seq, _rename_checks(table, names.after(seq))

    def index(self) -> Mapping[bytes, int]:
        """For every document of the chain, by digest, the record whose evidence holds it."""
        at, index = self._index
        for record in reversed(self.records[at:]):
            checkpoint = self._index_checkpoint(record)
            if checkpoint:
                at, index = record.seq, checkpoint
                break
        for record in self.records[at:]:
            for segment in _segments_of(record, "evidence"):
                content = checked_content(self._store.get(segment.path), segment)
                table = _read_columns(content, segment, ("sha256",))
                for digest in table.column("sha256").to_pylist():
                    index[digest] = record.seq
        self._index = (len(self.records), index)
        return index

    def _index_checkpoint(self, record: Record) -> dict[bytes, int]:
        """The index that was written with a record.

        Empty where none was, or where it was compacted.
        """
        found: dict[bytes, int] = {}
        for segment in _segments_of(record, "index"):
            content = self._store.get(segment.path)
            if content is not None:
                content = checked_content(content, segment)
                table = _read_columns(content, segment, ("sha256", "seq"))
                digests = table.column("sha256").to_pylist()
                numbers = table.column("seq").to_pylist()
                found.update(zip(digests, numbers, strict=True))
        return found

    def answers(self, record: Record) -> tuple[str, list[RecordedAnswer]]:
        """The header of a record's snapshot, and its answers."""
        segment = next(_segments_of(record, "answers"))
        content = checked_content(self._store.get(segment.path), segment)
        try:
            return read_answers(content)
        except SegmentError as error:
            raise _damaged(segment, error) from None

    def snapshot(self, record: Record) -> Snapshot:
        """The snapshot of a record, equal to the one that was committed."""
        header, answers = self.answers(record)
        pairs = ((self._document(one), one.outcome) for one in answers)
        return join_snapshot(header, pairs, record_key(self._stream, record.seq))

    def _document(self, given: RecordedAnswer) -> Document:
        if not 0 < given.seq <= len(self.records):
            raise TscanError(
                f"record {given.seq} of {self._stream} is referenced for evidence and missing",
                _VERIFY,
            )
        for segment in _segments_of(self.records[given.seq - 1], "evidence"):
            documents = self._evidence(segment)
            if given.digest in documents:
                return documents[given.digest]
        digest = given.digest.hex()[:16]
        raise TscanError(f"document {digest} is not in the evidence of record {given.seq}", _VERIFY)

    def _evidence(self, segment: Segment) -> dict[bytes, Document]:
        documents = self._documents.get(segment.path)
        if documents is None:
            content = checked_content(self._store.get(segment.path), segment)
            try:
                documents = read_evidence(content)
            except SegmentError as error:
                raise _damaged(segment, error) from None
            self._documents[segment.path] = documents
            if len(self._documents) > _BATCH:
                self._documents.popitem(last=False)
        return documents


def _segments_of(record: Record, kind: str) -> Iterator[Segment]:
    return (segment for segment in record.segments if segment.kind == kind)


def _read_columns(
    content: bytes,
    segment: Segment,
    columns: Sequence[str],
    *,
    words: Sequence[str] = (),
) -> pa.Table:
    try:
        return read_table(content, segment.kind, columns, words=words)
    except SegmentError as error:
        raise _damaged(segment, error) from None


def _rename_checks(table: pa.Table, names: Mapping[str, str]) -> pa.Table:
    """A segment of transitions, with checks under their later ids."""
    import pyarrow as pa

    if not names:
        return table
    checks = table.column("check").combine_chunks()
    words = [names.get(word, word) for word in checks.dictionary.to_pylist()]
    # Encoded anew: two ids may have become one, and texts are compared by their numbers.
    renamed = pa.array(words, pa.string()).take(checks.indices).dictionary_encode()
    return table.set_column(table.schema.get_field_index("check"), "check", renamed)


def _damaged(segment: Segment, error: SegmentError) -> TscanError:
    return TscanError(f"{segment.path} is damaged: {error}", _VERIFY)
