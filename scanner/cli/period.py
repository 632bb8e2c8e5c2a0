"""`tscan period`: what operated over a period, or at a date."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import click

from scanner.cli.support.history_options import (
    HistoryContext,
    between,
    check_begun,
    day,
    looking_back,
    now,
    only,
    open_past,
)
from scanner.cli.support.output import show
from scanner.errors import TscanError

if TYPE_CHECKING:
    from scanner.model.history import Record
    from scanner.model.library import Library
    from scanner.model.period import Period, Window


@click.command()
@click.option("--from", "first", default="", metavar="DAY", help="The first day.")
@click.option("--to", "last", default="", metavar="DAY", help="The last day, included.")
@click.option(
    "--at", default="", metavar="DAY", help="Instead of a period: what was implemented at a date."
)
@click.option("--control", multiple=True, metavar="ID", help="Only this control.")
@click.option(
    "--format", type=click.Choice(("terminal", "json")), default="terminal", show_default=True
)
@looking_back
def period(
    first: str, last: str, at: str, control: tuple[str, ...], format: str, **options: Any
) -> int:
    """What operated over a period: deviations with their times, missed runs, and what is not shown.

    Days are those of the configured time zone. Nothing is concluded: no rate is called tolerable.

    \b
    Examples:
      tscan period --from 2026-01-01 --to 2026-06-30
      tscan period --from 2026-01-01 --to 2026-06-30 --control ENC-01 --format json
      tscan period --at 2026-06-30
    """
    if bool(at) == bool(first or last) or bool(first) != bool(last):
        raise TscanError("a period needs --from and --to, a date needs --at", "give one of the two")
    past = open_past(**options)
    text = _at(past, at, control, format) if at else _period(past, first, last, control, format)
    click.echo(text, nl=False) if format == "json" else show(text)
    return 0


def _period(
    past: HistoryContext, first: str, last: str, control: tuple[str, ...], form: str
) -> str:
    from scanner.reports.period import as_json, as_text

    found = made(past, first, last, control)
    return as_json(found) if form == "json" else as_text(found)


def made(past: HistoryContext, first: str, last: str, control: tuple[str, ...]) -> Period:
    """The report on a period."""
    from scanner.core.periods.type2_period import type2_period

    window = between(first, last, past.zone)
    records = [record for record in past.records() if _inside(window, record)]
    check_begun(window, records, "--from")
    library, packs = _in_force(past, control, records)
    found = type2_period(
        past.chains(),
        library,
        period=window,
        schedule=past.schedule,
        now=now(),
        exclusions=past.exclusions,
        packs=packs,
    )
    return _with_decisions(found, past, window)


def _inside(window: Window, record: Record) -> bool:
    from scanner.core.calendar import moment

    return window.start <= moment(record.started) < window.end


def _in_force(
    past: HistoryContext, control: Sequence[str], records: Iterable[Record]
) -> tuple[Library, dict[str, Library]]:
    """Today's library and the packs that judged, of these controls alone where any is named."""
    packs = past.packs(records)
    library, *others = only(control, past.library, *packs.values())
    return library, dict(zip(packs, others, strict=True))


def _with_decisions(found: Period, past: HistoryContext, window: Window) -> Period:
    """The report with what people accepted and stated, as its records were given it."""
    from dataclasses import replace

    from scanner.core.periods.decisions import attestation_spans, waiver_spans

    def inside(record: Record) -> bool:
        return _inside(window, record)

    chains = [past.ledger.records(target) for target in past.targets]
    return replace(
        found,
        waivers=tuple(
            span for chain in chains for span in waiver_spans(chain, inside, past.said.waivers)
        ),
        attestations=attestation_spans(
            (record for chain in chains for record in chain if inside(record)),
            past.said.attestations,
        ),
    )


def _at(past: HistoryContext, at: str, control: tuple[str, ...], form: str) -> str:
    from scanner.core.calendar import window
    from scanner.core.periods.type1_point_in_time import last_before, type1_point_in_time
    from scanner.model.period import AtDate
    from scanner.rendering.dataclass_json import dumps
    from scanner.reports.period import at_text

    date = day(at, "--at")
    period, time = window(date, date, past.zone), now()
    check_begun(period, (record for record in past.records() if _inside(period, record)), "--at")
    chains = tuple(past.chains())
    records = [
        record for chain in chains if (record := last_before(chain.records, period.end)) is not None
    ]
    library, packs = _in_force(past, control, records)
    found = AtDate(
        day=at,
        until=min(period.end, time),
        controls=type1_point_in_time(chains, library, end=period.end, packs=packs),
    )
    return dumps("tscan.implemented/1", found) if form == "json" else at_text(found)
