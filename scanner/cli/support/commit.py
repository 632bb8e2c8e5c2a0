"""Commits a judged scan to history, and anchors its newest records."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from scanner.content.locations import default_roots
from scanner.errors import TscanError
from scanner.history.ledger.commit import commit_scan
from scanner.history.ledger.ledger import Ledger
from scanner.history.records.seal import find_signer
from scanner.history.records.store_format import check_marker
from scanner.history.snapshots.snapshot_file import read_snapshot
from scanner.history.stores import open_store
from scanner.model.history import chain_name

if TYPE_CHECKING:
    from scanner.cli.support.judging import Decisions
    from scanner.cli.support.options import JudgingOptions
    from scanner.model.answers import Snapshot
    from scanner.model.findings import Assessment
    from scanner.model.history import Record
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
    # Read again from the files: what is committed is what was judged, not what memory holds.
    snapshots = [read_snapshot(path) for path in paths]
    known = _committed_scans(snapshots, store)
    records = commit_scan(
        snapshots,
        assessment,
        library,
        store,
        waivers=decisions.waivers,
        attestations=decisions.attestations,
        roots=default_roots(checks=options.checks, mappings=options.mappings),
    )
    new = [record for record in records if record.scan not in known]
    if not options.quiet:
        for line in _lines(records, new, store):
            click.echo(line, err=True)
    # Also with --quiet: these would else come out when somebody verifies the year.
    for line in _warnings(new, store):
        click.echo(line, err=True)
    return [record.chain for record in records]


def committed_chains(paths: Sequence[Path], store: str) -> list[str]:
    """The chains of a store that hold the scans in these files."""
    snapshots = [read_snapshot(path) for path in paths]
    known = _committed_scans(snapshots, store)
    return [chain_name(one.target, one.scope) for one in snapshots if one.id in known]


def _committed_scans(snapshots: Sequence[Snapshot], store: str) -> set[str]:
    """The ids of scans that the chains of these snapshots hold."""
    place = open_store(store)
    # A store that was never written to holds none, and whether it can be written is found out next.
    if not check_marker(place):
        return set()
    ledger = Ledger(place)
    chains = {chain_name(snapshot.target, snapshot.scope) for snapshot in snapshots}
    found: set[str] = set()
    for chain in chains & set(ledger.chains()):
        found.update(record.scan for record in ledger.records(chain))
    return found


def _warnings(new: Sequence[Record], store: str) -> Iterator[str]:
    """A clock that was wrong, and records that nobody signed."""
    for record in new:
        if record.clock:
            yield f"history: {record.chain} {record.seq}: {record.clock}"
    if new and find_signer() is None:
        yield (
            f"history: not signed, so that whoever can write {store} can change it; "
            "'tscan init' makes a key"
        )


def _lines(records: Sequence[Record], new: Sequence[Record], store: str) -> Iterator[str]:
    """`history: aws:111122223333 3 in .tscan`; of a scan that was there, that nothing is added."""
    if new:
        yield f"history: {_numbers(new)} in {store}"
    old = [record for record in records if record not in new]
    if old:
        yield f"history: nothing added: {_numbers(old)} in {store} is this scan already"


def _numbers(records: Sequence[Record]) -> str:
    return ", ".join(f"{record.chain} {record.seq}" for record in records)


def anchor(store: str, targets: Sequence[str], repository: str, *, quiet: bool) -> None:
    """Tag the newest records in a Git repository.

    A failure is reported and the scan stands: it is committed, and can be anchored later.
    """
    from scanner.cli.history import anchored
    from scanner.history.ledger.git_anchors import GitAnchors

    try:
        for line in anchored(Ledger(open_store(store)), targets, GitAnchors(repository)):
            if not quiet:
                click.echo(line, err=True)
    except TscanError as error:
        click.echo(f"anchor: not written: {error.message}", err=True)
