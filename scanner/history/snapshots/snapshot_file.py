"""Write and read snapshot files `tscan.snapshot/1`: the evidence of one scan of one target.

A file is JSON Lines in UTF-8 and canonical JSON, compressed by gzip if its name ends in `.gz`: a
header, one line for each answer in the order of their keys, and a footer with the SHA-256 of every
byte before it and of its own other members.
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
from typing import Any, BinaryIO, Final

from scanner.content.input_files import open_input
from scanner.errors import TscanError
from scanner.history.snapshots.snapshot_parser import SnapshotParser
from scanner.history.stores.atomic_write import atomic_write
from scanner.model.answers import Answer, Snapshot, canonical

SCHEMA: Final = "tscan.snapshot/1"
_BUFFER: Final = 1 << 20


def write_snapshot(path: Path, snapshot: Snapshot) -> None:
    """Write a snapshot atomically, for its owner only; TscanError where it cannot be written."""
    with atomic_write(path) as file:
        _write(file, snapshot, compressed=path.suffix == ".gz")
    _sync_folder(path.parent)


def read_snapshot(path: Path) -> Snapshot:
    """The snapshot in a file.

    ContentError, with the line, for a file that is cut off, edited or of another format. TscanError
    for one that cannot be read.
    """
    try:
        with open_input(path) as file:
            raw: Any = file
            if path.suffix == ".gz":
                raw = gzip.GzipFile(fileobj=file)
            return SnapshotParser(str(path), io.BufferedReader(raw, _BUFFER)).read()
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
    # Without name and time in the gzip header, the same snapshot gives the same file.
    with gzip.GzipFile(filename="", mode="wb", fileobj=file, mtime=0, compresslevel=6) as packed:
        packed.writelines(_lines(snapshot))


def _lines(snapshot: Snapshot) -> Iterator[bytes]:
    digest = hashlib.sha256()
    for text in _texts(snapshot):
        line = text.encode() + b"\n"
        digest.update(line)
        yield line
    # The digest covers the footer's other members too: they cannot be edited either.
    footer = {"answers": len(snapshot.answers), "finished": snapshot.finished}
    digest.update(canonical(footer).encode())
    yield canonical({**footer, "digest": digest.hexdigest()}).encode() + b"\n"


def _texts(snapshot: Snapshot) -> Iterator[str]:
    """The header and the answers, one line each."""
    yield canonical(_header(snapshot) | _optional_members(snapshot))
    for key in sorted(snapshot.answers):
        yield _answer(snapshot.answers[key])


def _header(snapshot: Snapshot) -> dict[str, Any]:
    callers: list[dict[str, Any]] = []
    for caller in snapshot.callers:
        callers.append({"id": caller.id, "account": caller.account, "detail": caller.detail})
    return {
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
        "callers": callers,
    }


def _optional_members(snapshot: Snapshot) -> dict[str, Any]:
    """Members that a header has only where they hold something."""
    # A member in every header would change the bytes of snapshots that were made before it.
    members: dict[str, Any] = {
        "accounts": [asdict(account) for account in snapshot.accounts],
        "management_open": snapshot.management_open,
        "unentered": snapshot.unentered,
        "organization_only": snapshot.organization_only,
        "bulk": snapshot.bulk,
        "configuration": snapshot.configuration,
        "kinds_excluded": snapshot.kinds_excluded,
        "regions_approver": snapshot.regions_approver,
        "regions_why": snapshot.regions_why,
        "scope": snapshot.scope,
    }
    present = {name: value for name, value in members.items() if value}
    # A skew of 0.0 is a measurement; None means that the provider sent no time.
    if snapshot.clock_skew is not None:
        present["clock_skew"] = snapshot.clock_skew
    return present


def _answer(answer: Answer) -> str:
    call = answer.call
    data = canonical(answer.data)
    request = {
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
    # The line is canonical JSON because its members are sorted. Built from its parts, it does not
    # encode the data, which is most of a snapshot, a second time.
    digest = hashlib.sha256(data.encode()).hexdigest()
    return (
        f'{{"call":{canonical(request)},"data":{data},'
        f'"outcome":{canonical(outcome)},"sha256":"{digest}"}}'
    )


def _sync_folder(folder: Path) -> None:
    """Sync a folder, so that a new name in it survives a power cut, where the system can."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
