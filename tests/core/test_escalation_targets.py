"""Privilege escalation is judged by what is written to, passed and limited."""

from __future__ import annotations

from typing import Any

import pytest

from scanner.core.policies.escalation import Account, escalations
from scanner.core.policies.permitted import Principal
from scanner.model.values import Unreadable
from tests.core.test_escalation import (
    ACCOUNT,
    ADMIN,
    BOSS,
    PLAIN,
    USER,
    allow,
    deny,
    holder,
    statements,
    ways,
)

IAM = f"arn:aws:iam::{ACCOUNT}"
LINKED = f"{IAM}:role/aws-service-role/x.amazonaws.com/AWSServiceRoleForX"
READERS = f"{IAM}:group/readers"
OWNERS = f"{IAM}:group/owners"
GROUPS = (holder(READERS, allow("s3:Get*")), holder(OWNERS, allow("*")))
OTHER = holder(f"{IAM}:user/bob")
READ_ONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"
TEAM = f"{IAM}:policy/team"
LAMBDA = "lambda.amazonaws.com"


def trusted_by(principal: Any, **more: Any) -> Any:
    """A trust policy's statements."""
    whom = {} if principal is None else {"Principal": principal}
    return statements({"Effect": "Allow", "Action": "sts:AssumeRole", **whom, **more})


def role(principal: Any, *given: dict[str, Any], arn: str = PLAIN, **more: Any) -> Principal:
    condition = {"Condition": more.pop("Condition")} if "Condition" in more else {}
    return holder(arn, *given, trust=trusted_by(principal, **condition), **more)


def when(operator: str, key: str, *values: str) -> dict[str, Any]:
    return {operator: {key: list(values)}}


GRANTS: list[tuple[str, list[dict[str, Any]], dict[str, Any], list[str]]] = [
    ("a service-linked role", [allow("iam:PutRolePolicy", on=LINKED)], {}, []),
    (
        "a service-linked role that is there",
        [allow("iam:AttachRolePolicy", on=LINKED)],
        {"others": (role({"AWS": USER}, arn=LINKED),)},
        [],
    ),
    ("another user", [allow("iam:PutUserPolicy", on=OTHER.arn)], {"others": (OTHER,)}, []),
    (
        "another user, whose keys the holder makes",
        [allow("iam:PutUserPolicy", "iam:CreateAccessKey", on=OTHER.arn)],
        {"others": (OTHER,)},
        ["put-user-policy"],
    ),
    ("oneself", [allow("iam:PutUserPolicy", on=USER)], {}, ["put-user-policy"]),
    (
        "oneself by name",
        [allow("iam:PutUserPolicy", on=f"{IAM}:user/${{aws:username}}")],
        {},
        ["put-user-policy"],
    ),
    (
        "all users but oneself",
        [{"Effect": "Allow", "Action": "iam:PutUserPolicy", "NotResource": USER}],
        {"others": (OTHER,)},
        [],
    ),
    ("the users, by a role", [allow("iam:PutUserPolicy")], {"own": PLAIN}, ["put-user-policy"]),
    ("a group of others", [allow("iam:PutGroupPolicy", on=READERS)], {"groups": GROUPS}, []),
    (
        "one's own group",
        [allow("iam:PutGroupPolicy", on=READERS)],
        {"groups_of": (READERS,), "groups": GROUPS},
        ["put-group-policy"],
    ),
    (
        "a group that one can join",
        [allow("iam:PutGroupPolicy", "iam:AddUserToGroup", on=READERS)],
        {"groups": GROUPS},
        ["put-group-policy"],
    ),
    ("joining readers", [allow("iam:AddUserToGroup", on=READERS)], {"groups": GROUPS}, []),
    (
        "joining owners",
        [allow("iam:AddUserToGroup", on=OWNERS)],
        {"groups": GROUPS},
        ["add-user-to-group"],
    ),
    (
        "joining all but owners",
        [allow("iam:AddUserToGroup", on=[READERS, OWNERS]), deny("iam:*", on=OWNERS)],
        {"groups": GROUPS},
        [],
    ),
    ("a policy of others", [allow("iam:CreatePolicyVersion", on=TEAM)], {}, []),
    (
        "one's own policy",
        [allow("iam:CreatePolicyVersion", on=TEAM)],
        {"policies_of": (TEAM,)},
        ["create-policy-version"],
    ),
    (
        "the policy of a role that lets one in",
        [allow("iam:CreatePolicyVersion", on=TEAM)],
        {"others": (role({"AWS": USER}, policies=(TEAM,)),)},
        ["create-policy-version"],
    ),
    (
        "the policy of a role that lets nobody in",
        [allow("iam:CreatePolicyVersion", on=TEAM)],
        {"others": (role({"Service": LAMBDA}, policies=(TEAM,)),)},
        [],
    ),
    (
        "a role that lets one in",
        [allow("iam:PutRolePolicy", on=PLAIN)],
        {"others": (role({"AWS": USER}),)},
        ["put-role-policy"],
    ),
    (
        "a role that lets anyone in",
        [allow("iam:PutRolePolicy", on=PLAIN)],
        {"others": (role("*"),)},
        ["put-role-policy"],
    ),
    (
        "a role that lets a session of the holder in",
        [allow("iam:PutRolePolicy", on=PLAIN)],
        {
            "own": f"{IAM}:role/team/app",
            "others": (role({"AWS": f"arn:aws:sts::{ACCOUNT}:assumed-role/app/ci"}),),
        },
        ["put-role-policy"],
    ),
    (
        "a role that lets all but one in, and the holder may assume",
        [allow("iam:PutRolePolicy", "sts:AssumeRole", on=PLAIN)],
        {"others": (holder(PLAIN, trust=trusted_by(None, NotPrincipal={"AWS": BOSS})),)},
        ["put-role-policy"],
    ),
    (
        "a role that lets another one in",
        [allow("iam:PutRolePolicy", "sts:AssumeRole", on=PLAIN)],
        {"others": (role({"AWS": OTHER.arn}),)},
        [],
    ),
    (
        "a role that lets the account in by name alone",
        [allow("iam:PutRolePolicy", "sts:AssumeRole", on=PLAIN)],
        {"others": (role({"AWS": ACCOUNT}, Condition=when("ArnLike", "aws:PrincipalArn", BOSS)),)},
        [],
    ),
    (
        "a role that lets the account in, and the holder may assume",
        [allow("iam:PutRolePolicy", "sts:AssumeRole", on=PLAIN)],
        {"others": (role({"AWS": ACCOUNT}),)},
        ["put-role-policy"],
    ),
    (
        "a role that lets the account in, and the holder may not assume",
        [allow("iam:PutRolePolicy", on=PLAIN)],
        {"others": (role({"AWS": f"{IAM}:root"}),)},
        [],
    ),
    (
        "a role whose trust the holder writes",
        [allow("iam:PutRolePolicy", "iam:UpdateAssumeRolePolicy", on=PLAIN)],
        {"others": (role({"Service": LAMBDA}),)},
        ["put-role-policy"],
    ),
    (
        "a role of functions whose code the holder writes",
        [allow("iam:PutRolePolicy", on=PLAIN), allow("lambda:UpdateFunctionCode")],
        {"others": (role({"Service": LAMBDA}),)},
        ["put-role-policy"],
    ),
    (
        "a role of instances, and the holder writes code of functions",
        [allow("iam:PutRolePolicy", on=PLAIN), allow("lambda:UpdateFunctionCode")],
        {"others": (role({"Service": "ec2.amazonaws.com"}),)},
        [],
    ),
    (
        "a role that the holder passes to a service that it trusts",
        [allow("iam:PutRolePolicy", "iam:PassRole", on=PLAIN), allow("ec2:RunInstances")],
        {"others": (role({"Service": "ec2.amazonaws.com"}),)},
        ["put-role-policy"],
    ),
]


@pytest.mark.parametrize("case", GRANTS, ids=lambda case: case[0])
def test_rights_count_where_they_come_to_the_holder(case: Any) -> None:
    _, given, more, found = case
    renamed = {"groups_of": "groups", "policies_of": "policies"}
    holding = {renamed[name]: more[name] for name in renamed if name in more}
    rest = {name: value for name, value in more.items() if name not in renamed}
    assert written(given, holding, rest) == found


def written(given: list[dict[str, Any]], holding: dict[str, Any], rest: dict[str, Any]) -> Any:
    """The ways of a holder in its own groups and with its own policies."""
    own = rest.get("own", USER)
    account = Account(
        id=ACCOUNT,
        holders=[holder(own, *given, **holding), *rest.get("others", ())],
        groups={group.arn: group for group in rest.get("groups", ())},
    )
    return escalations(account)[own]


def test_a_trust_that_was_not_read_leaves_it_open() -> None:
    unread = holder(PLAIN, trust=None)
    assert isinstance(ways(allow("iam:PutRolePolicy", on=PLAIN), others=(unread,)), Unreadable)


POLICIES = (
    holder(READ_ONLY, allow("s3:Get*")),
    holder(TEAM, allow("iam:PutUserPolicy")),
)
ATTACH: list[tuple[dict[str, Any], list[str] | None]] = [
    (when("ArnEquals", "iam:PolicyARN", READ_ONLY), []),
    (when("ArnEquals", "iam:PolicyARN", TEAM), ["attach-user-policy"]),
    (when("ArnLike", "iam:PolicyARN", "arn:aws:iam::aws:policy/*"), ["attach-user-policy"]),
    (when("StringLike", "iam:PolicyARN", f"{IAM}:policy/*"), ["attach-user-policy"]),
    (when("ArnNotEquals", "iam:PolicyARN", READ_ONLY), ["attach-user-policy"]),
    (when("ArnEquals", "iam:PolicyARN", "arn:aws:iam::aws:policy/Other"), None),
]


@pytest.mark.parametrize(("condition", "found"), ATTACH)
def test_what_may_be_attached_counts(condition: dict[str, Any], found: list[str] | None) -> None:
    given = allow("iam:AttachUserPolicy", Condition=condition)
    outcome = ways(given, others=(), policies=POLICIES)
    if found is None:
        assert isinstance(outcome, Unreadable)
    else:
        assert outcome == found


def test_attaching_a_policy_that_the_holder_writes() -> None:
    only = allow("iam:AttachUserPolicy", Condition=when("ArnEquals", "iam:PolicyARN", READ_ONLY))
    own = allow(
        "iam:AttachUserPolicy", Condition=when("ArnLike", "iam:PolicyARN", f"{IAM}:policy/x*")
    )
    make = allow("iam:CreatePolicy", on=f"{IAM}:policy/*")
    assert ways(only, make, others=(), policies=POLICIES) == []
    assert ways(own, others=()) == []
    assert ways(own, make, others=()) == ["attach-user-policy"]


def test_denying_the_widest_policy_leaves_others() -> None:
    wide = when("ArnEquals", "iam:PolicyARN", "arn:aws:iam::aws:policy/AdministratorAccess")
    given = [allow("iam:AttachUserPolicy"), deny("iam:Attach*", Condition=wide)]
    assert ways(*given, others=()) == ["attach-user-policy"]


TO_EC2 = when("StringEquals", "iam:PassedToService", "ec2.amazonaws.com")
TO_STATES = when("StringEquals", "iam:PassedToService", "states.amazonaws.com")
TO_ANY = when("StringLike", "iam:PassedToService", "*")
EC2_BOSS = role({"Service": "ec2.amazonaws.com"}, allow("*"), arn=BOSS)
LAMBDA_BOSS = role({"Service": LAMBDA}, allow("*"), arn=BOSS)
PASSED: list[tuple[list[dict[str, Any]], Principal, list[str]]] = [
    ([allow("iam:PassRole", Condition=TO_EC2)], EC2_BOSS, ["pass-role-ec2"]),
    ([allow("iam:PassRole", Condition=TO_EC2)], LAMBDA_BOSS, []),
    ([allow("iam:PassRole", Condition=TO_STATES)], EC2_BOSS, []),
    ([allow("iam:PassRole", Condition=TO_ANY)], LAMBDA_BOSS, ["pass-role-ec2"]),
    ([allow("iam:PassRole")], LAMBDA_BOSS, ["pass-role-ec2"]),
    ([allow("iam:PassRole"), deny("iam:PassRole", on=BOSS)], EC2_BOSS, []),
    ([allow("iam:PassRole"), deny("iam:PassRole", on=PLAIN)], EC2_BOSS, ["pass-role-ec2"]),
    ([allow("iam:PassRole"), deny("iam:PassRole", Condition=TO_EC2)], EC2_BOSS, ["pass-role-ec2"]),
    ([{"Effect": "Allow", "Action": "iam:PassRole", "NotResource": BOSS}], EC2_BOSS, []),
    ([allow("iam:PassRole", on=LINKED)], role({"AWS": USER}, allow("*"), arn=LINKED), []),
]


@pytest.mark.parametrize(("given", "boss", "found"), PASSED)
def test_a_role_is_passed_to_a_service(
    given: list[dict[str, Any]], boss: Principal, found: list[str]
) -> None:
    assert ways(*given, allow("ec2:RunInstances"), others=(boss,)) == found


BOUNDARY = statements(allow("s3:*", "iam:DeleteUserPermissionsBoundary"))


def test_a_boundary_that_its_holder_lifts_bounds_nothing() -> None:
    assert ways(allow("*"), boundary=BOUNDARY) == ["delete-user-boundary"]
    assert ways(allow("*"), boundary=statements(allow("s3:*"))) == []
    # Without it there would be no more.
    assert ways(allow("s3:*", "iam:DeleteUserPermissionsBoundary"), boundary=BOUNDARY) == []


def test_writing_ones_own_boundary_lifts_it() -> None:
    bounds = statements(allow("s3:*", "iam:CreatePolicyVersion", on=["*", TEAM]))
    only_team = statements(allow("s3:*"), allow("iam:CreatePolicyVersion", on=TEAM))
    assert ways(allow("*"), boundary=only_team, boundary_arn=TEAM) == ["create-policy-version"]
    assert ways(allow("*"), boundary=only_team, boundary_arn=f"{TEAM}2") == []
    assert ways(allow("*"), boundary=bounds) == ["create-policy-version"]


EC2 = "ec2:RunInstances"
LIMITED: list[tuple[list[dict[str, Any]], bool | None]] = [
    ([allow(EC2, Condition=when("StringEquals", "aws:RequestedRegion", "eu-west-1"))], True),
    (
        [
            allow(EC2),
            deny(EC2, Condition=when("StringNotEquals", "aws:RequestedRegion", "eu-west-1")),
        ],
        True,
    ),
    ([allow(EC2), deny(EC2, on="arn:aws:ec2:*:*:instance/*")], None),
    ([allow(EC2), deny(EC2, on="arn:aws:ec2:eu-west-1:*:instance/*")], True),
    ([allow(EC2), deny(EC2, on="arn:aws:ec2:*:*:instance/i-1")], True),
    ([allow(EC2), deny(EC2)], False),
    ([allow(EC2, Condition=when("StringEquals", "aws:PrincipalArn", USER))], True),
    ([allow(EC2, Condition=when("StringEquals", "aws:PrincipalArn", BOSS))], False),
    ([allow(EC2), deny(EC2, Condition=when("ArnNotLike", "aws:PrincipalArn", BOSS))], False),
    ([allow(EC2), deny(EC2, Condition=when("ArnNotLike", "aws:PrincipalArn", USER))], True),
    ([allow(EC2, Condition=when("StringEquals", "aws:PrincipalTag/team", "x"))], None),
    ([allow(EC2, Condition=when("Bool", "aws:ViaAWSService", "true"))], None),
    ([allow(EC2), deny(EC2, Condition=when("Bool", "aws:ViaAWSService", "true"))], True),
    ([allow(EC2), deny(EC2, Condition=when("Bool", "aws:ViaAWSService", "false"))], None),
    ([allow(EC2), deny(EC2, Condition=when("Bool", "aws:SecureTransport", "false"))], True),
]


@pytest.mark.parametrize(("given", "has"), LIMITED)
def test_limits_that_the_documents_decide_are_decided(
    given: list[dict[str, Any]], has: bool | None
) -> None:
    found = ways(allow("iam:PassRole"), *given, others=(ADMIN,))
    if has is None:
        assert isinstance(found, Unreadable)
    else:
        assert found == (["pass-role-ec2"] if has else [])
