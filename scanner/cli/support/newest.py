"""Chooses the evidence of commands that judge: files, or else the newest scans in history."""

from __future__ import annotations

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
from scanner.errors import TscanError

if TYPE_CHECKING:
    from scanner.history.ledger.ledger import Ledger
    from scanner.model.answers import Snapshot
    from scanner.model.config import Config
    from scanner.model.history import Record

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
            help="Of history, only this target, such as aws:111122223333.",
        ),
    ),
)
"""The options of `EvidenceOptions`, on a command that takes them as `evidence`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewestScans:
    """The newest scan of each target of a history."""

    ledger: Ledger
    records: tuple[Record, ...]

    def snapshots(self) -> Iterator[Snapshot]:
        """The evidence of each, one at a time, with the parameters that judged it."""
        for record in self.records:
            yield replace(self.ledger.snapshot(record), params=record.params)


def newest_scans(evidence: EvidenceOptions, config: Config) -> NewestScans | None:
    """The newest scans in the history that options or configuration name; None: there is none."""
    from scanner.cli.support.store_location import default_store
    from scanner.history.ledger.ledger import Ledger
    from scanner.history.records.store_format import check_marker
    from scanner.history.stores import open_store

    store = open_store(evidence.store or config.store or default_store())
    # No marker: nothing was ever committed here, and nothing is written to find out.
    if not check_marker(store):
        return None
    ledger = Ledger(store)
    records = newest_records(ledger, _named_targets(ledger, evidence.target))
    if not records:
        return None
    return NewestScans(ledger=ledger, records=tuple(records))


def newest_records(ledger: Ledger, targets: Sequence[str]) -> list[Record]:
    """The newest record of each target: what commands without a path judge."""
    found: list[Record] = []
    for target in targets:
        records = ledger.records(target)
        if records:
            found.append(records[-1])
    return found


def _named_targets(ledger: Ledger, named: Sequence[str]) -> Sequence[str]:
    from scanner.language.errors import did_you_mean

    known = ledger.targets()
    for name in named:
        if name not in known:
            raise TscanError(f"{ledger.store.name} has no target {name}", did_you_mean(name, known))
    # A target that is named twice is judged once.
    return tuple(dict.fromkeys(named)) or known


def no_scan(evidence: EvidenceOptions, config: Config) -> TscanError:
    """The error of a command that has nothing to judge."""
    from scanner.cli.support.store_location import default_store

    store = evidence.store or config.store or default_store()
    return TscanError(f"no snapshot is named, and {store} holds no scan", _TRY)


def check_files_only(evidence: EvidenceOptions) -> None:
    """Refuse options of history beside files: a file is of no store and of its own target."""
    if evidence.snapshots and (evidence.store or evidence.target):
        raise TscanError(
            "--store and --target choose scans in history, and a snapshot is named",
            "leave out either",
        )
