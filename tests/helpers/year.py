"""365 simulated nights with scripted faults, and what a report on them is held against: what really
happened."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace

import pytest

from scanner.core.calendar import parse_time, period_window
from scanner.core.periods.type2_period import TargetHistory, type2_period
from scanner.model.controls import Role
from scanner.model.period import Deviation, Period, Schedule
from tests.helpers.nights import library_of, night
from tests.helpers.small_library import make_check, make_control

NIGHTS = 365
REMEMBERED = 30
"""Nights for which the provider lists a job."""
CHECKS = ("a", "b", "jobs")
ITEMS = [(check, "eu-west-1", f"r{number}") for check in ("a", "b") for number in range(30)]


@dataclass(frozen=True)
class Fault:
    """What really happened, to the second."""

    key: tuple[str, str, str]
    begins: datetime
    ends: datetime


@dataclass(frozen=True)
class Job:
    """A backup job that the provider lists for thirty nights, and then forgets."""

    name: str
    ran: int
    failed: bool

    @property
    def key(self) -> tuple[str, str, str]:
        return ("jobs", "eu-west-1", self.name)


@dataclass(frozen=True)
class Year:
    faults: tuple[Fault, ...]
    missed: frozenset[int]
    refused: frozenset[int]
    blind: Mapping[tuple[str, str, str], frozenset[int]]
    jobs: tuple[Job, ...]

    @property
    def nights(self) -> list[int]:
        """Those with a scan."""
        return [number for number in range(NIGHTS) if number not in self.missed]


def make_year(seed: int) -> Year:
    dice = random.Random(seed)
    missed = frozenset(dice.sample(range(1, NIGHTS - 1), 25))
    refused = frozenset(dice.sample(sorted(set(range(1, NIGHTS - 1)) - missed), 10))
    blind = {key: frozenset(dice.sample(range(NIGHTS), 4)) for key in ITEMS}
    faults = []
    for key in ITEMS:
        at = night(0) + timedelta(hours=dice.uniform(30, 2000))
        while at < night(NIGHTS - 20):
            ends = at + timedelta(
                hours=dice.choice([3, 24.1, 24.1, 60, 240]) * dice.uniform(1, 1.2)
            )
            faults.append(Fault(key, at, ends))
            at = ends + timedelta(days=dice.uniform(3, 90))
    jobs = tuple(
        Job(f"job-{number}", number, failed=dice.random() < 0.2) for number in range(0, NIGHTS, 5)
    )
    return Year(tuple(faults), missed, refused, blind, jobs)


def tonight(year: Year, number: int) -> dict[tuple[str, str, str], str]:
    when = night(number) + timedelta(minutes=10)
    failing = {fault.key for fault in year.faults if fault.begins <= when < fault.ends}
    found = {}
    for key in ITEMS:
        if number in year.refused and key[0] == "a":
            continue
        found[key] = (
            "unknown" if number in year.blind[key] else "fail" if key in failing else "pass"
        )
    for job in year.jobs:
        if job.ran <= number < job.ran + REMEMBERED:
            found[job.key] = "fail" if job.failed else "pass"
    if number in year.refused:
        found["a", "eu-west-1", "*"] = "unknown"
    return found


def read_nights(year: Year, key: tuple[str, str, str]) -> list[int]:
    return [
        number
        for number in range(NIGHTS)
        if number not in year.missed
        and number not in year.blind[key]
        and not (number in year.refused and key[0] == "a")
    ]


def report(chain: TargetHistory) -> Period:
    """The year, by a control of the two checks of settings, and one of the jobs."""
    library = library_of(
        make_control(("a", Role.EVIDENCES), ("b", Role.EVIDENCES)),
        make_control(("jobs", Role.EVIDENCES), name="J"),
        checks=(make_check("a"), make_check("b"), replace(make_check("jobs"), kind="aws.job")),
        kinds={
            "aws.thing": SimpleNamespace(nature="state"),
            "aws.job": SimpleNamespace(nature="event"),
        },
    )
    period = period_window(date(2026, 1, 1), date(2026, 12, 31), UTC)
    return type2_period(
        [chain], library, period=period, schedule=Schedule(), now=datetime(2027, 2, 1, tzinfo=UTC)
    )


def hold_times(year: Year, period: Period) -> None:
    """Every fault that was there at a read is found, with its times."""
    found: dict[tuple[str, str, str], list[Deviation]] = {}
    for judged in period.controls[0].deviations:
        item = judged.deviation
        found.setdefault((item.check, item.region, item.resource), []).append(item)
    seen = adjacent = 0
    for key in ITEMS:
        times = [night(number) + timedelta(minutes=10) for number in read_nights(year, key)]
        passing = [time for time in times if not fails(year, key, time)]
        wanted: dict[tuple[datetime, datetime], list[Fault]] = {}
        for fault in faults_of(year, key):
            failing = [time for time in times if fault.begins <= time < fault.ends]
            if not failing:
                continue
            # Two faults with nothing read between them look like one: the span must hold both.
            passing_before = max(time for time in passing if time < failing[0])
            passing_after = min(time for time in passing if time > failing[-1])
            wanted.setdefault((passing_before, passing_after), []).append(fault)
        assert len(found.get(key, [])) == len(wanted)
        for (before, after), faults in sorted(wanted.items()):
            (item,) = [item for item in found[key] if parse_time(item.closed_by) == after]
            seen += len(faults)
            real = faults[-1].ends - faults[0].begins
            assert parse_time(item.opened_after) == before
            assert before <= faults[0].begins <= parse_time(item.opened_by)
            assert parse_time(item.failing_until) <= faults[-1].ends <= after
            assert item.at_most is not None
            assert item.at_least <= real <= item.at_most
            if (
                parse_time(item.opened_by) - before
                == timedelta(days=1)
                == after - parse_time(item.failing_until)
            ):
                adjacent += 1
                assert real - item.at_least <= timedelta(days=2)
                assert abs(real - (item.at_least + timedelta(days=1))) <= timedelta(days=1)
    assert seen > 150
    assert adjacent > 100


def fails(year: Year, key: tuple[str, str, str], when: datetime) -> bool:
    return any(fault.begins <= when < fault.ends for fault in faults_of(year, key))


def faults_of(year: Year, key: tuple[str, str, str]) -> list[Fault]:
    return [fault for fault in year.faults if fault.key == key]


def hold_faults(year: Year, period: Period) -> None:
    """Every fault of at least one interval is found, or was not read."""
    spans = [judged.deviation for judged in period.controls[0].deviations]
    long = [fault for fault in year.faults if fault.ends - fault.begins >= timedelta(days=1)]
    unread = 0
    for fault in long:
        times = [night(number) + timedelta(minutes=10) for number in range(NIGHTS)]
        inside = [number for number, time in enumerate(times) if fault.begins <= time < fault.ends]
        assert inside, "a fault of an interval meets a night"
        if not set(inside) & set(read_nights(year, fault.key)):
            unread += 1
            continue
        mine = [item for item in spans if (item.check, item.region, item.resource) == fault.key]
        assert any(
            parse_time(item.opened_after) <= fault.begins < fault.ends <= parse_time(item.closed_by)
            for item in mine
        )
    assert 0 < unread < len(long) / 5


def hold_missed(year: Year, period: Period) -> None:
    """Every missed night is listed, and none counts as a pass."""
    (target,) = period.targets
    first = date(2026, 1, 1)
    assert {(slot.start.date() - first).days for slot in target.missed} == year.missed
    assert (target.expected, target.made) == (NIGHTS, NIGHTS - len(year.missed))
    control = period.controls[0]
    failing = 0
    for key in ITEMS:
        mine = faults_of(year, key)
        for number in read_nights(year, key):
            when = night(number) + timedelta(minutes=10)
            failing += any(fault.begins <= when < fault.ends for fault in mine)
    reads = sum(len(read_nights(year, key)) for key in ITEMS)
    assert control.days.failing == pytest.approx(failing)
    assert control.days.passing == pytest.approx(reads - failing)
    assert control.days.observed == pytest.approx(reads)
    # Both checks read each of them.
    assert control.resources == len({key[1:] for key in ITEMS}) == len(ITEMS) / 2
    assert sum(silence.runs for silence in control.silences if silence.why == "no run") == len(
        year.missed
    )


def hold_jobs(year: Year, period: Period) -> None:
    """Every job that failed is there at the end of the year, however long ago the provider forgot
    it."""
    (control,) = [control for control in period.controls if control.id == "J"]
    seen = {
        job.name: [n for n in year.nights if job.ran <= n < job.ran + REMEMBERED]
        for job in year.jobs
    }
    failed = {job.name for job in year.jobs if job.failed and seen[job.name]}
    found = {judged.deviation.resource: judged.deviation for judged in control.deviations}
    assert found.keys() == failed
    assert len(control.deviations) == len(failed) > 3
    for name, item in found.items():
        assert (item.event, item.closed_by, item.why_closed) == (True, "", "")
        assert parse_time(item.opened_by) == night(seen[name][0]) + timedelta(minutes=10)
        # Forgotten with the listing after the last that has it; until then its failure was read.
        assert parse_time(item.failing_until) >= night(seen[name][-1]) + timedelta(minutes=10)
    forgotten = [name for name in failed if seen[name][-1] < year.nights[-1]]
    assert len(forgotten) > 3
    assert control.resources == sum(bool(nights) for nights in seen.values())
