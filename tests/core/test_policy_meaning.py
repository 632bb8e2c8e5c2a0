"""TLS, administrators and trust, document by document, and documents that are none."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from scanner.core.policies import POLICY_TYPE, TRUST_POLICY_TYPE, read_policy, read_trust_policy
from scanner.core.policies.wildcards import apart, covers
from scanner.model.values import Unreadable
from tests.helpers.policy_documents import (
    ACCOUNT,
    BUCKET,
    GITHUB,
    OBJECTS,
    OTHER,
    allow,
    deny,
    document,
    identity,
    plain,
    trust,
)

TLS = deny(Condition=plain())

REQUIRES_TLS: list[tuple[str, list[dict[str, Any]], bool]] = [
    ("the usual", [TLS], True),
    ("with an open Allow", [TLS, allow()], True),
    ("as AWS", [deny({"AWS": "*"}, Condition=plain())], True),
    ("a JSON boolean", [deny(Condition=plain(False))], True),
    ("in a list, in capitals", [deny(Condition=plain(["FALSE"]))], True),
    ("if there is one", [deny(Condition=plain(operator="BoolIfExists"))], True),
    ("key in another case", [deny(Condition=plain(key="AWS:secureTRANSPORT"))], True),
    ("every resource", [deny(Resource="*", Condition=plain())], True),
    ("every action of any service", [deny(Action="*", Condition=plain())], True),
    ("one pattern for both", [deny(Resource=f"{BUCKET}*", Condition=plain())], True),
    (
        "two statements",
        [deny(Resource=BUCKET, Condition=plain()), deny(Resource=OBJECTS, Condition=plain())],
        True,
    ),
    ("everything denied to everyone", [deny()], True),
    ("all but another service", [deny(NotAction="sns:*", Condition=plain())], True),
    ("no statement", [], False),
    ("allowed with TLS only", [allow(Condition=plain("true"))], False),
    ("allowed without TLS", [allow(Condition=plain())], False),
    ("the bucket only", [deny(Resource=BUCKET, Condition=plain())], False),
    ("the objects only", [deny(Resource=OBJECTS, Condition=plain())], False),
    ("some objects", [deny(Resource=[BUCKET, f"{BUCKET}/logs/*"], Condition=plain())], False),
    (
        "another bucket",
        [deny(Resource=["arn:aws:s3:::other", "arn:aws:s3:::other/*"], Condition=plain())],
        False,
    ),
    ("reading only", [deny(Action="s3:Get*", Condition=plain())], False),
    ("all but reading", [deny(NotAction="s3:GetObject", Condition=plain())], False),
    ("all but one object", [deny(NotResource=f"{BUCKET}/open", Condition=plain())], False),
    ("one account", [deny({"AWS": OTHER}, Condition=plain())], False),
    ("all but one account", [deny(NotPrincipal={"AWS": OTHER}, Condition=plain())], False),
    ("denied with TLS", [deny(Condition=plain("true"))], False),
    ("no value", [deny(Condition=plain([]))], False),
    ("as text", [deny(Condition=plain(operator="StringEquals"))], False),
    ("another key", [deny(Condition=plain(key="aws:ViaAWSService"))], False),
    (
        "narrowed",
        [deny(Condition=plain() | {"StringEquals": {"aws:PrincipalAccount": OTHER}})],
        False,
    ),
    ("old TLS versions", [deny(Condition={"NumericLessThan": {"s3:TlsVersion": 1.2}})], False),
]


@pytest.mark.parametrize(("statements", "expected"), [case[1:] for case in REQUIRES_TLS])
def test_requires_tls(statements: list[dict[str, Any]], expected: bool) -> None:
    policy = read_policy(json.dumps(document(*statements)), account=ACCOUNT, resource=BUCKET)
    assert isinstance(policy, dict)
    assert policy["requires_tls"] is expected


def test_tls_of_a_queue_and_of_a_thing_that_is_not_named() -> None:
    queue = f"arn:aws:sqs:eu-west-1:{ACCOUNT}:jobs"
    statement = deny(Action="sqs:*", Resource=queue, Condition=plain())
    policies = [
        read_policy(document(statement), account=ACCOUNT, resource=resource)
        for resource in (queue, f"{queue}-2", "", "jobs")
    ]
    assert [policy["requires_tls"] for policy in policies if isinstance(policy, dict)] == [
        True,
        False,
        False,
        False,
    ]


ADMIN: list[tuple[list[dict[str, Any]], bool]] = [
    ([identity()], True),
    ([identity(Action="*:*")], True),
    ([identity(Action=["s3:GetObject", "**"])], True),
    ([identity(Action=[f"{letter}*" for letter in "abcdefghijklmnopqrstuvwxyz"])], True),
    ([identity(Resource=["arn:aws:s3:::x", "*"])], True),
    ([identity(Resource="arn:aws:*")], True),
    ([identity(Resource="arn:*:*:*:*:*")], True),
    ([identity(Resource=f"arn:aws:*:*:{ACCOUNT}:*")], True),
    ([identity(NotResource="arn:aws:s3:::secret")], True),
    ([identity(NotAction="aws-portal:*")], True),
    ([identity(NotAction="iam:Delete*")], True),
    ([identity(NotAction="iam:*"), identity(Action="IAM:*")], True),
    ([identity(NotAction=["iam:*", "organizations:*"])], False),
    ([identity(NotAction="i*")], False),
    ([identity(Condition={"Bool": {"aws:MultiFactorAuthPresent": "true"}})], True),
    ([identity(), identity("Deny", Action="iam:*")], True),
    (
        [identity(), identity("Deny", Condition={"Bool": {"aws:MultiFactorAuthPresent": "false"}})],
        True,
    ),
    ([identity(), identity("Deny", Resource="arn:aws:s3:::*")], True),
    ([identity(), identity("Deny")], False),
    ([identity("Deny")], False),
    ([identity(Action="s3:*")], False),
    ([identity(Action=["iam:*", "s3:*", "ec2:*"])], False),
    ([identity(Resource="arn:aws:s3:::*")], False),
    ([identity(Resource=f"arn:aws:iam::{ACCOUNT}:*")], False),
    ([identity(Action="?")], False),
    ([], False),
]


@pytest.mark.parametrize(("statements", "expected"), ADMIN)
def test_grants_admin(statements: list[dict[str, Any]], expected: bool) -> None:
    policy = read_policy(document(*statements), account=ACCOUNT)
    assert isinstance(policy, dict)
    assert policy["grants_admin"] is expected
    assert policy["is_public"] is False


def web(
    sub: Any = None, aud: Any = None, operator: str = "StringLike", principal: str = GITHUB
) -> dict[str, Any]:
    provider = principal.partition(":oidc-provider/")[2] or principal
    block = {
        f"{provider}:{claim}": value
        for claim, value in (("sub", sub), ("aud", aud))
        if value is not None
    }
    condition = {operator: block} if block else None
    return trust({"Federated": principal}, "sts:AssumeRoleWithWebIdentity", Condition=condition)


SUBJECTS: list[tuple[dict[str, Any], bool]] = [
    (web(), False),
    (web("repo:acme/site:ref:refs/heads/main"), True),
    (web("repo:acme/site:*"), True),
    (web(["repo:acme/site:*", "repo:acme/api:environment:prod"]), True),
    (web(["repo:acme/site:*", "repo:acme/*"]), False),
    (web("repo:acme/site*"), False),
    (web("repo:acme/*:ref:refs/heads/main"), False),
    (web("repo:*"), False),
    (web("repo:*/site:*"), False),
    (web("*"), False),
    (web("?*"), False),
    (web(""), False),
    (web([]), False),
    (web("repo:acme/site:${aws:username}"), False),
    (web("repo:acme/site:ref:refs/heads/main", operator="StringEquals"), True),
    (web("repo:acme/site:ref:refs/heads/main", operator="StringEqualsIfExists"), False),
    (web("repo:acme/site:*", operator="ForAllValues:StringLike"), False),
    (web("repo:acme/site:*", operator="ForAnyValue:StringLike"), True),
    (web("repo:evil/site:*", operator="StringNotLike"), False),
    (web("system:serviceaccount:*:app"), False),
    (web("system:serviceaccount:*"), False),
    (web("system:serviceaccount:shop:*"), True),
    (web("project_path:acme/site:ref_type:branch:ref:*"), True),
    (web("project_path:acme/*:ref_type:branch:ref:main"), False),
    (web("org/11111111-aaaa/project/22222222-bbbb/user/*"), True),
    (web("org/11111111-aaaa/project/*"), False),
    (web("org/11111111-aaaa/project/2222*/user/1"), False),
    (web("{33333333-cccc}:*"), True),
    (web("{33333333-*}:*"), False),
    (web("{33333333-cccc}*"), False),
    (web("repository:acme/site:environment:*"), True),
    (web("repository:acme/*:environment:prod"), False),
    (web("repository_id:123456:*"), True),
    (web("repository_owner_id:12:repository_id:34:*"), True),
    (web("repository_owner_id:12:*"), False),
    (web("repo:acme@12/site@34:*"), True),
]


@pytest.mark.parametrize(("statement", "bound"), SUBJECTS)
def test_subjects(statement: dict[str, Any], bound: bool) -> None:
    policy = read_trust_policy(document(statement), account=ACCOUNT)
    assert isinstance(policy, dict)
    assert policy["federated"] == [
        {
            "provider": "token.actions.githubusercontent.com",
            "subject_bound": bound,
            "audience_bound": False,
        }
    ]


def github(condition: dict[str, Any]) -> dict[str, Any]:
    """A trust in workflows at GitHub; claims are written without the provider."""
    host = GITHUB.partition(":oidc-provider/")[2]
    named = {
        operator: {f"{host}:{claim}": value for claim, value in claims.items()}
        for operator, claims in condition.items()
    }
    return trust({"Federated": GITHUB}, "sts:AssumeRoleWithWebIdentity", Condition=named)


def github_deny(condition: dict[str, Any], **parts: Any) -> dict[str, Any]:
    statement = github(condition)
    return {**statement, "Effect": "Deny", "Principal": "*", **parts}


UNLESS_SITE = {"StringNotLike": {"sub": "repo:acme/site:*"}}
CLAIMS: list[tuple[list[dict[str, Any]], bool]] = [
    ([github({"StringEquals": {"repository": "acme/site"}})], True),
    ([github({"StringLike": {"repository": "acme/*"}})], False),
    ([github({"StringEqualsIfExists": {"repository": "acme/site"}})], False),
    ([github({"StringEquals": {"repository_id": ["1", "2"]}})], True),
    ([github({"StringEquals": {"repository_owner": "acme"}})], False),
    ([github({"StringEquals": {"actor": "ann"}})], False),
    ([github({"StringEquals": {"job_workflow_ref": "acme/x/.github/workflows/a.yml@v1"}})], False),
    ([github({}), github_deny(UNLESS_SITE)], True),
    ([github({}), github_deny(UNLESS_SITE, Principal={"Federated": GITHUB})], True),
    ([github({}), github_deny(UNLESS_SITE, Principal={"Federated": f"{GITHUB}2"})], False),
    ([github({}), github_deny(UNLESS_SITE, Action="sts:*")], True),
    ([github({}), github_deny(UNLESS_SITE, Action="sts:AssumeRole")], False),
    ([github({}), github_deny({"StringNotLike": {"sub": "repo:acme/*"}})], False),
    ([github({}), github_deny({"StringLike": {"sub": "repo:acme/site:*"}})], False),
    ([github({}), github_deny({"StringNotEquals": {"repository": "acme/site"}})], True),
    ([github({}), github_deny({**UNLESS_SITE, "StringNotEquals": {"aud": "x"}})], False),
    ([github({}), github_deny({})], False),
]


@pytest.mark.parametrize(("given", "bound"), CLAIMS)
def test_claims_and_denies_bind_the_subject(given: list[dict[str, Any]], bound: bool) -> None:
    policy = read_trust_policy(document(*given), account=ACCOUNT)
    assert isinstance(policy, dict)
    assert [record["subject_bound"] for record in policy["federated"]] == [bound]


def test_circleci_names_a_project_by_its_claim() -> None:
    provider = f"arn:aws:iam::{ACCOUNT}:oidc-provider/oidc.circleci.com/org/11111111-aaaa"
    host = provider.partition(":oidc-provider/")[2]
    claim = {"StringEquals": {f"{host}:oidc.circleci.com/project-id": "22222222-bbbb"}}
    given = trust({"Federated": provider}, "sts:AssumeRoleWithWebIdentity", Condition=claim)
    policy = read_trust_policy(document(given), account=ACCOUNT)
    assert isinstance(policy, dict)
    assert [record["subject_bound"] for record in policy["federated"]] == [True]


ENTRIES: list[tuple[str | list[str], bool]] = [
    ("sts:TagSession", False),
    (["sts:TagSession", "sts:SetSourceIdentity"], False),
    (["sts:TagSession", "sts:AssumeRole"], True),
    ("sts:*", True),
    ("sts:Assume*", True),
]


@pytest.mark.parametrize(("action", "is_open"), ENTRIES)
def test_only_taking_the_role_is_a_way_in(action: Any, is_open: bool) -> None:
    given = trust("*", action)
    confused = trust({"Service": "logs.amazonaws.com", "AWS": OTHER}, action)
    policy = read_trust_policy(document(given), account=ACCOUNT)
    other = read_trust_policy(document(confused), account=ACCOUNT)
    assert isinstance(policy, dict)
    assert isinstance(other, dict)
    assert policy["is_public"] is is_open
    assert policy["cross_account_principals"] == (["*"] if is_open else [])
    assert other["services"] == (["logs.amazonaws.com"] if is_open else [])
    assert other["unconfused"] is not is_open


def test_a_denied_way_in_leaves_the_tags() -> None:
    given = [trust("*", "sts:*"), {**trust("*", "sts:Assume*"), "Effect": "Deny"}]
    policy = read_trust_policy(document(*given), account=ACCOUNT)
    assert isinstance(policy, dict)
    assert policy["is_public"] is False


def test_federations_are_told_apart() -> None:
    google = web("1234", "app", principal="accounts.google.com")
    saml = trust(
        {"Federated": f"arn:aws:iam::{ACCOUNT}:saml-provider/okta"}, "sts:AssumeRoleWithSAML"
    )
    wildcard = trust({"Federated": GITHUB}, "sts:*")
    policy = read_trust_policy(
        document(google, saml, wildcard, web("repo:a/b:*", "sts.amazonaws.com")), account=ACCOUNT
    )
    assert isinstance(policy, dict)
    assert [tuple(record.values()) for record in policy["federated"]] == [
        ("accounts.google.com", True, True),
        ("token.actions.githubusercontent.com", False, False),
        ("token.actions.githubusercontent.com", True, True),
    ]
    assert policy["cross_account_principals"] == []


EXTERNAL: list[tuple[Any, Any, list[str]]] = [
    ({"AWS": OTHER}, None, [OTHER]),
    ({"AWS": OTHER}, {"StringEquals": {"sts:ExternalId": "agreed"}}, []),
    ({"AWS": OTHER}, {"StringLike": {"sts:ExternalId": "*"}}, [OTHER]),
    ({"AWS": OTHER}, {"StringEqualsIfExists": {"sts:ExternalId": "agreed"}}, [OTHER]),
    ({"AWS": OTHER}, {"StringEquals": {"sts:ExternalId": ""}}, [OTHER]),
    ({"AWS": OTHER}, {"Bool": {"aws:MultiFactorAuthPresent": "true"}}, [OTHER]),
    ("*", {"StringEquals": {"sts:ExternalId": "agreed"}}, ["*"]),
    ("*", {"StringEquals": {"aws:PrincipalOrgID": "o-abc123"}}, []),
    ({"Service": "ec2.amazonaws.com"}, None, []),
    (
        {"Federated": f"arn:aws:iam::{OTHER}:saml-provider/x"},
        None,
        [f"arn:aws:iam::{OTHER}:saml-provider/x"],
    ),
]


@pytest.mark.parametrize(("principal", "condition", "outsiders"), EXTERNAL)
def test_trust_of_other_accounts(principal: Any, condition: Any, outsiders: list[str]) -> None:
    policy = read_trust_policy(document(trust(principal, Condition=condition)), account=ACCOUNT)
    assert isinstance(policy, dict)
    assert policy["cross_account_principals"] == outsiders


DEEP = "[" * 100_000
HOSTILE: list[Any] = [
    "", "{", "null", "[]", "7", '"text"', "NaN", None, 7, [], b"{}", DEEP, '{"Statement": NaN}', "{}", {},
    '{"Statement": [], "Statement": []}',
    '{"Statement": {"Effect": "Deny", "Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}}',
    " " * 300_000 + "{}",
    {"Statement": "x"}, {"Statement": None}, {"Statement": [None]}, {"Statement": [[]]}, {"Statement": []} | {"X": 1},
    {"Statement": [], "Version": "2030-01-01"}, {"Statement": [], "Version": ["2012-10-17"]},
    {"Statement": [], 7: 7},
    document(allow(Effect="allow")), document(allow(Effect="Audit")), document(allow(Effect=None)),
    document(allow(Effect=["Allow"])), document(allow(Principals="*")), document(allow(Action=None)),
    document(allow(Action=[])), document(allow(Action=7)), document(allow(Action={"a": 1})), document(allow(Action="")),
    document(allow(Action=[["*"]])), document(allow(Resource=[])), document(allow(Resource="x" * 5_000)),
    document(allow(Resource="\ud800")), document(allow() | {"NotAction": "s3:*"}), document(allow() | {"Action": None}),
    document(allow() | {"NotPrincipal": "*"}), document(allow() | {"NotResource": "*"}), document(allow({})),
    document(allow({"AWS": []})), document(allow({"*": "*"})), document(allow(["*"])), document(allow("arn")),
    document(allow(7)), document(allow({"AWS": {"a": "b"}})), document(allow(), identity()),
    document(allow(Condition=7)), document(allow(Condition=[])), document(allow() | {"Condition": None}),
    document(allow(Condition={"StringEquals": 7})), document(allow(Condition={"StringEquals": {}})),
    document(allow(Condition={"stringequals": {"a": "b"}})), document(allow(Condition={"Sometimes": {"a": "b"}})),
    document(allow(Condition={"ForSome:StringEquals": {"a": "b"}})),
    document(allow(Condition={"NullIfExists": {"a": "true"}})),
    document(allow(Condition={"StringEquals": {"a": {"b": "c"}}})),
    document(allow(Condition={"StringEquals": {"a": [None]}})),
    document(allow(Condition={"NumericEquals": {"a": 10**6_000}})),
    document(allow(Condition={"StringEquals": {7: "x"}})), document(allow(Condition={7: {"a": "b"}})),
    document(allow(Action=["s3:GetObject"] * 20_000)), document(*[allow()] * 20_000),
]  # fmt: skip


@pytest.mark.parametrize("raw", HOSTILE, ids=range(len(HOSTILE)))
def test_what_aws_would_refuse_is_unreadable(raw: Any) -> None:
    for read in (read_policy, read_trust_policy):
        outcome = read(raw, account=ACCOUNT, resource=BUCKET)
        assert isinstance(outcome, Unreadable)
        assert outcome.reason
        assert not outcome.missing


def test_a_trust_without_principal_is_unreadable() -> None:
    assert isinstance(read_trust_policy(document(identity()), account=ACCOUNT), Unreadable)


def test_the_empty_document_says_nothing_good_of_tls() -> None:
    assert read_policy('{"Statement": []}', account=ACCOUNT, resource=BUCKET) == {
        "is_public": False, "cross_account_principals": [], "services": [], "unconfused": True,
        "requires_tls": False, "grants_admin": False,
    }  # fmt: skip


def test_fields_are_those_of_the_types() -> None:
    policy = read_policy(document(allow()), account=ACCOUNT)
    role = read_trust_policy(document(trust("*")), account=ACCOUNT)
    assert isinstance(policy, dict)
    assert isinstance(role, dict)
    assert policy.keys() == POLICY_TYPE.fields.keys()
    assert role.keys() == TRUST_POLICY_TYPE.fields.keys()


def test_wildcards_are_compared_in_bounded_time() -> None:
    pattern, text = "*a" * 1_000 + "b", "a" * 2_000
    started = time.process_time()
    assert not covers(pattern, text)
    many = [f"s3:{'*a' * 40}{number}" for number in range(100)]
    policy = read_policy(
        document(allow(Action=many), deny(Action=[f"{one}?" for one in many])), account=ACCOUNT
    )
    assert isinstance(policy, dict)
    assert policy["is_public"] is True
    assert time.process_time() - started < 5


COVERS = [
    ("*", "", True), ("*", "*", True), ("", "", True), ("", "a", False), ("a*", "a", True), ("a*", "ab*", True),
    ("ab*", "a*", False), ("a?", "a*", False), ("a?", "a?", True), ("a*", "a?", True), ("?", "*", False),
    ("?*", "*?", True), ("*?", "?*", True), ("**", "*", True), ("*b", "a*b", True), ("a*b*c", "a*c", False),
    ("*a*a", "aa", True), ("*ab", "aab", True), ("*a?b", "aaab", True), ("a", "A", False), ("a*z", "a*?z", True),
]  # fmt: skip


@pytest.mark.parametrize(("pattern", "target", "expected"), COVERS)
def test_covers(pattern: str, target: str, expected: bool) -> None:
    assert covers(pattern, target) is expected


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [("a*", "b*", True), ("a*", "ab*", False), ("*", "a", False), ("a", "b", True), ("a", "a", False),
     ("a${x}", "ab", False), ("ab", "a", True)],
)  # fmt: skip
def test_apart(one: str, other: str, expected: bool) -> None:
    assert apart(one, other) is apart(other, one) is expected
