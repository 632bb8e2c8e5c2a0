"""Evidence documents: a snapshot taken apart by digest, and put together again as the same bytes."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from scanner.history.records.segments import Made, SegmentError, make_table, read_extra, read_table
from scanner.history.snapshots.snapshot_file import snapshot_bytes
from scanner.history.snapshots.snapshot_parser import SnapshotReader
from scanner.model.answers import Snapshot, canonical

_OFTEN_NEW: Final = ("finished", "request_ids", "started")
"""Members of an outcome that are others at every scan; the rest repeats and takes no room."""


@dataclass(frozen=True, slots=True)
class Document:
    """What was asked and what was answered, without when: the same at every scan until something changes."""

    call: str
    data: str
    """Canonical JSON, both."""

    @property
    def digest(self) -> bytes:
        """SHA-256 of `{"call":…,"data":…}`."""
        return hashlib.sha256(f'{{"call":{self.call},"data":{self.data}}}'.encode()).digest()


@dataclass(frozen=True, slots=True)
class Given:
    """One answer of a scan: which document it gave, and how the call went."""

    digest: bytes
    operation: str
    outcome: Mapping[str, Any]
    seq: int = 0
    """The record whose evidence holds the document; 0 where that is not known yet."""

    @property
    def said(self) -> tuple[str, bytes, str, str]:
        """What a verdict can depend on."""
        return self.operation, self.digest, str(self.outcome["state"]), str(self.outcome["code"])


@dataclass(frozen=True, slots=True)
class Parts:
    """A snapshot taken apart."""

    header: str
    """First and last line of the snapshot file."""
    documents: Mapping[bytes, Document]
    answers: tuple[Given, ...]
    """In the order of the file."""


def take_apart(snapshot: Snapshot) -> Parts:
    """The documents and outcomes of a snapshot."""
    lines = snapshot_bytes(snapshot).decode().split("\n")[:-1]
    documents: dict[bytes, Document] = {}
    answers: list[Given] = []
    for line in lines[1:-1]:
        value = json.loads(line)
        document = Document(canonical(value["call"]), canonical(value["data"]))
        digest = document.digest
        documents[digest] = document
        answers.append(Given(digest, value["call"]["operation"], value["outcome"]))
    return Parts(f"{lines[0]}\n{lines[-1]}", documents, tuple(answers))


def put_together(
    header: str, answers: Iterator[tuple[Document, Mapping[str, Any]]], name: str
) -> Snapshot:
    """The snapshot; ContentError if its parts are not those that were taken apart."""
    first, last = header.split("\n")
    lines = [first]
    for document, outcome in answers:
        sha256 = hashlib.sha256(document.data.encode()).hexdigest()
        lines.append(
            f'{{"call":{document.call},"data":{document.data},"outcome":{canonical(outcome)},"sha256":"{sha256}"}}'
        )
    lines.append(last)
    content = "".join(f"{line}\n" for line in lines).encode()
    return SnapshotReader(name, io.BufferedReader(io.BytesIO(content))).read()


def make_evidence(documents: Mapping[bytes, Document], *, day: str, scan: str) -> Made:
    """The segment of documents that a chain did not hold yet."""
    # Like beside like: it packs better.
    ordered = sorted(documents.items(), key=lambda item: (item[1].call, item[0]))
    columns = (
        [key for key, _ in ordered],
        [one.call for _, one in ordered],
        [one.data for _, one in ordered],
    )
    return make_table("evidence", columns, day=day, scan=scan)


def make_answers(parts: Parts, places: Callable[[bytes], int], *, day: str, scan: str) -> Made:
    """The segment that lists every answer of a scan: its document, where that lies, and its outcome."""
    outcomes = [given.outcome for given in parts.answers]
    rest = [
        canonical({name: value for name, value in one.items() if name not in _OFTEN_NEW})
        for one in outcomes
    ]
    columns = (
        [given.digest for given in parts.answers],
        [places(given.digest) for given in parts.answers],
        [given.operation for given in parts.answers],
        [outcome["started"] for outcome in outcomes],
        [outcome["finished"] for outcome in outcomes],
        [outcome["request_ids"] for outcome in outcomes],
        rest,
    )
    return make_table("answers", columns, day=day, scan=scan, extra=parts.header)


def read_answers(content: bytes) -> tuple[str, list[Given]]:
    """The header of a snapshot, and its answers; SegmentError for what is not such a segment."""
    table = read_table(content, "answers")
    header = read_extra(table)
    if header.count("\n") != 1:
        raise SegmentError("it does not carry the header of a snapshot")
    rows = []
    for row in table.to_pylist():
        outcome = {**json.loads(row["outcome"]), **{name: row[name] for name in _OFTEN_NEW}}
        rows.append(Given(row["sha256"], row["operation"], outcome, row["seq"]))
    return header, rows


def read_evidence(content: bytes) -> dict[bytes, Document]:
    """The documents of a segment, each held against its digest."""
    found: dict[bytes, Document] = {}
    for row in read_table(content, "evidence").to_pylist():
        document = Document(row["call"], row["data"])
        if document.digest != row["sha256"]:
            raise SegmentError(f"document {row['sha256'].hex()[:16]} is not what its digest says")
        found[row["sha256"]] = document
    return found
