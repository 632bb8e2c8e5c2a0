"""Split a snapshot into evidence documents by digest, and join them to the same bytes again.

A document is one call with its answer, without times. It is stored once, in the first record that
read it; most answers of a scan are documents that a record before it stored.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from scanner.history.records.segments import Made, SegmentError, make_table, read_extra, read_table
from scanner.history.snapshots.snapshot_file import snapshot_bytes
from scanner.history.snapshots.snapshot_parser import SnapshotParser
from scanner.model.answers import Snapshot, canonical

_DIFFERS_EACH_SCAN: Final = ("finished", "request_ids", "started")
"""Members of an outcome with a column each; the rest repeats, and is stored once."""


@dataclass(frozen=True, slots=True)
class Document:
    """One call and its answer, without times: the same at every scan until something changes."""

    call: str
    """Canonical JSON."""
    data: str
    """Canonical JSON."""

    @property
    def digest(self) -> bytes:
        """SHA-256 of `{"call":…,"data":…}`."""
        text = f'{{"call":{self.call},"data":{self.data}}}'
        return hashlib.sha256(text.encode()).digest()


@dataclass(frozen=True, slots=True)
class RecordedAnswer:
    """One answer of a scan: its document, and the outcome of the call."""

    digest: bytes
    """Of the document."""
    operation: str
    outcome: Mapping[str, Any]
    seq: int = 0
    """The record whose evidence holds the document; 0 where that is not known yet."""

    @property
    def said(self) -> tuple[str, bytes, str, str]:
        """Everything that a verdict can depend on: operation, document, state and error code."""
        state = str(self.outcome["state"])
        code = str(self.outcome["code"])
        return self.operation, self.digest, state, code


@dataclass(frozen=True, slots=True)
class SnapshotParts:
    """The parts of a snapshot."""

    header: str
    """First and last line of the snapshot file."""
    documents: Mapping[bytes, Document]
    """By digest."""
    answers: tuple[RecordedAnswer, ...]
    """In the order of the file."""


def split_snapshot(snapshot: Snapshot) -> SnapshotParts:
    """Split a snapshot into its header, documents and answers."""
    first, *lines, last = snapshot_bytes(snapshot).decode().split("\n")[:-1]
    documents: dict[bytes, Document] = {}
    answers: list[RecordedAnswer] = []
    for line in lines:
        answer = json.loads(line)
        call = answer["call"]
        document = Document(
            call=canonical(call),
            data=canonical(answer["data"]),
        )
        # Computed once: it is the SHA-256 of what may be megabytes.
        digest = document.digest
        documents[digest] = document
        answers.append(
            RecordedAnswer(
                digest=digest,
                operation=call["operation"],
                outcome=answer["outcome"],
            )
        )
    return SnapshotParts(
        header=f"{first}\n{last}",
        documents=documents,
        answers=tuple(answers),
    )


def join_snapshot(
    header: str,
    answers: Iterator[tuple[Document, Mapping[str, Any]]],
    name: str,
) -> Snapshot:
    """Join a snapshot; ContentError if the parts are not those of one snapshot.

    The file is written again and parsed: its digest proves that every part is in its place.
    """
    first, last = header.split("\n")
    lines = [first]
    for document, outcome in answers:
        # Written in canonical form, as a snapshot file is: the parser compares every byte.
        sha256 = hashlib.sha256(document.data.encode()).hexdigest()
        lines.append(
            f'{{"call":{document.call},"data":{document.data},'
            f'"outcome":{canonical(outcome)},"sha256":"{sha256}"}}'
        )
    lines.append(last)
    content = "".join(f"{line}\n" for line in lines).encode()
    return SnapshotParser(name, io.BufferedReader(io.BytesIO(content))).read()


def make_evidence(documents: Mapping[bytes, Document], *, day: str, scan: str) -> Made:
    """The segment of the documents that a chain does not hold yet."""
    digests: list[bytes] = []
    calls: list[str] = []
    data: list[str] = []
    # Sorted by call, similar documents are neighbors, which compresses better.
    for digest, document in sorted(documents.items(), key=lambda item: (item[1].call, item[0])):
        digests.append(digest)
        calls.append(document.call)
        data.append(document.data)
    return make_table("evidence", (digests, calls, data), day=day, scan=scan)


def make_answers(
    parts: SnapshotParts, places: Callable[[bytes], int], *, day: str, scan: str
) -> Made:
    """The segment of a scan's answers, in order: document, record that holds it, outcome.

    `places` returns the number of the record whose evidence holds a document.
    """
    answers = parts.answers
    columns = (
        [answer.digest for answer in answers],
        [places(answer.digest) for answer in answers],
        [answer.operation for answer in answers],
        [answer.outcome["started"] for answer in answers],
        [answer.outcome["finished"] for answer in answers],
        [answer.outcome["request_ids"] for answer in answers],
        [_repeating(answer.outcome) for answer in answers],
    )
    return make_table("answers", columns, day=day, scan=scan, extra=parts.header)


def _repeating(outcome: Mapping[str, Any]) -> str:
    """An outcome without the members that have a column of their own."""
    return canonical(
        {name: value for name, value in outcome.items() if name not in _DIFFERS_EACH_SCAN}
    )


def read_answers(content: bytes) -> tuple[str, list[RecordedAnswer]]:
    """The header of a snapshot and its answers; SegmentError for any other content."""
    table = read_table(content, "answers")
    header = read_extra(table)
    if header.count("\n") != 1:
        raise SegmentError("it has no snapshot header")
    answers: list[RecordedAnswer] = []
    for row in table.to_pylist():
        outcome = json.loads(row["outcome"])
        for name in _DIFFERS_EACH_SCAN:
            outcome[name] = row[name]
        answers.append(
            RecordedAnswer(
                digest=row["sha256"],
                operation=row["operation"],
                outcome=outcome,
                seq=row["seq"],
            )
        )
    return header, answers


def read_evidence(content: bytes) -> dict[bytes, Document]:
    """The documents of a segment by digest; SegmentError where one has another digest."""
    documents: dict[bytes, Document] = {}
    for row in read_table(content, "evidence").to_pylist():
        document = Document(
            call=row["call"],
            data=row["data"],
        )
        digest = row["sha256"]
        # The digest of a column is no proof: the record vouches for the segment, not for its rows.
        if document.digest != digest:
            raise SegmentError(f"document {digest.hex()[:16]} is not what its digest says")
        documents[digest] = document
    return documents
