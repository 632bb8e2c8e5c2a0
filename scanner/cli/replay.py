"""`tscan replay`: the same evidence, judged again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from scanner.cli.support.options import Judging, judging
from scanner.errors import TscanError

_PAST = ("store", "config", "target")


@click.command()
@click.argument("snapshots", nargs=-1, type=click.Path(path_type=Path), metavar="[SNAPSHOT...]")
@click.option(
    "--from", "first", default="", metavar="DAY", help="Instead of files: history from this day on."
)
@click.option("--to", "last", default="", metavar="DAY", help="The last day of history, included.")
@click.option(
    "--pack",
    type=click.Choice(("day", "today")),
    help="Judge history with the pack of each day (as if left out), or with today's.",
)
@click.option(
    "--store",
    default="",
    metavar="PLACE",
    help="A folder or s3://…; that of tscan.yaml, or .tscan.",
)
@click.option(
    "--config",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="tscan.yaml if there is one here.",
)
@click.option("--target", multiple=True, metavar="ID", help="Of history, only this target.")
@judging
def replay(
    snapshots: tuple[Path, ...], first: str, last: str, pack: str | None, **options: Any
) -> int:
    """Judge recorded evidence again: offline, with the clock at the end of the recording.

    The same snapshot and the same version of tscan give the same JSON, byte for byte. Of history, each scan is one
    line: of JSON with --format json; it names the pack that judged.

    \b
    Examples:
      tscan replay audit.snapshot.jsonl.gz
      tscan replay audit.snapshot.jsonl.gz --format json
      tscan replay folder-of-an-organisation
      tscan replay a.snapshot.jsonl.gz b.snapshot.jsonl.gz --param access_key_max_age_days=30
      tscan replay --from 2026-01-01 --to 2026-06-30 --pack today
    """
    place = {name: options.pop(name) for name in _PAST}
    ranged = bool(first or last)
    if bool(snapshots) == ranged:
        raise click.UsageError("Name snapshots, or a range of history with --from and --to.")
    if ranged:
        from scanner.cli.replay_past import replay_past

        return replay_past(first, last, pack or "day", Judging(**options), **place)
    if pack or any(place.values()):
        raise TscanError(
            "--pack, --store, --config and --target are about history",
            "give --from and --to with them",
        )
    from scanner.cli.support.judging import judge_files

    return judge_files(snapshots, Judging(**options))
