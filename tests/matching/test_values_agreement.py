"""What is decided of single values agrees with independent counts (short form)."""

from __future__ import annotations

import pytest

from scanner.core.policies import read_trust_policy
from scanner.core.policies.document import read_document
from scanner.core.policies.federation import federated
from scanner.model.values import Unreadable
from tests.helpers.policy_documents import ACCOUNT, GITHUB, document, trust
from tests.matching.values_agreement import Values

PROVIDER = "token.actions.githubusercontent.com"
SUBJECT = f"{PROVIDER}:sub"
WEB_IDENTITY = "sts:AssumeRoleWithWebIdentity"


def test_values_agree_with_independent_counts() -> None:
    run = Values(seed=5)
    run.run(1_500)
    assert run.differences == []
    # Both answers were given, or agreement would mean nothing.
    for kind in ("repositories", "ranges", "within"):
        assert run.counts[f"{kind} yes"] > 30
        assert run.counts[f"{kind} no"] > 100
    for name in ("subject", "audience"):
        assert run.counts[f"trust {name} bound"] > 10
        assert run.counts[f"trust {name} open"] > 50


@pytest.mark.parametrize("operator", ["Equals", "EqualsIgnoreCase", "Like"])
def test_a_subject_is_named_by_each_operator_of_texts(operator: str) -> None:
    named = "repo:acme/site:ref:refs/heads/main"
    allow = trust({"Federated": GITHUB}, WEB_IDENTITY)
    bound = {**allow, "Condition": {f"String{operator}": {SUBJECT: named}}}
    deny = {**allow, "Effect": "Deny", "Condition": {f"StringNot{operator}": {SUBJECT: named}}}
    for policy, expected in (
        (document(allow), False),
        (document(bound), True),
        (document(allow, deny), True),
    ):
        read = read_trust_policy(policy, account=ACCOUNT)
        assert isinstance(read, dict)
        records = read["federated"]
        assert isinstance(records, list)
        assert [record["subject_bound"] for record in records] == [expected]


def test_statements_that_trust_no_provider_of_tokens() -> None:
    saml = f"arn:aws:iam::{ACCOUNT}:saml-provider/Directory"
    for statement, providers in (
        (trust({"Federated": GITHUB}, "sts:TagSession"), []),
        (trust({"Federated": GITHUB}, "sts:*"), [PROVIDER]),
        (trust({"Federated": GITHUB}, NotAction=WEB_IDENTITY), []),
        (trust({"Federated": GITHUB}, NotAction="sts:TagSession"), [PROVIDER]),
        (trust({"Federated": GITHUB}, "sts:AssumeRole*"), [PROVIDER]),
        (trust({"Federated": saml}, WEB_IDENTITY), []),
        (trust(None, WEB_IDENTITY, NotPrincipal={"Federated": GITHUB}), []),
        (trust({"Federated": [saml, GITHUB]}, WEB_IDENTITY), [PROVIDER]),
    ):
        read = read_trust_policy(document(statement), account=ACCOUNT)
        assert isinstance(read, dict)
        records = read["federated"]
        assert isinstance(records, list)
        assert [record["provider"] for record in records] == providers


def test_a_deny_of_all_other_providers_binds_nothing() -> None:
    named = {"StringNotEquals": {SUBJECT: "repo:acme/site:ref:refs/heads/main"}}
    allow = trust({"Federated": GITHUB}, WEB_IDENTITY)
    for principal, expected in (("Principal", True), ("NotPrincipal", False)):
        deny = {
            "Effect": "Deny",
            "Action": WEB_IDENTITY,
            "Condition": named,
            principal: {"Federated": GITHUB},
        }
        read = read_trust_policy(document(allow, deny), account=ACCOUNT)
        assert isinstance(read, dict)
        records = read["federated"]
        assert isinstance(records, list)
        assert [record["subject_bound"] for record in records] == [expected]


def test_statements_without_a_principal_trust_nobody() -> None:
    statements = read_document(document({"Effect": "Allow", "Action": WEB_IDENTITY}))
    assert not isinstance(statements, Unreadable)
    assert federated(statements) == []
    allow = read_document(document(trust({"Federated": GITHUB}, WEB_IDENTITY.lower())))
    deny = read_document(document({"Effect": "Deny", "Action": WEB_IDENTITY}))
    assert not isinstance(allow, Unreadable)
    assert not isinstance(deny, Unreadable)
    assert [record["subject_bound"] for record in federated(allow, deny)] == [False]
