"""Shows the matrix of recorded evidence and nothing else: `tscan matrix`."""

from __future__ import annotations

from pathlib import Path

import click

from scanner.cli.support.options import JudgingOptions, judging_options, snapshots_argument


@click.command()
@snapshots_argument
@judging_options
def matrix(snapshots: tuple[Path, ...], options: JudgingOptions) -> int:
    """Show the matrix of recorded evidence, without the findings.

    \b
    Examples:
      tscan matrix audit.snapshot.jsonl.gz
      tscan matrix audit.snapshot.jsonl.gz --controls
      tscan matrix audit.snapshot.jsonl.gz --category Security
    """
    from scanner.cli.support.judging import judge_files

    return judge_files(snapshots, options, matrix_only=True)
