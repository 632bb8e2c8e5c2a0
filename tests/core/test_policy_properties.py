"""What holds of every policy document: more allowed is never better, less denied is never
better."""

from __future__ import annotations

import itertools
import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.core.policies import read_policy, read_trust_policy
from scanner.core.policies.wildcards import apart, covers
from scanner.model.values import Unreadable
from tests.helpers.policy_documents import ACCOUNT, BUCKET, GITHUB, OBJECTS, OTHER, document

CONDITIONS: list[Any] = [
    {},
    {"Bool": {"aws:SecureTransport": "false"}},
    {"StringEquals": {"aws:PrincipalOrgID": "o-abc123"}},
    {"StringNotEquals": {"aws:PrincipalOrgID": "o-abc123"}},
    {"StringEqualsIfExists": {"aws:SourceAccount": OTHER}},
    {"StringEquals": {"aws:SourceAccount": [ACCOUNT, OTHER]}},
    {"NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}},
    {"IpAddress": {"aws:SourceIp": "0.0.0.0/0"}, "StringEquals": {"sts:ExternalId": "x"}},
]
PRINCIPALS: list[Any] = ["*", {"AWS": "*"}, {"AWS": OTHER}, {"AWS": ACCOUNT}, {"Service": "s3.amazonaws.com"},
                         {"Federated": GITHUB}]  # fmt: skip
ACTIONS: list[Any] = [
    "*",
    "s3:*",
    "s3:GetObject",
    "iam:*",
    ["s3:Get*", "s3:Put*"],
    "sts:AssumeRoleWithWebIdentity",
]
RESOURCES: list[Any] = ["*", BUCKET, OBJECTS, [BUCKET, OBJECTS], f"{BUCKET}/logs/*"]

PARTS = [
    "Version",
    "Statement",
    "Effect",
    "Principal",
    "Action",
    "NotAction",
    "Resource",
    "Condition",
]

statements = st.builds(
    lambda effect, principal, action, resource, condition, negations: {
        "Effect": effect,
        ("NotPrincipal" if negations == 1 else "Principal"): principal,
        ("NotAction" if negations == 2 else "Action"): action,
        ("NotResource" if negations == 3 else "Resource"): resource,
        "Condition": condition,
    },
    st.sampled_from(["Allow", "Deny"]),
    st.sampled_from(PRINCIPALS),
    st.sampled_from(ACTIONS),
    st.sampled_from(RESOURCES),
    st.sampled_from(CONDITIONS),
    st.integers(0, 12),
)
thorough = settings(max_examples=300, deadline=None)
documents = st.lists(statements, max_size=5)


def policy_of(parts: list[Any]) -> dict[str, Any]:
    policy = read_policy(document(*parts), account=ACCOUNT, resource=BUCKET)
    assert isinstance(policy, dict), policy
    return policy


def no_better(before: dict[str, Any], after: dict[str, Any]) -> None:
    for field in ("is_public", "grants_admin"):
        assert after[field] or not before[field], field
    for field in ("requires_tls", "unconfused"):
        assert before[field] or not after[field], field
    for field in ("cross_account_principals", "services"):
        # `*` stands for every outsider.
        assert "*" in after[field] or set(before[field]) <= set(after[field]), field


@thorough
@given(documents, statements, st.integers(0, 5))
def test_one_more_allow_is_no_better(parts: list[Any], extra: dict[str, Any], place: int) -> None:
    extra = {**extra, "Effect": "Allow"}
    no_better(policy_of(parts), policy_of([*parts[:place], extra, *parts[place:]]))


@thorough
@given(documents, st.integers(0, 4))
def test_one_deny_less_is_no_better(parts: list[Any], place: int) -> None:
    fewer = [
        part for number, part in enumerate(parts) if number != place or part["Effect"] == "Allow"
    ]
    no_better(policy_of(parts), policy_of(fewer))


@thorough
@given(documents, st.integers(0, 4))
def test_one_condition_less_on_an_allow_is_no_better(parts: list[Any], place: int) -> None:
    wider = [
        {**part, "Condition": {}} if number == place and part["Effect"] == "Allow" else part
        for number, part in enumerate(parts)
    ]
    no_better(policy_of(parts), policy_of(wider))


@thorough
@given(documents)
def test_order_and_notation_say_nothing(parts: list[Any]) -> None:
    policy = policy_of(parts)
    assert policy_of(parts[::-1]) == policy
    assert read_policy(json.dumps(document(*parts)), account=ACCOUNT, resource=BUCKET) == policy
    assert (
        policy["is_public"]
        or policy["cross_account_principals"] != ["*"]
        or any("Condition" in p for p in parts)
    )


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["*", "Allow"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from([*PARTS, "AWS", "Bool", "aws:SecureTransport"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


@thorough
@given(json_values)
def test_anything_is_read_or_unreadable(raw: Any) -> None:
    for read in (read_policy, read_trust_policy):
        for outcome in (
            read(raw, account=ACCOUNT),
            read({"Statement": raw}, account=ACCOUNT),
            read(document({"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*", "Condition": raw}),
                 account=ACCOUNT),
        ):  # fmt: skip
            assert isinstance(outcome, (dict, Unreadable))


@thorough
@given(st.text("ab*?", max_size=6), st.text("ab*?", max_size=6))
def test_containment_agrees_with_every_short_text(pattern: str, target: str) -> None:
    texts = [
        "".join(letters) for size in range(6) for letters in itertools.product("abc", repeat=size)
    ]
    matched = [text for text in texts if covers(target, text)]
    if covers(pattern, target):
        assert all(covers(pattern, text) for text in matched)
    if apart(pattern, target):
        assert not any(covers(pattern, text) for text in matched)
