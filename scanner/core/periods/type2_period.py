"""Type II: reports what every control came to over a period.

Its input are the records and transitions of its targets, and the packs that judged.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain
from operator import attrgetter
from typing import Final, TypeVar

from scanner.core.calendar import format_time, parse_time
from scanner.core.periods.clocks import clock_doubt
from scanner.core.periods.counters import CheckCounters, count_resources
from scanner.core.periods.deviations import TimelineReplay
from scanner.core.periods.excluded import excluded_spans
from scanner.core.periods.observations import Observations
from scanner.core.periods.ordered import DeviationSource, SortedDeviations
from scanner.core.periods.stretches import SHORT, stretches
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

T = TypeVar("T")
NO_RUN: Final = "no run"
_NOT_SHOWN: Final = "not shown"
_CORRECTED: Final = frozenset({"fixed", "removed"})


@dataclass(
    frozen=True,
    slots=True,
    kw_only=True,
)
class TargetHistory:
    """The history of one target, as a store gives it: from its first record on."""

    target: str
    records: Sequence[Record]
    transitions: Iterable[Transition]
    told: Callable[[int], Timelines] | None = None
    """Loads its timelines up to the record of a number, for stores that do so faster than from
    `transitions`.
    """

    def timelines(self, last: int) -> Timelines:
        """Its status changes up to the record of a number, by item."""
        if self.told is not None:
            return self.told(last)
        return build_timelines(self.transitions, last)


@dataclass(
    frozen=True,
    slots=True,
    kw_only=True,
)
class _Replayed:
    """One target whose timelines were replayed."""

    target: str
    observations: Observations
    inside: tuple[int, ...]
    """Positions of the records of the period."""
    counters: Mapping[str, CheckCounters]
    """By check."""
    clock_notes: tuple[str, ...]
    """Where the times of its records are in doubt."""

    @property
    def cloud(self) -> str:
        """`aws` of `aws:123456789012`."""
        return self.target.partition(":")[0]

    @property
    def records(self) -> list[Record]:
        """The records of the period."""
        return [self.observations.records[position] for position in self.inside]


def type2_period(
    chains: Iterable[TargetHistory],
    library: Library,
    *,
    period: Window,
    schedule: Schedule,
    now: datetime,
    packs: Mapping[str, Library] | None = None,
) -> Period:
    """The period as its records show it; what was not read in it is reported as `not shown`.

    `library` is today's; `packs` are those that judged, by digest, as far as they are kept.
    """
    versions = Versions(today=library, packs=packs or {})
    replayed = [_replay(one, versions, period, schedule, now) for one in chains]
    packs_in_order = [record.pack_sha256 for record in _all_records(replayed)]
    controls = versions.controls(packs_in_order)
    return Period(
        window=period,
        until=min(period.end, now),
        schedule=schedule,
        targets=tuple(_target_period(one, versions) for one in replayed),
        controls=tuple(
            _control_period(control, replayed, versions) for control in controls.values()
        ),
        notes=tuple(_notes(replayed, versions, packs_in_order, now, period)),
    )


def _replay(
    history: TargetHistory,
    versions: Versions,
    period: Window,
    schedule: Schedule,
    now: datetime,
) -> _Replayed:
    until = min(period.end, now)
    observations = Observations.over(history.records, period, schedule, until)
    # Later records belong to a later report: it must not change when they are added.
    last = observations.records[-1].seq if observations.records else 0
    replay = TimelineReplay(
        history.target,
        observations,
        start=period.start,
        end=until,
        is_event=versions.is_event,
    )
    inside: list[int] = []
    for position, record in enumerate(observations.records):
        if period.start <= parse_time(record.started) < period.end:
            inside.append(position)
    ordered = sorted(history.records, key=attrgetter("seq"))
    return _Replayed(
        target=history.target,
        observations=observations,
        inside=tuple(inside),
        counters=replay.run(history.timelines(last)),
        clock_notes=tuple(_clock_notes(ordered, period, now)),
    )


def _clock_notes(
    records: Sequence[Record],
    period: Window,
    now: datetime,
) -> Iterator[str]:
    """Notes on records whose times contradict their order, within the period."""
    before: Record | None = None
    for record in records:
        # What lies between two periods is news of the later one only if both records are in it.
        first = parse_time((before or record).started)
        doubt = clock_doubt(before, record)
        if doubt and period.start <= first and parse_time(record.started) < period.end:
            yield (
                f"Record {record.seq} of {record.target}, dated {record.started}: {doubt}. "
                "Dates in these records may be wrong."
            )
        before = record
    if records and parse_time(records[-1].started) > now:
        last = records[-1]
        yield (
            f"A clock is wrong: record {last.seq} of {last.target} is dated {last.started}, "
            "after this report."
        )


def _target_period(one: _Replayed, versions: Versions) -> TargetPeriod:
    observations, records = one.observations, one.records
    found, changes = stretches(records)
    first_seq, last_seq, head_sha256 = 0, 0, ""
    if records:
        first_seq, last_seq = records[0].seq, records[-1].seq
        head_sha256 = records[-1].sha256
    if records and one.inside[0]:
        # What differs from the last record before the period is a change of the period too.
        last_earlier = observations.records[one.inside[0] - 1]
        _, first_changes = stretches([last_earlier, records[0]])
        changes = (*first_changes, *changes)
    runs = observations.runs()
    missed = [slot for index, slot in enumerate(observations.slots) if index not in runs]
    return TargetPeriod(
        target=one.target,
        records=len(records),
        first_seq=first_seq,
        last_seq=last_seq,
        head_sha256=head_sha256,
        regions=_distinct(record.regions for record in records),
        callers=_distinct(record.callers for record in records),
        expected=len(observations.slots),
        made=len(runs),
        missed=tuple(missed),
        stretches=found,
        changes=tuple(versions.told(changes, observations.records)),
        exclusions=excluded_spans(records),
        gaps=_runs_by_gap(records),
    )


def _distinct(texts: Iterable[Iterable[str]]) -> tuple[str, ...]:
    return tuple(sorted(set(chain.from_iterable(texts))))


def _runs_by_gap(records: Iterable[Record]) -> dict[str, int]:
    """In how many records each call was not answered."""
    gaps: Counter[str] = Counter()
    for record in records:
        gaps.update(set(record.gaps))
    return dict(sorted(gaps.items()))


def _notes(
    replayed: Sequence[_Replayed],
    versions: Versions,
    packs: Sequence[str],
    now: datetime,
    period: Window,
) -> Iterator[str]:
    if now < period.end:
        yield f"The period is not over: the report ends at {format_time(now)}."
    if not replayed:
        yield "History holds no target, so nothing is shown."
    if set(packs) - {versions.today.sha256}:
        yield (
            "Verdicts, statements and times for correction are those of the pack in force "
            "at each run."
        )
    for pack in sorted(set(packs)):
        if not versions.known(pack):
            yield (
                f"Pack {pack[:SHORT]} cannot be read from the store: "
                "its controls are taken as they are today."
            )
    for one in replayed:
        yield from one.clock_notes


def _control_period(
    control: Control,
    replayed: Sequence[_Replayed],
    versions: Versions,
) -> ControlPeriod:
    targets = [one for one in replayed if _concerns(control, one, versions)]
    evidencing, supporting = _checks_by_role(control)
    checks: list[CheckPeriod] = []
    counters: list[CheckCounters] = []
    beside: list[CheckCounters] = []
    for one in targets:
        run = [name for name in evidencing if _runs_on(one, name, versions)]
        checks.extend(_check_period(one, name) for name in run)
        counters.extend(_counters_of(one, run))
        beside.extend(_counters_of(one, supporting))

    counts = count_resources(counters)
    grace_of = _grace_lookup(control, targets, versions)

    def judge(deviation: Deviation) -> Judged:
        return Judged(deviation, correction(deviation, grace_of(deviation)))

    return ControlPeriod(
        id=control.id,
        title=control.title,
        modes=control.modes,
        frequency=control.frequency,
        population=control.population,
        deviation=control.deviation,
        does_not_prove=control.does_not_prove,
        when_empty=control.if_empty,
        grace=", then ".join(versions.graces(control, _all_records(targets))) or control.grace,
        checks=tuple(checks),
        attestations=control.attestations,
        resources=counts.read,
        deviating=counts.deviating,
        waived=counts.waived,
        days=_sum_days(checks),
        runs_expected=_expected_runs(targets),
        runs_made=sum(_count_runs(one, evidencing, versions) for one in targets),
        silences=_all_silences(targets, control.id),
        deviations=_in_order(counters, judge),
        beside=_in_order(beside, _unchanged),
        statuses=_runs_by_status(targets, control.id),
    )


def _all_records(replayed: Iterable[_Replayed]) -> list[Record]:
    """The records of the period in the order of their times."""
    records = chain.from_iterable(one.records for one in replayed)
    return sorted(records, key=lambda record: parse_time(record.finished))


def _checks_by_role(control: Control) -> tuple[list[str], list[str]]:
    """Checks that evidence a control, and checks that only support it."""
    evidencing: list[str] = []
    supporting: list[str] = []
    for link in control.checks:
        checks = evidencing if link.role is Role.EVIDENCES else supporting
        checks.append(link.id)
    return evidencing, supporting


def _expected_runs(replayed: Iterable[_Replayed]) -> int:
    return sum(len(one.observations.slots) for one in replayed)


def _sum_days(checks: Iterable[CheckPeriod]) -> Days:
    return sum((check.days for check in checks), Days())


def _in_order(
    counters: Iterable[CheckCounters],
    convert: Callable[[Deviation], T],
) -> SortedDeviations[T]:
    sources: list[DeviationSource] = []
    for each in counters:
        sources.extend(each.sources())
    return SortedDeviations(sources, convert)


def _runs_by_status(
    replayed: Iterable[_Replayed],
    control: str,
) -> dict[str, int]:
    statuses: Counter[str] = Counter()
    for one in replayed:
        statuses.update(record.controls.get(control, _NOT_SHOWN) for record in one.records)
    return dict(sorted(statuses.items()))


def _counters_of(one: _Replayed, checks: Iterable[str]) -> Iterator[CheckCounters]:
    """The counters of some checks, as far as anything was read for them."""
    for check in checks:
        if check in one.counters:
            yield one.counters[check]


def _grace_lookup(
    control: Control,
    replayed: Iterable[_Replayed],
    versions: Versions,
) -> Callable[[Deviation], timedelta | None]:
    """Finds the time that the control left for a correction when a deviation was first read."""
    records: dict[tuple[str, str], Record] = {}
    for one in replayed:
        for record in one.observations.records:
            records[one.target, record.finished] = record
    graces: dict[tuple[str, str], timedelta | None] = {}

    def grace_of(deviation: Deviation) -> timedelta | None:
        # A control that is more lenient today does not make a correction of that day timely.
        key = (deviation.target, deviation.opened_by)
        if key not in graces:
            graces[key] = versions.grace_time(control, records[key])
        return graces[key]

    return grace_of


def _concerns(
    control: Control,
    one: _Replayed,
    versions: Versions,
) -> bool:
    """Whether a control applies to a target.

    Its checks are of that cloud, or it has none and people must show it.
    """
    clouds = {versions.cloud(link.id) for link in control.checks}
    # A check that no pack has any more has no cloud, and is no reason to leave a target out.
    clouds.discard("")
    return not clouds or one.cloud in clouds


def _runs_on(
    one: _Replayed,
    check: str,
    versions: Versions,
) -> bool:
    return versions.cloud(check) in ("", one.cloud)


def _check_period(one: _Replayed, name: str) -> CheckPeriod:
    counters = one.counters.get(name, CheckCounters())
    return CheckPeriod(
        target=one.target,
        check=name,
        resources=sum(map(len, counters.read.values())),
        runs=one.observations.count_runs((name,)),
        days=counters.check_days(),
        deviations=SortedDeviations(counters.sources(), _unchanged),
        waived=tuple(sorted(counters.waived, key=attrgetter("start", "region", "resource"))),
    )


def _unchanged(deviation: Deviation) -> Deviation:
    return deviation


def _count_runs(
    one: _Replayed,
    checks: Sequence[str],
    versions: Versions,
) -> int:
    """Expected runs in which everything that evidences a control on this target was run."""
    run_here = [name for name in checks if _runs_on(one, name, versions)]
    return one.observations.count_runs(run_here)


def _all_silences(replayed: Iterable[_Replayed], control: str) -> tuple[Silence, ...]:
    found: list[Silence] = []
    for one in replayed:
        found.extend(_silences(one, control))
    return tuple(found)


def _silences(one: _Replayed, control: str) -> Iterator[Silence]:
    """Stretches of expected runs in which nothing showed a control."""
    runs = one.observations.runs()
    slots = range(len(one.observations.slots))
    reasons = [_why_silent(one, control, runs.get(slot)) for slot in slots]
    begin, why = 0, ""
    # One more, which ends a stretch that lasts to the end of the period.
    for slot, here in enumerate([*reasons, ""]):
        if here == why:
            continue
        if why:
            yield _silence(one, begin, slot, why)
        begin, why = slot, here


def _why_silent(
    one: _Replayed,
    control: str,
    positions: Sequence[int] | None,
) -> str:
    """Why the records of a slot do not show a control; `` if any of them does."""
    # Silence is not success: an expected run that was missed shows nothing, whatever came before.
    if not positions:
        return NO_RUN
    records = (one.observations.records[position] for position in positions)
    statuses = {record.controls.get(control, "not run") for record in records}
    if statuses - {_NOT_SHOWN, "not run"}:
        return ""
    return " and ".join(sorted(statuses))


def _silence(
    one: _Replayed,
    begin: int,
    end: int,
    why: str,
) -> Silence:
    slots = one.observations.slots
    return Silence(
        target=one.target,
        start=format_time(slots[begin].start),
        end=format_time(slots[end - 1].end),
        runs=end - begin,
        why=why,
    )


def correction(deviation: Deviation, grace: timedelta | None) -> str:
    """Whether a deviation was corrected in the time that its control leaves.

    It is a deviation either way.
    """
    if deviation.why_closed not in _CORRECTED:
        return "not corrected"
    if grace is None:
        return "the policy decides"
    if grace <= timedelta(0) or deviation.at_least > grace:
        return "late"
    # Between the bounds, the readings lie too far apart to decide: neither a credit nor a charge.
    if deviation.at_most is not None and deviation.at_most <= grace:
        return "within grace"
    return "not known"
