"""Re-evaluates recorded evidence: `tscan replay`."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

import click

from scanner.cli.support.evidence import EvidenceOptions, evidence_options
from scanner.cli.support.history_options import HistoryOptions
from scanner.cli.support.options import (
    BaselineOptions,
    JudgingOptions,
    baseline_options,
    judging_options,
)
from scanner.errors import TscanError


@click.command()
@click.option("--from", "first", default="", metavar="DAY", help="First day of a range of history.")
@click.option("--to", "last", default="", metavar="DAY", help="The last day, included.")
@click.option(
    "--pack",
    type=click.Choice(("day", "today")),
    help="Checks of each day (default), or of today, for a range.",
)
@evidence_options
@baseline_options
@judging_options
def replay(
    first: str,
    last: str,
    pack: str | None,
    evidence: EvidenceOptions,
    options: JudgingOptions,
    compare: BaselineOptions,
) -> int:
    """Re-evaluate recorded evidence: offline, with the clock at the end of the recording.

    Without a file, the newest scan of each target in history is evaluated. Waivers, attestations,
    checks and mappings are those of tscan.yaml. The same snapshot, the same version of tscan and
    the same tscan.yaml give the same JSON, byte for byte.

    With --from and --to, each scan of the range is one line, or one JSON document with --format
    json; it names the pack that was used.

    \b
    Examples:
      tscan replay
      tscan replay audit.snapshot.jsonl.gz
      tscan replay audit.snapshot.jsonl.gz --format json
      tscan replay folder-of-an-organization
      tscan replay a.snapshot.jsonl.gz b.snapshot.jsonl.gz --param access_key_max_age_days=30
      tscan replay audit.snapshot.jsonl.gz --new-only --baseline main.json
      tscan replay --from 2026-01-01 --to 2026-06-30 --pack today
    """
    if not first and not last:
        return _replay(evidence, options, compare, pack)
    if evidence.snapshots:
        raise click.UsageError("Name snapshots, or a range of history with --from and --to.")
    if compare.given:
        raise click.UsageError("--new-only and --baseline compare one scan, not a range.")
    from scanner.cli.replay_history import replay_history

    history = HistoryOptions(
        store=evidence.store,
        config=evidence.config,
        target=evidence.target,
        checks=options.checks,
        mappings=options.mappings,
    )
    return replay_history(first, last, pack or "day", options, history)


def _replay(
    evidence: EvidenceOptions,
    options: JudgingOptions,
    compare: BaselineOptions,
    pack: str | None,
) -> int:
    from scanner.cli.support.judging import judge_evidence
    from scanner.cli.support.new_failures import comparison

    # An option that is ignored would mislead.
    if pack:
        raise TscanError("--pack is for a range of history", "give --from and --to with it")
    place = partial(_place, evidence.store, evidence.config)
    if evidence.snapshots and compare.new_only and compare.baseline is None:
        # Beside files the store is that of the earlier scans alone.
        evidence = replace(evidence, store="")
    return judge_evidence(evidence, options, compare=comparison(compare, place))


def _place(store: str, config: Path | None) -> str:
    """Where the history is that new failures are compared with."""
    from scanner.cli.support.store_location import configured_location, default_store
    from scanner.content.config import load_store_location

    if store:
        return store
    if config is None:
        return configured_location().store
    location, _ = load_store_location(config)
    return location or default_store()
