"""Reports how controls operated over a period, or stood at a date: `tscan period`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from scanner.cli.support.completion import complete_controls
from scanner.cli.support.history_options import (
    HistoryContext,
    HistoryOptions,
    check_begun,
    day,
    history_options,
    now,
    open_history,
    period_between,
    with_controls_only,
)
from scanner.cli.support.options import report_format_option
from scanner.cli.support.output import show
from scanner.errors import EXIT_CLEAN, EXIT_UNREAD, TscanError

if TYPE_CHECKING:
    from datetime import datetime

    from scanner.model.decisions import AttestationSpan, WaiverSpan
    from scanner.model.findings import InventoryRead, UnassessedType
    from scanner.model.history import Record
    from scanner.model.library import Library
    from scanner.model.period import AtDate, Period, Window


@click.command()
@click.option("--from", "first", default="", metavar="DAY", help="The first day.")
@click.option("--to", "last", default="", metavar="DAY", help="The last day, included.")
@click.option(
    "--at", default="", metavar="DAY", help="A date instead of a period: controls implemented then."
)
@click.option(
    "--control",
    multiple=True,
    metavar="ID",
    shell_complete=complete_controls,
    help="Only this control.",
)
@report_format_option
@history_options
def period(
    first: str,
    last: str,
    at: str,
    control: tuple[str, ...],
    format: str,  # noqa: A002 - click names it after the option
    options: HistoryOptions,
) -> int:
    """Report on a period: deviations with their times, missed runs, and controls not shown.

    Days are days of the configured time zone. The report draws no conclusion and calls no
    deviation rate tolerable. Exit code 3: no scan in history is of that time.

    \b
    Examples:
      tscan period --from 2026-01-01 --to 2026-06-30
      tscan period --from 2026-01-01 --to 2026-06-30 --control ENC-01 --format json
      tscan period --at 2026-06-30
    """
    _check_days(first, last, at)
    history = open_history(options)
    if at:
        found = at_date(history, at, control)
        text = _date_text(found, format)
        missing = _without_record(found)
    else:
        text = _period_text(period_report(history, first, last, control), format)
        missing = _without_scan(history, first, last)
    if format == "json":
        click.echo(text, nl=False)
    else:
        show(text)
    # A report on nothing must not look clean.
    if missing:
        click.echo(missing, err=True)
        return EXIT_UNREAD
    return EXIT_CLEAN


def _without_record(found: AtDate) -> str:
    """Why nothing is shown at a date; empty where some record is."""
    if any(control.seq for control in found.controls):
        return ""
    return f"no scan in history ended on {found.day} or before: nothing is shown"


def _without_scan(history: HistoryContext, first: str, last: str) -> str:
    """Why nothing is shown of a period; empty where a scan was started in it."""
    window = period_between(first, last, history.zone)
    if any(True for _ in _started_within(history.records(), window)):
        return ""
    return f"no scan in history began from {first} to {last}: nothing is shown"


def _check_days(first: str, last: str, at: str) -> None:
    wants_period = bool(first or last)
    # A period without an end would grow with each run, and its figures with it.
    if bool(at) == wants_period or bool(first) != bool(last):
        raise TscanError("a period needs --from and --to, a date needs --at", "give one of the two")


# -- a period (type 2) -----------------------------------------------------------------------------


def _period_text(report: Period, form: str) -> str:
    from scanner.reports.period import as_json, as_text

    if form == "json":
        return as_json(report)
    return as_text(report)


def period_report(
    history: HistoryContext,
    first: str,
    last: str,
    controls: tuple[str, ...],
    *,
    at: datetime | None = None,
) -> Period:
    """The report on a period, of these controls or of all; `at` a time (None: now)."""
    from scanner.core.periods.type2_period import type2_period

    period_window = period_between(first, last, history.zone)
    # Not today's content alone: a control that was dropped since then operated in the period.
    records = list(_started_within(history.records(), period_window))
    check_begun(period_window, records, "--from")
    library, packs = _content_in_force(history, controls, records)
    report = type2_period(
        history.chains(),
        library,
        period=period_window,
        schedule=history.schedule,
        now=at or now(),
        packs=packs,
    )
    report = _with_decisions(report, history, period_window)
    return _with_unassessed(report, history, {**packs, library.sha256: library}, records)


def _started_within(records: Iterable[Record], period_window: Window) -> Iterator[Record]:
    for record in records:
        if _is_within(record, period_window):
            yield record


def _is_within(record: Record, period_window: Window) -> bool:
    # By its start: a reading that runs over midnight says what was there before it.
    from scanner.core.calendar import parse_time

    return period_window.start <= parse_time(record.started) < period_window.end


def _content_in_force(
    history: HistoryContext, controls: Sequence[str], records: Iterable[Record]
) -> tuple[Library, dict[str, Library]]:
    """Today's library and the packs that judged the records, with only the chosen controls."""
    packs = history.packs(records)
    library, *others = with_controls_only(controls, history.library, *packs.values())
    return library, dict(zip(packs, others, strict=True))


def _with_decisions(report: Period, history: HistoryContext, period_window: Window) -> Period:
    """The report with the waivers and attestations that its records were judged with."""
    return replace(
        report,
        waivers=tuple(_waivers(history, period_window)),
        attestations=_attestations(history, period_window),
    )


def _with_unassessed(
    report: Period, history: HistoryContext, packs: Mapping[str, Library], records: list[Record]
) -> Period:
    """The report with the types in use that no check read, by each target's last record."""
    from scanner.core.reading.projection import Estate
    from scanner.core.reading.types_in_use import read_types
    from scanner.providers import reader

    last = {record.target: record for record in records}
    unassessed: list[UnassessedType] = []
    inventories: list[InventoryRead] = []
    for _, record in sorted(last.items()):
        library = packs.get(record.pack_sha256, history.library)
        snapshot = history.ledger.snapshot(record)
        checks = [library.checks[name] for name in record.checks if name in library.checks]
        where = Estate.of(snapshot, record.params)
        found = read_types(snapshot.answers, library, checks, reader, where)
        unassessed += found.unassessed
        inventories += found.inventories
    return replace(report, unassessed=tuple(unassessed), inventories=tuple(inventories))


def _waivers(history: HistoryContext, period_window: Window) -> Iterator[WaiverSpan]:
    from scanner.core.periods.decisions import waiver_periods

    for target in history.targets:
        yield from waiver_periods(
            history.ledger.records(target),
            lambda record: _is_within(record, period_window),
            history.inputs.waivers,
        )


def _attestations(history: HistoryContext, period_window: Window) -> tuple[AttestationSpan, ...]:
    from scanner.core.periods.decisions import attestation_periods

    return attestation_periods(
        _started_within(history.records(), period_window), history.inputs.attestations
    )


# -- a date (type 1) -------------------------------------------------------------------------------


def _date_text(found: AtDate, form: str) -> str:
    from scanner.rendering.dataclass_json import dumps
    from scanner.reports.period import at_text

    if form == "json":
        return dumps("tscan.implemented/1", found)
    return at_text(found)


def at_date(history: HistoryContext, at: str, controls: tuple[str, ...]) -> AtDate:
    """The controls as the last record of each target at the end of a day shows them."""
    from scanner.core.calendar import period_window
    from scanner.core.periods.type1_point_in_time import last_before, type1_point_in_time
    from scanner.model.period import AtDate

    date = day(at, "--at")
    whole_day, time = period_window(date, date, history.zone), now()
    check_begun(whole_day, _started_within(history.records(), whole_day), "--at")
    chains = tuple(history.chains())
    records: list[Record] = []
    for chain in chains:
        record = last_before(chain.records, whole_day.end)
        if record is not None:
            records.append(record)
    library, packs = _content_in_force(history, controls, records)
    return AtDate(
        day=at,
        # Today is not over: the report must not speak of hours that have not come.
        until=min(whole_day.end, time),
        controls=type1_point_in_time(chains, library, end=whole_day.end, packs=packs),
    )
