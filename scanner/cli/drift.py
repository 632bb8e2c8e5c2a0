"""Shows what changed between two scans: `tscan drift`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from scanner.cli.support.history_options import (
    HistoryContext,
    HistoryOptions,
    day,
    history_options,
    now,
    open_history,
)
from scanner.cli.support.options import PATH, report_format_option
from scanner.cli.support.output import show
from scanner.errors import EXIT_CLEAN, EXIT_FAILING, EXIT_UNREAD, TscanError

if TYPE_CHECKING:
    from scanner.core.drift.comparison import Drift
    from scanner.model.history import Record
    from scanner.model.library import Library
    from scanner.model.waivers import Waiver

    Pair = tuple[Record, Record]
    """The earlier and the later record to compare."""


@click.command()
@click.option(
    "--since",
    default="",
    metavar="DAY",
    help="From the last scan before this day; the previous one if left out.",
)
@click.option(
    "--waivers",
    type=PATH,
    metavar="FILE",
    help="Use these waivers, not those of the last scan.",
)
@click.option(
    "--who", is_flag=True, help="Attribute changes from the audit log; needs credentials."
)
@report_format_option
@history_options
def drift(
    since: str,
    waivers: Path | None,
    who: bool,
    format: str,  # noqa: A002 - click names it after the option
    options: HistoryOptions,
) -> int:
    """Show what changed between two scans: new failures, new unknowns, fixes.

    Exit code 1: new failures. 3: something is no longer read, or was not scanned again. 0: else.

    \b
    Examples:
      tscan drift
      tscan drift --since 2026-06-01 --waivers waivers.yaml
      tscan drift --who
      tscan drift --target aws:111122223333 --format json
    """
    history = open_history(options)
    drifts = _drifts(history, since, waivers)
    if not drifts:
        return EXIT_UNREAD
    # Two documents in one stream are not JSON: a consumer would read the first, or none.
    if format == "json" and len(drifts) > 1:
        raise TscanError(
            "the JSON document has one target",
            f"name one with --target: {', '.join(history.targets[:5])}",
        )
    if who:
        from scanner.cli.support.attribution import attributed

        drifts = attributed(drifts, history)
    _show(drifts, format)
    code = drift_exit_code(drifts)
    # A target that was not scanned again is out of sight: that is not clean.
    if code == EXIT_CLEAN and len(drifts) < len(history.targets):
        return EXIT_UNREAD
    return code


def drift_exit_code(drifts: Sequence[Drift]) -> int:
    """1: something new fails; 3: something is no longer seen; else 0."""
    from scanner.core.drift.comparison import DriftKind

    changes: set[DriftKind] = set()
    for drift in drifts:
        changes.update(moved.what for moved in drift.moved)
    if DriftKind.NEW_FAILURE in changes:
        return EXIT_FAILING
    if changes & {DriftKind.NEW_UNKNOWN, DriftKind.OUT_OF_SIGHT}:
        return EXIT_UNREAD
    # A call that is not answered any more may hide a failure, although no finding shows it.
    if any(drift.gaps for drift in drifts):
        return EXIT_UNREAD
    return EXIT_CLEAN


def _show(drifts: Sequence[Drift], form: str) -> None:
    from scanner.reports.drift import as_json, as_text

    if form == "json":
        (drift,) = drifts
        click.echo(as_json(drift), nl=False)
    else:
        show(as_text(drifts))


def _drifts(history: HistoryContext, since: str, waivers: Path | None) -> list[Drift]:
    """The drift of every target that has two records; the others are reported on standard error."""
    from scanner.rendering.sanitize import sanitized

    drifts: list[Drift] = []
    for target in history.targets:
        pair = _records_to_compare(history, target, since)
        if isinstance(pair, str):
            click.echo(sanitized(f"{target}: {pair}: there is no drift to show."), err=True)
        else:
            drifts.append(_drift(history, pair, waivers))
    return drifts


def _records_to_compare(history: HistoryContext, target: str, since: str) -> Pair | str:
    """Two records of a target, or why there are none to compare."""
    from scanner.core.calendar import parse_time, period_window

    records = history.ledger.records(target)
    if len(records) < 2:
        return "two scans are needed to compare"
    last = records[-1]
    if not since:
        return records[-2], last
    date = day(since, "--since")
    begins = period_window(date, date, history.zone).start
    if parse_time(last.finished) < begins:
        return f"no scan ended on {since} or later"
    earlier = [record for record in records[:-1] if parse_time(record.finished) < begins]
    # Without a scan before that day, the first one is what there is to compare with.
    if not earlier:
        return records[0], last
    return earlier[-1], last


def _drift(history: HistoryContext, pair: Pair, waivers_file: Path | None) -> Drift:
    from scanner.core.drift.between_records import drift_between
    from scanner.core.periods.versions import Versions

    before, after = pair
    found = drift_between(
        history.ledger,
        before,
        after,
        history.library,
        waivers=_waivers(history, after, waivers_file),
        today=now().astimezone(history.zone).date(),
    )
    chain = history.ledger.records(after.target)[before.seq - 1 : after.seq]
    versions = Versions(today=history.library, packs=_packs(history, chain))
    return replace(found, changes=tuple(versions.told(found.changes, chain)))


def _waivers(history: HistoryContext, record: Record, file: Path | None) -> tuple[Waiver, ...]:
    from scanner.content.waivers import load_waivers

    # Those of the record, not of today's file: the verdicts were given with them.
    if file is None:
        return history.inputs.waivers(record)
    return load_waivers(file, history.library)


def _packs(history: HistoryContext, chain: Iterable[Record]) -> dict[str, Library]:
    """The packs of these records; none where all have the same, for there is nothing to compare."""
    records = list(chain)
    if len({record.pack_sha256 for record in records}) < 2:
        return {}
    return history.packs(records)
