"""`tscan history export`: history as tables."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.option(
    "--to",
    "folder",
    required=True,
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="A new or empty folder.",
)
@click.option(
    "--store",
    default="",
    metavar="PLACE",
    help="A folder or s3://…; that of tscan.yaml, or .tscan.",
)
@click.option(
    "--target", default="", metavar="ID", help="Only this target, such as aws:111122223333."
)
def export(folder: Path, store: str, target: str) -> int:
    """Write Parquet tables for Spark, Athena or DuckDB: `records`, the committed scans, and `transitions`.

    Each target is one file of each table; target and seq join them. What a broken-off scan left is in neither.

    \b
    Examples:
      tscan history export --to history-2026
      tscan history export --store s3://bucket/tscan --to /srv/tables
    """
    from scanner.cli.support.store_location import named_place
    from scanner.errors import TscanError
    from scanner.history.export.parquet import export as write
    from scanner.history.ledger.ledger import Ledger
    from scanner.history.stores import open_store
    from scanner.rendering.sanitize import sanitized

    ledger = Ledger(open_store(named_place(store).store))
    known = list(ledger.targets())
    if not known:
        raise TscanError(
            f"{ledger.store.name}: there is no history here",
            "name the store that 'tscan scan' wrote",
        )
    if target and target not in known:
        raise TscanError(
            f"{ledger.store.name} has no history of {target}", f"there is {', '.join(known[:5])}"
        )
    rows = write(ledger, [target] if target else known, folder)
    click.echo(
        sanitized(f"{rows['records']} records and {rows['transitions']} transitions in {folder}")
    )
    return 0
