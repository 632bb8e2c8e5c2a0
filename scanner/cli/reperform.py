"""`tscan reperform`: one finding, made again before the reader's eyes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from scanner.cli.support.history_options import HistoryContext, day, looking_back, open_past
from scanner.errors import EXIT_CLEAN, EXIT_FAILING, TscanError

if TYPE_CHECKING:
    from scanner.core.judging.waive import Ruling
    from scanner.history.verification.rejudge import Rejudge
    from scanner.model.history import Record
    from scanner.reports.reperform import Reperformed


@click.command()
@click.argument("finding", metavar="CHECK@RESOURCE")
@click.option(
    "--at",
    default="",
    metavar="DAY",
    help="By the last scan up to the end of this day; the newest.",
)
@click.option("--region", default="", metavar="NAME", help="Only the resource in this region.")
@click.option(
    "--snapshot",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="By this evidence, with today's pack.",
)
@click.option(
    "--format", type=click.Choice(("terminal", "json")), default="terminal", show_default=True
)
@looking_back
def reperform(
    finding: str,
    at: str,
    region: str,
    snapshot: Path | None,
    format: str,  # noqa: A002
    **options: Any,
) -> int:
    """One finding with its evidence: calls, answers, condition, values, and the command that shows the same.

    RESOURCE is the provider's id or the name; `*` is a listing that was not read. Of history, pack, parameters,
    waivers and attestations are those of the day. Exit code 1: history has another verdict than its evidence gives.

    \b
    Examples:
      tscan reperform aws-s3-bucket-tls-only@arn:aws:s3:::logs
      tscan reperform aws-s3-bucket-tls-only@logs --at 2026-06-30 --format json
      tscan reperform aws-s3-bucket-tls-only@logs --snapshot audit.snapshot.jsonl.gz
    """
    from scanner.reports.reperform import as_json, as_text

    check, found, resource = finding.partition("@")
    if not (check and found and resource):
        raise TscanError(
            f"'{finding}' does not name a finding",
            "write CHECK@RESOURCE, as in x-bucket-closed@logs",
        )
    if snapshot is not None and (at or options["store"] or options["target"]):
        raise TscanError("--snapshot is evidence by itself", "leave out --at, --store and --target")
    made = list(
        _of_file(snapshot, check, resource, region, options)
        if snapshot is not None
        else _of_history(open_past(**options), check, resource, region, at)
    )
    if not made:
        raise TscanError(
            f"{check} says nothing of '{resource}' there",
            "give the id or the name that the report shows",
        )
    if format == "json" and len(made) > 1:
        places = ", ".join(
            f"{one.snapshot.target} {one.finding.resource.region}" for one in made[:5]
        )
        raise TscanError(
            f"{len(made)} findings are named so", f"choose by --target or --region: {places}"
        )
    click.echo(as_json(made[0]) if format == "json" else "\n".join(map(as_text, made)), nl=False)
    return EXIT_CLEAN if all(one.same for one in made) else EXIT_FAILING


def _of_file(
    path: Path, check: str, resource: str, region: str, options: dict[str, Any]
) -> Iterator[Reperformed]:
    from scanner.content.library import load_library
    from scanner.content.locations import default_roots
    from scanner.history.snapshots.snapshot_file import read_snapshot
    from scanner.history.verification.reperform import Where, reperform

    library = load_library(default_roots(checks=options["checks"], mappings=options["mappings"]))
    return reperform(read_snapshot(path), Where(library=library), check, resource, region)


def _of_history(
    past: HistoryContext, check: str, resource: str, region: str, at: str
) -> Iterator[Reperformed]:
    from scanner.cli.support.judging import as_of_the_day
    from scanner.history.verification.rejudge import Rejudge, name_of
    from scanner.history.verification.reperform import Where, reperform
    from scanner.language.errors import did_you_mean

    again = Rejudge(past.ledger, as_of_the_day, past.library)
    found = [record for target in past.targets if (record := _record(past, target, at)) is not None]
    if not found:
        raise TscanError(f"there is no scan up to {at}", "see 'tscan history list'")
    asked = {name for record in found for name in record.checks}
    if check not in asked:
        raise TscanError(
            f"{check} was not asked in the scan that is looked at", did_you_mean(check, asked)
        )
    for record in (one for one in found if check in one.checks):
        where = Where(
            library=again.pack_of(record),
            ruling=_ruling(again, record),
            record=f"{name_of(record)} {record.sha256}",
            notes=_notes(record),
        )
        snapshot = replace(past.ledger.snapshot(record), params=record.params)
        state = past.ledger.state_before(record.target, f"{record.finished}~")
        for one in reperform(snapshot, where, check, resource, region):
            ref = one.finding.resource
            move = state.get((check, ref.region, ref.id))
            if move is None and record.together:
                continue  # another scan of the same judgement answered it: it is a finding there
            yield replace(one, recorded=move.verdict if move else "gone")


def _ruling(again: Rejudge, record: Record) -> Ruling | None:
    """Which waivers counted in a record; its controls are judged again where a compensating one decides."""
    from datetime import datetime

    from scanner.core.judging.waive import rulings, weigh

    waivers = [waiver for waiver in again.said.waivers(record) if waiver.target == record.target]
    statuses = record.controls
    if any(waiver.compensating for waiver in waivers):
        (one,) = again.run([record], "day")
        # Without the scans that it was judged with, what the record says of its controls is all there is.
        statuses = (
            {item.id: item.status.value for item in one.assessment.controls}
            if one.assessment
            else statuses
        )
    day = datetime.fromisoformat(record.finished).date()
    return rulings(weigh(waivers, {record.target: day}, statuses)).get(record.target)


def _record(past: HistoryContext, target: str, at: str) -> Record | None:
    from scanner.core.calendar import moment, window

    records = past.ledger.records(target)
    if at:
        date = day(at, "--at")
        end = window(date, date, past.zone).end
        records = [record for record in records if moment(record.finished) < end]
    return records[-1] if records else None


def _notes(record: Record) -> tuple[str, ...]:
    if not record.together:
        return ()
    return (
        f"judged with {len(record.together) - 1} other scans; what those alone can answer is not shown here",
    )
