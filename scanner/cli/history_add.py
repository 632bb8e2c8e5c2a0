"""`tscan history add`: evidence that was read elsewhere, or whose commit failed, goes into history."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from scanner.cli.support.options import Judging, judging

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scanner.history.ledger.ledger import Ledger
    from scanner.model.answers import Snapshot


@click.command()
@click.argument(
    "snapshots", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="SNAPSHOT..."
)
@click.option(
    "--store",
    default="",
    metavar="PLACE",
    help="A folder or s3://…; that of tscan.yaml, or .tscan.",
)
@judging
def add(snapshots: tuple[Path, ...], store: str, **options: Any) -> int:
    """Judge recorded evidence and commit it, as the scan would have that read it.

    So who reads the cloud needs no key, and who holds the key needs no access. Evidence that is in history already is
    not added again; what ended before the newest record of its target began is refused.

    \b
    Examples:
      tscan history add .tscan/snapshots/tscan-111122223333-20260630T020000Z-1f2e3d4c.snapshot.jsonl.gz
      tscan history add evidence.snapshot.jsonl.gz --store s3://bucket/tscan --quiet
    """
    from scanner.cli.support.commit import anchor, keep
    from scanner.cli.support.judging import files, judge_with, people
    from scanner.cli.support.notify import Notifier
    from scanner.cli.support.options import load
    from scanner.cli.support.output import destinations
    from scanner.cli.support.store_location import CONFIG, STORE
    from scanner.content.config import load_config
    from scanner.history.ledger.commit import open_ledger
    from scanner.history.snapshots.snapshot_file import read_snapshot
    from scanner.model.config import Config

    chosen = Judging(**options)
    places = destinations(chosen.format, quiet=chosen.quiet)
    library = load(chosen)
    config = load_config(CONFIG, library) if CONFIG.is_file() else Config()
    said = people(chosen, library, config)
    place = store or config.store or STORE
    paths = list(files(snapshots))
    _check(open_ledger(place), [read_snapshot(path) for path in paths])
    report = judge_with(paths, chosen, library, places, said, configured=config.categories)
    targets = keep(paths, report, chosen, said, place)
    if config.anchors:
        anchor(place, targets, config.anchors, quiet=chosen.quiet)
    Notifier(config=config, library=library, store=place, checks=None, rules=config.alerts).news(
        targets, said.waivers
    )
    return report.exit_code


def _check(ledger: Ledger, snapshots: Sequence[Snapshot]) -> None:
    """Refuse what would stand behind a record that was read later."""
    from scanner.core.calendar import moment
    from scanner.errors import TscanError

    for snapshot in snapshots:
        records = ledger.records(snapshot.target)
        if records and snapshot.id not in {record.scan for record in records}:
            last = records[-1]
            if moment(snapshot.finished) < moment(last.started):
                raise TscanError(
                    f"scan {snapshot.id} of {snapshot.target} ended before record {last.seq} began ({last.started})",
                    "history is written in order; 'tscan replay' judges the evidence",
                )
