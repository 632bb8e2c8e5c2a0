"""Plans beside botocore's own client: for every reviewed operation the same request, and the same answer read."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import botocore.auth
import pytest
from bodies import answer, arguments, refusal
from botocore.awsrequest import AWSRequest, AWSResponse
from botocore.config import Config
from botocore.credentials import ReadOnlyCredentials
from botocore.exceptions import ClientError, ParamValidationError
from botocore.session import Session

from scanner.client.clock import Clock
from scanner.providers.aws import prepared_call
from scanner.providers.aws.clients import Clients
from scanner.providers.aws.connections import Route
from scanner.providers.aws.credentials import Identity, NoAccount
from scanner.providers.aws.errors import UnparsableAnswerError
from scanner.providers.aws.http import Headers, Reply
from scanner.providers.aws.operations import OPERATIONS
from scanner.providers.aws.prepared_call import PreparedCall

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
KEY = ReadOnlyCredentials("AKID", "secret", "token", None)


def identity(key: ReadOnlyCredentials) -> Identity:
    """An account that signs with one key, at one moment."""
    return Identity(SimpleNamespace(get_frozen_credentials=lambda: key), Clock(now=lambda: NOW))


SIGNED = identity(KEY)
ONCE = Config(retries={"total_max_attempts": 1, "mode": "standard"})
# What botocore tells of its own retries and of itself; tscan has neither.
TOLD = {"amz-sdk-invocation-id", "amz-sdk-request", "user-agent", "authorization"}


class _Raw:
    """A body as urllib3 would hand it to botocore."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def stream(self) -> Iterator[bytes]:
        yield self._body


class Both:
    """A botocore client and our prepared_call, whose requests end in a list and whose answers come from the test."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.sent: list[tuple[str, str, dict[str, str], bytes]] = []
        self._status, self._headers, self._body = 200, {}, b""
        ours = Session()
        ours._credentials = NoAccount()
        self.clients = Clients(ours, "aws")
        self._theirs = Session()
        self._theirs.set_credentials(KEY.access_key, KEY.secret_key, KEY.token)
        self._made: dict[tuple[str, str], Any] = {}
        monkeypatch.setattr(prepared_call, "exchange", self._exchange)
        monkeypatch.setattr(
            botocore.auth, "get_current_datetime", lambda *_: NOW.replace(tzinfo=None)
        )

    def give(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        """What comes back for every request from now on."""
        self._status, self._headers, self._body = status, dict(headers), body

    def client(self, service: str, region: str) -> Any:
        key = (service, region)
        if key not in self._made:
            client = self._theirs.create_client(service, region_name=region, config=ONCE)
            client.meta.events.register_first("before-send", self._before_send)
            self._made[key] = client
        return self._made[key]

    def _before_send(self, request: Any, **_: Any) -> AWSResponse:
        body = (
            request.body.encode() if isinstance(request.body, str) else bytes(request.body or b"")
        )
        headers = {
            name: v.decode() if isinstance(v, bytes) else v for name, v in request.headers.items()
        }
        self.sent.append((request.method, request.url, headers, body))
        return AWSResponse(request.url, self._status, Headers(self._headers), _Raw(self._body))

    def _exchange(self, route: Route, request: bytes) -> Reply:
        head, _, body = request.partition(b"\r\n\r\n")
        first, *lines = head.decode().split("\r\n")
        method, target, version = first.split(" ")
        assert version == "HTTP/1.1"
        headers = dict(line.split(": ", 1) for line in lines)
        assert urlsplit(route.url).netloc == headers["Host"]
        self.sent.append((method, f"{route.url}{target}", headers, body))
        return Reply(status_code=self._status, headers=Headers(self._headers), content=self._body)


@pytest.fixture(scope="module")
def made() -> Iterator[Both]:
    """Clients are dear to make, so that all tests share them."""
    with pytest.MonkeyPatch.context() as patch:
        yield Both(patch)


@pytest.fixture
def both(made: Both) -> Both:
    made.sent.clear()
    return made


def each_plan(both: Both, region: str) -> Iterator[tuple[PreparedCall, Callable[..., Any]]]:
    for name in sorted(OPERATIONS):
        service, _, operation = name.partition(":")
        client = both.client(service, region)
        yield (
            both.clients.operation(service, region, operation),
            lambda params, c=client, o=operation: c._make_api_call(o, params),
        )


def told(metadata: Mapping[str, Any]) -> dict[str, Any]:
    """What botocore says of an answer, but for its own retries."""
    return {
        name: value
        for name, value in metadata.items()
        if name not in ("RetryAttempts", "MaxAttemptsReached")
    }


def lowered(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items() if name.lower() not in TOLD}


@pytest.mark.parametrize("region", ["eu-west-1", "us-east-1", "cn-north-1", "us-gov-west-1"])
def test_requests_are_those_of_botocores_client(both: Both, region: str) -> None:
    for plan, theirs in each_plan(both, region):
        params = arguments(plan.model)
        both.give(200, *answer(plan.model))
        both.sent.clear()
        theirs(dict(params))
        plan.send(params, SIGNED)
        (method, url, headers, body), (our_method, our_url, our_headers, our_body) = both.sent
        assert (our_method, our_url, our_body) == (method, url, body), plan.model.name
        ours = lowered(our_headers)
        assert ours.pop("host") == urlsplit(url).netloc, plan.model.name
        assert ours.pop("accept-encoding") == "identity"
        assert ours == lowered(headers), plan.model.name


@pytest.mark.parametrize("token", ["token", None])
def test_requests_are_signed_as_botocore_signs_them(both: Both, token: str | None) -> None:
    key = ReadOnlyCredentials("AKID", "secret", token, None)
    for plan, _ in each_plan(both, "eu-west-1"):
        both.give(200, *answer(plan.model))
        both.sent.clear()
        plan.send(arguments(plan.model), identity(key))
        method, url, headers, body = both.sent[0]
        signature = headers.pop("Authorization")
        scope = signature.partition("Credential=")[2].partition(",")[0].split("/")
        request = AWSRequest(method=method, url=url, headers=headers, data=body)
        service = plan.model.service_model.service_name
        signer = (
            botocore.auth.S3SigV4Auth if service in ("s3", "s3control") else botocore.auth.SigV4Auth
        )
        signer(key, scope[3], scope[2]).add_auth(request)
        assert request.headers["Authorization"] == signature, plan.model.name


def same(left: Any, right: Any) -> bool:
    """Equal, and of the same types but for times, which are the same instant."""
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(same(left[name], right[name]) for name in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(same, left, right))
    return left == right and type(left) is type(right)


def test_answers_are_read_as_botocores_client_reads_them(both: Both) -> None:
    leaves = 0
    for plan, theirs in each_plan(both, "us-east-1"):
        params = arguments(plan.model)
        both.give(200, *answer(plan.model))
        expected, found = theirs(dict(params)), plan.send(params, SIGNED)
        assert told(expected.pop("ResponseMetadata")) == found.pop("ResponseMetadata"), (
            plan.model.name
        )
        assert same(expected, found), plan.model.name
        assert found or not plan.model.output_shape.members, plan.model.name
        leaves += str(found).count(":")
    assert leaves > 5000


def test_what_handlers_decode_is_decoded(both: Both) -> None:
    plan = both.clients.operation("iam", "us-east-1", "GetAccountAuthorizationDetails")
    both.give(200, *answer(plan.model))
    policy = plan.send({}, SIGNED)["UserDetailList"][0]["UserPolicyList"][0]["PolicyDocument"]
    assert policy["Statement"][0]["Effect"] == "Allow"
    where = both.clients.operation("s3", "us-east-1", "GetBucketLocation")
    both.give(200, *answer(where.model))
    assert where.send({"Bucket": "b-c"}, SIGNED)["LocationConstraint"] == "eu-west-1"


@pytest.mark.parametrize("status", [403, 503])
def test_refusals_are_read_as_botocores_client_reads_them(both: Both, status: int) -> None:
    for plan, theirs in each_plan(both, "us-east-1"):
        both.give(status, *refusal(plan.model))
        params = arguments(plan.model)
        found = []
        for ask in (lambda p, call=theirs: call(dict(p)), lambda p, to=plan: to.send(p, SIGNED)):
            with pytest.raises(ClientError) as caught:
                ask(params)
            found.append(caught.value)
        theirs_response, our_response = (error.response for error in found)
        assert our_response["Error"] == theirs_response["Error"], plan.model.name
        assert our_response["ResponseMetadata"] == told(theirs_response["ResponseMetadata"]), (
            plan.model.name
        )
        assert "Denied" in our_response["Error"]["Code"]


def test_an_error_in_an_answer_of_success_is_a_refusal(both: Both) -> None:
    plan = both.clients.operation("s3", "eu-west-1", "GetBucketAcl")
    both.give(
        200,
        {},
        b"<?xml version='1.0'?><Error><Code>InternalError</Code><Message>m</Message></Error>",
    )
    with pytest.raises(ClientError) as caught:
        plan.send({"Bucket": "b-c"}, SIGNED)
    assert caught.value.response["Error"]["Code"] == "InternalError"


@pytest.mark.parametrize(
    "body",
    [b"", b"<html><body>Log in</body></html>", b"  <!DOCTYPE html>", b'{"Keys": [', b"[]", b"null"],
)
def test_a_body_that_is_not_the_answer_is_refused(both: Both, body: bytes) -> None:
    both.give(200, {}, body)
    with pytest.raises(UnparsableAnswerError):
        both.clients.operation("kms", "us-east-1", "ListKeys").send({}, SIGNED)


def test_wrong_arguments_are_refused_before_anything_is_sent(both: Both) -> None:
    with pytest.raises(ParamValidationError):
        both.clients.operation("kms", "us-east-1", "DescribeKey").send({"KeyId": 7}, SIGNED)
    with pytest.raises(ParamValidationError):
        both.clients.operation("s3", "us-east-1", "GetBucketAcl").send({"Bucket": "a b/c"}, SIGNED)
    assert both.sent == []


def test_what_a_plan_leaves_to_nobody_is_known() -> None:
    """botocore's handlers at the events that plans do not pass on: one that is new must be looked at."""
    session = Session()
    session._credentials = NoAccount()
    clients = Clients(session, "aws")
    left: dict[str, set[str]] = {}
    for name in sorted(OPERATIONS):
        service, _, operation = name.partition(":")
        client = clients._client(service, "us-east-1")[0]
        for event in (
            "provide-client-params",
            "before-call",
            "request-created",
            "before-sign",
            "before-send",
            "needs-retry",
        ):
            found = prepared_call.handlers(client, event, operation)
            # moto, where another test has loaded it, adds a handler of its own to every client.
            own = [one for one in found if not type(one).__module__.startswith("moto.")]
            left.setdefault(event, set()).update(one.__name__ for one in own)
        model = client.meta.service_model.operation_model(operation)
        unusual = (
            model.has_streaming_input,
            model.has_streaming_output,
            model.has_event_stream_output,
            model.http_checksum,
            model.http_checksum_required,
            model.request_compression,
            model.is_endpoint_discovery_operation,
        )
        assert not any(unusual), (name, unusual)
        assert model.resolved_auth_type in (None, "v4"), name
    assert left == {
        "provide-client-params": set(),
        # Headers for Lambda, for uploads, for endpoint discovery, and for directory buckets.
        "before-call": {
            "add_recursion_detection_header",
            "add_expect_header",
            "inject_api_version_header_if_needed",
            "apply_signing_cache_key",
        },
        # Signing is ours; the rest tells of retries.
        "request-created": {
            "handler",
            "seed_max_attempts",
            "rebuild_and_replace_user_agent_handler",
            "add_retry_headers",
        },
        # Access points, unsigned requests, directory buckets.
        "before-sign": {
            "remove_arn_from_signing_path",
            "_set_extra_headers_for_unsigned_request",
            "resolve_s3express_identity",
        },
        "before-send": set(),
        # Retries are ours. A bucket's region is read before it is asked, so that nothing is redirected.
        "needs-retry": {"needs_retry", "_update_status_code", "redirect_from_error"},
    }


@pytest.mark.parametrize(
    "variables", [{}, {"AWS_USE_DUALSTACK_ENDPOINT": "true"}, {"AWS_USE_FIPS_ENDPOINT": "true"}]
)
def test_a_bucket_is_where_the_rules_say(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str]
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    both = Both(monkeypatch)
    chosen = random.Random(7)
    names = ["".join(chosen.choices("abz019-.", k=chosen.randint(3, 63))) for _ in range(300)]
    names += [
        "s3",
        "amazonaws",
        "aaa",
        "us-east-1",
        "https",
        "x-s3alias",
        "b--x-s3",
        "a.b.c",
        "127-0-0-1",
        "10.0.0.1",
    ]
    names = [
        name for name in names if name[0] not in "-." and name[-1] not in "-." and len(name) > 2
    ]
    for operation in ("GetBucketAcl", "GetBucketTagging"):
        plan = both.clients.operation("s3", "us-east-1", operation)
        for name in names:
            found = plan._places.of(plan.model, {"Bucket": name}, dict(plan._context))
            asked = plan._places._resolved(plan.model, {"Bucket": name}, dict(plan._context))
            assert (found.url, found.signing, found.route.url) == (
                asked.url,
                asked.signing,
                asked.route.url,
            ), name


def test_line_breaks_in_arguments_make_no_lines() -> None:
    with pytest.raises(ValueError, match="line break"):
        prepared_call._head("GET", "/", {"Host": "h", "X": "a\r\nAuthorization: b"})
    with pytest.raises(ValueError, match="cannot be sent"):
        prepared_call._head("GET", "/a b", {"Host": "h"})
