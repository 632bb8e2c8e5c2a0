"""The question of `scanner.matching` agrees with an independent matcher (short form)."""

from __future__ import annotations

from tests.matching.agreement import Agreement


def test_filters_agree_with_an_independent_matcher() -> None:
    run = Agreement(seed=3)
    run.run(250)
    assert run.differences == []
    # Both answers were given, or agreement would mean nothing.
    for grammar in ("json", "terms", "selectors"):
        assert run.counts[f"{grammar} covered"] > 30
        assert run.counts[f"{grammar} missed"] > 100
        assert run.counts[f"{grammar} pairs"] > 500
    # Fields between spaces are decided only where the pattern asks nothing of them.
    assert run.counts["delimited covered"] > 20
