"""Judges recorded evidence and commits it: `tscan history add`."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from scanner.cli.support.options import (
    SEVERITIES,
    JudgingOptions,
    judging_options,
    snapshots_argument,
    store_option,
)
from scanner.errors import TscanError

if TYPE_CHECKING:
    from scanner.history.ledger.ledger import Ledger
    from scanner.model.answers import Snapshot


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
    from scanner.cli.support.evidence import snapshot_files
    from scanner.cli.support.judging import Inputs, judge_files, load_decisions, named_files
    from scanner.cli.support.notify import Notifier
    from scanner.cli.support.options import load
    from scanner.cli.support.output import destinations
    from scanner.cli.support.store_location import (
        default_store,
        load_configuration,
        with_configured_content,
    )
    from scanner.history.ledger.commit import open_ledger
    from scanner.history.snapshots.snapshot_file import read_snapshot

    _check_options(options)
    places = destinations(options.format, quiet=options.quiet)
    options = with_configured_content(options, None)
    library = load(options)
    config = load_configuration(None, library)
    decisions = load_decisions(options, library, config)
    location = store or config.store or default_store()
    paths = list(snapshot_files(snapshots))
    # Before anything is judged: the report would speak of a scan that is refused afterwards.
    ledger = open_ledger(location)
    _check_order(ledger, [read_snapshot(path) for path in paths])
    judged = judge_files(
        paths,
        options,
        Inputs(library=library, config=config, decisions=decisions),
        places,
        source=named_files(snapshots, committed=True),
        ledger=ledger,
    )
    chains = commit(paths, judged.assessment, library, options, decisions, location)
    if config.anchors:
        anchor(location, chains, config.anchors, quiet=options.quiet)
    notifier = Notifier(
        config=config, library=library, store=location, checks=None, rules=config.alerts
    )
    notifier.alert_changes(chains, decisions.waivers)
    return judged.report.exit_code


def _check_options(options: JudgingOptions) -> None:
    """Refuse options that would judge the evidence otherwise than the scan that read it."""
    given = {
        "--select": options.select,
        "--severity": options.severity != SEVERITIES[0],
        "--category": options.category,
        "--param": options.param,
    }
    for name, is_given in given.items():
        # History compares like with like: evidence of one scope must not be judged as of another.
        if is_given:
            raise TscanError(
                f"{name}: evidence is committed as the scan would have that read it",
                f"scan with {name}, or judge the evidence with 'tscan replay {name} …'",
            )


def _check_order(ledger: Ledger, snapshots: Iterable[Snapshot]) -> None:
    """Refuse evidence that is older than a committed record.

    History is written in order: a record in between would change what later ones were compared
    with.
    """
    from scanner.core.calendar import parse_time
    from scanner.model.history import chain_name

    for snapshot in snapshots:
        records = ledger.records(chain_name(snapshot.target, snapshot.scope))
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
