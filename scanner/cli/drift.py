"""Shows what changed between two scans: `tscan drift`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from scanner.cli.support.history_options import (
    HistoryContext,
    HistoryOptions,
    check_begun,
    day,
    history_options,
    now,
    open_history,
)
from scanner.cli.support.options import PATH, report_format_option
from scanner.cli.support.output import show
from scanner.core.calendar import parse_time
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
    help="From the last scan before this day; default: the previous scan.",
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

    Only scans of the same scope are compared: the configured scope, and every other scope that was
    scanned since.

    Exit code 1: new failures. 3: something is no longer read, or was not scanned again.
    0: neither, or this is the first scan.

    \b
    Examples:
      tscan drift
      tscan drift --since 2026-06-01 --waivers waivers.yaml
      tscan drift --who
      tscan drift --target aws:111122223333 --format json
    """
    history = open_history(options)
    chains = _chains(history, options)
    drifts, overlooked = _drifts(history, chains, since, waivers)
    # Two documents in one stream are not JSON: a consumer would read the first, or none.
    if format == "json" and len(drifts) > 1:
        raise TscanError(
            "the JSON document has one target",
            f"name one with --target: {', '.join(chains[:5])}",
        )
    if who:
        from scanner.cli.support.attribution import attributed

        drifts = attributed(drifts, history)
    if drifts:
        _show(drifts, format)
    code = drift_exit_code(drifts)
    # A target that was not scanned again is out of sight: that is not clean.
    if code == EXIT_CLEAN and overlooked:
        return EXIT_UNREAD
    return code


def _chains(history: HistoryContext, options: HistoryOptions) -> tuple[str, ...]:
    """The chains that are named, or those of each target that were scanned lately."""
    if options.target:
        return history.targets
    return (*history.targets, *_also_scanned(history))


def _also_scanned(history: HistoryContext) -> tuple[str, ...]:
    """Chains of other scopes in which their targets were scanned since the configured one."""
    newest: dict[str, str] = {}
    for name in history.targets:
        record = history.ledger.records(name)[-1]
        newest[record.target] = record.finished
    found: list[str] = []
    for name in history.ledger.chains():
        record = history.ledger.records(name)[-1]
        # What somebody looked at once, long ago, has no news every day.
        if name not in history.targets and record.finished > newest[record.target]:
            found.append(name)
    return tuple(found)


def drift_exit_code(drifts: Sequence[Drift]) -> int:
    """1: something new fails; 3: something is no longer seen; else 0."""
    from scanner.core.drift.comparison import DriftKind

    changes: set[DriftKind] = set()
    for drift in drifts:
        changes.update(moved.what for moved in drift.moved)
    if DriftKind.NEW_FAILURE in changes:
        return EXIT_FAILING
    if changes & {DriftKind.NEW_UNKNOWN, DriftKind.NO_LONGER_READ}:
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


def _drifts(
    history: HistoryContext, chains: Iterable[str], since: str, waivers: Path | None
) -> tuple[list[Drift], list[str]]:
    """The drift of every chain that has some, and the chains that were not scanned again.

    A chain without drift is reported on standard error. One of a single scan is not overlooked:
    its drift begins with the next.
    """
    from scanner.rendering.sanitize import sanitized

    drifts: list[Drift] = []
    overlooked: list[str] = []
    for chain in chains:
        records = history.ledger.records(chain)
        begins = _begins(history, since)
        if begins is not None and parse_time(records[-1].finished) < begins:
            overlooked.append(chain)
            why = f"no scan ended on {since} or later: there is no drift to show"
        elif len(records) < 2:
            why = f"this is the first scan{_scope(records[-1])}: drift begins with the next one"
        else:
            pair = _records_to_compare(records, begins)
            drifts.append(_drift(history, pair, waivers))
            continue
        click.echo(sanitized(f"{chain}: {why}"), err=True)
    return drifts, overlooked


def _scope(record: Record) -> str:
    from scanner.cli.support.scope import as_options

    if not record.scope:
        return ""
    return f" with {as_options(record.scope)}"


def _begins(history: HistoryContext, since: str) -> datetime | None:
    """The beginning of the day that `--since` names."""
    from scanner.core.calendar import period_window

    if not since:
        return None
    date = day(since, "--since")
    window = period_window(date, date, history.zone)
    check_begun(window, _ended_since(history, window.start), "--since")
    return window.start


def _ended_since(history: HistoryContext, begins: datetime) -> Iterator[Record]:
    for record in history.records():
        if parse_time(record.finished) >= begins:
            yield record


def _records_to_compare(records: Sequence[Record], begins: datetime | None) -> Pair:
    """The last record, and the one before it or the last one before a time."""
    *others, last = records
    if begins is None:
        return others[-1], last
    earlier = [record for record in others if parse_time(record.finished) < begins]
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
    chain = history.ledger.records(after.chain)[before.seq - 1 : after.seq]
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
