"""Exports history as Parquet tables: `tscan history export`."""

from __future__ import annotations

from pathlib import Path

import click

from scanner.cli.history import chosen_targets, open_ledger
from scanner.cli.support.options import PATH, store_option, target_option


@click.command()
@click.option(
    "--to",
    "folder",
    required=True,
    type=PATH,
    metavar="DIR",
    help="A new or empty folder.",
)
@store_option
@target_option
def export(folder: Path, store: str, target: str) -> int:
    """Write Parquet tables for Spark, Athena or DuckDB: `records`, the committed scans, and
    `transitions`.

    Each chain is one file of each table; chain and seq join them. Leftovers of interrupted scans
    are not exported.

    \b
    Examples:
      tscan history export --to history-2026
      tscan history export --store s3://bucket/tscan --to /srv/tables
    """
    from scanner.history.export.parquet import export as export_tables
    from scanner.rendering.sanitize import sanitized

    ledger = open_ledger(store)
    rows = export_tables(ledger, chosen_targets(ledger, target), folder)
    click.echo(
        sanitized(f"{rows['records']} records and {rows['transitions']} transitions in {folder}")
    )
    return 0
