"""Names of arguments in older providers, and resources whose names are not unique."""

from __future__ import annotations

from typing import Any

import pytest

from scanner.content.plan_maps import reads_of
from scanner.core.plans.map_reader import Made, PlanEstate, PlanItem, untouched
from scanner.core.plans.projection import LiveWorld, names_it, project_plan
from scanner.core.plans.reduction import reduce_plan
from scanner.core.plans.settling import settle
from scanner.core.plans.world import PlanResource, World
from scanner.core.reading.read_scope import ReadResource
from scanner.core.reading.resources import Resource
from scanner.model.findings import ResourceRef, Verdict
from scanner.model.values import Symbol, Unreadable
from tests.helpers.plan_examples import library, maps
from tests.helpers.small_plan import change, plan
from tests.plans.test_before_and_after import judged

ADDRESS = "azurerm_storage_account.it"
RENAMED = {"old": "new"}


def resource(*written: str, is_new: bool = False, **values: Any) -> PlanResource:
    return PlanResource(
        address=ADDRESS,
        module="",
        mode="managed",
        type="azurerm_storage_account",
        name="it",
        index=None,
        is_new=is_new,
        is_replaced=False,
        is_imported=False,
        is_unchanged=False,
        is_forgotten=False,
        provider="azurerm",
        account="",
        region="",
        values=values,
        written=frozenset(written),
        refreshed=frozenset(values),
        source={"is_read": True},
    )


def settled(*written: str, **values: Any) -> Any:
    found = resource(*written, **values)
    return settle(found, found.values, {}, RENAMED).get("new")


def own(name: str) -> Symbol:
    return Symbol("known after apply", owner=ADDRESS, attribute=name)


def test_an_older_name_stands_for_a_newer_one() -> None:
    assert settled("old", old=False) is False
    assert settled(new=True) is True
    assert settled(old=False, new=False) is False


def test_of_two_names_the_one_that_is_set_holds() -> None:
    # Both are computed: the one that is not set still has what the provider read.
    assert settled("old", old=False, new=True) is False
    assert settled("new", old=False, new=True) is True
    assert settled("old", old=False, new=own("new")) is False


def test_where_it_is_not_known_which_one_is_set_the_value_is_not_either() -> None:
    assert isinstance(settled(old=False, new=True), Unreadable)


def test_where_nobody_sets_either_the_provider_will() -> None:
    assert settled(old=own("old"), new=own("new")) == own("new")


@pytest.mark.parametrize(("is_new", "given"), [(True, []), (False, None)])
def test_a_default_inside_a_block_is_that_of_a_new_resource(is_new: bool, given: object) -> None:
    found = resource(is_new=is_new, rules=[{"action": "Deny"}])
    values = settle(found, found.values, {"rules[].ips": []}, {})
    assert values["rules"][0].get("ips") == given


# -- names that are unique within a resource group ------------------------------------------------


def rule(source: str, **more: Any) -> dict[str, Any]:
    """A rule as a resource of its own, with null for what it does not set."""
    return {
        "access": "Allow",
        "direction": "Inbound",
        "priority": 100,
        "protocol": "Tcp",
        "source_port_range": "*",
        "source_address_prefix": source,
        "destination_address_prefix": "*",
        "destination_port_range": "22",
        "network_security_group_name": "web",
        "resource_group_name": "rg",
        **more,
    }


def group(*sources: str) -> dict[str, Any]:
    """A group as the provider read it, with its rules in its own list."""
    empty = {"source_address_prefixes": [], "destination_port_ranges": []}
    inline = [{**rule(one), **empty} for one in sources]
    return {"id": "/subscriptions/s", "name": "web", "resource_group_name": "rg"} | {
        "location": "westeurope",
        "security_rule": inline,
    }


@pytest.mark.parametrize(
    ("before", "after", "verdicts"),
    [
        ("10.0.0.0/8", "*", (Verdict.PASS, Verdict.FAIL)),
        ("*", "10.0.0.0/8", (Verdict.FAIL, Verdict.PASS)),
        ("*", None, (Verdict.FAIL, Verdict.PASS)),
    ],
)
def test_a_rule_that_changes_is_taken_out_of_what_the_provider_read(
    before: str, after: str | None, verdicts: tuple[Verdict, Verdict]
) -> None:
    held = group(before)
    found = judged(
        plan(
            change("azurerm_network_security_group.it", held, before=held, actions=("no-op",)),
            change(
                "azurerm_network_security_rule.r",
                rule(after) if after else None,
                before=rule(before),
                actions=("update",) if after else ("delete",),
            ),
        )
    )
    finding = found["azure-nsg-no-public-admin-ports", "azurerm_network_security_group.it"]
    assert (finding.before, finding.after) == verdicts


def test_groups_of_one_name_outside_the_plan_are_told_apart_by_their_resource_group() -> None:
    one = change("azurerm_network_security_rule.a", rule("*"))
    other = change("azurerm_network_security_rule.b", rule("*", resource_group_name="other"))
    found = project_plan(
        World([reduce_plan(plan(one, other), reads_of(maps()), {})], "after", _all_maps()),
        None,
        library(),
        maps(),
        [library().checks["azure-nsg-no-public-admin-ports"]],
        PlanEstate(
            target="terraform:test",
            params=library().parameters,
            started="2026-01-01T00:00:00Z",
        ),
        LiveWorld(),
    )
    items = found.items["azure.network.security_group"]
    assert [len(item.parts["rules"].found) for item in items] == [1, 1]


def _all_maps() -> list[Any]:
    return [one for several in maps().values() for one in several]


IDENTITY = (
    "/subscriptions/s/resourcegroups/rg/providers/microsoft.network/networksecuritygroups/web"
)


@pytest.mark.parametrize(
    ("key", "within", "is_it"),
    [
        ("Web", ("RG",), True),
        ("web", ("other",), False),
        ("other", ("rg",), False),
        # Which resource group it is in is not known.
        ("web", ("",), False),
        ("web", (), True),
    ],
)
def test_a_scanned_group_is_named_by_name_and_resource_group(
    key: str, within: tuple[str, ...], is_it: bool
) -> None:
    ref = ResourceRef(kind="azure.network.security_group", id="x", name="x", target="t", region="")
    item: PlanItem = untouched(Resource(ref=ref, value={}))
    (plan_map,) = maps()["azure.network.security_group"]
    object.__setattr__(item, "map", plan_map)
    read = ReadResource(id="x", name="x", region="", attributes={}, keys={})
    made = Made(read=read, record={}, item=item, key=key, within=within)
    assert names_it(made, IDENTITY, "web") is is_it
