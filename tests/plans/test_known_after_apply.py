"""What is known of a value that only applying gives: that it is there, and that it is the same."""

from __future__ import annotations

from typing import Any

import pytest

from scanner.content.plan_maps import reads_of
from scanner.core.judging.parameters import resolve_params
from scanner.core.plans.map_reader import PlanEstate
from scanner.core.plans.projection import LiveWorld, project_plan
from scanner.core.plans.reduction import reduce_plan
from scanner.core.plans.world import World
from scanner.language.run_time_operators import equal, unequal
from scanner.model.values import Outside, Symbol, Unreadable
from tests.helpers.plan_examples import library, maps
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


@pytest.mark.parametrize(("actions", "lies_outside"), [(("no-op",), True), (("update",), False)])
def test_a_scan_knows_what_no_plan_says_only_where_the_plan_touches_nothing(
    actions: tuple[str, ...], lies_outside: bool
) -> None:
    bucket = {"bucket": "logs", "id": "logs", "policy": "{}"}
    policy = {"bucket": "logs", "policy": "{}"}
    held = plan(
        change("aws_s3_bucket.logs", bucket, before=bucket, actions=("no-op",)),
        change("aws_s3_bucket_policy.logs", policy, before=policy, actions=actions),
    )
    reduced = [reduce_plan(held, reads_of(maps()), {})]
    all_maps = [one for several in maps().values() for one in several]
    estate = PlanEstate(
        target="terraform:test",
        params=resolve_params(library().parameters, {}),
        started="2026-01-01T00:00:00Z",
    )
    found = project_plan(
        World(reduced, "after", all_maps),
        World(reduced, "before", all_maps),
        library(),
        maps(),
        [library().checks["aws-s3-bucket-policy-not-public"]],
        estate,
        LiveWorld(),
    )
    (item,) = found.items["aws.s3.bucket"]
    rated = item.resource.value["policy_is_public"]
    assert isinstance(rated, Unreadable)
    assert isinstance(rated, Outside) is lies_outside
    # No plan makes access points.
    assert isinstance(item.resource.value["public_access_points"], Outside)
