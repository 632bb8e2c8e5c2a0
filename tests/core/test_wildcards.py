"""Patterns of policies: one of several covers a text exactly where it does so alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.core.policies.request_conditions import arn_matches
from scanner.core.policies.wildcards import covered_by_any, covers

TEXTS = st.text(alphabet="ab*?", max_size=5)


@given(pattern=TEXTS, target=TEXTS)
def test_a_pattern_covers_among_others_what_it_covers_alone(pattern: str, target: str) -> None:
    assert covered_by_any([pattern], target) is covers(pattern, target)


@pytest.mark.parametrize(
    ("target", "covered"),
    [("iam:PassRole", True), ("s3:GetObject", True), ("ec2:RunInstances", False), ("*", False)],
)
def test_any_of_them_is_enough(target: str, covered: bool) -> None:
    assert covered_by_any(["kms:*", "?am:Pass*", "s3:GetObject"], target) is covered


def test_a_star_of_an_arn_stays_within_its_part() -> None:
    ann = "arn:aws:iam::111122223333:user/ann"
    assert arn_matches("arn:*:iam::*:user/a*", ann)
    assert not arn_matches("arn:*:user/ann", ann)
    assert not arn_matches("arn:aws:*:*:*:role/*", ann)
    # The parts are as many, and the star would have to take a colon.
    assert not arn_matches("arn:*:*:*:*ann:*", "arn:aws:iam::111122223333:user/ann:x")
