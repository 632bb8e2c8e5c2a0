"""What `tscan scan` does after its report: the scan goes into history, and people hear of what is new in it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from scanner.content.locate import default_roots
from scanner.history.commit import commit_scan
from scanner.history.snapshots import read_snapshot

if TYPE_CHECKING:
    from scanner.cli.judging import People
    from scanner.cli.options import Judging
    from scanner.formats import Report
    from scanner.history.ledger import Ledger
    from scanner.model.config import Config
    from scanner.model.waivers import Waiver

STORE: Final = ".tscan"


def keep(paths: Sequence[Path], report: Report, options: Judging, config: Config, said: People, store: str) -> None:
    """Commit what was read and judged to a store; then send the alerts that the configuration asks for."""
    place = store or config.store or STORE
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
    if config.alerts:
        _tell(place, [record.target for record in records], report, config, said.waivers)


def _tell(place: str, targets: Sequence[str], report: Report, config: Config, waivers: Sequence[Waiver]) -> None:
    """Send what is new; a delivery that fails is said here and tried again after the next scan."""
    from scanner import alert
    from scanner.history.ledger import Ledger
    from scanner.history.outbox import Outbox
    from scanner.history.stores import open_store

    kept = open_store(place)
    ledger: Ledger = Ledger(kept)
    post = alert.Post(send=alert.apprise_send, environment=os.environ)
    for target in targets:
        sent = alert.notify(ledger, target, report.library, config.alerts, Outbox(kept), post, waivers=waivers)
        for line in sent.lines:
            click.echo(line, err=True)
