"""365 simulated nights with scripted faults, held against what really happened."""

from __future__ import annotations

import pytest

from scanner.core.periods.type2_period import TargetHistory
from scanner.model.period import Period
from tests.helpers.nights import HERE, Nights, night
from tests.helpers.year import (
    CHECKS,
    Year,
    hold_faults,
    hold_jobs,
    hold_missed,
    hold_times,
    make_year,
    report,
    tonight,
)


@pytest.fixture(scope="module", params=[1, 2, 3])
def told(request: pytest.FixtureRequest) -> tuple[Year, Period]:
    year = make_year(request.param)
    history = Nights()
    for number in year.nights:
        history.commit(
            night(number), tonight(year, number), controls={"C": "pass", "J": "pass"}, checks=CHECKS
        )
    return year, report(
        TargetHistory(
            target=HERE, records=history.records(HERE), transitions=history.transitions(HERE)
        )
    )


def test_every_fault_that_was_there_at_a_read_is_found_with_its_times(
    told: tuple[Year, Period],
) -> None:
    hold_times(*told)


def test_every_fault_of_an_interval_is_found_or_was_not_read(told: tuple[Year, Period]) -> None:
    hold_faults(*told)


def test_every_missed_night_is_listed_and_none_counts_as_a_pass(told: tuple[Year, Period]) -> None:
    hold_missed(*told)


def test_a_failed_job_that_the_provider_forgot_is_still_there(told: tuple[Year, Period]) -> None:
    hold_jobs(*told)
