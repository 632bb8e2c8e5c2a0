"""Judges recorded evidence again: `tscan replay`."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import click

from scanner.cli.support.history_options import HistoryOptions
from scanner.cli.support.options import (
    PATH,
    BaselineOptions,
    JudgingOptions,
    baseline_options,
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
@baseline_options
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
    compare: BaselineOptions,
) -> int:
    """Judge recorded evidence again: offline, with the clock at the end of the recording.

    The same snapshot and the same version of tscan give the same JSON, byte for byte. Of history,
    each scan is one line: of JSON with --format json; it names the pack that judged.

    \b
    Examples:
      tscan replay audit.snapshot.jsonl.gz
      tscan replay audit.snapshot.jsonl.gz --format json
      tscan replay folder-of-an-organisation
      tscan replay a.snapshot.jsonl.gz b.snapshot.jsonl.gz --param access_key_max_age_days=30
      tscan replay audit.snapshot.jsonl.gz --new-only --baseline main.json
      tscan replay --from 2026-01-01 --to 2026-06-30 --pack today
    """
    history = HistoryOptions(
        store=store, config=config, target=target, checks=options.checks, mappings=options.mappings
    )
    reads_history = bool(first or last)
    if bool(snapshots) == reads_history:
        raise click.UsageError("Name snapshots, or a range of history with --from and --to.")
    if not reads_history:
        return _replay_files(snapshots, pack, options, history, compare)
    if compare.given:
        raise click.UsageError("--new-only and --baseline compare one scan, not a range.")
    from scanner.cli.replay_history import replay_history

    return replay_history(first, last, pack or "day", options, history)


def _replay_files(
    snapshots: tuple[Path, ...],
    pack: str | None,
    options: JudgingOptions,
    history: HistoryOptions,
    compare: BaselineOptions,
) -> int:
    from scanner.cli.support.judging import judge_files
    from scanner.cli.support.new_failures import comparison

    # A file says nothing of packs and targets: options that are ignored would mislead.
    place_is_used = compare.new_only and compare.baseline is None
    place_is_named = history.store or history.config
    if pack or history.target or (place_is_named and not place_is_used):
        raise TscanError(
            "--pack, --store, --config and --target are about history",
            "give --from and --to with them; --store and --config also go with --new-only",
        )
    place = partial(_place, history.store, history.config)
    return judge_files(snapshots, options, compare=comparison(compare, place))


def _place(store: str, config: Path | None) -> str:
    """Where the history is that new failures are compared with."""
    from scanner.cli.support.store_location import CONFIG, STORE
    from scanner.content.config import load_store_location

    path = config or CONFIG
    if store:
        return store
    if config is None and not path.is_file():
        return STORE
    location, _ = load_store_location(path)
    return location or STORE
