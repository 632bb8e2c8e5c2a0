"""A period for people: what was left out, what changed and what is not shown come before what was read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from typing import Final

from scanner.core.calendar import iso, moment
from scanner.core.periods.versions import CONTENT
from scanner.model.decisions import WaiverSpan
from scanner.model.period import (
    AtDate,
    Change,
    ControlPeriod,
    Deviation,
    Judged,
    Period,
    Silence,
    Slot,
    TargetPeriod,
)
from scanner.rendering.dataclass_json import dumps
from scanner.rendering.sanitize import sanitized

SCHEMA: Final = "tscan.period/1"
NAMED: Final = 20
"""Entries of a list that are printed; all are in the JSON document."""


def as_json(period: Period) -> str:
    """The whole report."""
    return dumps(SCHEMA, period)


def as_text(period: Period) -> str:
    """The report in lines; a pure function."""
    return "\n".join(sanitized(line) for line in _lines(period)) + "\n"


def _lines(period: Period) -> Iterator[str]:
    window = period.window
    yield f"Period {window.first} to {window.last}, both included ({window.zone}); report until {iso(period.until)}"
    yield ""
    yield from _scope(period)
    yield from _exclusions(period)
    yield from _changes(period)
    yield from _decisions(period)
    yield from _missed(period)
    yield from _not_shown(period)
    yield "Controls"
    for control in period.controls:
        if control.shown or control.deviations or control.items:
            yield from _control(control)
    yield ""
    yield "Deviations and gaps are listed as they were read; what they mean for a criterion is the auditor's to say."


def _scope(period: Period) -> Iterator[str]:
    yield "Scope"
    for target in period.targets:
        regions = ", ".join(target.regions) or "none"
        which = (
            f"records {target.first_seq} to {target.last_seq}" if target.records else "no record"
        )
        yield f"  {target.target}: {which} ({target.records}); regions {regions}"
        if target.callers:
            yield f"    read as {', '.join(target.callers)}; newest record sha256:{target.head_sha256[:16]}"
    for note in period.notes:
        yield f"  {note}"
    yield ""


def _exclusions(period: Period) -> Iterator[str]:
    yield "Exclusions"
    yield from _listed([f"  {line}" for line in period.exclusions] or ["  none is configured"])
    for target in period.targets:
        gaps = [
            f"  {target.target}: {gap} was not answered in {runs} runs"
            for gap, runs in target.gaps.items()
        ]
        yield from _listed(gaps)
    yield ""


def _changes(period: Period) -> Iterator[str]:
    yield "Changes to checks, parameters, waivers and scope"
    changes = [change for target in period.targets for change in target.changes]
    # A new version of tscan has hundreds inside: no parameter that was set and no waiver may stand behind them.
    inside = [change for change in changes if change.what in CONTENT]
    yield from _listed(
        [_change(change) for change in changes if change.what not in CONTENT] or ["  none"]
    )
    if inside:
        yield f"  What the packs judge otherwise ({len(inside)}):"
        yield from _listed([f"  {_change(change)}" for change in inside])
    for target in period.targets:
        if len(target.stretches) > 1:
            yield f"  {target.target} falls into {len(target.stretches)} stretches, each judged by what was in force:"
            yield from _listed(
                [
                    f"    records {one.first} to {one.last}, {one.start} to {one.end}"
                    for one in target.stretches
                ]
            )
    yield ""


def _change(change: Change) -> str:
    return f"  {change.ts}  {change.target} record {change.seq}: {change.what}: {change.detail}"


def _decisions(period: Period) -> Iterator[str]:
    """What people accepted, and what they stated; who, and in which records it was in force."""
    yield f"Waivers ({len(period.waivers)}): what they accept is no pass, and stays a deviation"
    yield from (line for one in period.waivers[:NAMED] for line in _waiver(one))
    yield from _more(len(period.waivers)) if period.waivers else ["  none"]
    yield f"Attestations ({len(period.attestations)})"
    lines = [
        f"  {one.control}  {one.by} on {one.dated}, until {one.valid_until}; read {one.first_read} to {one.last_read}"
        for one in period.attestations
    ]
    yield from _listed(lines or ["  none"])
    yield ""


def _waiver(one: WaiverSpan) -> Iterator[str]:
    yield f"  {one.waiver}  {one.target}: {one.accepts}; {one.reason}"
    author = f"written by {one.author}" if one.author else "author not known"
    beside = f"; only while {one.compensating} reads pass" if one.compensating else ""
    yield f"    approved by {one.approver}, {author}; {one.opened} until {one.expires}{beside}"
    committed = f", committed {one.committed}" if one.committed else ""
    yield f"    first in record {one.first_seq} ({one.first_read}){committed}"
    yield from (f"    {standing}" for standing in one.standings)


def _missed(period: Period) -> Iterator[str]:
    said = (
        period.schedule.text if period.schedule.stated else "none is configured; days are counted"
    )
    yield f"Runs (schedule: {said})"
    for target in period.targets:
        yield f"  {target.target}: {target.made} of {target.expected} made, {len(target.missed)} missed"
        yield from (f"    missed {line}" for line in ranges(target))
    yield ""


def ranges(target: TargetPeriod) -> Iterator[str]:
    """Missed runs, those that follow each other as one."""
    group: list[Slot] = []
    for slot in (*target.missed, None):
        if group and (slot is None or slot.start != group[-1].end):
            count = f" ({len(group)} runs)" if len(group) > 1 else ""
            yield f"{iso(group[0].start)} to {iso(group[-1].end)}{count}"
            group = []
        if slot is not None:
            group.append(slot)


def _not_shown(period: Period) -> Iterator[str]:
    never = [control for control in period.controls if not control.shown]
    yield f"Not shown in this period: {len(never)} of {len(period.controls)} controls"
    for control in never:
        why = (
            f"; people must show {', '.join(control.attestations)}" if control.attestations else ""
        )
        yield f"  {control.id}  {control.title}{why}"
    yield ""


def _control(control: ControlPeriod) -> Iterator[str]:
    yield ""
    yield f"{control.id}  {control.title}"
    yield f"  population   {control.items} items read; {control.population}"
    yield f"  source       {', '.join(sorted({check.check for check in control.checks})) or 'no check'}"
    if control.attestations:
        yield f"  also needs   {', '.join(control.attestations)}, which people show"
    yield f"  runs         {control.runs_made} of {control.runs_expected} expected ones asked all of its checks"
    days = control.days
    waived = f", {control.waived} of them waived for a time" if control.waived else ""
    # What was open before and is not read in the period still stands open, and is in no population of it.
    of = (
        f"of {control.items}"
        if control.deviating <= control.items
        else f"(no more than {control.items} were read)"
    )
    yield f"  items        {control.deviating} {of} with a deviation{waived}"
    yield (
        f"  item-days    {days.failing:g} failing and {days.waived:g} waived of {days.observed:g} observed; "
        f"{days.unread:g} unread"
    )
    yield from _listed([f"  not shown    {_silence(one)}" for one in control.silences])
    yield f"  grace        {control.grace or 'not stated'}"
    yield from (line for one in control.deviations[:NAMED] for line in _judged(one))
    yield from _more(len(control.deviations))
    spans = [span for check in control.checks for span in check.waived]
    yield from (
        f"  waived       {one.resource} ({one.check}, {one.what}) {one.start} to {one.end or 'the end'}"
        for one in spans[:NAMED]
    )
    yield from _more(len(spans))
    if accepted := control.statuses.get("accepted", 0):
        yield f"  accepted     in {accepted} of {sum(control.statuses.values())} runs, by waiver"
    if control.beside:
        yield f"  beside       {len(control.beside)} deviations of checks that only support it"


def _silence(one: Silence) -> str:
    return f"{one.target} {one.start} to {one.end}: {one.why} ({one.runs} runs)"


def _judged(one: Judged) -> Iterator[str]:
    item = one.deviation
    yield f"  deviation    {item.resource} {item.region} ({item.check}): {one.correction}"
    yield from (f"               {line}" for line in (opened(item), closed(item), duration(item)))


def opened(item: Deviation) -> str:
    """Between which reads it began."""
    if item.opened_after:
        return f"opened between {item.opened_after} and {item.opened_by}"
    return f"failing when first read, {item.opened_by}"


def closed(item: Deviation) -> str:
    """Between which reads it ended, and why."""
    if not item.closed_by:
        return f"open; last read failing {item.failing_until}"
    return f"{item.why_closed} between {item.failing_until} and {item.closed_by}"


def duration(item: Deviation) -> str:
    """At least and at most."""
    most = f"at most {span(item.at_most)}" if item.at_most is not None else "at most unknown"
    return f"at least {span(item.at_least)}, {most}"


def span(value: timedelta) -> str:
    """`2.0 days` or `3.5 hours`."""
    if value >= timedelta(days=1):
        return f"{value / timedelta(days=1):.1f} days"
    return f"{value / timedelta(hours=1):.1f} hours"


def _listed(lines: Sequence[str]) -> Iterable[str]:
    return [*lines[:NAMED], *_more(len(lines))]


def _more(count: int) -> Iterable[str]:
    """That not all are printed."""
    return [f"  … and {count - NAMED} more: --format json has all"] if count > NAMED else []


def at_text(found: AtDate) -> str:
    """Controls at a date, for people."""
    lines = [
        f"Implemented at {iso(found.until)}, on {found.day}: what the last record at or before it says",
        "",
    ]
    target = None
    for one in found.controls:
        if one.target != target:
            target = one.target
            age = span(max(found.until - moment(one.read), timedelta(0))) if one.read else ""
            read = (
                f"record {one.seq}, read {one.read}, {age} before"
                if one.seq
                else "no record: nothing is shown"
            )
            lines.append(f"{target}: {read}")
        counts = ", ".join(f"{count} {verdict}" for verdict, count in one.counts.items())
        lines.append(f"  {one.id:8} {one.status:15} {one.title}{f' ({counts})' if counts else ''}")
    if not found.controls:
        lines.append("There is no target in history: nothing is shown.")
    lines += [
        "",
        "A status says what the evidence shows; the conclusion on a criterion is the auditor's.",
    ]
    return "\n".join(sanitized(line) for line in lines) + "\n"
