"""Which resources are of a kind, and which others they name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.helpers.plan_examples import PlanExample, judge

TARGET = "aws_cloudwatch_event_target.it"
RULE = "aws_cloudwatch_event_rule.r"
LISTENER = "aws_lb_listener.it"
ARN = "arn:aws:elasticloadbalancing:eu-west-1:111122223333:loadbalancer/app/l/1"


def verdict(check: str, address: str, resources: Mapping[str, Any]) -> str | None:
    """What the check says of the resource; None: nothing."""
    example = PlanExample(
        id="", check=check, address=address, expect="", resources=resources, params={}
    )
    finding = judge(example)
    return finding.after.value if finding is not None and finding.after is not None else None


def target(**arguments: Any) -> str | None:
    rule = {"name": "r", "schedule_expression": "rate(1 hour)", "$later": ["arn"]}
    queue = [{"arn": "arn:aws:sqs:eu-west-1:111122223333:dlq"}]
    own = {"rule": "r", "arn": "a", "dead_letter_config": queue, **arguments}
    return verdict("aws-events-target-has-dlq", TARGET, {TARGET: own, RULE: rule})


def listener(balancers: Mapping[str, Any], named: str = ARN) -> str | None:
    own = {"load_balancer_arn": named, "port": 80, "protocol": "TCP", "$later": ["arn", "id"]}
    return verdict("aws-elbv2-listener-encrypted", LISTENER, {LISTENER: own, **balancers})


def balancer(arn: str, *, internal: bool = False) -> dict[str, Any]:
    kind = {"load_balancer_type": "network", "internal": internal}
    return {"$existing": True, "name": "l", "arn": arn, "id": arn, **kind}


def test_a_resource_that_its_arguments_leave_out_is_not_of_the_kind() -> None:
    assert target() == "pass"
    assert target(event_bus_name="default") == "pass"
    assert (
        target(event_bus_name="arn:aws:events:eu-west-1:111122223333:event-bus/default") == "pass"
    )
    assert target(event_bus_name="orders") is None


def test_of_a_resource_that_may_be_left_out_nothing_is_known() -> None:
    assert target(event_bus_name="${aws_ssm_parameter.p.value}") == "unknown"


def test_a_resource_names_another_by_value() -> None:
    assert listener({"aws_lb.l": balancer(ARN)}) == "fail"
    assert listener({"aws_lb.l": balancer(ARN, internal=True)}) is None


def test_one_that_it_does_not_name_is_not_its_own() -> None:
    assert listener({"aws_lb.l": balancer(ARN + "2")}) == "unknown"
    assert listener({}) == "unknown"


def test_of_two_that_it_may_name_it_is_not_known_which() -> None:
    assert listener({"aws_lb.a": balancer(ARN), "aws_lb.b": balancer(ARN)}) == "unknown"


def test_a_resource_names_another_by_reference() -> None:
    new = {"name": "l", "load_balancer_type": "network", "$later": ["arn", "id", "internal"]}
    hidden = {"aws_lb.other": balancer(ARN, internal=True), "aws_lb.l": new}
    assert listener(hidden, "${aws_lb.l.arn}") == "fail"
    assert listener(hidden, "${aws_lb.other2.arn}") == "unknown"
