"""Commits a judged scan to history, and anchors its newest records."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from scanner.content.locations import default_roots
from scanner.errors import TscanError
from scanner.history.ledger.commit import commit_scan
from scanner.history.records.seal import find_signer
from scanner.history.snapshots.snapshot_file import read_snapshot

if TYPE_CHECKING:
    from scanner.cli.support.judging import Decisions
    from scanner.cli.support.options import JudgingOptions
    from scanner.model.findings import Assessment
    from scanner.model.library import Library


def commit(
    paths: Sequence[Path],
    assessment: Assessment,
    library: Library,
    options: JudgingOptions,
    decisions: Decisions,
    store: str,
) -> list[str]:
    """Commit the snapshots in these files, with the assessment of them; the chains."""
    records = commit_scan(
        # Read again from the files: what is committed is what was judged, not what memory holds.
        [read_snapshot(path) for path in paths],
        assessment,
        library,
        store,
        waivers=decisions.waivers,
        attestations=decisions.attestations,
        roots=default_roots(checks=options.checks, mappings=options.mappings),
    )
    if not options.quiet:
        numbers = ", ".join(f"{record.chain} {record.seq}" for record in records)
        click.echo(f"history: {numbers} in {store}", err=True)
    # Also with --quiet: it would else come out when somebody verifies the year.
    if find_signer() is None:
        click.echo(
            f"history: not signed, so that whoever can write {store} can change it; "
            "'tscan init' makes a key",
            err=True,
        )
    return [record.chain for record in records]


def anchor(store: str, targets: Sequence[str], repository: str, *, quiet: bool) -> None:
    """Tag the newest records in a Git repository.

    A failure is reported and the scan stands: it is committed, and can be anchored later.
    """
    from scanner.cli.history import anchored
    from scanner.history.ledger.git_anchors import GitAnchors
    from scanner.history.ledger.ledger import Ledger
    from scanner.history.stores import open_store

    try:
        for line in anchored(Ledger(open_store(store)), targets, GitAnchors(repository)):
            if not quiet:
                click.echo(line, err=True)
    except TscanError as error:
        click.echo(f"anchor: not written: {error.message}", err=True)
