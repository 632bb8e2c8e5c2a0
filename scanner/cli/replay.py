"""`tscan replay`: the same evidence, judged again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from scanner.cli.options import Judging, judging


@click.command()
@click.argument("snapshots", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="SNAPSHOT...")
@judging
def replay(snapshots: tuple[Path, ...], **options: Any) -> int:
    """Judge recorded evidence again: offline, with the clock at the end of the recording.

    The same snapshot and the same version of tscan give the same JSON, byte for byte.

    \b
    Examples:
      tscan replay audit.snapshot.jsonl.gz
      tscan replay audit.snapshot.jsonl.gz --format json
      tscan replay folder-of-an-organisation
      tscan replay a.snapshot.jsonl.gz b.snapshot.jsonl.gz --param access_key_max_age_days=30
    """
    from scanner.cli.judging import judge_files

    return judge_files(snapshots, Judging(**options))
