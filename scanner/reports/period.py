"""Renders a period for people: exclusions, changes and gaps come before what was read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final

from scanner.core.calendar import format_time, parse_time
from scanner.core.periods.versions import CONTENT
from scanner.core.reading.exclusions import NO_REASON
from scanner.model.decisions import AttestationSpan, WaivedSpan, WaiverSpan
from scanner.model.period import (
    AtDate,
    Change,
    ControlPeriod,
    Deviation,
    ExcludedSpan,
    Implemented,
    Judged,
    Period,
    Silence,
    Slot,
    TargetPeriod,
)
from scanner.rendering.dataclass_json import dumps
from scanner.rendering.sanitize import sanitized
from scanner.reports.unassessed import unassessed_lines
from scanner.words import amount, plural

SCHEMA: Final = "tscan.period/1"
NAMED: Final = 20
"""Entries of a list that are printed; all are in the JSON document."""


def as_json(period: Period) -> str:
    """The whole report as a JSON document."""
    return dumps(SCHEMA, period)


def as_text(period: Period) -> str:
    """The report for people; a pure function."""
    return "\n".join(map(sanitized, _lines(period))) + "\n"


def _lines(period: Period) -> Iterator[str]:
    window = period.window
    days = f"{window.first} to {window.last}, both included ({window.zone})"
    yield f"Period {days}; report until {format_time(period.until)}"
    yield ""
    yield from _scope(period)
    yield from _exclusions(period)
    yield from unassessed_lines(period)
    yield from _changes(period)
    yield from _decisions(period)
    yield from _runs(period)
    yield from _not_shown(period)
    # Last, and without a rate: whether so many deviations are tolerable is not tscan's to say.
    yield "Controls"
    for control in period.controls:
        if control.shown or control.deviations or control.resources:
            yield from _control(control)
    yield ""
    yield ("Deviations and gaps are observations. The conclusion on a criterion is the auditor's.")


def context_lines(period: Period) -> tuple[str, ...]:
    """What a population of the period does not show: runs, exclusions, calls, and changes."""
    lines: list[str] = []
    for target in period.targets:
        lines += [f"{target.target}: missed run {line}" for line in ranges(target)]
        for excluded in target.exclusions:
            what, *_ = exclusion_lines(excluded, target.records)
            decided = f"{excluded.why or NO_REASON}; decided by {_decided(excluded)}"
            records = f"in {_which_records(excluded, target.records)}"
            lines.append(f"left out: {what.strip()} ({decided}; {records})")
        lines += [f"not answered: {line}" for line in _gaps(target)]
        for change in target.changes:
            if change.what not in CONTENT:
                lines.append(f"changed: {' '.join(_change(change).split())}")
    for control in period.controls:
        for judged in control.deviations[:NAMED]:
            item = judged.deviation
            times = f"{opened(item)}, {closed(item)}"
            lines.append(f"deviation: {item.resource} ({item.check}): {times}")
    return tuple(lines)


def _gaps(target: TargetPeriod) -> list[str]:
    return [
        f"{target.target}: {gap} was not answered in {plural(runs, 'run')}"
        for gap, runs in target.gaps.items()
    ]


def _scope(period: Period) -> Iterator[str]:
    yield "Scope"
    for target in period.targets:
        regions = ", ".join(target.regions) or "none"
        records = "no record"
        if target.records:
            records = f"records {target.first_seq} to {target.last_seq}"
        yield f"  {target.target}: {records} ({target.records}); regions {regions}"
        if target.callers:
            head = f"newest record sha256:{target.head_sha256[:16]}"
            yield f"    read as {', '.join(target.callers)}; {head}"
    for note in period.notes:
        yield f"  {note}"
    yield ""


def _exclusions(period: Period) -> Iterator[str]:
    yield "Exclusions: known, and not read by decision"
    excluded: list[ExcludedSpan] = []
    for target in period.targets:
        excluded += target.exclusions
    for span in excluded:
        yield from exclusion_lines(span, _records_of(period, span.target))
    if not excluded:
        yield "  none"
    yield "Not answered: asked for, and not read"
    found = False
    # A call that was never answered excludes what it would have shown, whoever decided so.
    for target in period.targets:
        gaps = [f"  {line}" for line in _gaps(target)]
        found = found or bool(gaps)
        yield from _listed(gaps)
    if not found:
        yield "  none"
    yield ""


def _records_of(period: Period, target: str) -> int:
    return sum(one.records for one in period.targets if one.target == target)


def exclusion_lines(span: ExcludedSpan, records: int) -> Iterator[str]:
    """What was left out, all of it by name; below it why, by whom, and in how many records."""
    yield f"  {span.target}: {plural(len(span.ids), span.what)}: {', '.join(span.ids)}"
    yield f"    why      {span.why or NO_REASON}"
    yield f"    decided  {_decided(span)}"
    yield f"    in       {_which_records(span, records)}"


def _decided(span: ExcludedSpan) -> str:
    if span.approver:
        return f"{span.decided}, approved by {span.approver}"
    return span.decided


def _which_records(span: ExcludedSpan, records: int) -> str:
    if span.records == records:
        return f"all {plural(records, 'record')}" if records > 1 else "the only record"
    text = f"{span.records} of {plural(records, 'record')}"
    if span.first_seq == span.last_seq:
        return f"{text}: {span.first_seq}"
    return f"{text}, from {span.first_seq} to {span.last_seq}"


def _changes(period: Period) -> Iterator[str]:
    yield "Changes to checks, parameters, waivers and scope"
    changes: list[Change] = []
    for target in period.targets:
        changes += target.changes
    # A new version of tscan changes hundreds of checks: listed among the rest they would hide a
    # parameter that was set, or a waiver.
    content = [_change(change) for change in changes if change.what in CONTENT]
    others = [_change(change) for change in changes if change.what not in CONTENT]
    yield from _listed(others, empty="  none")
    if content:
        yield f"  Changes of tscan's content ({len(content)}):"
        yield from _listed([f"  {line}" for line in content])
    for target in period.targets:
        yield from _stretches(target)
    yield ""


def _change(change: Change) -> str:
    return f"  {change.ts}  {change.target} record {change.seq}: {change.what}: {change.detail}"


def _stretches(target: TargetPeriod) -> Iterator[str]:
    """The parts of the period between two changes of what judged, where there is more than one."""
    count = len(target.stretches)
    if count < 2:
        return
    yield f"  {target.target} was judged by {count} versions of checks, parameters and waivers:"
    lines = [
        f"    records {stretch.first} to {stretch.last}, {stretch.start} to {stretch.end}"
        for stretch in target.stretches
    ]
    yield from _listed(lines)


def _decisions(period: Period) -> Iterator[str]:
    """Waivers and attestations: by whom, and in which records they were in force."""
    waivers = period.waivers
    yield f"Waivers ({len(waivers)}): an accepted failure is not a pass, and stays a deviation"
    for waiver in waivers[:NAMED]:
        yield from _waiver(waiver)
    yield from _more(len(waivers))
    if not waivers:
        yield "  none"
    yield f"Attestations ({len(period.attestations)})"
    lines = [_attestation(attestation) for attestation in period.attestations]
    yield from _listed(lines, empty="  none")
    yield ""


def _attestation(attestation: AttestationSpan) -> str:
    stated = f"{attestation.control}  {attestation.by} on {attestation.dated}"
    read = f"read {attestation.first_read} to {attestation.last_read}"
    return f"  {stated}, until {attestation.valid_until}; {read}"


def _waiver(waiver: WaiverSpan) -> Iterator[str]:
    yield f"  {waiver.waiver}  {waiver.target}: {waiver.accepts}; {waiver.reason}"
    author = "author not known"
    if waiver.author:
        author = f"written by {waiver.author}"
    condition = ""
    if waiver.compensating:
        condition = f"; only while {waiver.compensating} has status pass"
    days = f"{waiver.opened} until {waiver.expires}"
    yield f"    approved by {waiver.approver}, {author}; {days}{condition}"
    committed = ""
    if waiver.committed:
        committed = f", committed {waiver.committed}"
    yield f"    first in record {waiver.first_seq} ({waiver.first_read}){committed}"
    for standing in waiver.standings:
        yield f"    {standing}"


def _runs(period: Period) -> Iterator[str]:
    schedule = "none configured; one run a day is expected"
    if period.schedule.stated:
        schedule = period.schedule.text
    yield f"Runs (schedule: {schedule})"
    for target in period.targets:
        runs = f"{target.made} of {target.expected} made"
        yield f"  {target.target}: {runs}, {len(target.missed)} missed"
        for line in ranges(target):
            yield f"    missed {line}"
    yield ""


def ranges(target: TargetPeriod) -> Iterator[str]:
    """Missed runs; those that follow each other are one line."""
    group: list[Slot] = []
    for slot in target.missed:
        if group and slot.start != group[-1].end:
            yield _range(group)
            group = []
        group.append(slot)
    if group:
        yield _range(group)


def _range(group: Sequence[Slot]) -> str:
    days = f"{format_time(group[0].start)} to {format_time(group[-1].end)}"
    if len(group) == 1:
        return days
    return f"{days} ({plural(len(group), 'run')})"


def _not_shown(period: Period) -> Iterator[str]:
    missing = [control for control in period.controls if not control.shown]
    yield f"Not shown in this period: {len(missing)} of {len(period.controls)} controls"
    for control in missing:
        line = f"  {control.id}  {control.title}"
        if control.attestations:
            line += f"; needs attestation {', '.join(control.attestations)}"
        yield line
    yield ""


def _control(control: ControlPeriod) -> Iterator[str]:
    checks = sorted({check.check for check in control.checks})
    yield ""
    yield f"{control.id}  {control.title}"
    yield f"  population   {plural(control.resources, 'resource')} read; {control.population}"
    yield f"  source       {', '.join(checks) or 'no check'}"
    yield from _limits(control)
    if control.attestations:
        yield f"attestations {', '.join(control.attestations)} needed as well"
    runs = f"{control.runs_made} of {control.runs_expected} expected runs"
    yield f"  runs         {runs} evaluated all of its checks"
    yield from _resources(control)
    yield from _listed([f"  not shown    {_silence(silence)}" for silence in control.silences])
    yield f"  grace        {control.grace or 'not stated'}"
    for judged in control.deviations[:NAMED]:
        yield from _deviation(judged)
    yield from _more(len(control.deviations))
    yield from _waived(control)
    accepted = control.statuses.get("accepted", 0)
    if accepted:
        runs = plural(sum(control.statuses.values()), "run")
        yield f"  accepted     in {accepted} of {runs}, by waiver"
    # A check that only supports a control does not decide on it.
    if control.beside:
        yield f"  beside       {plural(len(control.beside), 'deviation')} of supporting checks"


def _limits(control: ControlPeriod) -> Iterator[str]:
    if not control.resources:
        yield f"  if empty     {control.when_empty}"
    if control.does_not_prove:
        yield f"  not proven   {control.does_not_prove}"


def _resources(control: ControlPeriod) -> Iterator[str]:
    days = control.days
    # A deviation that was open before the period counts although its resource was not read in it:
    # there may be more resources with a deviation than resources in the population.
    population = f"(no more than {control.resources} were read)"
    if control.deviating <= control.resources:
        population = f"of {control.resources}"
    line = f"  resources    {control.deviating} {population} with a deviation"
    if control.waived:
        line += f", {control.waived} of them waived for some time"
    yield line
    failing = f"{days.failing:g} failing and {days.waived:g} waived of {days.observed:g} observed"
    yield f"  check-days   {failing}; {days.unread:g} unread"


def _waived(control: ControlPeriod) -> Iterator[str]:
    spans: list[WaivedSpan] = []
    for check in control.checks:
        spans += check.waived
    for one in spans[:NAMED]:
        time = f"{one.start} to {one.end or 'the end'}"
        yield f"  waived       {one.resource} ({one.check}, {one.what}) {time}"
    yield from _more(len(spans))


def _silence(silence: Silence) -> str:
    time = f"{silence.start} to {silence.end}"
    return f"{silence.target} {time}: {silence.why} ({plural(silence.runs, 'run')})"


def _deviation(judged: Judged) -> Iterator[str]:
    item = judged.deviation
    place = f"{item.resource} in {item.region}" if item.region else item.resource
    yield f"  deviation    {place} ({item.check}): {judged.correction}"
    for line in (opened(item), closed(item), duration(item)):
        yield f"               {line}"


def opened(item: Deviation) -> str:
    """Between which reads it began: the moment itself was not observed."""
    if item.opened_after:
        return f"opened between {item.opened_after} and {item.opened_by}"
    return f"already failing at its first read, {item.opened_by}"


def closed(item: Deviation) -> str:
    """Between which reads it ended, and why."""
    if not item.closed_by:
        return f"open; last read failing {item.failing_until}"
    return f"{item.why_closed} between {item.failing_until} and {item.closed_by}"


def duration(item: Deviation) -> str:
    """The least and the most that it can have lasted."""
    most = "at most unknown"
    if item.at_most is not None:
        most = f"at most {span(item.at_most)}"
    return f"at least {span(item.at_least)}, {most}"


def span(value: timedelta) -> str:
    """`2 days` or `3.5 hours`."""
    if value >= timedelta(days=1):
        return amount(value / timedelta(days=1), "day")
    return amount(value / timedelta(hours=1), "hour")


def _listed(lines: Sequence[str], *, empty: str = "") -> Iterator[str]:
    """The first lines and the number of the others; `empty`, if given, where there is none."""
    if empty and not lines:
        yield empty
    yield from lines[:NAMED]
    yield from _more(len(lines))


def _more(count: int) -> Iterator[str]:
    if count > NAMED:
        yield f"  … and {count - NAMED} more: see --format json"


# -- at a date -------------------------------------------------------------------------------------


def at_text(found: AtDate) -> str:
    """The controls at a date, for people."""
    return "\n".join(map(sanitized, _date_lines(found))) + "\n"


def _date_lines(found: AtDate) -> Iterator[str]:
    time = f"{format_time(found.until)}, on {found.day}"
    yield f"Implemented at {time}, by the last record at or before it"
    yield ""
    target = None
    for control in found.controls:
        if control.target != target:
            target = control.target
            yield f"{target}: {_last_record(control, found.until)}"
        yield _implemented(control)
    if not found.controls:
        yield "No target in history: nothing is shown."
    yield ""
    yield "A status says what the evidence shows; the conclusion on a criterion is the auditor's."


def _last_record(control: Implemented, until: datetime) -> str:
    if not control.seq:
        return "no record: nothing is shown"
    age = ""
    if control.read:
        # A clock that was set back must not show an age below zero.
        age = span(max(until - parse_time(control.read), timedelta(0)))
    return f"record {control.seq}, read {control.read}, {age} before"


def _implemented(control: Implemented) -> str:
    line = f"  {control.id:8} {control.status:15} {control.title}"
    counts = ", ".join(f"{count} {verdict}" for verdict, count in control.counts.items())
    if counts:
        line += f" ({counts})"
    return line
