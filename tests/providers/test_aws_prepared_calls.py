"""Prepared calls beside botocore's own client: for every reviewed operation the same request, and
the same answer read.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import botocore.auth
import pytest
from botocore.awsrequest import AWSRequest, AWSResponse
from botocore.config import Config
from botocore.credentials import Credentials, ReadOnlyCredentials
from botocore.exceptions import ClientError, ParamValidationError
from botocore.parsers import ResponseParserError
from botocore.session import Session
from urllib3 import HTTPHeaderDict

from scanner.client.clock import Clock
from scanner.providers.aws import prepared_call
from scanner.providers.aws.boto3_client import Boto3Operations
from scanner.providers.aws.boto_sessions import SessionFactory
from scanner.providers.aws.connections import Reply, Route
from scanner.providers.aws.credentials import Identity
from scanner.providers.aws.errors import UnparsableAnswerError
from scanner.providers.aws.fast_client import FastOperations
from scanner.providers.aws.operations import OPERATIONS
from scanner.providers.aws.prepared_call import PreparedCall
from scanner.providers.aws.signing import Unsigned
from tests.helpers.botocore_bodies import answer, arguments, refusal

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
KEY = ReadOnlyCredentials("AKID", "secret", "token", None)


def identity(key: ReadOnlyCredentials) -> Identity:
    """An account that signs with one key, at one moment."""
    held = Credentials(key.access_key, key.secret_key, key.token)
    return Identity(held, Clock(now=lambda: NOW))


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
    """A botocore client and our prepared_call, whose requests end in a list and whose answers come
    from the test.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.sent: list[tuple[str, str, dict[str, str], bytes]] = []
        self._status, self._headers, self._body = 200, {}, b""
        self.clients = FastOperations(SessionFactory(profile=""), "aws")
        self._theirs = Session()
        self._theirs.set_credentials(KEY.access_key, KEY.secret_key, KEY.token)
        self._made: dict[tuple[str, str], Any] = {}
        self._plain: _Recorded | None = None
        monkeypatch.setattr(prepared_call, "exchange", self._exchange)
        monkeypatch.setattr(
            botocore.auth, "get_current_datetime", lambda *_: NOW.replace(tzinfo=None)
        )

    @property
    def plain(self) -> Boto3Operations:
        """The second client, whose requests end in the same list."""
        if self._plain is None:
            self._plain = _Recorded(SessionFactory(profile=""), "aws", self._before_send)
        return self._plain

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
        return AWSResponse(
            request.url, self._status, HTTPHeaderDict(self._headers), _Raw(self._body)
        )

    def _exchange(self, route: Route, request: bytes, seconds: float) -> Reply:
        head, _, body = request.partition(b"\r\n\r\n")
        first, *lines = head.decode().split("\r\n")
        method, target, version = first.split(" ")
        assert version == "HTTP/1.1"
        headers = dict(line.split(": ", 1) for line in lines)
        assert urlsplit(route.url).netloc == headers["Host"]
        self.sent.append((method, f"{route.url}{target}", headers, body))
        return Reply(
            status_code=self._status, headers=HTTPHeaderDict(self._headers), content=self._body
        )


class _Recorded(Boto3Operations):
    """boto3's clients, whose requests are answered by the test."""

    def __init__(self, sessions: SessionFactory, partition: str, answer: Any) -> None:
        super().__init__(sessions, partition)
        self._answer = answer

    def client(self, identity: Identity, service: str, region: str) -> Any:
        client = super().client(identity, service, region)
        client.meta.events.register_first("before-send", self._answer, unique_id="answer")
        return client


@pytest.fixture(scope="module")
def made() -> Iterator[Both]:
    """Clients are dear to make, so that all tests share them."""
    with pytest.MonkeyPatch.context() as patch:
        yield Both(patch)


@pytest.fixture
def both(made: Both) -> Both:
    made.sent.clear()
    return made


def each_call(both: Both, region: str) -> Iterator[tuple[PreparedCall, Callable[..., Any]]]:
    for name in sorted(OPERATIONS):
        service, _, operation = name.partition(":")
        client = both.client(service, region)
        yield (
            both.clients.operation(service, region, operation),
            lambda params, c=client, o=operation: c._make_api_call(o, params),
        )


def test_the_plain_client_sends_and_reads_the_same(both: Both) -> None:
    """boto3's own clients: the same requests, answers and refusals as of the prepared calls."""
    for name in sorted(OPERATIONS):
        service, _, operation = name.partition(":")
        prepared = both.clients.operation(service, "us-east-1", operation)
        plain = both.plain.operation(service, "us-east-1", operation)
        params = arguments(prepared.model)
        both.give(200, *answer(prepared.model))
        both.sent.clear()
        found, expected = plain.send(params, SIGNED), prepared.send(params, SIGNED)
        (method, url, headers, body), (our_method, our_url, our_headers, our_body) = both.sent
        assert (method, url, body) == (our_method, our_url, our_body), name
        expected_headers = lowered(our_headers)
        for added in ("host", "accept-encoding"):
            expected_headers.pop(added)
        assert lowered(headers) == expected_headers, name
        assert headers["User-Agent"] == our_headers["User-Agent"], name
        assert told(found.pop("ResponseMetadata")) == told(expected.pop("ResponseMetadata")), name
        assert same(found, expected), name
        both.give(403, *refusal(prepared.model))
        with pytest.raises(ClientError) as caught:
            plain.send(params, SIGNED)
        assert "Denied" in caught.value.response["Error"]["Code"], name


@pytest.mark.parametrize(
    "body", [b"", b"<html><body>Log in</body></html>", b'{"Keys": [', b"[]", b"null"]
)
def test_the_plain_client_refuses_a_body_that_is_not_the_answer(both: Both, body: bytes) -> None:
    both.give(200, {}, body)
    with pytest.raises((UnparsableAnswerError, ResponseParserError)):
        both.plain.operation("kms", "us-east-1", "ListKeys").send({}, SIGNED)


def test_the_plain_client_follows_no_redirect(both: Both) -> None:
    """botocore would call HeadBucket, which is not reviewed, and send the request elsewhere."""
    both.give(
        301,
        {"x-amz-bucket-region": "eu-central-1"},
        b"<Error><Code>PermanentRedirect</Code><Message>m</Message></Error>",
    )
    both.sent.clear()
    for operations in (both.plain, both.clients):
        with pytest.raises(ClientError) as caught:
            operations.operation("s3", "us-east-1", "GetBucketAcl").send({"Bucket": "b-c"}, SIGNED)
        assert caught.value.response["Error"]["Code"] == "PermanentRedirect"
    assert len(both.sent) == 2


def told(metadata: Mapping[str, Any]) -> dict[str, Any]:
    """What botocore says of an answer, but for its own retries and the length that was received."""
    found = {
        name: value
        for name, value in metadata.items()
        if name not in ("RetryAttempts", "MaxAttemptsReached")
    }
    headers = dict(found["HTTPHeaders"])
    headers.pop("content-length", None)
    return {**found, "HTTPHeaders": headers}


def lowered(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items() if name.lower() not in TOLD}


@pytest.mark.parametrize("region", ["eu-west-1", "us-east-1", "cn-north-1", "us-gov-west-1"])
def test_requests_are_those_of_botocores_client(both: Both, region: str) -> None:
    for prepared, theirs in each_call(both, region):
        params = arguments(prepared.model)
        both.give(200, *answer(prepared.model))
        both.sent.clear()
        theirs(dict(params))
        prepared.send(params, SIGNED)
        (method, url, headers, body), (our_method, our_url, our_headers, our_body) = both.sent
        assert (our_method, our_url, our_body) == (method, url, body), prepared.model.name
        ours = lowered(our_headers)
        assert ours.pop("host") == urlsplit(url).netloc, prepared.model.name
        assert ours.pop("accept-encoding") == "identity"
        assert ours == lowered(headers), prepared.model.name


@pytest.mark.parametrize("token", ["token", None])
def test_requests_are_signed_as_botocore_signs_them(both: Both, token: str | None) -> None:
    key = ReadOnlyCredentials("AKID", "secret", token, None)
    for prepared, _ in each_call(both, "eu-west-1"):
        both.give(200, *answer(prepared.model))
        both.sent.clear()
        prepared.send(arguments(prepared.model), identity(key))
        method, url, headers, body = both.sent[0]
        signature = headers.pop("Authorization")
        scope = signature.partition("Credential=")[2].partition(",")[0].split("/")
        request = AWSRequest(method=method, url=url, headers=headers, data=body)
        service = prepared.model.service_model.service_name
        signer = (
            botocore.auth.S3SigV4Auth if service in ("s3", "s3control") else botocore.auth.SigV4Auth
        )
        signer(key, scope[3], scope[2]).add_auth(request)
        assert request.headers["Authorization"] == signature, prepared.model.name


def same(left: Any, right: Any) -> bool:
    """Equal, and of the same types but for times, which are the same instant."""
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(same(left[name], right[name]) for name in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(same, left, right))
    return left == right and type(left) is type(right)


def test_answers_are_read_as_botocores_client_reads_them(both: Both) -> None:
    leaves = 0
    for prepared, theirs in each_call(both, "us-east-1"):
        params = arguments(prepared.model)
        both.give(200, *answer(prepared.model))
        expected, found = theirs(dict(params)), prepared.send(params, SIGNED)
        assert told(expected.pop("ResponseMetadata")) == told(found.pop("ResponseMetadata")), (
            prepared.model.name
        )
        assert same(expected, found), prepared.model.name
        assert found or not prepared.model.output_shape.members, prepared.model.name
        leaves += str(found).count(":")
    assert leaves > 5000


def test_what_handlers_decode_is_decoded(both: Both) -> None:
    prepared = both.clients.operation("iam", "us-east-1", "GetAccountAuthorizationDetails")
    both.give(200, *answer(prepared.model))
    policy = prepared.send({}, SIGNED)["UserDetailList"][0]["UserPolicyList"][0]["PolicyDocument"]
    assert policy["Statement"][0]["Effect"] == "Allow"
    where = both.clients.operation("s3", "us-east-1", "GetBucketLocation")
    both.give(200, *answer(where.model))
    assert where.send({"Bucket": "b-c"}, SIGNED)["LocationConstraint"] == "eu-west-1"


@pytest.mark.parametrize("status", [403, 503])
def test_refusals_are_read_as_botocores_client_reads_them(both: Both, status: int) -> None:
    for prepared, theirs in each_call(both, "us-east-1"):
        both.give(status, *refusal(prepared.model))
        params = arguments(prepared.model)
        found = []
        for ask in (
            lambda p, call=theirs: call(dict(p)),
            lambda p, to=prepared: to.send(p, SIGNED),
        ):
            with pytest.raises(ClientError) as caught:
                ask(params)
            found.append(caught.value)
        theirs_response, our_response = (error.response for error in found)
        assert our_response["Error"] == theirs_response["Error"], prepared.model.name
        assert our_response["ResponseMetadata"] == told(theirs_response["ResponseMetadata"]), (
            prepared.model.name
        )
        assert "Denied" in our_response["Error"]["Code"]


def test_an_error_in_an_answer_of_success_is_a_refusal(both: Both) -> None:
    prepared = both.clients.operation("s3", "eu-west-1", "GetBucketAcl")
    both.give(
        200,
        {},
        b"<?xml version='1.0'?><Error><Code>InternalError</Code><Message>m</Message></Error>",
    )
    with pytest.raises(ClientError) as caught:
        prepared.send({"Bucket": "b-c"}, SIGNED)
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


def test_what_a_prepared_call_leaves_to_nobody_is_known() -> None:
    """botocore's handlers at the events that prepared calls do not pass on: one that is new must be
    looked at.
    """
    clients = FastOperations(SessionFactory(profile=""), "aws")
    left: dict[str, set[str]] = {}
    for name in sorted(OPERATIONS):
        service, _, operation = name.partition(":")
        client = clients.client(service, "us-east-1")
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
        # Retries are ours. A bucket's region is read before it is asked, so that nothing is
        # redirected.
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
        prepared = both.clients.operation("s3", "us-east-1", operation)
        for name in names:
            found = prepared._endpoints.of(
                prepared.model, {"Bucket": name}, dict(prepared._context)
            )
            asked = prepared._endpoints._resolve(
                prepared.model, {"Bucket": name}, dict(prepared._context)
            )
            assert (found.url, found.signing, found.route.url) == (
                asked.url,
                asked.signing,
                asked.route.url,
            ), name


def test_line_breaks_in_arguments_make_no_lines() -> None:
    route = Route(url="http://h", host="h", pool=None)

    def sent(path: str, headers: dict[str, str]) -> bytes:
        request = Unsigned(method="GET", path=path, query="", headers=headers, body=b"")
        return prepared_call._bytes(request, route)

    assert sent("/a", {"Host": "h"}) == b"GET /a HTTP/1.1\r\nHost: h\r\n\r\n"
    with pytest.raises(ValueError, match="line break"):
        sent("/", {"Host": "h", "X": "a\r\nAuthorization: b"})
    with pytest.raises(ValueError, match="cannot be sent"):
        sent("/a b", {"Host": "h"})
