"""Type II: what every control came to over a period, from the records and transitions of its targets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from operator import attrgetter
from typing import Final

from scanner.core.calendar import iso, moment, read_grace, slots
from scanner.core.changes import dated_before, stretches
from scanner.core.deviations import Walk
from scanner.core.ordered import Ordered
from scanner.core.reads import Reads
from scanner.core.stories import Stories, tell
from scanner.core.tallies import Tally
from scanner.model.controls import Control, Role
from scanner.model.history import Record, Transition
from scanner.model.library import Library
from scanner.model.operation import (
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
    told: Callable[[int], Stories] | None = None
    """Its stories up to the record of a number, from a store that is quicker than going through the transitions."""

    def stories(self, last: int) -> Stories:
        """Its transitions up to the record of a number, item by item."""
        return self.told(last) if self.told else tell(self.transitions, last)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Walked:
    """One target after its transitions were gone through."""

    target: str
    reads: Reads
    inside: tuple[int, ...]
    """Places of the records of the period."""
    tallies: Mapping[str, Tally]
    clocks: tuple[str, ...]
    """Where the times of its records are in doubt."""


def operate(
    chains: Iterable[Chain],
    library: Library,
    *,
    period: Window,
    schedule: Schedule,
    now: datetime,
    exclusions: tuple[str, ...] = (),
) -> Period:
    """The period as its records show it; what was not read in it reads `not shown`."""
    until = min(period.end, now)
    walked = [_walk(chain, library, period, schedule, now) for chain in chains]
    return Period(
        window=period,
        until=until,
        schedule=schedule,
        targets=tuple(_target(one) for one in walked),
        controls=tuple(_control(control, walked, library) for _, control in sorted(library.controls.items())),
        exclusions=exclusions,
        notes=_notes(walked, library, now, period),
    )


def _walk(chain: Chain, library: Library, period: Window, schedule: Schedule, now: datetime) -> _Walked:
    until = min(period.end, now)
    ordered = sorted(chain.records, key=lambda record: record.seq)
    before_end = [place for place, record in enumerate(ordered) if moment(record.started) < period.end]
    records = ordered[: before_end[-1] + 1] if before_end else []
    reads = Reads(records, slots(period, schedule, until))
    last = records[-1].seq if records else 0
    walk = Walk(chain.target, reads, start=period.start, end=until, is_event=lambda check: is_event(library, check))
    return _Walked(
        target=chain.target,
        reads=reads,
        inside=tuple(
            place
            for place, record in enumerate(reads.records)
            if period.start <= moment(record.started) < period.end
        ),
        tallies=walk.run(chain.stories(last)),
        clocks=tuple(_clocks(ordered, period, now)),
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


def is_event(library: Library, check: str) -> bool:
    """Whether a check asks about things that are dated by themselves."""
    known = library.checks.get(check)
    kind = library.kinds.get(known.kind) if known else None
    return kind is not None and kind.nature == "event"


# -- targets ----------------------------------------------------------------------------------------------------------


def _target(walked: _Walked) -> TargetPeriod:
    reads = walked.reads
    records = [reads.records[place] for place in walked.inside]
    earlier = reads.records[walked.inside[0] - 1 : walked.inside[0]] if records and walked.inside[0] else ()
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
        changes=(*first, *changes),
        gaps=dict(sorted(gaps.items())),
    )


def _notes(walked: Sequence[_Walked], library: Library, now: datetime, period: Window) -> tuple[str, ...]:
    found = []
    if now < period.end:
        found.append(f"The period is not over: the report ends at {iso(now)}.")
    if not walked:
        found.append("There is no target in history: nothing is shown.")
    packs = {one.reads.records[place].pack_sha256 for one in walked for place in one.inside}
    if packs - {library.sha256}:
        found.append("Verdicts are those of the pack in force at each run; statements of controls are today's.")
    return (*found, *(line for one in walked for line in one.clocks))


# -- controls ---------------------------------------------------------------------------------------------------------


def _control(control: Control, walked: Sequence[_Walked], library: Library) -> ControlPeriod:
    evidencing = [link.id for link in control.checks if link.role is Role.EVIDENCES]
    beside = [link.id for link in control.checks if link.role is not Role.EVIDENCES]
    mine = [one for one in walked if _concerns(control, one, library)]
    asked = [(one, name) for one in mine for name in evidencing if _asked(one, name, library)]
    tallies = [one.tallies[name] for one, name in asked if name in one.tallies]
    checks = tuple(_check(one, name) for one, name in asked)
    grace = read_grace(control.grace)
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
        grace=control.grace,
        checks=checks,
        attestations=control.attestations,
        items=sum(check.items for check in checks),
        deviating=len(told | waived) + sum(tally.deviating for tally in tallies),
        waived=len(waived),
        days=sum((check.days for check in checks), Days()),
        runs_expected=sum(len(one.reads.slots) for one in mine),
        runs_made=sum(_made(one, evidencing, library) for one in mine),
        silences=tuple(silence for one in mine for silence in _silences(one, control.id)),
        deviations=Ordered(
            (part for tally in tallies for part in tally.all()), lambda item: Judged(item, correction(item, grace))
        ),
        beside=Ordered((part for parts in apart for part in parts), _itself),
        statuses=dict(sorted(Counter(status for one in mine for status in _statuses(one, control.id)).items())),
    )


_item = attrgetter("target", "check", "region", "resource")


def _concerns(control: Control, one: _Walked, library: Library) -> bool:
    """Whether a target's records speak of a control: its checks are of that cloud, or people must show it."""
    cloud = one.target.partition(":")[0]
    known = [link.id for link in control.checks if link.id in library.checks]
    return not known or any(library.cloud(check) == cloud for check in known)


def _asked(one: _Walked, check: str, library: Library) -> bool:
    return check not in library.checks or library.cloud(check) == one.target.partition(":")[0]


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


def _made(one: _Walked, checks: Sequence[str], library: Library) -> int:
    """Expected runs in which everything that evidences a control was asked."""
    return one.reads.runs_asking(name for name in checks if _asked(one, name, library))


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
        target=one.target, start=iso(inside[begin].start), end=iso(inside[end - 1].end), runs=end - begin, why=why
    )


def correction(item: Deviation, grace: timedelta | None) -> str:
    """Whether a deviation was corrected in the time that its control leaves; it is a deviation either way."""
    if item.why_closed not in _CORRECTED:
        return "not corrected"
    if grace is None:
        return "the policy decides"
    if grace <= timedelta(0) or item.at_least > grace:
        return "late"
    return "within grace" if item.at_most is not None and item.at_most <= grace else "cannot be told"
