"""`tscan matrix`: the matrix and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from scanner.cli.support.options import Judging, judging


@click.command()
@click.argument(
    "snapshots", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="SNAPSHOT..."
)
@judging
def matrix(snapshots: tuple[Path, ...], **options: Any) -> int:
    """Show the matrix of recorded evidence, without the findings.

    \b
    Examples:
      tscan matrix audit.snapshot.jsonl.gz
      tscan matrix audit.snapshot.jsonl.gz --controls
      tscan matrix audit.snapshot.jsonl.gz --category Security
    """
    from scanner.cli.support.judging import judge_files

    return judge_files(snapshots, Judging(**options), matrix_only=True)
