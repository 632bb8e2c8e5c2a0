"""Populations that are fixed, samples that can be drawn again, and what they would miss."""

from __future__ import annotations

import hashlib
import itertools
from datetime import UTC, date, datetime

import pytest

from scanner.core.calendar import expected_intervals, period_window
from scanner.core.periods.observations import Observations
from scanner.core.periods.sampling import (
    chance_to_miss,
    deviating,
    draw,
    items_read,
    population,
    sizes,
    usual_size,
)
from scanner.core.periods.type1_point_in_time import type1_point_in_time
from scanner.core.periods.type2_period import TargetHistory
from scanner.model.controls import Role
from scanner.model.decisions import WaivedSpan
from scanner.model.period import Item, PopulationFile, Schedule
from tests.helpers.nights import HERE, Nights, library_of, night
from tests.helpers.small_library import make_check, make_control

CONTROL = make_control(("a", Role.EVIDENCES), ("b", Role.SUPPORTS))
ITEMS = [Item(target=HERE, region="", resource=f"r{number}", checks=("a",)) for number in range(12)]


def fixed(items: list[Item], **more: str) -> PopulationFile:
    words = {"source": "s", "query": "q", "taken": "t", "start": "f", "end": "e", **more}
    return population(CONTROL.id, items, **words)


def test_the_digest_is_of_the_items_and_not_of_their_order_or_the_hour() -> None:
    found = fixed(ITEMS)
    assert found.sha256 == fixed(ITEMS[::-1], taken="later").sha256
    others = [
        fixed(ITEMS[1:]),
        fixed(ITEMS, start="g"),
        fixed(ITEMS, end="g"),
        fixed(ITEMS, query="r"),
    ]
    assert found.sha256 not in {other.sha256 for other in others}
    assert found.header()["count"] == 12


def test_a_sample_is_in_the_order_of_digests_that_anyone_can_compute() -> None:
    drawn = draw(ITEMS, "4815", 5)
    wanted = sorted(
        (hashlib.sha256(f"4815:{HERE}||r{number}".encode()).hexdigest(), f"r{number}")
        for number in range(12)
    )
    assert [(one.digest, one.item.resource) for one in drawn] == wanted[:5]
    assert draw(ITEMS[::-1], "4815", 5) == drawn
    assert draw(ITEMS, "4815", 7)[:5] == drawn
    assert draw(ITEMS, "4816", 5) != drawn
    assert len(draw(ITEMS, "x", 40)) == 12


@pytest.mark.parametrize(
    ("count", "failing", "size"), list(itertools.product([1, 5, 7], [0, 1, 3, 7], [1, 3, 7]))
)
def test_the_chance_is_that_of_all_samples(count: int, failing: int, size: int) -> None:
    failing, size = min(failing, count), min(size, count)
    samples = list(itertools.combinations(range(count), size))
    missing = sum(all(item >= failing for item in sample) for sample in samples)
    assert chance_to_miss(count, failing, size) == pytest.approx(missing / len(samples))


def test_large_populations_are_exact_and_quick() -> None:
    assert chance_to_miss(1_000_000, 100_000, 40) == pytest.approx(0.9**40, rel=1e-3)
    assert chance_to_miss(1_000_000, 1, 40) == pytest.approx(1 - 40 / 1_000_000)


@pytest.mark.parametrize(("frequency", "row"), [("annual", "annual"), ("continuous, quarterly", "per event"),
                                                ("quarterly, annual", "quarterly"), ("monthly report", "per event"),
                                                ("on hire, annual", "per event"), ("daily", "daily")])  # fmt: skip
def test_the_most_frequent_frequency_decides_the_size(frequency: str, row: str) -> None:
    assert usual_size(frequency) == sizes()[row]


def test_sizes_are_ranges() -> None:
    assert [
        (size.least, size.most)
        for size in sizes().values()
        if size.least > size.most or size.least < 1
    ] == []


def test_the_population_is_what_was_read_in_the_period() -> None:
    history = Nights()
    history.commit(night(0), {("a", "", "early"): "pass", ("a", "", "x"): "pass"})
    history.commit(
        night(1), {("a", "", "x"): "fail", ("b", "", "beside"): "pass", ("a", "", "*"): "unknown"}
    )
    history.commit(night(2), {("a", "", "x"): "pass", ("a", "", "new"): "unknown"})
    period = period_window(date(2026, 1, 2), date(2026, 1, 4), UTC)
    reads = Observations(
        history.records(HERE),
        expected_intervals(period, Schedule(), datetime(2027, 1, 1, tzinfo=UTC)),
    )
    found = items_read({"a"}, HERE, reads, history.transitions(HERE))
    assert [(item.resource, item.checks) for item in found] == [("new", ("a",)), ("x", ("a",))]
    both = items_read({"a", "b"}, HERE, reads, history.transitions(HERE))
    assert [item.resource for item in both] == ["beside", "new", "x"]
    spans = [
        WaivedSpan(target=HERE, check="a", region="", resource=name, start="", end="")
        for name in ("x", "x", "y")
    ]
    assert (deviating([], found), deviating(spans, found)) == (0, 1)


def test_what_was_read_in_a_week_that_is_cut_off_is_in_the_population() -> None:
    history = Nights()
    history.commit(night(8), {("a", "", "late"): "pass"})
    period = period_window(date(2026, 1, 1), date(2026, 1, 9), UTC)
    reads = Observations.over(
        history.records(HERE), period, Schedule(hours=168), datetime(2027, 1, 1, tzinfo=UTC)
    )
    assert [
        item.resource for item in items_read({"a"}, HERE, reads, history.transitions(HERE))
    ] == ["late"]


def test_implemented_at_a_date_is_the_last_record_before_its_end() -> None:
    history = Nights()
    history.commit(
        night(0), {("a", "", "x"): "pass", ("b", "", "y"): "fail"}, controls={"C": "pass"}
    )
    history.commit(
        night(1), {("a", "", "x"): "fail", ("a", "", "*"): "unknown"}, controls={"C": "fail"}
    )

    def at(day: date) -> tuple[str, int, dict[str, int]]:
        chain = TargetHistory(
            target=HERE, records=history.records(HERE), transitions=history.transitions(HERE)
        )
        (one,) = type1_point_in_time(
            [chain],
            library_of(CONTROL, checks=(make_check("a"),)),
            end=period_window(day, day, UTC).end,
        )
        return one.status, one.seq, dict(one.counts)

    assert at(date(2025, 12, 31)) == ("not shown", 0, {})
    assert at(date(2026, 1, 1)) == ("pass", 1, {"pass": 1})
    assert at(date(2026, 3, 1)) == ("fail", 2, {"fail": 1, "listing not read": 1})
