"""Type II: what every control came to over a period, from the records and transitions of its targets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from operator import attrgetter
from typing import Final

from scanner.core.calendar import iso, moment, read_grace
from scanner.core.periods.counters import Tally
from scanner.core.periods.deviations import Walk
from scanner.core.periods.observations import Observations
from scanner.core.periods.ordered import Ordered
from scanner.core.periods.stretches import SHORT, dated_before, stretches
from scanner.core.periods.timelines import Timelines, build_timelines
from scanner.core.periods.versions import Versions
from scanner.model.controls import Control, Role
from scanner.model.history import Record, Transition
from scanner.model.library import Library
from scanner.model.period import (
    CheckPeriod,
    ControlPeriod,
    Days,
    Deviation,
    Judged,
    Period,
    Schedule,
    Silence,
    TargetPeriod,
    Window,
)

NO_RUN: Final = "no run"
_CORRECTED: Final = frozenset({"fixed", "removed"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """The history of one target, as a store gives it: from its first record on."""

    target: str
    records: Sequence[Record]
    transitions: Iterable[Transition]
    told: Callable[[int], Timelines] | None = None
    """Its stories up to the record of a number, from a store that is quicker than going through the transitions."""

    def stories(self, last: int) -> Timelines:
        """Its transitions up to the record of a number, item by item."""
        return self.told(last) if self.told else build_timelines(self.transitions, last)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Walked:
    """One target after its transitions were gone through."""

    target: str
    reads: Observations
    inside: tuple[int, ...]
    """Places of the records of the period."""
    tallies: Mapping[str, Tally]
    clocks: tuple[str, ...]
    """Where the times of its records are in doubt."""


def type2_period(
    chains: Iterable[Chain],
    library: Library,
    *,
    period: Window,
    schedule: Schedule,
    now: datetime,
    exclusions: tuple[str, ...] = (),
    packs: Mapping[str, Library] | None = None,
) -> Period:
    """The period as its records show it; what was not read in it reads `not shown`.

    `library` is today's; `packs` are those that judged, by digest, as far as they are kept.
    """
    until = min(period.end, now)
    versions = Versions(today=library, packs=packs or {})
    walked = [_walk(chain, versions, period, schedule, now) for chain in chains]
    inside = [one.reads.records[place] for one in walked for place in one.inside]
    judged = [
        record.pack_sha256 for record in sorted(inside, key=lambda record: moment(record.finished))
    ]
    controls = versions.controls(judged)
    return Period(
        window=period,
        until=until,
        schedule=schedule,
        targets=tuple(_target(one, versions) for one in walked),
        controls=tuple(
            _control(control, walked, versions, judged) for control in controls.values()
        ),
        exclusions=exclusions,
        notes=tuple(_notes(walked, versions, judged, now, period)),
    )


def _walk(
    chain: Chain, versions: Versions, period: Window, schedule: Schedule, now: datetime
) -> _Walked:
    until = min(period.end, now)
    reads = Observations.over(chain.records, period, schedule, until)
    last = reads.records[-1].seq if reads.records else 0
    walk = Walk(chain.target, reads, start=period.start, end=until, is_event=versions.is_event)
    return _Walked(
        target=chain.target,
        reads=reads,
        inside=tuple(
            place
            for place, record in enumerate(reads.records)
            if period.start <= moment(record.started) < period.end
        ),
        tallies=walk.run(chain.stories(last)),
        clocks=tuple(_clocks(sorted(chain.records, key=attrgetter("seq")), period, now)),
    )  # fmt: skip


def _clocks(records: Sequence[Record], period: Window, now: datetime) -> Iterator[str]:
    """Records whose order and times deny each other, where what lies between them is of the period."""
    for before, after in pairwise(records):
        near = moment(after.started) < period.end and moment(before.started) >= period.start
        if near and dated_before(before, after):
            yield (
                f"Record {after.seq} of {after.target} is of {after.started}, and record {before.seq} before it of "
                f"{before.started}: a clock jumped, or scans overlapped. What was read there may be of other days."
            )
    if records and moment(records[-1].started) > now:
        last = records[-1]
        yield f"A clock is wrong: record {last.seq} of {last.target} is of {last.started}, after this report."


# -- targets ----------------------------------------------------------------------------------------------------------


def _target(walked: _Walked, versions: Versions) -> TargetPeriod:
    reads = walked.reads
    records = [reads.records[place] for place in walked.inside]
    earlier = (
        reads.records[walked.inside[0] - 1 : walked.inside[0]]
        if records and walked.inside[0]
        else ()
    )
    made = reads.runs()
    spans, changes = stretches(records)
    _, first = stretches([*earlier, *records[:1]])
    gaps = Counter(gap for record in records for gap in set(record.gaps))
    return TargetPeriod(
        target=walked.target,
        records=len(records),
        first_seq=records[0].seq if records else 0,
        last_seq=records[-1].seq if records else 0,
        head_sha256=records[-1].sha256 if records else "",
        regions=tuple(sorted({region for record in records for region in record.regions})),
        callers=tuple(sorted({caller for record in records for caller in record.callers})),
        expected=len(reads.slots),
        made=len(made),
        missed=tuple(slot for place, slot in enumerate(reads.slots) if place not in made),
        stretches=spans,
        changes=tuple(versions.told((*first, *changes), reads.records)),
        gaps=dict(sorted(gaps.items())),
    )


def _notes(
    walked: Sequence[_Walked],
    versions: Versions,
    judged: Sequence[str],
    now: datetime,
    period: Window,
) -> Iterator[str]:
    if now < period.end:
        yield f"The period is not over: the report ends at {iso(now)}."
    if not walked:
        yield "There is no target in history: nothing is shown."
    if set(judged) - {versions.today.sha256}:
        yield "Verdicts, statements and times for correction are those of the pack in force at each run."
    for pack in sorted({pack for pack in judged if not versions.known(pack)}):
        yield f"Pack {pack[:SHORT]} cannot be read from the store: its controls are taken as they are today."
    for one in walked:
        yield from one.clocks


# -- controls ---------------------------------------------------------------------------------------------------------


def _control(
    control: Control, walked: Sequence[_Walked], versions: Versions, judged: Sequence[str]
) -> ControlPeriod:
    evidencing = [link.id for link in control.checks if link.role is Role.EVIDENCES]
    beside = [link.id for link in control.checks if link.role is not Role.EVIDENCES]
    mine = [one for one in walked if _concerns(control, one, versions)]
    asked = [(one, name) for one in mine for name in evidencing if _asked(one, name, versions)]
    tallies = [one.tallies[name] for one, name in asked if name in one.tallies]
    checks = tuple(_check(one, name) for one, name in asked)
    grace = _grace(control, mine, versions)
    waived = {_item(span) for tally in tallies for span in tally.waived}
    told = {_item(item) for tally in tallies for item in tally.deviations}
    apart = [one.tallies[name].all() for one in mine for name in beside if name in one.tallies]
    return ControlPeriod(
        id=control.id,
        title=control.title,
        modes=control.modes,
        frequency=control.frequency,
        population=control.population,
        deviation=control.deviation,
        grace=", then ".join(versions.graces(control, judged)) or control.grace,
        checks=checks,
        attestations=control.attestations,
        items=sum(check.items for check in checks),
        deviating=len(told | waived) + sum(tally.deviating for tally in tallies),
        waived=len(waived),
        days=sum((check.days for check in checks), Days()),
        runs_expected=sum(len(one.reads.slots) for one in mine),
        runs_made=sum(_made(one, evidencing, versions) for one in mine),
        silences=tuple(silence for one in mine for silence in _silences(one, control.id)),
        deviations=Ordered(
            (part for tally in tallies for part in tally.all()),
            lambda item: Judged(item, correction(item, grace(item))),
        ),
        beside=Ordered((part for parts in apart for part in parts), _itself),
        statuses=dict(
            sorted(Counter(status for one in mine for status in _statuses(one, control.id)).items())
        ),
    )


_item = attrgetter("target", "check", "region", "resource")


def _grace(
    control: Control, walked: Iterable[_Walked], versions: Versions
) -> Callable[[Deviation], timedelta | None]:
    """The time that the control left for a correction when a deviation was first read."""
    graces = {pack: read_grace(versions.grace(control, pack)) for pack in ("", *versions.packs)}
    packs = {
        one.target: {record.finished: record.pack_sha256 for record in one.reads.records}
        for one in walked
    }
    return lambda item: graces.get(packs[item.target][item.opened_by], graces[""])


def _concerns(control: Control, one: _Walked, versions: Versions) -> bool:
    """Whether a target's records speak of a control: its checks are of that cloud, or people must show it."""
    clouds = {cloud for link in control.checks if (cloud := versions.cloud(link.id))}
    return not clouds or one.target.partition(":")[0] in clouds


def _asked(one: _Walked, check: str, versions: Versions) -> bool:
    return versions.cloud(check) in ("", one.target.partition(":")[0])


def _check(one: _Walked, name: str) -> CheckPeriod:
    tally = one.tallies.get(name, Tally())
    return CheckPeriod(
        target=one.target,
        check=name,
        items=tally.items,
        runs=one.reads.runs_asking((name,)),
        days=tally.as_days(),
        deviations=Ordered(tally.all(), _itself),
        waived=tuple(sorted(tally.waived, key=attrgetter("start", "region", "resource"))),
    )


def _itself(item: Deviation) -> Deviation:
    return item


def _made(one: _Walked, checks: Sequence[str], versions: Versions) -> int:
    """Expected runs in which everything that evidences a control was asked."""
    return one.reads.runs_asking(name for name in checks if _asked(one, name, versions))


def _statuses(one: _Walked, control: str) -> Iterable[str]:
    for place in one.inside:
        yield one.reads.records[place].controls.get(control, "not shown")


def _silences(one: _Walked, control: str) -> Iterable[Silence]:
    """Stretches of expected runs in which nothing showed a control."""
    runs = one.reads.runs()
    begin, why = 0, ""
    for place in range(len(one.reads.slots) + 1):
        here = _silent(one, control, runs.get(place)) if place < len(one.reads.slots) else ""
        if here == why:
            continue
        if why:
            yield _silence(one, begin, place, why)
        begin, why = place, here


def _silent(one: _Walked, control: str, places: Sequence[int] | None) -> str:
    if not places:
        return NO_RUN
    statuses = {one.reads.records[place].controls.get(control, "not run") for place in places}
    return "" if statuses - {"not shown", "not run"} else " and ".join(sorted(statuses))


def _silence(one: _Walked, begin: int, end: int, why: str) -> Silence:
    inside = one.reads.slots
    return Silence(
        target=one.target,
        start=iso(inside[begin].start),
        end=iso(inside[end - 1].end),
        runs=end - begin,
        why=why,
    )


def correction(item: Deviation, grace: timedelta | None) -> str:
    """Whether a deviation was corrected in the time that its control leaves; it is a deviation either way."""
    if item.why_closed not in _CORRECTED:
        return "not corrected"
    if grace is None:
        return "the policy decides"
    if grace <= timedelta(0) or item.at_least > grace:
        return "late"
    return (
        "within grace" if item.at_most is not None and item.at_most <= grace else "cannot be told"
    )
