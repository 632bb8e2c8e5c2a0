"""Chooses and reads the evidence that commands judge: files, or else the newest scans."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from scanner.cli.support.options import (
    PATH,
    Decorator,
    config_option,
    options_as,
    store_option,
)
from scanner.core.periods.first_seen import FirstSeen
from scanner.errors import TscanError
from scanner.rendering.sanitize import sanitized

if TYPE_CHECKING:
    from scanner.formats import Report
    from scanner.history.ledger.ledger import Ledger
    from scanner.model.answers import Snapshot
    from scanner.model.config import Config
    from scanner.model.history import Record
    from scanner.model.library import Library

PATTERNS: Final = ("*.snapshot.jsonl.gz", "*.snapshot.jsonl")
"""The names of snapshot files in a folder."""
_TRY: Final = "scan with 'tscan scan', or try a made-up account with 'tscan demo --into demo'"


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceOptions:
    """Which evidence to judge: these files, or the newest scan of each target in history."""

    snapshots: tuple[Path, ...]
    store: str
    config: Path | None
    target: tuple[str, ...]


evidence_options: Final[Decorator] = options_as(
    "evidence",
    EvidenceOptions,
    (
        click.argument("snapshots", nargs=-1, type=PATH, metavar="[SNAPSHOT...]"),
        store_option,
        config_option,
        click.option(
            "--target",
            multiple=True,
            metavar="ID",
            help="Only this target of history, such as aws:111122223333.",
        ),
    ),
)
"""The options of `EvidenceOptions`, on a command that takes them as `evidence`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """The snapshots to judge."""

    snapshots: Iterator[Snapshot]
    """One at a time, for those of an organization do not fit into memory at once; read once."""
    ended: dict[str, str]
    """The end of each scan by target; known when its snapshot was read."""
    chains: dict[str, str]
    """The chain of history that each scan belongs to, by target; known as the end is."""
    records: tuple[Record, ...] = ()
    """Those of history that hold the snapshots; none: they are files."""
    ledger: Ledger | None = None
    """The history of the records."""

    def with_first_seen(self, report: Report) -> Report:
        """The report with the history of its findings; unchanged where they are files."""
        if self.ledger is None:
            return report
        return replace(report, first_seen=first_seen_after(self.ledger, self.records))


def chosen_evidence(evidence: EvidenceOptions, config: Config, library: Library) -> Evidence | None:
    """The evidence that options and configuration name; None: no file, and no scan in history."""
    if evidence.snapshots:
        from scanner.cli.support.ids import check_are_files

        check_are_files(evidence.snapshots, library)
        # A file is of no store, and of its own target: an option that is ignored would mislead.
        if evidence.store or evidence.target:
            raise TscanError(
                "--store and --target choose scans in history, and a snapshot is named",
                "leave out either",
            )
        return file_evidence(evidence.snapshots)
    return _newest_evidence(evidence, config)


def file_evidence(paths: Sequence[Path]) -> Evidence:
    """The snapshots in files and folders."""
    from scanner.history.snapshots.snapshot_file import read_snapshot
    from scanner.model.history import chain_name

    ended: dict[str, str] = {}
    chains: dict[str, str] = {}
    files: dict[str, Path] = {}

    def snapshots() -> Iterator[Snapshot]:
        for path in snapshot_files(paths):
            snapshot = read_snapshot(path)
            target = str(snapshot.target)
            if target in files:
                raise _second_file(target, files[target], path)
            files[target] = path
            ended[target] = snapshot.finished
            chains[target] = chain_name(target, snapshot.scope)
            yield snapshot

    return Evidence(snapshots=snapshots(), ended=ended, chains=chains)


def _second_file(target: str, first: Path, second: Path) -> TscanError:
    # Not left to judging, which knows the ids of scans and not the files that people have.
    return TscanError(
        f"{first} and {second} are both snapshots of {target}",
        f"name one of them, as in: tscan replay {shlex.quote(str(second))}",
    )


def snapshot_files(paths: Sequence[Path]) -> Iterator[Path]:
    """The files that are named, and those in the folders that are named, in order of name."""
    for path in paths:
        if not path.is_dir():
            yield path
            continue
        inside: list[Path] = []
        for pattern in PATTERNS:
            inside += path.glob(pattern)
        # An empty folder judged as evidence would pass with nothing read.
        if not inside:
            raise TscanError(
                f"{path} holds no snapshot", "name a folder of *.snapshot.jsonl.gz files"
            )
        yield from sorted(inside)


# -- the newest scans ------------------------------------------------------------------------------


def _newest_evidence(evidence: EvidenceOptions, config: Config) -> Evidence | None:
    from scanner.history.records.store_format import check_marker
    from scanner.history.stores import open_store

    store = open_store(_store(evidence, config))
    # No marker: nothing was ever committed here.
    if not check_marker(store):
        return None
    # Not above: reading history takes as long to load as all the rest.
    from scanner.history.ledger.ledger import Ledger

    ledger = Ledger(store)
    records = newest_records(ledger, _named_targets(ledger, evidence.target))
    if not records:
        return None
    return Evidence(
        # With the parameters that judged it: those of tscan.yaml may be of a later day.
        snapshots=(replace(ledger.snapshot(one), params=one.params) for one in records),
        ended={record.target: record.finished for record in records},
        chains={record.target: record.chain for record in records},
        records=tuple(records),
        ledger=ledger,
    )


def _store(evidence: EvidenceOptions, config: Config) -> str:
    from scanner.cli.support.store_location import default_store

    return evidence.store or config.store or default_store()


def newest_records(ledger: Ledger, chains: Sequence[str]) -> list[Record]:
    """The newest record of each of these chains: what commands without a path judge."""
    found: list[Record] = []
    for chain in chains:
        records = ledger.records(chain)
        if records:
            found.append(records[-1])
    return found


def _named_targets(ledger: Ledger, named: Sequence[str]) -> Sequence[str]:
    from scanner.words import did_you_mean

    known = ledger.chains()
    for name in named:
        if name not in known:
            raise TscanError(f"{ledger.store.name} has no target {name}", did_you_mean(name, known))
    # A target that is named twice is judged once.
    return tuple(dict.fromkeys(named)) or ledger.targets()


def no_scan(evidence: EvidenceOptions, config: Config) -> TscanError:
    """The error of a command that has nothing to judge."""
    store = _store(evidence, config)
    return TscanError(f"no snapshot is named, and {store} holds no scan", _TRY)


def newest_line(records: Sequence[Record]) -> str:
    """`newest scan of aws:111122223333 (2026-06-30T02:10:00.000Z)`, or how many and how old."""
    if len(records) == 1:
        return sanitized(f"newest scan of {records[0].target} ({records[0].finished})")
    ends = sorted(record.finished for record in records)
    return f"newest scans of {len(records)} targets ({ends[0]} to {ends[-1]})"


def first_seen_after(ledger: Ledger, records: Sequence[Record]) -> FirstSeen:
    """Since when findings have their verdict, by history up to and with these records."""
    by_target = {record.target: record for record in records}
    ended = {target: record.finished for target, record in by_target.items()}
    return FirstSeen(
        ended, lambda target: ledger.state(by_target[target].chain, by_target[target].seq)
    )
