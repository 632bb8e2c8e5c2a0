"""The question of `scanner.matching` agrees with an independent matcher (short form)."""

from __future__ import annotations

import pytest

from tests.matching.agreement import Agreement


@pytest.mark.parametrize(
    ("grammar", "method"),
    [("json", "json_pattern"), ("terms", "terms"), ("selectors", "event_selectors")],
)
def test_filters_agree_with_an_independent_matcher(grammar: str, method: str) -> None:
    run = Agreement(seed=3)
    run.run(250, [method])
    assert run.differences == []
    # Both answers were given, or agreement would mean nothing.
    assert run.counts[f"{grammar} covered"] > 30
    assert run.counts[f"{grammar} missed"] > 100
    assert run.counts[f"{grammar} pairs"] > 500
    assert run.counts[f"{grammar} undecided"] < 100


def test_fields_between_spaces_are_decided_where_the_pattern_asks_nothing() -> None:
    run = Agreement(seed=3)
    run.run(250, ["delimited"])
    assert run.differences == []
    assert run.counts["delimited covered"] > 20
    assert run.counts["delimited undecided"] > 100


def test_alarms_agree_with_a_simulation_of_their_states() -> None:
    run = Agreement(seed=3)
    run.alarms()
    assert run.differences == []
    assert run.counts["alarms"] > 1_000
