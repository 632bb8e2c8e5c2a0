"""A bucket's policy that leaves access to access points is followed to them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from scanner.core.policies.delegation import delegated_accounts
from scanner.model.answers import Answer, Call, State
from scanner.model.values import Unreadable
from scanner.providers import reader
from tests.helpers.policy_documents import ACCOUNT, OTHER, allow, deny, document
from tests.providers.test_aws_readers import CONTEXT, ok, refused

POINTS = f"arn:aws:s3:eu-west-1:{ACCOUNT}:accesspoint/*"


def when(operator: str, key: str, value: str, **more: Any) -> dict[str, Any]:
    return allow(Condition={operator: {key: value}}, **more)


DELEGATED = when("StringEquals", "s3:DataAccessPointAccount", ACCOUNT)
CASES: list[tuple[list[dict[str, Any]], set[str]]] = [
    ([], set()),
    ([allow()], set()),
    ([DELEGATED], {ACCOUNT}),
    ([when("ArnLike", "s3:DataAccessPointArn", POINTS)], {ACCOUNT}),
    ([when("StringEquals", "s3:DataAccessPointAccount", OTHER)], {OTHER}),
    ([when("StringLike", "s3:DataAccessPointAccount", "*")], {""}),
    ([when("StringEquals", "s3:DataAccessPointAccount", ACCOUNT, Principal={"AWS": OTHER})], set()),
    ([DELEGATED, deny()], set()),
    (
        [
            allow(
                Condition={
                    "StringEquals": {
                        "s3:DataAccessPointAccount": ACCOUNT,
                        "aws:PrincipalOrgID": "o-abc123",
                    }
                }
            )
        ],
        set(),
    ),
]


@pytest.mark.parametrize(("statements", "accounts"), CASES)
def test_who_decides_on_access(statements: list[dict[str, Any]], accounts: set[str]) -> None:
    assert delegated_accounts(document(*statements), ACCOUNT) == accounts


def test_a_policy_that_is_none_is_unreadable() -> None:
    assert isinstance(delegated_accounts("{", ACCOUNT), Unreadable)


def read(
    policy: Any, points: list[dict[str, Any]], *, denied: str = "", **public: bool
) -> tuple[Any, list[str]]:
    """What comes of a bucket with these access points; by name: whether its policy is public."""
    context = replace(CONTEXT, account=ACCOUNT, region="eu-west-1", it={"Name": "estate"})
    program = reader("aws.access_points")(context)
    asked: list[str] = []

    def reply(call: Call) -> Answer:
        name = call.operation.partition(":")[2]
        asked.append(name)
        if name == denied:
            return refused(call)
        if name == "GetBucketPolicy" and policy is None:
            return Answer(call=call, state=State.ABSENT, code="NoSuchBucketPolicy")
        if name == "GetAccessPointPolicyStatus" and call.params["Name"] not in public:
            return Answer(call=call, state=State.ABSENT, code="NoSuchAccessPointPolicy")
        return ok(call, answers(call)[name])

    def answers(call: Call) -> Mapping[str, Any]:
        point = call.params.get("Name", "")
        block = {"RestrictPublicBuckets": point.startswith("blocked")}
        return {
            "GetBucketPolicy": {"Policy": json.dumps(policy)},
            "ListAccessPoints": {"AccessPointList": points},
            "GetAccessPointPolicyStatus": {"PolicyStatus": {"IsPublic": public.get(point)}},
            "GetAccessPoint": {"PublicAccessBlockConfiguration": block},
        }

    try:
        call = next(program)
        while True:
            call = program.send(reply(call))
    except StopIteration as stop:
        return stop.value, asked


ON = document(DELEGATED)


def test_nothing_is_asked_where_the_bucket_decides() -> None:
    for policy in (None, document(), document(allow())):
        assert read(policy, [{"Name": "open"}], open=True) == ({"Public": []}, ["GetBucketPolicy"])


def test_public_access_points_are_found() -> None:
    names = ("open", "closed", "plain", "blocked")
    points = [{"Name": name, "NetworkOrigin": "Internet"} for name in names]
    points.append({"Name": "inner", "NetworkOrigin": "VPC"})
    found, _ = read(ON, points, open=True, closed=False, blocked=True, inner=True)
    assert found == {"Public": ["open"]}
    assert read(ON, [])[0] == {"Public": []}


@pytest.mark.parametrize(
    "denied",
    ["GetBucketPolicy", "ListAccessPoints", "GetAccessPointPolicyStatus", "GetAccessPoint"],
)
def test_what_is_refused_leaves_it_open(denied: str) -> None:
    found, asked = read(ON, [{"Name": "open"}], denied=denied, open=True)
    assert isinstance(found, Unreadable)
    assert asked[-1] == denied


def test_access_points_of_other_accounts_are_not_read() -> None:
    other = document(when("StringEquals", "s3:DataAccessPointAccount", OTHER))
    assert isinstance(read(other, [])[0], Unreadable)


def test_an_answer_in_another_form_says_nothing() -> None:
    assert isinstance(read(ON, [{"Other": "open"}])[0], Unreadable)
    assert isinstance(read(ON, [{"Name": "open"}], open=None)[0], Unreadable)  # type: ignore[arg-type]
