"""Judges recorded evidence and commits it: `tscan history add`."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from scanner.cli.support.options import (
    JudgingOptions,
    judging_options,
    snapshots_argument,
    store_option,
)

if TYPE_CHECKING:
    from scanner.history.ledger.ledger import Ledger
    from scanner.model.answers import Snapshot
    from scanner.model.config import Config
    from scanner.model.library import Library


@click.command()
@snapshots_argument
@store_option
@judging_options
def add(snapshots: tuple[Path, ...], store: str, options: JudgingOptions) -> int:
    """Evaluate recorded evidence and commit it, as the scan that read it would have done.

    The identity that reads the cloud then needs no signing key, and the holder of the key needs no
    access to the cloud. Evidence that is already in history is not added again. Evidence that
    ended before the newest record of its target began is refused.

    \b
    Examples:
      tscan history add .tscan/snapshots/\
tscan-111122223333-20260630T020000Z-1f2e3d4c.snapshot.jsonl.gz
      tscan history add evidence.snapshot.jsonl.gz --store s3://bucket/tscan --quiet
    """
    from scanner.cli.support.commit import anchor, commit
    from scanner.cli.support.judging import judge_with, load_decisions, snapshot_files
    from scanner.cli.support.notify import Notifier
    from scanner.cli.support.options import load
    from scanner.cli.support.output import destinations
    from scanner.cli.support.store_location import STORE
    from scanner.history.ledger.commit import open_ledger
    from scanner.history.snapshots.snapshot_file import read_snapshot

    places = destinations(options.format, quiet=options.quiet)
    library = load(options)
    config = _load_config(library)
    decisions = load_decisions(options, library, config)
    location = store or config.store or STORE
    paths = list(snapshot_files(snapshots))
    # Before anything is judged: the report would speak of a scan that is refused afterwards.
    _check_order(open_ledger(location), [read_snapshot(path) for path in paths])
    report = judge_with(paths, options, library, places, decisions, configured=config.categories)
    targets = commit(paths, report, options, decisions, location)
    if config.anchors:
        anchor(location, targets, config.anchors, quiet=options.quiet)
    notifier = Notifier(
        config=config, library=library, store=location, checks=None, rules=config.alerts
    )
    notifier.alert_changes(targets, decisions.waivers)
    return report.exit_code


def _load_config(library: Library) -> Config:
    from scanner.cli.support.store_location import CONFIG
    from scanner.content.config import load_config
    from scanner.model.config import Config

    if not CONFIG.is_file():
        return Config()
    return load_config(CONFIG, library)


def _check_order(ledger: Ledger, snapshots: Iterable[Snapshot]) -> None:
    """Refuse evidence that is older than a committed record.

    History is written in order: a record in between would change what later ones were compared
    with.
    """
    from scanner.core.calendar import parse_time
    from scanner.errors import TscanError

    for snapshot in snapshots:
        records = ledger.records(snapshot.target)
        # Evidence that is committed already is not added again, and so does no harm.
        if not records or snapshot.id in {record.scan for record in records}:
            continue
        last = records[-1]
        if parse_time(snapshot.finished) < parse_time(last.started):
            scan = f"scan {snapshot.id} of {snapshot.target}"
            raise TscanError(
                f"{scan} ended before record {last.seq} began ({last.started})",
                "history is written in order; 'tscan replay' evaluates the evidence",
            )
