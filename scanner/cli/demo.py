"""Judges a recorded account that tscan carries: `tscan demo`."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import click

from scanner.cli.support.options import JudgingOptions, judging_options

SNAPSHOT: Final = Path(__file__).parent / "demo.snapshot.jsonl.gz"
"""Evidence of a small made-up AWS account, recorded from a simulator by `make demo-snapshot`."""


@click.command()
@judging_options
def demo(options: JudgingOptions) -> int:
    """Judge the snapshot that tscan carries: no credentials, no network, no extra.

    It was recorded from a simulated AWS account with good and bad resources, so exit code 1 is
    what it should say.

    \b
    Examples:
      tscan demo
      tscan demo --controls
      tscan demo --format json=demo.json
    """
    from scanner.cli.support.judging import judge_files

    return judge_files([SNAPSHOT], options)
