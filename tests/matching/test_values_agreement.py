"""What is decided of single values agrees with independent counts (short form)."""

from __future__ import annotations

from tests.matching.values_agreement import Values


def test_values_agree_with_independent_counts() -> None:
    run = Values(seed=5)
    run.run(1_500)
    assert run.differences == []
    # Both answers were given, or agreement would mean nothing.
    for kind in ("repositories", "ranges", "within"):
        assert run.counts[f"{kind} yes"] > 30
        assert run.counts[f"{kind} no"] > 100
    for name in ("subject", "audience"):
        assert run.counts[f"trust {name} bound"] > 10
        assert run.counts[f"trust {name} open"] > 50
