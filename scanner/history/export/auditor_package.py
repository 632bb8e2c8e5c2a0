"""The archive for an auditor: the chains as they lie in the store, how to verify them, and the IPE sheets."""

from __future__ import annotations

import hashlib
import tempfile
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import IO, Final

from scanner.content.locations import default_roots
from scanner.errors import TscanError
from scanner.history.export.ipe import (
    SHEETS,
    Row,
    call_rows,
    judged_rows,
    pack_rows,
    said_rows,
    scan_row,
)
from scanner.history.ledger.ledger import Ledger
from scanner.history.records.segments import REBUILT, checkpoints, stored
from scanner.history.records.statements import record_key, stream_of
from scanner.history.records.store_format import MARKER
from scanner.history.stores.atomic_write import atomic_write
from scanner.history.verification.rejudge import Rejudge
from scanner.model.history import Record
from scanner.rendering.csv_cells import csv_text
from scanner.rendering.sanitize import sanitized

_EPOCH: Final = (1980, 1, 1, 0, 0, 0)
_PART: Final = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditorPackage:
    """What is handed over."""

    first: str
    last: str
    chains: Mapping[str, Sequence[Record]]
    """All records of each target as they were read once: what is committed meanwhile is not handed over by half."""
    records: tuple[Record, ...]
    """Those of the period, which the sheets are about."""


def write_auditor_package(
    path: Path, ledger: Ledger, rejudge: Rejudge, what: AuditorPackage
) -> int:
    """Write the archive whole or not at all; the number of its files. The same history gives the same bytes."""
    if path.is_dir() or not path.parent.is_dir():
        raise TscanError(
            f"--output {path} is not a file that can be made",
            "name a file in a folder that is there",
        )
    with atomic_write(path) as file, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        made = _Archive(archive)
        _fill(made, ledger, rejudge, what)
    return len(made.sums) + 1


@dataclass(slots=True)
class _Archive:
    """A ZIP file while it is written: no times and no owners, so that it depends on its content alone."""

    zip: zipfile.ZipFile
    sums: dict[str, str] = field(default_factory=dict)

    def add(self, name: str, parts: Iterable[bytes]) -> None:
        entry = zipfile.ZipInfo(name, _EPOCH)
        entry.compress_type = zipfile.ZIP_DEFLATED
        entry.create_system = 3
        entry.external_attr = 0o644 << 16
        digest = hashlib.sha256()
        with self.zip.open(entry, "w", force_zip64=True) as file:
            for part in parts:
                digest.update(part)
                file.write(part)
        self.sums[name] = digest.hexdigest()


def _fill(archive: _Archive, ledger: Ledger, rejudge: Rejudge, what: AuditorPackage) -> None:
    archive.add("README.md", [_readme(what).encode()])
    archive.add("verify.md", [_instructions()])
    with ExitStack() as stack:
        files: dict[str, IO[bytes]] = {
            name: stack.enter_context(tempfile.TemporaryFile()) for name in sorted(SHEETS)
        }
        counts = _sheets(files, ledger, rejudge, what)
        archive.add("ipe/ipe.md", [_ipe(what, counts).encode()])
        for name, file in files.items():
            file.seek(0)
            archive.add(f"ipe/{name}.csv", iter(partial(file.read, _PART), b""))
    for key, content in _stored(ledger, what.chains):
        archive.add(f"store/{key}", [content])
    lines = "".join(f"{digest}  {name}\n" for name, digest in sorted(archive.sums.items()))
    archive.add("SHA256SUMS", [lines.encode()])
    del archive.sums["SHA256SUMS"]


def _stored(ledger: Ledger, chains: Mapping[str, Sequence[Record]]) -> Iterator[tuple[str, bytes]]:
    """The files of whole chains: a part of a chain could not be verified by itself."""
    store = ledger.store
    # A population is of all targets: with a part of them it would name what is not handed over.
    folders = ("keys/", "populations/") if chains.keys() >= set(ledger.targets()) else ("keys/",)
    for key in (MARKER, *(entry.key for folder in folders for entry in store.list(folder))):
        yield key, store.get(key) or b""
    done: set[str] = set()
    for target, records in chains.items():
        newest = {segment.path for segment in checkpoints(records)}
        for record in records:
            key = record_key(stream_of(target), record.seq)
            content = store.get(key) or b""
            if hashlib.sha256(content).hexdigest() != record.sha256:
                raise TscanError(
                    f"{store.name}/{key} changed while it was read",
                    "'tscan verify' names what is damaged",
                )
            yield key, content
            for segment in record.segments:
                found = None if segment.path in done else store.get(segment.path)
                if segment.path in done or (
                    found is None and segment.kind in REBUILT and segment.path not in newest
                ):
                    continue  # one that compacting removed is superseded, and is not missed
                done.add(segment.path)
                yield segment.path, stored(found, segment)


def _sheets(
    files: dict[str, IO[bytes]], ledger: Ledger, rejudge: Rejudge, what: AuditorPackage
) -> dict[str, int]:
    counts = dict.fromkeys(files, 0)
    for name, file in files.items():
        file.writelines(csv_text(SHEETS[name].columns, ()))

    def put(name: str, rows: Iterable[Row]) -> None:
        lines = list(csv_text(SHEETS[name].columns, rows))[1:]
        files[name].writelines(lines)
        counts[name] += len(lines)

    for record in what.records:
        snapshot = ledger.snapshot(record)
        put("scans", [scan_row(record, snapshot)])
        put("calls", call_rows(record, snapshot))
    period = {record.sha256 for record in what.records}
    for name, row in said_rows(
        what.chains.values(), lambda record: record.sha256 in period, rejudge.said
    ):
        put(name, [row])
    packs: set[str] = set()
    for one in rejudge.run(what.records, "day"):
        for name, row in judged_rows(one, what.chains):
            put(name, [row])
        if one.library is not None and one.library.sha256 not in packs:
            packs.add(one.library.sha256)
            for name, row in pack_rows(one.library):
                put(name, [row])
    return counts


def _instructions() -> bytes:
    """docs/verify.md, which a wheel carries beside the checks."""
    above = default_roots().checks.parent
    for path in (above / "verify.md", above / "docs/verify.md"):
        if path.is_file():
            return path.read_bytes()
    raise TscanError(
        "docs/verify.md is not there", "this installation of tscan is not whole: install it again"
    )


def _readme(what: AuditorPackage) -> str:
    targets = "\n".join(f"- {sanitized(target)}" for target in what.chains)
    return f"""# History of {what.first} to {what.last}

Records, evidence and packs of:

{targets}

| place | what it is |
|---|---|
| `store/log/` | one record for each scan, from the first on, signed if there was a key: a chain verifies as a whole |
| `store/store.json` | the form of the store |
| `store/segments/` | what the records name, each by its digest: evidence, answers, transitions, waivers, packs … |
| `store/populations/` | what was fixed for sampling, before a seed was given; not there where nothing was |
| `store/keys/` | the public keys, if there are any; take the one that you trust from the person whose key it is |
| `verify.md` | how to verify `store/` with `openssl` alone, in the folder `store/`, or by `tscan verify store` |
| `ipe/` | who ran what, with which calls, parameters, versions and clocks: `ipe.md` explains the sheets |
| `SHA256SUMS` | `sha256sum -c SHA256SUMS` |

The sheets are made from `store/`, and are not signed: the records are. `tscan replay --store store --from {what.first}
--to {what.last}` judges the evidence again with the pack of each day, and `tscan reperform CHECK@RESOURCE --store
store` shows what one finding stands on. Nothing here is a conclusion: that is the auditor's.
"""


def _ipe(what: AuditorPackage, counts: dict[str, int]) -> str:
    rows = "\n".join(
        f"| `{name}.csv` | {counts[name]} | {SHEETS[name].meaning} |" for name in sorted(SHEETS)
    )
    columns = "\n".join(
        f"- `{name}.csv`: {', '.join(SHEETS[name].columns)}" for name in sorted(SHEETS)
    )
    return f"""# Where the figures come from, {what.first} to {what.last}

{len(what.records)} scans of {len(what.chains)} targets ended in this period.

| sheet | rows | what it is |
|---|---|---|
{rows}

`record` is the chain and the number of a scan's record, `store/log/<chain>/<number>.json`. Times are UTC, by the clock
of the host that scanned; `clock_skew_seconds` is the provider's clock minus that, empty where the provider did not say.
A text that a spreadsheet would take for a formula stands behind an apostrophe.

`state` of a call: `ok`; `empty`, read whole and nothing there; `absent`, an error that says that there is none;
`partial`, a later page failed; `denied`; `disabled`, the service is off here; `throttled`; `error`. `attempt` numbers
readings of the same that were meant, `retries` counts requests that were asked again. `answer_sha256` is the SHA-256 of
the answer: the text in column `data` of `store/segments/kind=evidence/`, `null` where none came.

Populations, refusals and check texts are made by judging the evidence again with the pack of its day.

## Columns

{columns}
"""
