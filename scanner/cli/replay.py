"""Judges recorded evidence again: `tscan replay`."""

from __future__ import annotations

from pathlib import Path

import click

from scanner.cli.support.history_options import HistoryOptions
from scanner.cli.support.options import (
    PATH,
    JudgingOptions,
    config_option,
    judging_options,
    store_option,
)
from scanner.errors import TscanError


@click.command()
@click.argument("snapshots", nargs=-1, type=PATH, metavar="[SNAPSHOT...]")
@click.option(
    "--from", "first", default="", metavar="DAY", help="Instead of files: history from this day on."
)
@click.option("--to", "last", default="", metavar="DAY", help="The last day of history, included.")
@click.option(
    "--pack",
    type=click.Choice(("day", "today")),
    help="Judge history with the pack of each day (as if left out), or with today's.",
)
@store_option
@config_option
@click.option("--target", multiple=True, metavar="ID", help="Of history, only this target.")
@judging_options
def replay(
    snapshots: tuple[Path, ...],
    first: str,
    last: str,
    pack: str | None,
    store: str,
    config: Path | None,
    target: tuple[str, ...],
    options: JudgingOptions,
) -> int:
    """Re-evaluate recorded evidence: offline, with the clock at the end of the recording.

    The same snapshot and the same version of tscan give the same JSON, byte for byte. Of history,
    each scan is one line: of JSON with --format json; it names the pack that was used.

    \b
    Examples:
      tscan replay audit.snapshot.jsonl.gz
      tscan replay audit.snapshot.jsonl.gz --format json
      tscan replay folder-of-an-organization
      tscan replay a.snapshot.jsonl.gz b.snapshot.jsonl.gz --param access_key_max_age_days=30
      tscan replay --from 2026-01-01 --to 2026-06-30 --pack today
    """
    reads_history = bool(first or last)
    if bool(snapshots) == reads_history:
        raise click.UsageError("Name snapshots, or a range of history with --from and --to.")
    if reads_history:
        from scanner.cli.replay_history import replay_history

        history = HistoryOptions(
            store=store,
            config=config,
            target=target,
            checks=options.checks,
            mappings=options.mappings,
        )
        return replay_history(first, last, pack or "day", options, history)
    # A file says nothing of packs and targets: options that are ignored would mislead.
    if pack or store or config or target:
        raise TscanError(
            "--pack, --store, --config and --target are about history",
            "give --from and --to with them",
        )
    from scanner.cli.support.judging import judge_files

    return judge_files(snapshots, options)
