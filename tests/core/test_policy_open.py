"""Policies of which parts are not known: what is decided holds whatever the parts turn out to be."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

import pytest

from scanner.core.policies.open_documents import READERS, read_open_policy
from scanner.model.values import OpenList, Symbol, Unreadable

OWN = "111122223333"
UNKNOWN = Unreadable("known after apply")
ROLE = Symbol("known after apply", present=True, owner="aws_iam_role.r", attribute="arn")
ARNS = ("arn:aws:iam::111122223333:role/a", "arn:aws:iam::444455556666:role/b", "arn:aws:s3:::b")
ACTIONS = ("*", "s3:*", "s3:GetObject", "iam:*", "sts:AssumeRole*")
RESOURCES = ("*", "arn:aws:s3:::b", "arn:aws:s3:::b/*", "arn:aws:*:*:111122223333:*")
PRINCIPALS = ("*", *ARNS[:2])
PROVIDERS = ("arn:aws:iam::111122223333:oidc-provider/gitlab.com", "gitlab.com")
CONDITIONS = {
    "Bool": {"aws:SecureTransport": ("true", "false")},
    "StringEquals": {
        "aws:SourceAccount": (OWN, "444455556666"),
        "aws:PrincipalOrgID": ("o-a1b2c3",),
    },
    "ArnLike": {"aws:SourceArn": ("arn:aws:s3:::b", "*")},
    "StringLike": {"gitlab.com:sub": ("project_path:a/b:ref_type:branch:ref:main", "*")},
    "StringNotEquals": {"aws:PrincipalAccount": (OWN,)},
}


def some(chance: random.Random, values: tuple[str, ...], *, arn: bool = False) -> list[Any]:
    """One to two values, some of which are not known."""
    found: list[Any] = []
    for _ in range(chance.randint(1, 2)):
        unknown = ROLE if arn and chance.random() < 0.5 else UNKNOWN
        found.append(unknown if chance.random() < 0.4 else chance.choice(values))
    return found


def statement(chance: random.Random) -> dict[str, Any]:
    found: dict[str, Any] = {"Effect": chance.choice(["Allow", "Allow", "Deny"])}
    found[chance.choice(["Action", "Action", "NotAction"])] = some(chance, ACTIONS)
    found[chance.choice(["Resource", "Resource", "NotResource"])] = some(
        chance, RESOURCES, arn=True
    )
    name = chance.choice(["Principal", "Principal", "Principal", "NotPrincipal"])
    found[name] = {"AWS": some(chance, PRINCIPALS, arn=True)}
    if chance.random() < 0.3:
        found[name] = {"Federated": some(chance, PROVIDERS)}
    if chance.random() < 0.5:
        operator = chance.choice(sorted(CONDITIONS))
        key = chance.choice(sorted(CONDITIONS[operator]))
        found["Condition"] = {operator: {key: some(chance, CONDITIONS[operator][key], arn=True)}}
    return found


def completed(chance: random.Random, value: Any, choices: tuple[str, ...]) -> Any:
    """The value as it may turn out to be."""
    if isinstance(value, Symbol):
        return chance.choice(ARNS)
    if isinstance(value, Unreadable):
        return chance.choice(choices)
    if isinstance(value, list):
        return [completed(chance, one, choices) for one in value]
    return value


def completed_statement(chance: random.Random, raw: Mapping[str, Any]) -> dict[str, Any]:
    found = dict(raw)
    for name, choices in (("Action", ACTIONS), ("Resource", RESOURCES)):
        for element in (name, f"Not{name}"):
            if element in raw:
                found[element] = completed(chance, raw[element], choices)
    for element in ("Principal", "NotPrincipal"):
        if element in raw:
            ((type_, names),) = raw[element].items()
            choices = PRINCIPALS if type_ == "AWS" else PROVIDERS
            found[element] = {type_: completed(chance, names, choices)}
    if "Condition" in raw:
        ((operator, keys),) = raw["Condition"].items()
        ((key, values),) = keys.items()
        choices = CONDITIONS[operator][key]
        found["Condition"] = {operator: {key: completed(chance, values, choices)}}
    return found


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("kind", sorted(READERS))
def test_what_is_decided_holds_for_every_completion(kind: str, seed: int) -> None:
    chance = random.Random(seed)
    decided = 0
    for _ in range(150):
        raw = [statement(chance) for _ in range(chance.randint(1, 3))]
        document = {"Version": "2012-10-17", "Statement": raw}
        found = read_open_policy(kind, document, account=OWN, resource="arn:aws:s3:::b")
        if isinstance(found, Unreadable):
            continue
        for _ in range(6):
            whole = {
                "Version": "2012-10-17",
                "Statement": [completed_statement(chance, one) for one in raw],
            }
            actual = READERS[kind](whole, account=OWN, resource="arn:aws:s3:::b")
            assert isinstance(actual, dict)
            for name, value in found.items():
                if not isinstance(value, Unreadable):
                    decided += 1
                    if isinstance(value, OpenList):
                        assert set(value) <= set(actual[name]), (name, document, whole)
                        continue
                    assert actual[name] == value, (name, document, whole)
    assert decided > 500, "hardly anything is decided: the property shows nothing"


ALLOW_ALL = {"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": "*"}
OWN_ONLY = {**ALLOW_ALL, "Principal": {"AWS": "arn:aws:iam::111122223333:root"}}


def field(name: str, *statements: Any, account: object = OWN, rest: bool = False) -> object:
    given = OpenList(statements, "there may be more") if rest else [*statements]
    document = {"Version": "2012-10-17", "Statement": given}
    found = read_open_policy("policy", document, account=account, resource="arn:aws:s3:::b")
    assert isinstance(found, dict)
    return found[name]


def test_a_statement_that_is_not_known_may_allow_or_deny_all() -> None:
    assert isinstance(field("is_public", OWN_ONLY, UNKNOWN), Unreadable)
    assert isinstance(field("is_public", ALLOW_ALL, UNKNOWN), Unreadable)
    assert isinstance(field("is_public", {**ALLOW_ALL, "Effect": UNKNOWN}), Unreadable)


def test_statements_that_may_follow_only_allow() -> None:
    assert field("is_public", ALLOW_ALL, rest=True) is True
    assert isinstance(field("is_public", OWN_ONLY, rest=True), Unreadable)
    assert isinstance(field("is_public", rest=True), Unreadable)


def test_the_arn_of_a_resource_is_not_everyone_and_not_everything() -> None:
    assert field("is_public", {**ALLOW_ALL, "Principal": {"AWS": [ROLE]}}) is False
    admin = {"Effect": "Allow", "Action": "*", "Resource": ROLE}
    assert field("grants_admin", admin) is False
    assert isinstance(field("grants_admin", {**admin, "Resource": UNKNOWN}), Unreadable)


def test_an_account_that_is_not_known_may_be_any_that_is_named() -> None:
    account = Symbol("not in the plan", owner="provider.aws", attribute="account")
    assert isinstance(field("cross_account_principals", OWN_ONLY, account=account), Unreadable)
    assert field("cross_account_principals", ALLOW_ALL, account=account) == ["*"]
    assert field("is_public", {**ALLOW_ALL, "Principal": {"AWS": account}}) is False
    own = {"Effect": "Allow", "Action": "*", "Resource": "arn:aws:*:*:111122223333:*"}
    assert field("grants_admin", own) is True
    assert isinstance(field("grants_admin", own, account=account), Unreadable)
