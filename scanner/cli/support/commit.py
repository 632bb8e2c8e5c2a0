"""What `tscan scan` does after its report: the scan goes into history, and its newest records are anchored."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from scanner.content.locations import default_roots
from scanner.errors import TscanError
from scanner.history.ledger.commit import commit_scan
from scanner.history.snapshots.snapshot_file import read_snapshot

if TYPE_CHECKING:
    from scanner.cli.support.judging import People
    from scanner.cli.support.options import Judging
    from scanner.formats import Report


def keep(
    paths: Sequence[Path], report: Report, options: Judging, said: People, place: str
) -> list[str]:
    """Commit what was read and judged to a store; the targets."""
    records = commit_scan(
        [read_snapshot(path) for path in paths],
        report.assessment,
        report.library,
        place,
        waivers=said.waivers,
        attestations=said.attestations,
        roots=default_roots(checks=options.checks, mappings=options.mappings),
    )
    if not options.quiet:
        numbers = ", ".join(f"{record.target} {record.seq}" for record in records)
        click.echo(f"history: {numbers} in {place}", err=True)
    return [record.target for record in records]


def anchor(place: str, targets: Sequence[str], repository: str, *, quiet: bool) -> None:
    """Tag the newest records; where that fails the scan stands, and it is said."""
    from scanner.cli.history import anchored
    from scanner.history.ledger.git_anchors import GitAnchors
    from scanner.history.ledger.ledger import Ledger
    from scanner.history.stores import open_store

    try:
        for line in anchored(Ledger(open_store(place)), targets, GitAnchors(repository)):
            if not quiet:
                click.echo(line, err=True)
    except TscanError as error:
        click.echo(f"anchor: not written: {error.message}", err=True)
