"""The short form of the differential fuzzing; `make fuzz` runs the long one."""

from __future__ import annotations

import pytest

from tests.language.fuzz_oracle import Fuzz


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
def test_against_the_oracle(seed: int) -> None:
    fuzz = Fuzz(seed)
    fuzz.run(2_000)
    assert fuzz.differences == []
    assert fuzz.counts["settled holes"] > 300
    assert fuzz.counts["needlessly unread"] == 0
