"""The snapshot file `tscan.snapshot/1`: one scan of one target, self-contained, sealed by digests.

JSON Lines in UTF-8, in canonical JSON, gzip-compressed when the name ends in `.gz`: a header, one line for each answer
in the order of their keys, and a footer with the SHA-256 of every byte before it and of its own other members.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any, BinaryIO, Final, cast

from scanner.errors import TscanError
from scanner.history.snapshots.snapshot_parser import SnapshotReader
from scanner.history.stores.atomic_write import atomic_write
from scanner.model.answers import Answer, Snapshot, canonical

SCHEMA: Final = "tscan.snapshot/1"


def write_snapshot(path: Path, snapshot: Snapshot) -> None:
    """Write a snapshot whole or not at all, readable by its owner only; TscanError if the place cannot be written."""
    with atomic_write(path) as file:
        _write(file, snapshot, compressed=path.suffix == ".gz")
    _sync_folder(path.parent)


def read_snapshot(path: Path) -> Snapshot:
    """A snapshot as it was written; ContentError with the line for one that is cut off, edited or not understood."""
    try:
        with path.open("rb") as file:
            raw: BinaryIO = (
                cast(BinaryIO, gzip.GzipFile(fileobj=file)) if path.suffix == ".gz" else file
            )
            return SnapshotReader(str(path), io.BufferedReader(cast(Any, raw), 1 << 20)).read()
    except OSError as error:
        raise TscanError(
            f"{path} cannot be read: {error.strerror or error}", "name a snapshot of tscan"
        ) from error


def snapshot_bytes(snapshot: Snapshot) -> bytes:
    """The bytes of the file, uncompressed."""
    buffer = io.BytesIO()
    _write(buffer, snapshot, compressed=False)
    return buffer.getvalue()


def _write(file: BinaryIO, snapshot: Snapshot, *, compressed: bool) -> None:
    if not compressed:
        file.writelines(_lines(snapshot))
        return
    # No name and no time in the gzip header: the same snapshot is the same file.
    with gzip.GzipFile(filename="", mode="wb", fileobj=file, mtime=0, compresslevel=6) as packed:
        packed.writelines(_lines(snapshot))


def _lines(snapshot: Snapshot) -> Iterator[bytes]:
    digest = hashlib.sha256()
    for text in _texts(snapshot):
        line = text.encode() + b"\n"
        digest.update(line)
        yield line
    footer = {"answers": len(snapshot.answers), "finished": snapshot.finished}
    digest.update(canonical(footer).encode())
    yield canonical({**footer, "digest": digest.hexdigest()}).encode() + b"\n"


def _texts(snapshot: Snapshot) -> Iterator[str]:
    yield canonical(
        {
            "schema": SCHEMA,
            "id": snapshot.id,
            "target": str(snapshot.target),
            "name": snapshot.name,
            "partition": snapshot.partition,
            "started": snapshot.started,
            "version": snapshot.version,
            "regions": snapshot.regions,
            "regions_excluded": snapshot.regions_excluded,
            "regions_open": snapshot.regions_open,
            "checks": snapshot.checks,
            "params": snapshot.params,
            "callers": [
                {"id": one.id, "account": one.account, "detail": one.detail}
                for one in snapshot.callers
            ],
            **_more(snapshot),
        }
    )
    for key in sorted(snapshot.answers):
        yield _answer(snapshot.answers[key])


def _more(snapshot: Snapshot) -> dict[str, Any]:
    """Members of the header that stand there only where they say something."""
    members = {
        "accounts": [asdict(account) for account in snapshot.accounts],
        "management_open": snapshot.management_open,
        "unentered": snapshot.unentered,
        "organization_only": snapshot.organization_only,
        "bulk": snapshot.bulk,
    }
    skew = {} if snapshot.clock_skew is None else {"clock_skew": snapshot.clock_skew}
    return {name: value for name, value in members.items() if value} | skew


def _answer(answer: Answer) -> str:
    call = answer.call
    data = canonical(answer.data)
    asked = {
        "operation": call.operation,
        "region": call.region,
        "params": call.params,
        "attempt": call.attempt,
        "items": call.items,
        "absent_on": call.absent_on,
        "wait": call.wait,
    }
    outcome = {
        "state": answer.state.value,
        "code": answer.code,
        "message": answer.message,
        "caller": answer.caller,
        "started": answer.started,
        "finished": answer.finished,
        "request_ids": answer.request_ids,
        "pages": answer.pages,
        "count": answer.count,
        "retries": answer.retries,
        "redacted": answer.redacted,
    }
    # Canonical JSON as a whole: the members stand in their sorted order, and the data is not dumped twice.
    digest = hashlib.sha256(data.encode()).hexdigest()
    return f'{{"call":{canonical(asked)},"data":{data},"outcome":{canonical(outcome)},"sha256":"{digest}"}}'


def _sync_folder(folder: Path) -> None:
    """Make the new name last through a power cut, where the system can."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
