"""Calls to AWS: pages, retries, deadlines, and what each failure reads as."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from botocore.session import Session

from scanner.client.failures import OperationNotListedError
from scanner.client.interfaces import Rules
from scanner.model.answers import Answer, Call, State
from scanner.providers.aws.operations import OPERATIONS
from scanner.providers.aws.paging import Pagers
from tests.helpers.scripted_aws import Reply, ec2_error, iam, json_error, query_error

USERS = Call(operation="iam:ListUsers", region="", items=("Users",))
KEYS = Call(operation="kms:ListKeys", region="us-east-1", items=("Keys",))
VPCS = Call(operation="ec2:DescribeVpcs", region="eu-west-1", items=("Vpcs",))
VERSIONING = Call(operation="s3:GetBucketVersioning", region="us-east-1", params={"Bucket": "b"})


def users(*names: str, marker: str = "") -> Reply:
    # With every member that botocore's model requires.
    rest = (
        "<Path>/</Path><UserId>i</UserId><Arn>a</Arn><CreateDate>2026-01-01T00:00:00Z</CreateDate>"
    )
    rows = "".join(f"<member><UserName>{name}</UserName>{rest}</member>" for name in names)
    more = (
        f"<IsTruncated>true</IsTruncated><Marker>{marker}</Marker>"
        if marker
        else "<IsTruncated>false</IsTruncated>"
    )
    return iam("ListUsers", f"<Users>{rows}</Users>{more}")


def keys(*names: str, marker: str = "") -> Reply:
    body: dict[str, Any] = {"Keys": [{"KeyId": name} for name in names], "Truncated": bool(marker)}
    return Reply(body=json.dumps(body | ({"NextMarker": marker} if marker else {})))


def names(answer: Answer, items: str = "Users", key: str = "UserName") -> list[str]:
    return [row[key] for row in answer.data[items]]


@pytest.fixture(params=["fast", "boto3"])
def aws_client(request: pytest.FixtureRequest) -> str:
    """Both clients make every call of this module, and must come to the same answers."""
    return str(request.param)


def test_pages_are_joined_and_tokens_are_not_kept(opened: Any) -> None:
    session, provider, _ = opened({"ListUsers": [users("a", "b", marker="m1"), users("c")]})
    answer = session.request(USERS)
    assert (answer.state, answer.pages, answer.count) == (State.OK, 2, 3)
    assert names(answer) == ["a", "b", "c"]
    assert "Marker" not in answer.data
    assert len(answer.request_ids) == 2
    assert "Marker=m1" in provider.asked[-1][1]


def test_pages_without_a_declared_paginator() -> None:
    session = Session()
    pagers = Pagers(session.get_component("data_loader"))
    model = session.get_service_model("ec2").operation_model(
        "DescribeVpcBlockPublicAccessExclusions"
    )
    assert model.name not in json.dumps(
        session.get_component("data_loader").load_service_model("ec2", "paginators-1")
    )
    pager = pagers.of("ec2", model)
    assert pager.next({"NextToken": "t"}) == {"NextToken": "t"}
    assert pager.next({"NextToken": ""}) == {}
    assert pager.members == ("NextToken",)


def test_every_listed_operation_that_returns_a_token_is_paged() -> None:
    session = Session()
    pagers = Pagers(session.get_component("data_loader"))
    for name in sorted(OPERATIONS):
        service, _, operation = name.partition(":")
        model = session.get_service_model(service).operation_model(operation)
        tokens = [
            member
            for member in model.output_shape.members
            if re.search("(?i)token$|marker$", member)
        ]
        if tokens:
            assert pagers.of(service, model).inputs, f"{name}: {tokens}"


def test_a_list_that_the_call_does_not_name_is_joined_too(opened: Any) -> None:
    def page(user: str, group: str, marker: str = "") -> Reply:
        lists = (
            f"<UserDetailList><member><UserName>{user}</UserName><GroupList/>"
            "<AttachedManagedPolicies/></member></UserDetailList>"
            f"<GroupDetailList><member><GroupName>{group}</GroupName><GroupPolicyList/>"
            "<AttachedManagedPolicies/></member></GroupDetailList>"
        )
        more = f"<IsTruncated>true</IsTruncated><Marker>{marker}</Marker>" if marker else ""
        return iam("GetAccountAuthorizationDetails", lists + more)

    session, _, _ = opened(
        {"GetAccountAuthorizationDetails": [page("a", "g", "m"), page("b", "h")]}
    )
    answer = session.request(
        Call(operation="iam:GetAccountAuthorizationDetails", region="", items=("UserDetailList",))
    )
    assert names(answer, "UserDetailList") == ["a", "b"]
    assert names(answer, "GroupDetailList", "GroupName") == ["g", "h"]


def test_more_pages_of_a_call_without_items_is_partial(opened: Any) -> None:
    session, _, _ = opened({"ListUsers": [users("a", marker="m1")]})
    answer = session.request(Call(operation="iam:ListUsers", region=""))
    assert (answer.state, answer.code, names(answer)) == (State.PARTIAL, "MorePages", ["a"])


def test_a_repeated_token_is_partial(opened: Any) -> None:
    session, provider, _ = opened({"ListUsers": [users("a", marker="m1"), users("b", marker="m1")]})
    answer = session.request(USERS)
    assert (answer.state, answer.code, names(answer)) == (
        State.PARTIAL,
        "RepeatedPageToken",
        ["a", "b"],
    )
    assert sum(name == "ListUsers" for name, _ in provider.asked) == 2


def test_a_refused_second_page_keeps_the_first(opened: Any) -> None:
    session, _, _ = opened({"ListUsers": [users("a", marker="m1"), query_error("AccessDenied")]})
    answer = session.request(USERS)
    assert (answer.state, answer.code, names(answer), answer.count) == (
        State.PARTIAL,
        "AccessDenied",
        ["a"],
        1,
    )
    assert not answer.state.whole


def test_throttled_then_served(opened: Any) -> None:
    session, _, ticks = opened(
        {"ListKeys": [json_error("ThrottlingException"), json_error("SlowDown"), keys("k")]}
    )
    answer = session.request(KEYS)
    assert (answer.state, answer.retries) == (State.OK, 2)
    assert ticks.slept[0] > 0


def test_a_refusal_after_throttling_is_final(opened: Any) -> None:
    refusal = json_error("AccessDeniedException")
    session, provider, _ = opened({"ListKeys": [json_error("SlowDown"), refusal, keys("k")]})
    answer = session.request(KEYS)
    assert (answer.state, answer.retries) == (State.DENIED, 1)
    assert [name for name, _ in provider.asked].count("ListKeys") == 2


def test_throttled_until_the_deadline(opened: Any) -> None:
    session, _, ticks = opened(
        {"ListKeys": [json_error("ThrottlingException")]}, Rules(call_deadline=30)
    )
    answer = session.request(KEYS)
    assert (answer.state, answer.code, answer.data) == (
        State.THROTTLED,
        "ThrottlingException",
        None,
    )
    assert 15 < ticks.time <= 30
    assert answer.retries > 3


def test_calls_slow_down_after_throttling(opened: Any) -> None:
    session, _, ticks = opened({"ListKeys": [json_error("ThrottlingException"), keys("k")]})
    session.request(KEYS)
    before = len(ticks.slept)
    session.request(KEYS)
    session.request(KEYS)
    assert len(ticks.slept) > before


def test_after_the_scans_deadline_nothing_is_asked(opened: Any) -> None:
    session, provider, ticks = opened({"ListKeys": [keys("k")]}, Rules(scan_deadline=100))
    ticks.time = 200
    answer = session.request(KEYS)
    assert (answer.state, answer.code) == (State.ERROR, "Deadline")
    assert "ListKeys" not in [name for name, _ in provider.asked]


def test_a_wait_is_slept(opened: Any) -> None:
    session, _, ticks = opened({"ListKeys": [keys("k")]})
    session.request(
        Call(operation="kms:ListKeys", region="us-east-1", items=("Keys",), attempt=1, wait=4)
    )
    assert ticks.slept == [4]


@pytest.mark.parametrize(
    ("call", "script", "state", "code"),
    [
        (KEYS, {"ListKeys": [keys()]}, State.EMPTY, ""),
        (
            KEYS,
            {"ListKeys": [json_error("AccessDeniedException")]},
            State.DENIED,
            "AccessDeniedException",
        ),
        (
            KEYS,
            {"ListKeys": [json_error("ExpiredTokenException")]},
            State.DENIED,
            "ExpiredTokenException",
        ),
        (KEYS, {"ListKeys": [json_error("OptInRequired", 403)]}, State.DISABLED, "OptInRequired"),
        (
            KEYS,
            {"ListKeys": [json_error("SubscriptionRequiredException")]},
            State.DISABLED,
            "SubscriptionRequiredException",
        ),
        (KEYS, {"ListKeys": [json_error("InternalError", 500)]}, State.ERROR, "InternalError"),
        (
            KEYS,
            {"ListKeys": [json_error("ValidationException")]},
            State.ERROR,
            "ValidationException",
        ),
        (
            KEYS,
            {"ListKeys": [Reply(body='{"Keys": [{"KeyId": "k"')]},
            State.ERROR,
            "UnparsableAnswerError",
        ),
        (KEYS, {"ListKeys": [Reply(body='{"Keys": 7}')]}, State.ERROR, "TypeError"),
        (KEYS, {"ListKeys": [Reply(body="[]")]}, State.ERROR, "UnparsableAnswerError"),
        (KEYS, {"ListKeys": [Reply(body='{"Keys": []}', cut=9)]}, State.ERROR, "*"),
        (KEYS, {"ListKeys": [Reply(body="")]}, State.ERROR, "UnparsableAnswerError"),
        (KEYS, {"ListKeys": [Reply(body="", cut=9)]}, State.ERROR, "*"),
        (
            VERSIONING,
            {"*": [Reply(body="", kind="text/xml")]},
            State.ERROR,
            "UnparsableAnswerError",
        ),
        (
            VPCS,
            {"DescribeVpcs": [ec2_error("UnauthorizedOperation")]},
            State.DENIED,
            "UnauthorizedOperation",
        ),
        (VPCS, {"DescribeVpcs": [ec2_error("AuthFailure", 401)]}, State.DENIED, "AuthFailure"),
        (
            VPCS,
            {"DescribeVpcs": [ec2_error("OptInRequired", 401)]},
            State.DISABLED,
            "OptInRequired",
        ),
        (
            VPCS,
            {"DescribeVpcs": [Reply(body="<DescribeVpcsResponse><vpcSet><item>", kind="text/xml")]},
            State.ERROR,
            "*",
        ),
        (
            VPCS,
            {"DescribeVpcs": [Reply(body="<html><body>Log in</body></html>", kind="text/html")]},
            State.ERROR,
            "*",
        ),
        (
            USERS,
            {"ListUsers": [Reply(403, "<html>Forbidden", "text/html")]},
            State.ERROR,
            "ResponseParserError",
        ),
        (VERSIONING, {"*": [Reply(403, "<html>Forbidden", "text/html")]}, State.DENIED, "403"),
        (VERSIONING, {"*": [Reply(403, "", "text/html")]}, State.DENIED, "403"),
        (
            Call(operation="kms:DescribeKey", region="us-east-1", params={"Key": 1}),
            {},
            State.ERROR,
            "ParamValidationError",
        ),
    ],
)
def test_states(
    opened: Any, call: Call, script: dict[str, list[Reply]], state: State, code: str
) -> None:
    session, _, _ = opened(script)
    answer = session.request(call)
    assert answer.state is state, answer
    assert answer.code == code or (code == "*" and answer.code), answer
    assert state.whole or answer.message or call is VERSIONING


def test_a_code_that_is_knowledge_is_absent_and_only_that(opened: Any) -> None:
    session, _, _ = opened({"ListKeys": [json_error("NotFoundException")]})
    plain = Call(operation="kms:ListKeys", region="us-east-1", items=("Keys",))
    knowing = Call(
        operation="kms:ListKeys",
        region="us-east-1",
        items=("Keys",),
        absent_on=("NotFoundException",),
    )
    assert session.request(plain).state is State.ERROR
    assert session.request(knowing).state is State.ABSENT


def test_a_refused_connection_is_an_error(opened: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    session, _, ticks = opened({})
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    answer = session.request(KEYS)
    assert (answer.state, answer.code, answer.retries) == (
        State.ERROR,
        "EndpointConnectionError",
        2,
    )
    assert ticks.slept


def test_the_account_is_not_put_before_a_bare_host(opened: Any) -> None:
    session, provider, _ = opened(
        {"*": [Reply(body="<PublicAccessBlockConfiguration/>", kind="text/xml")]}
    )
    answer = session.request(
        Call(
            operation="s3control:GetPublicAccessBlock",
            region="us-east-1",
            params={"AccountId": "123456789012"},
        )
    )
    assert answer.state is State.OK, answer
    assert provider.asked[-1][0] == "GET /v20180820/configuration/publicAccessBlock"


def test_an_operation_that_is_not_reviewed_is_not_asked(opened: Any) -> None:
    session, provider, _ = opened({})
    before = len(provider.asked)
    with pytest.raises(OperationNotListedError):
        session.request(
            Call(
                operation="secretsmanager:GetSecretValue",
                region="us-east-1",
                params={"SecretId": "s"},
            )
        )
    assert len(provider.asked) == before


def test_messages_of_a_provider_are_redacted(opened: Any) -> None:
    session, _, _ = opened(
        {"ListKeys": [json_error("AccessDenied", 403, "key AKIAIOSFODNN7EXAMPLE may not")]}
    )
    assert "AKIAIOSFODNN7EXAMPLE" not in session.request(KEYS).message


def test_times_and_bytes_are_text(opened: Any) -> None:
    body = "<Content>dXNlcixhcm4K</Content><GeneratedTime>2026-01-01T00:00:00Z</GeneratedTime>"
    session, _, _ = opened({"GetCredentialReport": [iam("GetCredentialReport", body)]})
    answer = session.request(Call(operation="iam:GetCredentialReport", region=""))
    assert answer.data == {"Content": "user,arn\n", "GeneratedTime": "2026-01-01T00:00:00Z"}
