"""Write the auditor package: the chains of records, how to verify them, and the IPE sheets."""

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
    decision_rows,
    draw_rows,
    exclusion_rows,
    pack_rows,
    rejudged_rows,
    scan_row,
)
from scanner.history.ledger.draws import all_draws
from scanner.history.ledger.ledger import Ledger
from scanner.history.records.segments import REBUILT, checked_content, checkpoints
from scanner.history.records.statements import record_key, stream_of
from scanner.history.records.store_format import MARKER
from scanner.history.stores import Store
from scanner.history.stores.atomic_write import atomic_write
from scanner.history.verification.rejudge import Rejudger
from scanner.model.history import Record, Segment
from scanner.rendering.csv_cells import csv_text
from scanner.rendering.sanitize import sanitized
from scanner.words import plural

_EPOCH: Final = (1980, 1, 1, 0, 0, 0)
"""The earliest time that a ZIP file can hold."""
_UNIX: Final = 3
_READABLE: Final = 0o644 << 16
_BLOCK: Final = 1 << 20
"""Bytes of a sheet that are in memory at a time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditorPackage:
    """The content of an auditor package."""

    first: str
    """First day of the period."""
    last: str
    """Last day of the period, included."""
    chains: Mapping[str, Sequence[Record]]
    """All records by target, as they were read once.

    A record that is committed while the package is written is in none of its parts.
    """
    records: tuple[Record, ...]
    """The records of the period, which the sheets list."""
    reports: Mapping[str, str] = field(default_factory=dict)
    """Reports on the period by file name."""


def write_auditor_package(
    path: Path,
    ledger: Ledger,
    rejudge: Rejudger,
    what: AuditorPackage,
) -> int:
    """Write the archive atomically; the number of its files.

    The same history gives the same bytes. TscanError where the archive cannot be written or the
    store is damaged; then nothing is left behind.
    """
    # Checked before the work, which takes minutes for a long history.
    if path.is_dir() or not path.parent.is_dir():
        raise TscanError(
            f"--output {path} is not a valid file name",
            "name a file in an existing folder",
        )
    with atomic_write(path) as file, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as zipped:
        archive = _Archive(zipped)
        _write(archive, ledger, rejudge, what)
    return len(archive.sums)


@dataclass(slots=True)
class _Archive:
    """A ZIP file without times and owners: its bytes depend on its content alone."""

    zip: zipfile.ZipFile
    sums: dict[str, str] = field(default_factory=dict)
    """SHA-256 of each file by name."""

    def add(self, name: str, blocks: Iterable[bytes]) -> None:
        entry = zipfile.ZipInfo(name, _EPOCH)
        entry.compress_type = zipfile.ZIP_DEFLATED
        entry.create_system = _UNIX
        entry.external_attr = _READABLE
        digest = hashlib.sha256()
        # The size is not known before, and a file beyond 2 GiB needs ZIP64.
        with self.zip.open(entry, "w", force_zip64=True) as file:
            for block in blocks:
                digest.update(block)
                file.write(block)
        self.sums[name] = digest.hexdigest()

    def add_sums(self) -> None:
        """Add SHA256SUMS, which `sha256sum -c` reads, over all files before."""
        lines = [f"{digest}  {name}\n" for name, digest in sorted(self.sums.items())]
        self.add("SHA256SUMS", ["".join(lines).encode()])


class _Sheets:
    """The IPE sheets while they are written: each a temporary file, for they may be large."""

    def __init__(self, files: Mapping[str, IO[bytes]]) -> None:
        self.counts = dict.fromkeys(files, 0)
        """Rows by sheet."""
        self._files = files
        for name, file in files.items():
            file.writelines(csv_text(SHEETS[name].columns, ()))

    def add(self, name: str, *rows: Row) -> None:
        """Append rows to a sheet."""
        sheet = SHEETS[name]
        _, *lines = csv_text(sheet.columns, map(sheet.cells, rows))
        self._files[name].writelines(lines)
        self.counts[name] += len(lines)

    def blocks(self, name: str) -> Iterator[bytes]:
        """The bytes of a sheet."""
        file = self._files[name]
        file.seek(0)
        return iter(partial(file.read, _BLOCK), b"")


def _write(archive: _Archive, ledger: Ledger, rejudge: Rejudger, what: AuditorPackage) -> None:
    archive.add("README.md", [_readme(what).encode()])
    archive.add("verify.md", [_instructions()])
    for name, text in sorted(what.reports.items()):
        archive.add(name, [text.encode()])
    with ExitStack() as stack:
        files = {name: stack.enter_context(tempfile.TemporaryFile()) for name in sorted(SHEETS)}
        sheets = _Sheets(files)
        _fill_scans(sheets, ledger, what)
        _fill_decisions(sheets, rejudge, what)
        if _is_complete(ledger, what.chains):
            for name, row in draw_rows(all_draws(ledger.store)):
                sheets.add(name, row)
        _fill_rejudged(sheets, rejudge, what)
        archive.add("ipe/ipe.md", [_ipe(what, sheets.counts).encode()])
        for name in sheets.counts:
            archive.add(f"ipe/{name}.csv", sheets.blocks(name))
    for key, content in _store_files(ledger, what.chains):
        archive.add(f"store/{key}", [content])
    # Last, for it sums all files before it.
    archive.add_sums()


def _fill_scans(sheets: _Sheets, ledger: Ledger, what: AuditorPackage) -> None:
    for record in what.records:
        snapshot = ledger.snapshot(record)
        sheets.add("scans", scan_row(record, snapshot))
        sheets.add("calls", *call_rows(record, snapshot))


def _fill_decisions(sheets: _Sheets, rejudge: Rejudger, what: AuditorPackage) -> None:
    period = {record.sha256 for record in what.records}

    def in_period(record: Record) -> bool:
        return record.sha256 in period

    for name, row in decision_rows(what.chains.values(), in_period, rejudge.said):
        sheets.add(name, row)
    chains = [list(filter(in_period, chain)) for chain in what.chains.values()]
    for name, row in exclusion_rows(chains):
        sheets.add(name, row)


def _fill_rejudged(sheets: _Sheets, rejudge: Rejudger, what: AuditorPackage) -> None:
    listed: set[str] = set()
    targets: set[str] = set()
    for records in what.chains.values():
        targets.update(record.target for record in records)
    for rejudged in rejudge.run(what.records, "day"):
        for name, row in rejudged_rows(rejudged, targets):
            sheets.add(name, row)
        library = rejudged.library
        # Most records of a period were judged by one pack: its texts are listed once.
        if library is None or library.sha256 in listed:
            continue
        listed.add(library.sha256)
        for name, row in pack_rows(library):
            sheets.add(name, row)


def _store_files(
    ledger: Ledger, chains: Mapping[str, Sequence[Record]]
) -> Iterator[tuple[str, bytes]]:
    """The files of the store that the package holds, by key."""
    store = ledger.store
    folders = ["keys/"]
    # Populations and draws are of all targets: they would name some that are not in the package.
    if _is_complete(ledger, chains):
        folders += ["draws/", "populations/"]
    # A store without its marker is damaged: the package shows what there is, and verify says so.
    yield MARKER, store.get(MARKER) or b""
    for folder in folders:
        for entry in store.list(folder):
            yield entry.key, store.get(entry.key) or b""
    done: set[str] = set()
    for records in chains.values():
        yield from _chain_files(store, records, done)


def _is_complete(ledger: Ledger, chains: Mapping[str, Sequence[Record]]) -> bool:
    """Whether the package has every chain of the store."""
    return chains.keys() >= set(ledger.chains())


def _chain_files(
    store: Store,
    records: Sequence[Record],
    done: set[str],
) -> Iterator[tuple[str, bytes]]:
    """The files of a complete chain: a part of a chain could not be verified.

    `done` are the segments that other chains hold too and that are in the package already.
    """
    needed = {segment.path for segment in checkpoints(records)}
    for record in records:
        yield _record_file(store, record)
        for segment in record.segments:
            if segment.path in done:
                continue
            content = store.get(segment.path)
            if content is None and _is_superseded(segment, needed):
                continue
            done.add(segment.path)
            yield segment.path, checked_content(content, segment)


def _is_superseded(segment: Segment, needed: set[str]) -> bool:
    """Whether `history compact` may have removed a segment, so that it may be missing."""
    return segment.kind in REBUILT and segment.path not in needed


def _record_file(store: Store, record: Record) -> tuple[str, bytes]:
    key = record_key(stream_of(record.chain), record.seq)
    content = store.get(key) or b""
    # The sheets are of the record as it was read: another content would contradict them.
    if hashlib.sha256(content).hexdigest() != record.sha256:
        raise TscanError(
            f"{store.name}/{key} changed while it was read",
            "'tscan verify' lists all damage",
        )
    return key, content


def _instructions() -> bytes:
    """docs/verify.md, which a wheel has beside the checks and a checkout in docs/."""
    above = default_roots().checks.parent
    for path in (above / "verify.md", above / "docs/verify.md"):
        if path.is_file():
            return path.read_bytes()
    raise TscanError(
        "docs/verify.md is missing", "the installation of tscan is incomplete: reinstall it"
    )


def _readme(what: AuditorPackage) -> str:
    targets = "\n".join(f"- {sanitized(target)}" for target in what.chains)
    return f"""# History of {what.first} to {what.last}

Records, evidence and packs of:

{targets}

| path | content |
|---|---|
| `store/log/` | one record for each scan since the first, signed if a key was set: a chain is \
verified from its first record |
| `store/store.json` | the format of the store |
| `store/segments/` | the files that records name by digest: evidence, answers, transitions, \
waivers, packs … |
| `store/populations/` | the populations that were fixed for sampling; missing if there are none |
| `store/draws/` | the samples that were drawn, in order; missing if there are none |
| `store/keys/` | the public keys, if records are signed; get the one that you trust from the \
key's owner |
| `verify.md` | how to verify `store/` with `openssl` alone, in the folder `store/`, or by \
`tscan verify store` |
| `period.txt`, `period.json` | what `tscan period` says of these days: missed runs, exclusions, \
changes, deviations |
| `ipe/` | who ran what, with which calls, parameters, versions and clocks; `ipe.md` explains \
the sheets |
| `SHA256SUMS` | `sha256sum -c SHA256SUMS` |

The records are signed; the sheets are derived from `store/` and are not. `tscan replay --store
store --from {what.first} --to {what.last}` re-evaluates the evidence with the pack of each day, and
`tscan reperform CHECK@RESOURCE --store store` shows the evidence of one finding. The package draws
no conclusion: that is the auditor's.
"""


def _ipe(what: AuditorPackage, counts: Mapping[str, int]) -> str:
    table: list[str] = []
    lists: list[str] = []
    for name, sheet in sorted(SHEETS.items()):
        table.append(f"| `{name}.csv` | {counts[name]} | {sheet.meaning} |")
        lists.append(f"- `{name}.csv`: {', '.join(sheet.columns)}")
    rows = "\n".join(table)
    columns = "\n".join(lists)
    return f"""# Where the figures come from, {what.first} to {what.last}

{plural(len(what.records), "scan")} of {plural(len(what.chains), "chain")} ended in this period. A \
chain has one target and one scope: `scope` is empty for the configured scope.

| sheet | rows | what it is |
|---|---|---|
{rows}

`record` is the chain and number of a scan's record, `store/log/<chain>/<number>.json`. Times are
UTC, by the clock of the scanning host; `clock_skew_seconds` is the provider's clock minus that
clock, empty where the provider sent no time. Text that a spreadsheet would take for a formula
begins with an apostrophe.

`state` of a call: `ok`; `empty`, complete and without items; `absent`, an error which means that
the thing does not exist; `partial`, a later page failed; `denied`; `disabled`, the service is off;
`throttled`; `error`. `attempt` numbers intended repetitions of a call, `retries` counts requests
that were retried. `answer_sha256` is the SHA-256 of the answer: the text in column `data` of
`store/segments/kind=evidence/`, `null` where none was received.

Populations, refusals and check texts come from re-evaluating the evidence with the pack of its
day.

## Columns

{columns}
"""
