"""`tscan demo`: a recorded account, judged now."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import click

from scanner.cli.support.options import Judging, judging

SNAPSHOT: Final = Path(__file__).parent / "demo.snapshot.jsonl.gz"
"""Evidence of a small made-up AWS account, recorded from a simulator by `make demo-snapshot`."""


@click.command()
@judging
def demo(**options: Any) -> int:
    """Judge the snapshot that tscan carries: no credentials, no network, no extra.

    It was recorded from a simulated AWS account with good and bad resources, so exit code 1 is what it should say.

    \b
    Examples:
      tscan demo
      tscan demo --controls
      tscan demo --format json=demo.json
    """
    from scanner.cli.support.judging import judge_files

    return judge_files([SNAPSHOT], Judging(**options))
