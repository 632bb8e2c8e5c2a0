"""Whether a web ACL blocks: a group whose rules are overridden one by one may block nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from scanner.model.answers import Answer, Call, State
from scanner.model.values import Unreadable
from scanner.providers import reader
from tests.providers.test_aws_readers import CONTEXT, ok, refused

COUNT = {"Count": {}}
BLOCK = {"Block": {}}


def overrides(number: int, action: dict[str, Any] | None = None) -> list[dict[str, Any]]:
    return [{"Name": f"rule{i}", "ActionToUse": action or COUNT} for i in range(number)]


def group(name: str = "AWSManagedRulesSQLiRuleSet", vendor: str = "AWS", **more: Any) -> Any:
    return {"ManagedRuleGroupStatement": {"Name": name, "VendorName": vendor, **more}}


def rule(statement: Any, override: str = "None") -> dict[str, Any]:
    return {"Statement": statement, "OverrideAction": {override: {}}}


def managed(**more: Any) -> dict[str, Any]:
    """A web ACL that the organization's Firewall Manager added to."""
    added = {"FirewallManagerStatement": group(**more), "OverrideAction": {"None": {}}}
    return {"PreProcessFirewallManagerRuleGroups": [added]}


OWN = {"RuleGroupReferenceStatement": {"ARN": "own"}}
OWN_CHANGED = {"RuleGroupReferenceStatement": {"ARN": "own", "RuleActionOverrides": overrides(1)}}
CASES: list[tuple[dict[str, Any], bool | None]] = [
    ({}, False),
    ({"DefaultAction": {"Allow": {}}, "Rules": []}, False),
    ({"DefaultAction": BLOCK}, True),
    ({"Rules": [{"Action": BLOCK, "Statement": {}}]}, True),
    ({"Rules": [{"Action": COUNT, "Statement": {}}]}, False),
    ({"Rules": [rule(group())]}, True),
    ({"Rules": [rule(group(), "Count")]}, False),
    ({"Rules": [rule(group(RuleActionOverrides=overrides(4)))]}, True),
    ({"Rules": [rule(group(RuleActionOverrides=overrides(5)))]}, False),
    ({"Rules": [rule(group(RuleActionOverrides=overrides(1) * 5))]}, True),
    ({"Rules": [rule(group(RuleActionOverrides=overrides(5, BLOCK)))]}, True),
    ({"Rules": [rule(group(ExcludedRules=overrides(5)))]}, False),
    ({"Rules": [rule(group("Other", RuleActionOverrides=overrides(1)))]}, None),
    ({"Rules": [rule(group(vendor="Other", RuleActionOverrides=overrides(5)))]}, None),
    ({"Rules": [rule(OWN)]}, True),
    ({"Rules": [rule(OWN_CHANGED)]}, None),
    ({"Rules": [rule(OWN_CHANGED), rule(group())]}, True),
    (managed(), True),
    (managed(RuleActionOverrides=overrides(5)), False),
]


def read(acl: Any, kind: str = "application", denied: bool = False) -> tuple[Any, list[Call]]:
    program = reader("aws.web_acl")(
        replace(CONTEXT, it={"LoadBalancerArn": "arn:lb", "Type": kind}, region="eu-west-1")
    )
    calls: list[Call] = []
    try:
        call = next(program)
        while True:
            calls.append(call)
            answer: Answer = ok(call, {} if acl is None else {"WebACL": {"ARN": "acl", **acl}})
            call = program.send(refused(call) if denied else answer)
    except StopIteration as stop:
        return stop.value, calls


@pytest.mark.parametrize(("acl", "blocks"), CASES)
def test_blocks(acl: dict[str, Any], blocks: bool | None) -> None:
    found, _ = read(acl)
    assert found["ARN"] == "acl"
    if blocks is None:
        assert isinstance(found["Blocks"], Unreadable)
    else:
        assert found["Blocks"] is blocks


def test_without_a_web_acl_nothing_blocks() -> None:
    assert read(None)[0] == {"ARN": "", "Blocks": False}


def test_other_load_balancers_are_not_asked_about() -> None:
    assert read({"DefaultAction": BLOCK}, kind="network") == ({"ARN": "", "Blocks": False}, [])


def test_a_refused_answer_says_nothing() -> None:
    found, calls = read({}, denied=True)
    assert isinstance(found, Unreadable)
    assert [call.operation for call in calls] == ["wafv2:GetWebACLForResource"]
    assert State.DENIED is refused(calls[0]).state
