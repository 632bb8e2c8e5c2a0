"""Which account a resource of a plan is in."""

from __future__ import annotations

from typing import Any

import pytest

from scanner.content.plan_maps import reads_of
from scanner.core.plans.reduction import reduce_plan
from scanner.core.plans.world import World
from scanner.model.plan_maps import PlanMap
from scanner.model.values import Symbol, Unreadable
from tests.helpers.plan_examples import maps
from tests.helpers.small_plan import change, plan

RULE = "google_compute_firewall.it"
PROJECT = ["google_project.p.project_id", "google_project.p"]


def account(
    *changes: dict[str, Any],
    provider: dict[str, Any] | None = None,
    given: str = "",
    references: dict[str, Any] | None = None,
) -> object:
    """The account of the rule of a plan, whose provider is configured so."""
    found = plan(*changes, references=references)
    for block in found["configuration"]["root_module"]["resources"]:
        block["provider_config_key"] = "google"
    settings = {"google": {"name": "google", "expressions": provider or {}}}
    found["configuration"]["provider_config"] = settings
    reduced = reduce_plan(found, reads_of(maps()), {})
    return World([reduced], "after", all_maps(), given).resources[RULE].account


def all_maps() -> list[PlanMap]:
    return [one for several in maps().values() for one in several]


def rule(**arguments: Any) -> dict[str, Any]:
    return change(RULE, {"name": "it", **arguments}, unknown={"id": True})


def symbol(found: object) -> tuple[str, str]:
    assert isinstance(found, Symbol)
    return found.owner, found.attribute


def test_a_resource_may_name_its_account() -> None:
    configured = {"project": {"constant_value": "other"}}
    assert account(rule(project="shop"), provider=configured, given="third") == "shop"
    assert account(rule(project="projects/shop"), provider=configured) == "shop"


def test_without_a_name_of_its_own_it_is_in_the_account_of_its_provider() -> None:
    configured = {"project": {"constant_value": "shop"}}
    assert account(rule(), provider=configured) == "shop"
    assert account(change(RULE, {}, unknown={"project": True}), provider=configured) == "shop"


def test_the_account_that_is_given_is_that_of_every_provider() -> None:
    assert account(rule(), given="shop") == "shop"


def test_resources_of_one_provider_share_an_account_that_is_not_known() -> None:
    assert symbol(account(rule())) == ("provider.google", "account")


def test_the_value_of_a_variable_is_not_certainly_the_setting() -> None:
    """The setting may be `"${var.stem}-prod"`, and the plan shows the reference alone."""
    written = {"project": {"references": ["var.stem"]}}
    assert symbol(account(rule(), provider=written)) == ("provider.google", "account")


@pytest.mark.parametrize("unknown", [{}, {"project": True}])
def test_a_data_source_shows_the_account_of_its_provider(unknown: dict[str, bool]) -> None:
    read = change("data.google_client_config.c", {"project": "shop"}, actions=("read",))
    found = change(RULE, {}, unknown=unknown)
    assert account({**read, "mode": "data"}, found) == "shop"


def test_two_accounts_of_one_provider_contradict_each_other() -> None:
    read = change("data.google_client_config.c", {"project": "shop"}, actions=("read",))
    configured = {"project": {"constant_value": "other"}}
    found = account({**read, "mode": "data"}, rule(), provider=configured)
    assert symbol(found) == ("provider.google", "account")


def test_the_number_of_an_account_is_not_its_name() -> None:
    configured = {"project": {"constant_value": "shop"}}
    assert symbol(account(rule(project="123456"), provider=configured)) == ("account", "123456")


def test_a_reference_is_to_the_account_that_the_plan_makes() -> None:
    made = change("google_project.p", {"name": "p"}, unknown={"project_id": True})
    found = change(RULE, {}, unknown={"project": True})
    refers = {RULE: {"project": PROJECT}}
    assert symbol(account(made, found, references=refers)) == ("google_project.p", "project_id")


def test_a_name_that_is_known_after_apply_is_not_the_account_of_the_provider() -> None:
    found = change(RULE, {}, unknown={"project": True})
    refers = {RULE: {"project": ["var.a", "var.b"]}}
    configured = {"project": {"constant_value": "shop"}}
    unread = account(found, provider=configured, references=refers)
    assert isinstance(unread, Unreadable)
    assert not isinstance(unread, Symbol)


def test_an_arn_of_something_else_does_not_show_the_account() -> None:
    other = "arn:aws:lambda:eu-west-1:999999999999:function:f"
    own = "arn:aws:ecr:eu-west-1:111122223333:repository/r"
    changes = [
        change("aws_cloudwatch_event_target.it", {"arn": other}),
        {**change("data.aws_kms_key.k", {"arn": other}), "mode": "data"},
        change("aws_ecr_repository.r", {"arn": own}),
    ]
    found = World([reduce_plan(plan(*changes), reads_of(maps()), {})], "after", all_maps())
    assert found.resources["aws_cloudwatch_event_target.it"].account == "111122223333"
