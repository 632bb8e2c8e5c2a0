"""365 simulated nights with scripted faults, held against what really happened."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import pytest

from scanner.core.calendar import moment, window
from scanner.core.operate import Chain, operate
from scanner.model.controls import Role
from scanner.model.operation import Deviation, Period, Schedule
from tests.core.nights import HERE, Nights, library_of, night
from tests.core.small import make_check, make_control

NIGHTS = 365
ITEMS = [(check, "eu-west-1", f"r{number}") for check in ("a", "b") for number in range(30)]


@dataclass(frozen=True)
class Fault:
    """What really happened, to the second."""

    key: tuple[str, str, str]
    begins: datetime
    ends: datetime


@dataclass(frozen=True)
class Year:
    history: Nights
    faults: tuple[Fault, ...]
    missed: frozenset[int]
    refused: frozenset[int]
    blind: Mapping[tuple[str, str, str], frozenset[int]]


def make_year(seed: int) -> Year:
    dice = random.Random(seed)
    missed = frozenset(dice.sample(range(1, NIGHTS - 1), 25))
    refused = frozenset(dice.sample(sorted(set(range(1, NIGHTS - 1)) - missed), 10))
    blind = {key: frozenset(dice.sample(range(NIGHTS), 4)) for key in ITEMS}
    faults = []
    for key in ITEMS:
        at = night(0) + timedelta(hours=dice.uniform(30, 2000))
        while at < night(NIGHTS - 20):
            ends = at + timedelta(hours=dice.choice([3, 24.1, 24.1, 60, 240]) * dice.uniform(1, 1.2))
            faults.append(Fault(key, at, ends))
            at = ends + timedelta(days=dice.uniform(3, 90))
    year = Year(Nights(), tuple(faults), missed, refused, blind)
    for number in range(NIGHTS):
        if number not in missed:
            year.history.commit(night(number), tonight(year, number), controls={"C": "pass"}, checks=("a", "b"))
    return year


def tonight(year: Year, number: int) -> dict[tuple[str, str, str], str]:
    when = night(number) + timedelta(minutes=10)
    failing = {fault.key for fault in year.faults if fault.begins <= when < fault.ends}
    found = {}
    for key in ITEMS:
        if number in year.refused and key[0] == "a":
            continue
        found[key] = "unknown" if number in year.blind[key] else "fail" if key in failing else "pass"
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


def report(year: Year) -> Period:
    library = library_of(
        make_control(("a", Role.EVIDENCES), ("b", Role.EVIDENCES)), checks=(make_check("a"), make_check("b"))
    )
    chain = Chain(target=HERE, records=year.history.records(HERE), transitions=year.history.transitions(HERE))
    period = window(date(2026, 1, 1), date(2026, 12, 31), UTC)
    return operate([chain], library, period=period, schedule=Schedule(), now=datetime(2027, 2, 1, tzinfo=UTC))


@pytest.fixture(scope="module", params=[1, 2, 3])
def year(request: pytest.FixtureRequest) -> Year:
    return make_year(request.param)


def test_every_fault_that_was_there_at_a_read_is_found_with_its_times(year: Year) -> None:
    found: dict[tuple[str, str, str], list[Deviation]] = {}
    for judged in report(year).controls[0].deviations:
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
            (item,) = [item for item in found[key] if moment(item.closed_by) == after]
            seen += len(faults)
            real = faults[-1].ends - faults[0].begins
            assert moment(item.opened_after) == before
            assert before <= faults[0].begins <= moment(item.opened_by)
            assert moment(item.failing_until) <= faults[-1].ends <= after
            assert item.at_most is not None
            assert item.at_least <= real <= item.at_most
            if moment(item.opened_by) - before == timedelta(days=1) == after - moment(item.failing_until):
                adjacent += 1
                assert real - item.at_least <= timedelta(days=2)
                assert abs(real - (item.at_least + timedelta(days=1))) <= timedelta(days=1)
    assert seen > 150
    assert adjacent > 100


def fails(year: Year, key: tuple[str, str, str], when: datetime) -> bool:
    return any(fault.begins <= when < fault.ends for fault in faults_of(year, key))


def faults_of(year: Year, key: tuple[str, str, str]) -> list[Fault]:
    return [fault for fault in year.faults if fault.key == key]


def test_every_fault_of_an_interval_is_found_or_was_not_read(year: Year) -> None:
    spans = [judged.deviation for judged in report(year).controls[0].deviations]
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
        assert any(moment(item.opened_after) <= fault.begins < fault.ends <= moment(item.closed_by) for item in mine)
    assert 0 < unread < len(long) / 5


def test_every_missed_night_is_listed_and_none_counts_as_a_pass(year: Year) -> None:
    period = report(year)
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
    assert control.items == len(ITEMS)
    assert sum(silence.runs for silence in control.silences if silence.why == "no run") == len(year.missed)
