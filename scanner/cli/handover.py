"""Writes one archive of history for the auditor: `tscan handover`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from scanner.cli.support.history_options import (
    HistoryContext,
    HistoryOptions,
    ended_within,
    history_options,
    open_history,
    period_between,
)
from scanner.cli.support.options import PATH, from_option, to_option
from scanner.errors import TscanError

if TYPE_CHECKING:
    from datetime import datetime

    from scanner.model.history import Record


_WIDTH: Final = 80
"""Columns of the report for people."""


@click.command()
@from_option
@to_option
@click.option(
    "--output",
    type=PATH,
    metavar="FILE.zip",
    help="The archive; default: named after the period.",
)
@history_options
def handover(first: str, last: str, output: Path | None, options: HistoryOptions) -> int:
    """Write one archive for the auditor: records, evidence, packs, public keys, instructions to
    verify them, and the origin of figures (IPE).

    The chains are complete, because a part of a chain could not be verified; the sheets cover the
    period. The same history gives the same file. The archive describes your configuration: treat
    it as confidential.

    \b
    Examples:
      tscan handover --from 2026-01-01 --to 2026-06-30
      tscan handover --from 2026-01-01 --to 2026-06-30 --target aws:111122223333 \
--output one-account.zip
    """
    from scanner.cli.support.judging import judge_recorded
    from scanner.history.export.auditor_package import AuditorPackage, write_auditor_package
    from scanner.history.verification.rejudge import Rejudger
    from scanner.rendering.sanitize import sanitized
    from scanner.words import plural

    history = open_history(options)
    period = period_between(first, last, history.zone)
    # Without a choice everything: what was left out could not be told from what never was.
    names = history.targets if options.target else history.ledger.chains()
    chains = {name: history.ledger.records(name) for name in names}
    records: list[Record] = []
    for own in chains.values():
        records += [record for record in own if ended_within(record, period)]
    if not records:
        raise TscanError(f"no record ended between {first} and {last}", "see 'tscan history list'")
    # The sheets are re-evaluated with the content of each day, as the records were.
    again = Rejudger(history.ledger, judge_recorded, history.library)
    package = AuditorPackage(
        first=first,
        last=last,
        chains=chains,
        records=tuple(records),
        reports=_reports(history, first, last, _newest(chains)),
    )
    output = output or Path(f"handover-{first}-{last}.zip")
    files = write_auditor_package(output, history.ledger, again, package)
    scans = f"{plural(len(records), 'scan')} of {plural(len(chains), 'chain')} in the period"
    click.echo(sanitized(f"{output}: {files} files, {scans}"))
    return 0


def _newest(chains: Mapping[str, Sequence[Record]]) -> datetime:
    """When the newest scan ended: the same history gives the same report, whatever the time is."""
    from scanner.core.calendar import parse_time

    return max(parse_time(record.finished) for record in chain.from_iterable(chains.values()))


def _reports(history: HistoryContext, first: str, last: str, at: datetime) -> dict[str, str]:
    """The report on the period at a time, for people and for programs."""
    from scanner.cli.period import period_report
    from scanner.rendering.wrap import wrapped
    from scanner.reports.period import as_json, as_text

    report = period_report(history, first, last, (), at=at)
    return {"period.json": as_json(report), "period.txt": wrapped(as_text(report), _WIDTH)}
