"""Whole documents are judged as a reference evaluator judges single requests."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

from scanner.core.policies import read_policy, read_trust_policy
from scanner.core.policies.document import read_document
from scanner.core.policies.permitted import Permissions, Principal
from scanner.model.values import Unreadable
from tests.helpers.policy_documents import ACCOUNT, BUCKET, GITHUB, OTHER, document
from tests.helpers.reference_policies import Request, allowed

PAIRS = 20_000
STRANGER = "999900001111"
ORGANIZATION = "o-abc123"

CONDITIONS: list[dict[str, Any]] = [
    {"StringEquals": {"aws:PrincipalOrgID": ORGANIZATION}},
    {"StringNotEquals": {"aws:PrincipalOrgID": ORGANIZATION}},
    {"StringNotEqualsIfExists": {"aws:PrincipalOrgID": ORGANIZATION}},
    {"StringEqualsIfExists": {"aws:PrincipalOrgID": ORGANIZATION}},
    {"ForAllValues:StringLike": {"aws:PrincipalOrgPaths": f"{ORGANIZATION}/*"}},
    {"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": f"{ORGANIZATION}/*"}},
    {"ForAllValues:StringNotLike": {"aws:PrincipalOrgPaths": f"{ORGANIZATION}/*"}},
    {"ForAnyValue:StringNotLike": {"aws:PrincipalOrgPaths": f"{ORGANIZATION}/*"}},
    {"ForAnyValue:StringNotLikeIfExists": {"aws:PrincipalOrgPaths": f"{ORGANIZATION}/*"}},
    {"StringEquals": {"aws:PrincipalAccount": [ACCOUNT, OTHER]}},
    {"StringNotEquals": {"aws:PrincipalAccount": ACCOUNT}},
    {"StringLike": {"aws:PrincipalAccount": "9*"}},
    {"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/*"}},
    {"ArnNotLike": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/*"}},
    {"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/app"}},
    {"ArnNotLikeIfExists": {"aws:PrincipalArn": "arn:aws:iam::*:role/aws-service-role/*"}},
    {"Bool": {"aws:PrincipalIsAWSService": "false"}},
    {"BoolIfExists": {"aws:PrincipalIsAWSService": "false"}},
    {"BoolIfExists": {"aws:PrincipalIsAWSService": "true"}},
    {"Bool": {"aws:SecureTransport": "false"}},
    {"StringEquals": {"aws:SourceVpce": "vpce-0a1b2c3d"}},
    {"StringNotEquals": {"aws:SourceVpce": "vpce-0a1b2c3d"}},
    {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}},
    {"NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}},
    {"IpAddress": {"aws:SourceIp": "0.0.0.0/0"}},
    {"StringEquals": {"aws:PrincipalTag/team": "x"}},
    {"StringNotEquals": {"aws:PrincipalTag/team": "x"}},
    {"Null": {"aws:PrincipalOrgID": "true"}},
    {"Null": {"aws:PrincipalOrgID": "false"}},
]
ALLOWED_TO: list[dict[str, Any]] = [
    {"Principal": "*"},
    {"Principal": {"AWS": "*"}},
    {"Principal": {"AWS": [ACCOUNT, OTHER]}},
    {"Principal": {"Service": "logs.amazonaws.com"}},
]
DENIED_TO: list[dict[str, Any]] = [
    {"Principal": "*"},
    {"Principal": {"AWS": "*"}},
    {"Principal": {"AWS": OTHER}},
    {"NotPrincipal": {"AWS": [ACCOUNT, OTHER]}},
    {"NotPrincipal": {"AWS": ACCOUNT, "Service": "logs.amazonaws.com"}},
    {"NotPrincipal": {"Federated": GITHUB}},
]
ACTIONS = ["s3:GetObject", "s3:Get*", ["s3:GetObject", "s3:PutObject"], "s3:?etObject", "S3:PUT*"]
RESOURCES: list[Any] = [
    f"{BUCKET}/*",
    f"{BUCKET}/a",
    f"{BUCKET}/logs/*",
    [f"{BUCKET}/a", f"{BUCKET}/b?"],
]


PLAIN_ACTIONS: list[Any] = [action for action in ACTIONS if "?" not in action]
PLAIN_ALLOWS: list[dict[str, Any]] = [
    {},
    {},
    *CONDITIONS[3:5],
    {"StringEquals": {"aws:PrincipalAccount": [ACCOUNT, OTHER]}},
    {"StringLike": {"aws:PrincipalAccount": "9*"}},
    {"StringEquals": {"aws:PrincipalTag/team": "x"}},
    {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}},
    {"IpAddress": {"aws:SourceIp": "0.0.0.0/0"}},
    {"StringEquals": {"aws:SourceVpce": "vpce-0a1b2c3d"}},
]
PLAIN_DENIES: list[dict[str, Any]] = [
    {},
    *CONDITIONS[6:9],
    {"StringNotEquals": {"aws:PrincipalOrgID": ORGANIZATION}},
    {"StringNotEqualsIfExists": {"aws:PrincipalOrgID": ORGANIZATION}},
    {"StringNotEquals": {"aws:PrincipalAccount": ACCOUNT}},
    {"ArnNotLike": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/*"}},
    {"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/app"}},
    {"ArnNotLikeIfExists": {"aws:PrincipalArn": "arn:aws:iam::*:role/aws-service-role/*"}},
    {"BoolIfExists": {"aws:PrincipalIsAWSService": "false"}},
    {"Bool": {"aws:SecureTransport": "false"}},
    {"NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}},
    {"StringNotEquals": {"aws:SourceVpce": "vpce-0a1b2c3d"}},
    {
        "StringNotEqualsIfExists": {"aws:PrincipalOrgID": ORGANIZATION},
        "BoolIfExists": {"aws:PrincipalIsAWSService": "false"},
    },
]


def condition(random_: random.Random) -> dict[str, Any]:
    merged: dict[str, Any] = {}
    for _ in range(random_.choice([0, 1, 1, 2])):
        for operator, keys in random_.choice(CONDITIONS).items():
            merged[operator] = {**merged.get(operator, {}), **keys}
    return merged


def resource_policy(random_: random.Random) -> dict[str, Any]:
    """One or two Allows, and at most one Deny: of two, the conditions could complete each other."""
    parts = []
    for _ in range(random_.randint(1, 2)):
        who = random_.choice(ALLOWED_TO)
        what = {"Action": random_.choice(ACTIONS), "Resource": random_.choice(RESOURCES)}
        parts.append({"Effect": "Allow", **who, **what, "Condition": condition(random_)})
    if random_.random() < 0.7:
        negated = random_.choice(["Action", "NotAction"])
        actions = [*ACTIONS, "*", "s3:*"] if negated == "Action" else ["iam:*", "s3:PutObject"]
        where = random_.choice(["Resource", "Resource", "NotResource"])
        parts.append(
            {
                "Effect": "Deny",
                **random_.choice(DENIED_TO),
                negated: random_.choice(actions),
                where: random_.choice([*RESOURCES, "*"] if where == "Resource" else RESOURCES),
                "Condition": condition(random_),
            }
        )
    return document(*parts)


def strangers() -> list[dict[str, tuple[str, ...]]]:
    """Contexts of the requests of anyone: anonymous, and with every mark that anyone can carry."""
    found: list[dict[str, tuple[str, ...]]] = []
    for secure in ("true", "false"):
        base = {"aws:securetransport": (secure,), "aws:sourceip": ("198.51.100.7",)}
        found.append(base)
        for organization in ((), ("o-zzz999",)):
            for role in ("app", "other"):
                for tag in ((), ("x",)):
                    signed = {
                        **base,
                        "aws:principalaccount": (STRANGER,),
                        "aws:principalarn": (f"arn:aws:iam::{STRANGER}:role/{role}",),
                        "aws:principalisawsservice": ("false",),
                        "aws:principalorgid": organization,
                        "aws:principalorgpaths": tuple(f"{one}/r-1/" for one in organization),
                        "aws:principaltag/team": tag,
                    }
                    found.append({key: value for key, value in signed.items() if value})
    return found


def requests_of_strangers() -> list[Request]:
    names = frozenset({("AWS", STRANGER)})
    return [
        Request(
            action,
            f"{BUCKET}/{name}",
            names if "aws:principalarn" in context else frozenset(),
            context,
        )
        for context in strangers()
        for action in ("s3:GetObject", "s3:GetObjectAcl", "s3:PutObject", "s3:PutObjectAcl")
        for name in ("a", "b1", "logs/x", "zzz")
    ]


def test_a_policy_that_is_not_public_lets_no_stranger_in() -> None:
    random_ = random.Random(13)
    requests = requests_of_strangers()
    pairs = closed = opened = 0
    while pairs < 20 * PAIRS:
        policy = resource_policy(random_)
        read = read_policy(policy, account=ACCOUNT, resource=BUCKET)
        assert isinstance(read, dict)
        pairs += len(requests)
        if read["is_public"]:
            opened += 1
            continue
        closed += 1
        assert not any(allowed(policy, request) for request in requests), policy
    assert opened > 100
    assert closed > 100


def plain_policy(random_: random.Random) -> dict[str, Any]:
    """Documents whose parts do not cancel each other out by what they ask of one key."""
    allow = {"Action": random_.choice(PLAIN_ACTIONS), "Resource": random_.choice(RESOURCES)}
    limit = random_.choice(PLAIN_ALLOWS)
    parts = [{"Effect": "Allow", **random_.choice(ALLOWED_TO), **allow, "Condition": limit}]
    if random_.random() < 0.7:
        deny = {
            "Action": random_.choice([*PLAIN_ACTIONS, "*"]),
            "Resource": random_.choice([*RESOURCES, "*"]),
        }
        limit = random_.choice(PLAIN_DENIES)
        whom = random_.choice(DENIED_TO[:-1])
        parts.append({"Effect": "Deny", **whom, **deny, "Condition": limit})
    return document(*parts)


def test_a_policy_is_public_exactly_if_a_stranger_is_let_in() -> None:
    random_ = random.Random(16)
    requests = requests_of_strangers()
    pairs = opened = 0
    while pairs < 20 * PAIRS:
        policy = plain_policy(random_)
        read = read_policy(policy, account=ACCOUNT, resource=BUCKET)
        assert isinstance(read, dict)
        expected = any(allowed(policy, request) for request in requests)
        pairs += len(requests)
        opened += expected
        assert read["is_public"] is expected, policy
    assert opened > 100


USER = f"arn:aws:iam::{ACCOUNT}:user/ann"
BOSS = f"arn:aws:iam::{ACCOUNT}:role/boss"
KEYS: dict[str, list[str]] = {
    "aws:PrincipalArn": [
        USER,
        f"arn:aws:iam::{ACCOUNT}:user/*",
        BOSS,
        "arn:aws:iam::*:user/a?n",
        "arn:*:user/ann",
    ],
    "aws:PrincipalAccount": [ACCOUNT, OTHER, "${aws:ResourceAccount}"],
    "aws:username": ["ann", "bob", "A*", "a*"],
    "iam:PassedToService": ["ec2.amazonaws.com", "lambda.amazonaws.com", "*", "EC2.amazonaws.com"],
    "iam:PermissionsBoundary": [f"arn:aws:iam::{ACCOUNT}:policy/edge", "*"],
}
OPERATORS = [
    f"{quantifier}{operator}{suffix}"
    for operator in (
        *(
            "StringEquals",
            "StringNotEquals",
            "StringLike",
            "StringNotLike",
            "StringEqualsIgnoreCase",
        ),
        *("StringNotEqualsIgnoreCase", "ArnEquals", "ArnNotEquals", "ArnLike", "ArnNotLike"),
    )
    for suffix in ("", "IfExists")
    for quantifier in ("", "ForAllValues:")
]
TARGETS = [USER, BOSS, f"arn:aws:iam::{ACCOUNT}:role/plain"]
PATTERNS: list[Any] = [
    *("*", USER, BOSS, "arn:aws:iam::*:role/*", f"arn:aws:iam::{ACCOUNT}:user/${{aws:username}}"),
    [BOSS, "arn:aws:iam::*:user/a*"],
]
CALLS = ["iam:passrole", "iam:putuserpolicy", "iam:createaccesskey"]


def identity_condition(random_: random.Random) -> dict[str, Any]:
    merged: dict[str, Any] = {}
    for _ in range(random_.choice([0, 1, 1, 2])):
        key = random_.choice(list(KEYS))
        operator, values = (
            random_.choice(OPERATORS),
            random_.sample(KEYS[key], random_.randint(1, 2)),
        )
        if random_.random() < 0.1:
            operator, values = "Null", [random_.choice(["true", "false"])]
        merged[operator] = {**merged.get(operator, {}), key: values}
    return merged


def identity_policy(random_: random.Random, parts: int) -> dict[str, Any]:
    statements = []
    for _ in range(parts):
        action = random_.choice(["Action", "Action", "NotAction"])
        where = random_.choice(["Resource", "Resource", "NotResource"])
        statements.append(
            {
                "Effect": random_.choice(["Allow", "Allow", "Deny"]),
                action: random_.choice(
                    [*CALLS, "iam:P*", ["iam:Pass*", "iam:CreateAccessKey"], "s3:*"]
                ),
                where: random_.choice(PATTERNS),
                "Condition": identity_condition(random_),
            }
        )
    return document(*statements)


def identity_requests() -> Iterator[tuple[str, str, str, str]]:
    for action in CALLS:
        for target in TARGETS:
            for service in ("ec2.amazonaws.com", "lambda.amazonaws.com"):
                for edge in ("", f"arn:aws:iam::{ACCOUNT}:policy/edge"):
                    yield action, target, service, edge


def test_a_principal_may_do_exactly_what_single_requests_are_allowed() -> None:
    random_ = random.Random(14)
    pairs = granted = 0
    while pairs < PAIRS:
        policy = identity_policy(random_, random_.randint(1, 4))
        bounds = identity_policy(random_, 2) if random_.random() < 0.3 else None
        statements, boundary = read_document(policy), read_document(bounds) if bounds else None
        assert not isinstance(statements, Unreadable)
        assert not isinstance(boundary, Unreadable)
        permissions = Permissions(Principal(arn=USER, statements=statements, boundary=boundary))
        for action, target, service, edge in identity_requests():
            context = {
                "aws:principalarn": (USER,),
                "aws:principalaccount": (ACCOUNT,),
                "aws:resourceaccount": (ACCOUNT,),
                "aws:username": ("ann",),
                "iam:passedtoservice": (service,),
                "iam:permissionsboundary": (edge,) if edge else (),
            }
            request = Request(action, target, context=context)
            expected = allowed(policy, request) and (not bounds or allowed(bounds, request))
            found = permissions.may(
                action, target, iam__passedtoservice=service, iam__permissionsboundary=edge
            )
            assert found is expected, (policy, bounds, request)
            pairs += 1
            granted += expected
    assert PAIRS / 20 < granted < PAIRS


HOST = GITHUB.partition(":oidc-provider/")[2]
WEB = "sts:AssumeRoleWithWebIdentity"
SUBJECTS = [
    *("repo:acme/site:ref:refs/heads/main", "repo:acme/site:*", "repo:acme/*", "repo:acme/site*"),
    *("repo:*:ref:refs/heads/main", "*", "repository_id:1:*", "repository_id:*"),
]
REPOSITORIES = ["acme/site", "acme/*", "*"]
CLAIM_OPERATORS = [
    "StringEquals",
    "StringLike",
    "StringLikeIfExists",
    "StringNotLike",
    "StringNotEquals",
]


def claims(random_: random.Random) -> dict[str, Any]:
    merged: dict[str, Any] = {}
    for _ in range(random_.choice([0, 1, 1, 2])):
        operator = random_.choice([*CLAIM_OPERATORS, "ForAllValues:StringLike"])
        claim = random_.choice(["sub", "sub", "repository"])
        values = SUBJECTS if claim == "sub" else REPOSITORIES
        chosen = {f"{HOST}:{claim}": random_.sample(values, random_.randint(1, 2))}
        merged[operator] = {**merged.get(operator, {}), **chosen}
    return merged


def trust_policy(random_: random.Random) -> dict[str, Any]:
    parts = [
        {
            "Effect": "Allow",
            "Principal": {"Federated": GITHUB},
            "Action": WEB,
            "Condition": claims(random_),
        }
    ]
    if random_.random() < 0.6:
        whom: Any = random_.choice(["*", {"Federated": GITHUB}, {"Federated": f"{GITHUB}2"}])
        action = random_.choice([WEB, "sts:*", "sts:AssumeRole"])
        parts.append(
            {"Effect": "Deny", "Principal": whom, "Action": action, "Condition": claims(random_)}
        )
    return document(*parts)


def foreign_tokens() -> list[Request]:
    """Tokens of workflows that are not of the one repository."""
    found = []
    for repository, number in (("evil/site", "7"), ("acme/other", "8"), ("acme/site2", "9")):
        for end in ("ref:refs/heads/main", "pull_request"):
            for subject in (f"repo:{repository}:{end}", f"repository_id:{number}:{end}"):
                context = {f"{HOST}:sub": (subject,), f"{HOST}:repository": (repository,)}
                found.append(Request(WEB, "*", frozenset({("Federated", GITHUB)}), context))
    return found


def test_a_bound_subject_lets_no_other_repository_in() -> None:
    random_ = random.Random(15)
    tokens = foreign_tokens()
    pairs = bound = 0
    while pairs < PAIRS:
        policy = trust_policy(random_)
        read = read_trust_policy(policy, account=ACCOUNT)
        assert isinstance(read, dict)
        (record,) = read["federated"]
        pairs += len(tokens)
        if record["subject_bound"]:
            bound += 1
            assert not any(allowed(policy, token) for token in tokens), policy
    assert bound > 100
