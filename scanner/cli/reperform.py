"""Evaluates one finding again and shows its evidence: `tscan reperform`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from scanner.cli.support.completion import complete_checks
from scanner.cli.support.history_options import (
    HistoryContext,
    HistoryOptions,
    day,
    history_options,
    open_history,
)
from scanner.cli.support.options import PATH, current_id, report_format_option
from scanner.errors import EXIT_CLEAN, EXIT_FAILING, TscanError
from scanner.words import plural

if TYPE_CHECKING:
    from scanner.core.judging.waive import TargetWaivers
    from scanner.history.verification.rejudge import Rejudger
    from scanner.history.verification.reperform import Where
    from scanner.model.history import Record
    from scanner.model.waivers import Waiver
    from scanner.reports.reperform import Reperformed


@click.command()
@click.argument("finding", metavar="CHECK@RESOURCE", shell_complete=complete_checks)
@click.option(
    "--at",
    default="",
    metavar="DAY",
    help="Use the last scan up to the end of this day; default: now.",
)
@click.option("--region", default="", metavar="NAME", help="Only the resource in this region.")
@click.option(
    "--snapshot",
    type=PATH,
    metavar="FILE",
    help="Use this evidence, with the current pack.",
)
@report_format_option
@history_options
def reperform(
    finding: str,
    at: str,
    region: str,
    snapshot: Path | None,
    format: str,  # noqa: A002 - click names it after the option
    options: HistoryOptions,
) -> int:
    """Re-evaluate one finding and show its evidence: calls, answers, condition, values, and the
    provider's CLI command for the same data.

    RESOURCE is the provider's id or the name; `*` is a listing that was not read. Pack,
    parameters, waivers and attestations are those of the record. Exit code 1: the recorded
    verdict differs from what the evidence gives.

    \b
    Examples:
      tscan reperform aws-s3-bucket-tls-only@arn:aws:s3:::logs
      tscan reperform aws-s3-bucket-tls-only@logs --at 2026-06-30 --format json
      tscan reperform aws-s3-bucket-tls-only@logs --snapshot audit.snapshot.jsonl.gz
    """
    check, resource = _names(finding)
    if snapshot is None:
        found = list(_from_history(open_history(options), check, resource, region, at))
    elif at or options.store or options.target:
        raise TscanError(
            "--snapshot excludes history options", "leave out --at, --store and --target"
        )
    else:
        found = list(_from_snapshot(snapshot, options, check, resource, region))
    # Nothing made again is not the same as everything being as history says.
    if not found:
        raise TscanError(
            f"{check} has no finding for '{resource}'",
            "use the id or the name from the report",
        )
    _show(found, format)
    if all(one.same for one in found):
        return EXIT_CLEAN
    return EXIT_FAILING


def _names(finding: str) -> tuple[str, str]:
    """The check and the resource of `CHECK@RESOURCE`; a resource may hold an `@` itself."""
    check, _separator, resource = finding.partition("@")
    if not check or not resource:
        raise TscanError(
            f"'{finding}' does not name a finding",
            "write CHECK@RESOURCE, as in x-bucket-closed@logs",
        )
    return check, resource


def _show(found: Sequence[Reperformed], form: str) -> None:
    from scanner.reports.reperform import as_json, as_text

    if form != "json":
        click.echo("\n".join(map(as_text, found)), nl=False)
        return
    if len(found) > 1:
        places = ", ".join(
            f"{one.snapshot.target} {one.finding.resource.region}" for one in found[:5]
        )
        raise TscanError(
            f"{len(found)} findings match", f"choose by --target or --region: {places}"
        )
    click.echo(as_json(found[0]), nl=False)


def _from_snapshot(
    path: Path, options: HistoryOptions, check: str, resource: str, region: str
) -> Iterator[Reperformed]:
    from scanner.content.library import load_library
    from scanner.content.locations import default_roots
    from scanner.history.snapshots.snapshot_file import read_snapshot
    from scanner.history.verification.reperform import Where, reperform

    roots = default_roots(checks=options.checks, mappings=options.mappings)
    library = load_library(roots, lazily=True)
    check = current_id(check, library)
    return reperform(read_snapshot(path), Where(library=library), check, resource, region)


def _from_history(
    history: HistoryContext, check: str, resource: str, region: str, at: str
) -> Iterator[Reperformed]:
    """The finding in the last record of each target, by the content of that record's day."""
    from scanner.cli.support.judging import judge_recorded
    from scanner.history.verification.rejudge import Rejudger
    from scanner.history.verification.reperform import reperform

    again = Rejudger(history.ledger, judge_recorded, history.library)
    check = current_id(check, history.library)
    for record in _records_with(history, check, at):
        snapshot = replace(history.ledger.snapshot(record), params=record.params)
        # State is given as of a moment: `~` sorts behind the record's own, so that it is included.
        state = history.ledger.state_before(record.chain, f"{record.finished}~")
        where = _where(again, record)
        named = history.ledger.id_in(record, check)
        for one in reperform(snapshot, where, named, resource, region):
            ref = one.finding.resource
            recorded = state.get((check, ref.region, ref.id))
            if recorded is not None:
                yield replace(one, recorded=recorded.verdict)
            # Without a recorded verdict, a scan that was judged together with this one has it.
            elif not record.together:
                yield replace(one, recorded="gone")


def _records_with(history: HistoryContext, check: str, at: str) -> list[Record]:
    """The last record of each target that has the check; TscanError where none has."""
    from scanner.words import did_you_mean

    records: list[Record] = []
    for target in history.targets:
        record = _last_record(history, target, at)
        if record is not None:
            records.append(record)
    if not records:
        raise TscanError(f"no scan up to {at}", "see 'tscan history list'")
    having = [record for record in records if check in record.checks]
    if not having:
        known: set[str] = set()
        for record in records:
            known.update(record.checks)
        raise TscanError(f"{check} was not evaluated in this scan", did_you_mean(check, known))
    return having


def _last_record(history: HistoryContext, target: str, at: str) -> Record | None:
    from scanner.core.calendar import parse_time, period_window

    records = history.ledger.records(target)
    if at:
        date = day(at, "--at")
        end = period_window(date, date, history.zone).end
        records = [record for record in records if parse_time(record.finished) < end]
    if not records:
        return None
    return records[-1]


def _where(again: Rejudger, record: Record) -> Where:
    """The inputs of the record's day: pack, waivers that counted, and what they cannot show."""
    from scanner.history.verification.rejudge import name_of
    from scanner.history.verification.reperform import Where

    return Where(
        library=again.pack_of(record),
        ruling=_ruling(again, record),
        record=f"{name_of(record)} {record.sha256}",
        notes=_notes(record),
    )


def _ruling(again: Rejudger, record: Record) -> TargetWaivers | None:
    """The waivers that counted in a record."""
    from datetime import datetime

    from scanner.core.judging.waive import (
        assess_waivers,
        waivers_by_target,
        with_current_checks,
    )

    given = [waiver for waiver in again.said.waivers(record) if waiver.target == record.target]
    waivers = with_current_checks(given, again.pack_of(record))
    statuses = _control_statuses(again, record, waivers)
    day = datetime.fromisoformat(record.finished).date()
    return waivers_by_target(assess_waivers(waivers, {record.target: day}, statuses)).get(
        record.target
    )


def _control_statuses(
    again: Rejudger, record: Record, waivers: Sequence[Waiver]
) -> Mapping[str, str]:
    """Statuses of the controls, re-evaluated where a compensating control decides on a waiver."""
    if not any(waiver.compensating for waiver in waivers):
        return record.controls
    (one,) = again.run([record], "day")
    # Without the scans that it was judged with, what the record says of its controls is all.
    if one.assessment is None:
        return record.controls
    return {control.id: control.status.value for control in one.assessment.controls}


def _notes(record: Record) -> tuple[str, ...]:
    if not record.together:
        return ()
    others = len(record.together) - 1
    scans = plural(others, "other scan")
    return (f"judged together with {scans}, whose evidence is not shown here",)
