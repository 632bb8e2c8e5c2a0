"""The allow-list knows every reviewed operation by its request alone, and refuses in a form that
botocore reads."""

from __future__ import annotations

import io
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ClientError
from botocore.model import Shape
from botocore.session import Session

from scanner.core.reading.read_plan import requests
from scanner.providers.aws.operations import OPERATIONS
from scanner.providers.aws.permissions import action_of
from tests.estate.refusing import Doorkeeper, required
from tests.helpers.library import shipped_library

BY_SERVICE = {
    service: sorted(name for name in OPERATIONS if name.startswith(f"{service}:"))
    for service in sorted({name.partition(":")[0] for name in OPERATIONS})
}
CODES = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"}


def test_the_kinds_name_the_actions_that_aws_names() -> None:
    kinds = [kind for kind in shipped_library().kinds.values() if kind.cloud == "aws"]
    named = {
        (one.operation, one.permission or (action_of(one.operation),))
        for kind in kinds
        for one in requests(kind)
    }
    assert len(named) > 120
    assert {
        operation: actions for operation, actions in named if {*actions} != {*required(operation)}
    } == {}


@pytest.fixture(scope="module")
def session() -> Session:
    return Session()


@pytest.mark.parametrize("service", BY_SERVICE)
def test_every_operation_is_known_by_its_request_and_refused(
    service: str, session: Session
) -> None:
    door = Doorkeeper()
    door.allow(())
    client = session.create_client(
        service,
        "us-east-1",
        endpoint_url="http://localhost:1",
        aws_access_key_id="a",
        aws_secret_access_key="b",
    )
    client.meta.events.register("before-send", lambda request, **_: answered(door, request))
    for operation in BY_SERVICE[service]:
        if operation == "sts:GetCallerIdentity":
            continue
        model = client.meta.service_model.operation_model(operation.partition(":")[2])
        with pytest.raises(ClientError) as refused:
            client._make_api_call(model.name, least(model.input_shape))
        assert (door.decisions[-1].operation, door.decisions[-1].lacking) == (
            operation,
            required(operation),
        )
        assert refused.value.response["Error"]["Code"] in CODES, operation
        assert required(operation)[0] in refused.value.response["Error"]["Message"]


def answered(door: Doorkeeper, request: Any) -> AWSResponse:
    """What the door says to a request that botocore is about to send."""
    parts = urlsplit(request.url)
    body = request.body or b""
    body = body.encode() if isinstance(body, str) else body
    headers = {
        name.upper().replace("-", "_"): value.decode() if isinstance(value, bytes) else value
        for name, value in request.headers.items()
    }
    environ = {
        **{f"HTTP_{name}": value for name, value in headers.items()},
        "REQUEST_METHOD": request.method,
        "PATH_INFO": parts.path,
        "RAW_URI": f"{parts.path}?{parts.query}",
        "QUERY_STRING": parts.query,
        "CONTENT_TYPE": headers.get("CONTENT_TYPE", ""),
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": io.BytesIO(body),
    }
    said: dict[str, Any] = {}

    def start(status: str, headers: list[tuple[str, str]]) -> None:
        said.update(status=int(status[:3]), headers=dict(headers))

    content = b"".join(door(environ, start))
    raw = type("Raw", (io.BytesIO,), {"stream": lambda self: iter([content])})(content)
    return AWSResponse(request.url, said["status"], said["headers"], raw)


def least(shape: Shape | None) -> Any:
    """The smallest value that botocore takes for a shape."""
    if shape is None:
        return {}
    match shape.type_name:
        case "structure":
            # S3 Control wants the account that it puts into the host.
            names = set(shape.required_members) | ({"AccountId"} & shape.members.keys())
            # Of a union exactly one member is given.
            names |= set(list(shape.members)[:1]) if shape.is_tagged_union else set()
            return {name: least(shape.members[name]) for name in sorted(names)}
        case "list":
            return [least(shape.member)]
        case "map":
            return {}
        case "string":
            return (
                getattr(shape, "enum", None)
                or ["123456789012" + "1" * (shape.metadata.get("min", 0) - 12)]
            )[0]
        case "timestamp":
            return 0
        case "boolean":
            return False
    return max(1, shape.metadata.get("min", 1))


def test_an_unknown_request_is_refused() -> None:
    door = Doorkeeper()
    door.allow({"s3:ListAllMyBuckets"})
    said: list[str] = []
    environ = {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": "/",
        "QUERY_STRING": "x-id=ListBuckets",
        "wsgi.input": io.BytesIO(),
    }
    assert b"AccessDenied" in b"".join(door(environ, lambda status, _: said.append(status)))
    assert said == ["403 Forbidden"]
    assert [one.operation for one in door.refusals] == [""]


def test_what_is_allowed_and_what_needs_no_action_goes_through() -> None:
    door = Doorkeeper(application=lambda environ, start: [b"served"])
    door.allow({"s3:ListAllMyBuckets"})
    scope = {"wsgi.input": io.BytesIO(), "QUERY_STRING": ""}
    signed = "AWS4-HMAC-SHA256 Credential=a/20260101/us-east-1/{}/aws4_request, Signature=b"
    listing = {
        **scope,
        "REQUEST_METHOD": "GET",
        "PATH_INFO": "/",
        "HTTP_AUTHORIZATION": signed.format("s3"),
    }
    body = b"Action=GetCallerIdentity&Version=2011-06-15"
    caller = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": "/",
        "HTTP_AUTHORIZATION": signed.format("sts"),
        "CONTENT_TYPE": "application/x-www-form-urlencoded",
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": io.BytesIO(body),
    }
    assert [door({**listing, "QUERY_STRING": "x-id=ListBuckets"}, print), door(caller, print)] == [
        [b"served"]
    ] * 2
    assert [one.operation for one in door.decisions] == ["s3:ListBuckets", "sts:GetCallerIdentity"]
    assert caller["wsgi.input"].read() == body  # type: ignore[attr-defined]
