"""The allow-list knows every reviewed operation by its request alone, and refuses in a form that botocore reads."""

from __future__ import annotations

import io
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ClientError
from botocore.model import Shape
from botocore.session import Session

from scanner.sources.aws.operations import OPERATIONS
from tests.estate.refusing import Doorkeeper, required

BY_SERVICE = {
    service: sorted(name for name in OPERATIONS if name.startswith(f"{service}:"))
    for service in sorted({name.partition(":")[0] for name in OPERATIONS})
}
CODES = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"}


@pytest.fixture(scope="module")
def session() -> Session:
    return Session()


@pytest.mark.parametrize("service", BY_SERVICE)
def test_every_operation_is_known_by_its_request_and_refused(service: str, session: Session) -> None:
    door = Doorkeeper()
    door.allow(())
    client = session.create_client(
        service, "us-east-1", endpoint_url="http://localhost:1", aws_access_key_id="a", aws_secret_access_key="b"
    )
    client.meta.events.register("before-send", lambda request, **_: answered(door, request))
    for operation in BY_SERVICE[service]:
        model = client.meta.service_model.operation_model(operation.partition(":")[2])
        arguments = least(model.input_shape)
        if not required(operation):
            continue
        with pytest.raises(ClientError) as refused:
            client._make_api_call(model.name, arguments)
        assert (door.decisions[-1].operation, door.decisions[-1].lacking) == (operation, required(operation))
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
            return (getattr(shape, "enum", None) or ["123456789012" + "1" * (shape.metadata.get("min", 0) - 12)])[0]
        case "timestamp":
            return 0
        case "boolean":
            return False
    return max(1, shape.metadata.get("min", 1))
