"""Privilege escalation: what each way needs, and what takes it away."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from scanner.core.policies.document import Statement, read_document
from scanner.core.policies.escalation import Account, administrator, escalations
from scanner.core.policies.methods import Method, methods, table
from scanner.core.policies.permitted import Principal
from scanner.model.values import Unreadable

ACCOUNT = "111122223333"
USER = f"arn:aws:iam::{ACCOUNT}:user/ann"
BOSS = f"arn:aws:iam::{ACCOUNT}:role/boss"
PLAIN = f"arn:aws:iam::{ACCOUNT}:role/plain"


def statements(*given: dict[str, Any]) -> tuple[Statement, ...]:
    read = read_document({"Version": "2012-10-17", "Statement": list(given)})
    assert not isinstance(read, Unreadable)
    return read


def allow(*actions: str, on: str | list[str] = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": list(actions), "Resource": on, **more}


def deny(*actions: str, on: str = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Deny", "Action": list(actions), "Resource": on, **more}


def holder(
    arn: str, *given: dict[str, Any], boundary: tuple[Statement, ...] | None = None, **more: Any
) -> Principal:
    read = statements(*given) if given else ()
    return Principal(arn=arn, statements=read, boundary=boundary, **more)


ADMIN = holder(BOSS, allow("*"))


def ways(
    *given: dict[str, Any],
    others: tuple[Principal, ...] = (ADMIN,),
    groups: tuple[Principal, ...] = (),
    policies: tuple[Principal, ...] = (),
    own: str = USER,
    **more: Any,
) -> list[str] | Unreadable:
    account = Account(
        id=ACCOUNT,
        holders=[holder(own, *given, **more), *others],
        groups={group.arn: group for group in groups},
        policies={policy.arn: policy for policy in policies},
    )
    return escalations(account)[own]


def test_methods_are_well_formed() -> None:
    known = methods()
    assert len({method.id for method in known}) == len(known) > 30
    assert {method.reach for method in known} == {
        *("user", "group", "role", "policy", "join"),
        *("credential", "trust", "pass", "boundary"),
    }
    for method in table():
        assert all(":" in action for action in method.actions)
        assert (method.actions[0] == "iam:passrole") == (method.reach == "pass")
        assert bool(method.services) == (method.reach in ("pass", "run"))


def found_with(method: Method, actions: Sequence[str]) -> list[str]:
    """The ways of one who has these actions, where everything is there that a method works on."""
    victim = holder(f"arn:aws:iam::{ACCOUNT}:user/root2", allow("*"))
    given = [allow(*actions)] if actions else []
    more: dict[str, Any] = {}
    if method.reach == "boundary":
        # All rights, of which a boundary leaves no more than these actions.
        more = {"boundary": statements(allow(*actions, "s3:Get*"))}
        given = [allow("*")]
        more["own"] = USER if "-user-" in method.id else PLAIN
    found = ways(*given, others=(ADMIN, victim), **more)
    assert isinstance(found, list)
    return found


@pytest.mark.parametrize("method", methods(), ids=lambda method: method.id)
def test_each_method_is_found_and_needs_every_action(method: Method) -> None:
    assert method.id in found_with(method, method.actions)
    for left_out in method.actions:
        fewer = [action for action in method.actions if action != left_out]
        assert method.id not in found_with(method, fewer)


def test_actions_may_come_from_several_statements_and_wildcards() -> None:
    assert ways(allow("iam:Pass*"), allow("EC2:Run*")) == ["pass-role-ec2"]


def test_reading_is_no_way() -> None:
    assert ways(allow("s3:*", "iam:Get*", "iam:List*")) == []


@pytest.mark.parametrize(
    ("role", "found"), [(BOSS, ["pass-role-ec2"]), (PLAIN, []), (f"{PLAIN}*", [])]
)
def test_a_passed_role_is_followed(role: str, found: list[str]) -> None:
    others = (ADMIN, holder(PLAIN, allow("s3:GetObject")))
    assert ways(allow("iam:PassRole", on=role), allow("ec2:RunInstances"), others=others) == found


def test_a_passed_role_that_can_escalate_is_as_good_as_an_administrator() -> None:
    others = (holder(PLAIN, allow("iam:PutRolePolicy")),)
    assert ways(allow("iam:PassRole", on=PLAIN), allow("ec2:RunInstances"), others=others) == [
        "pass-role-ec2"
    ]


def test_ones_own_key_is_no_way() -> None:
    victim = holder(f"arn:aws:iam::{ACCOUNT}:user/root2", allow("*"))
    own = "arn:aws:iam::*:user/${aws:username}"
    assert ways(allow("iam:CreateAccessKey", on=own), others=(ADMIN, victim)) == []
    assert ways(allow("iam:CreateAccessKey", on="*"), others=(ADMIN, victim)) == [
        "create-access-key"
    ]


def test_a_policy_variable_is_not_guessed_at() -> None:
    given = [
        allow("iam:PassRole", on="arn:aws:iam::*:role/${aws:PrincipalTag/team}"),
        allow("ec2:RunInstances"),
    ]
    assert isinstance(ways(*given), Unreadable)
    assert ways(*given, others=(holder(PLAIN, allow("s3:*")),)) == []


def test_a_deny_of_all_takes_the_way_away_and_one_in_part_what_it_names() -> None:
    assert ways(allow("iam:PutUserPolicy"), deny("iam:Put*")) == []
    assert ways(allow("iam:PutUserPolicy"), deny("iam:Put*", on=BOSS)) == ["put-user-policy"]
    assert ways(allow("iam:PutUserPolicy"), deny("iam:Put*", on=USER)) == []


def test_a_condition_leaves_the_way_open_and_a_second_factor_does_not() -> None:
    tag = {"StringEquals": {"aws:RequestedRegion": "eu-west-1"}}
    factor = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}
    assert isinstance(ways(allow("iam:PutUserPolicy", Condition=tag)), Unreadable)
    assert ways(allow("iam:PutUserPolicy", Condition=factor)) == ["put-user-policy"]


def test_a_boundary_bounds() -> None:
    assert ways(allow("iam:PutUserPolicy"), boundary=statements(allow("s3:*"))) == []
    assert ways(allow("iam:PutUserPolicy"), boundary=statements(allow("iam:*"))) == [
        "put-user-policy"
    ]


def test_not_action_allows_the_rest() -> None:
    rest = {"Effect": "Allow", "NotAction": ["s3:*"], "Resource": "*"}
    found = ways(rest)
    assert isinstance(found, list)
    assert "put-user-policy" in found
    others = {"Effect": "Allow", "NotAction": ["iam:*", "sts:*"], "Resource": "*"}
    assert ways(others) == []


def test_an_unread_policy_never_reads_as_none_and_never_hides_a_way() -> None:
    assert ways(allow("s3:*"), unread="policy x was not read") == Unreadable(
        "policy x was not read"
    )
    assert ways(allow("iam:PutUserPolicy"), unread="policy x was not read") == ["put-user-policy"]


def test_passing_a_role_that_is_not_known_leaves_it_open() -> None:
    others = (holder(PLAIN, allow("s3:*"), unread="policy y was not read"),)
    assert isinstance(
        ways(allow("iam:PassRole"), allow("ec2:RunInstances"), others=others), Unreadable
    )


def test_administrators() -> None:
    assert administrator(ADMIN, ACCOUNT) is True
    assert administrator(holder(USER, allow("s3:*")), ACCOUNT) is False
    assert (
        administrator(holder(USER, allow("*"), boundary=statements(allow("s3:*"))), ACCOUNT)
        is False
    )
    assert isinstance(
        administrator(holder(USER, unread="policy x was not read"), ACCOUNT), Unreadable
    )


def test_a_boundary_that_was_not_read_takes_no_administrator_away() -> None:
    unread = holder(BOSS, allow("*"), boundary=(), unread="policy edge was not read")
    assert administrator(unread, ACCOUNT) == Unreadable("policy edge was not read")
    assert administrator(holder(BOSS, allow("*"), boundary=()), ACCOUNT) is False
    assert isinstance(ways(allow("iam:PassRole", "lambda:*"), others=(unread,)), Unreadable)
