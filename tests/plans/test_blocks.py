"""Arguments in blocks: which are certainly left out, and what the cloud gives then."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from scanner.content.plan_maps import reads_of
from scanner.core.plans.blocks import leaves_unset
from scanner.core.plans.defaults import with_defaults
from scanner.core.plans.reduction import reduce_plan
from scanner.core.plans.world import PlanResource, World
from scanner.model.values import OpenList, Symbol, Unreadable
from tests.helpers.plan_examples import maps
from tests.helpers.small_plan import change, plan

ONE_RULE = {"rule": [{"condition": [{"age": 1}]}]}
PATH = ("rule", 0, "condition", 0, "state")
SET = {"constant_value": None}


@pytest.mark.parametrize(
    ("written", "is_unset"),
    [
        ({"rule": [{"condition": [{"age": SET}]}]}, True),
        ({"rule": [{"condition": [{"age": SET, "state": SET}]}]}, False),
        # A dynamic block is left out of the configuration.
        ({}, False),
        ({"rule": [{}]}, False),
        ({"rule": [{"condition": []}]}, False),
        ({"rule": [{"condition": [{"age": SET}]}, {"condition": [{"age": SET}]}]}, False),
        # Blocks may be written as one value.
        ({"rule": {"references": ["var.rules"]}}, False),
        ({"rule": [{"condition": {"references": ["var.conditions"]}}]}, False),
        ({"rule": [{"condition": [{"references": ["var.condition"]}]}]}, False),
    ],
)
def test_an_argument_is_left_out_where_every_block_is_seen(
    written: dict[str, Any], is_unset: bool
) -> None:
    assert leaves_unset(written, ONE_RULE, PATH) is is_unset


def test_of_several_blocks_one_that_sets_it_may_be_any() -> None:
    two = {"rule": [{"state": SET}, {"age": SET}]}
    values: dict[str, Any] = {"rule": [{}, {}]}
    assert leaves_unset(two, values, ("rule", 0, "state")) is False
    assert leaves_unset(two, values, ("rule", 1, "state")) is False
    assert leaves_unset(two, values, ("rule", 1, "size")) is True


def resource(**more: Any) -> PlanResource:
    found = plan(change("google_storage_bucket.b", {"name": "b"}))
    all_maps = [one for several in maps().values() for one in several]
    world = World([reduce_plan(found, reads_of(maps()), {})], "after", all_maps)
    return replace(world.resources["google_storage_bucket.b"], **more)


OWN = Symbol("after apply", owner="google_storage_bucket.b", attribute="x.0.y")
OTHER = Symbol("after apply", owner="google_storage_bucket.c", attribute="y")
READ = {"is_read": True, "dynamic": []}


@pytest.mark.parametrize(
    ("block", "expected"),
    [
        ({}, {"y": "default"}),
        ({"y": None}, {"y": "default"}),
        ({"y": OWN}, {"y": "default"}),
        ({"y": "set"}, {"y": "set"}),
        ({"y": ""}, {"y": ""}),
        ({"y": OTHER}, {"y": OTHER}),
        ({"y": Unreadable("after apply")}, {"y": Unreadable("after apply")}),
    ],
)
def test_a_block_of_a_new_resource_has_the_default(block: Any, expected: Any) -> None:
    found = with_defaults({"x": [block]}, {"x[].y": "default"}, resource())
    assert found == {"x": [expected]}


def test_what_an_existing_resource_lacks_is_not_made_up() -> None:
    existing = resource(is_new=False)
    assert with_defaults({"x": [{}]}, {"x[].y": "default"}, existing) == {"x": [{}]}


def test_blocks_of_which_not_all_are_known_stay_as_they_are() -> None:
    items = OpenList([{}], "why")
    assert with_defaults({"x": items}, {"x[].y": "default"}, resource()) == {"x": items}
    unread = Unreadable("after apply")
    assert with_defaults({"x": unread}, {"x[].y": "default"}, resource()) == {"x": unread}


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (READ, []),
        # Only the source shows that no dynamic block makes the inner one.
        ({}, OWN),
        ({"is_read": True, "dynamic": ["x.y"]}, OWN),
    ],
)
def test_a_block_in_a_block_may_be_dynamic(source: Any, expected: Any) -> None:
    found = with_defaults({"x": [{"y": OWN}]}, {"x[].y": []}, resource(source=source))
    assert found == {"x": [{"y": expected}]}
