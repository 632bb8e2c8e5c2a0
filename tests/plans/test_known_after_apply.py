"""What is known of a value that only applying gives: that it is there, and that it is the same."""

from __future__ import annotations

from typing import Any

import pytest

from scanner.language.run_time_operators import equal, unequal
from scanner.model.values import Symbol, Unreadable
from tests.helpers.small_plan import change, plan
from tests.plans.test_before_and_after import judged

ARN = Symbol("after apply", present=True, owner="aws_kms_key.k", attribute="arn")


def test_a_value_that_is_there_is_not_the_empty_text() -> None:
    assert equal(ARN, "") is False
    assert unequal("", ARN) is True


@pytest.mark.parametrize("other", ["arn:aws:kms:eu-west-1:111122223333:key/k", 0, [], {}])
def test_nothing_else_is_known_of_it(other: Any) -> None:
    assert isinstance(equal(ARN, other), Unreadable)


def test_a_value_that_may_be_missing_may_be_the_empty_text() -> None:
    assert isinstance(equal(Symbol("after apply", owner="a", attribute="b"), ""), Unreadable)


def test_one_attribute_of_one_resource_equals_itself_alone() -> None:
    again = Symbol("for another reason", owner="aws_kms_key.k", attribute="arn")
    other = Symbol("after apply", present=True, owner="aws_kms_key.other", attribute="arn")
    assert equal(ARN, again) is True
    assert isinstance(equal(ARN, other), Unreadable), "two keys may have one value"


KEY = {"id": "k", "arn": "arn:aws:kms:eu-west-1:111122223333:key/k", "is_enabled": True}
ROTATED = "aws-kms-key-rotation-enabled"


@pytest.mark.parametrize(
    ("read", "verdict"),
    [
        # Null: the provider read that nobody has set it, and the default holds.
        ({"rotation_period_in_days": None}, "pass"),
        # The argument is lacking: the provider is older than it.
        ({}, "unknown"),
    ],
)
def test_a_default_holds_for_what_the_provider_has_read(read: dict[str, Any], verdict: str) -> None:
    key = {**KEY, "customer_master_key_spec": "SYMMETRIC_DEFAULT", "enable_key_rotation": True}
    held = {**key, **read}
    found = judged(plan(change("aws_kms_key.k", held, before=held, actions=("no-op",))))
    after = found[ROTATED, "aws_kms_key.k"].after
    assert after is not None
    assert after.value == verdict
