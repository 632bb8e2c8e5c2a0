"""Arguments and answers made from botocore's models: every member, two of each list, in the
protocol's own form."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote
from xml.sax.saxutils import escape

from botocore.model import OperationModel, Shape

_DEEPEST = 7
_POLICY = json.dumps(
    {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
)
_SCALARS: dict[str, Any] = {
    "boolean": True,
    "integer": 7,
    "long": 8,
    "float": 1.5,
    "double": 2.5,
    "blob": b"by\x00tes",
}
_EMPTY: dict[str, Any] = {"structure": {}, "list": [], "map": {}}
_ROOTS = {
    "GetBucketLogging": "BucketLoggingStatus",
    "GetBucketVersioning": "VersioningConfiguration",
}
"""Roots that identify an answer which may be empty."""
_TIME = "2026-01-02T03:04:05.678Z"


def arguments(model: OperationModel) -> dict[str, Any]:
    """Arguments with every member that a call of an operation can have."""
    shape = model.input_shape
    return (
        {}
        if shape is None
        else {name: _argument(member, name, 0) for name, member in shape.members.items()}
    )


def _argument(shape: Shape, name: str, depth: int) -> Any:
    if depth > _DEEPEST and shape.type_name in _EMPTY:
        return _EMPTY[shape.type_name]
    match shape.type_name:
        case "structure":
            return {key: _argument(member, key, depth + 1) for key, member in members(shape)}
        case "list":
            return [_argument(shape.member, name, depth + 1)]
        case "map":
            return {"k & ü": _argument(shape.value, name, depth + 1)}
        case "string":
            return shape.enum[0] if shape.enum else _text(shape, name)
        case "timestamp":
            return "2026-01-02T03:04:05Z"
        case "integer" | "long":
            return max(7, int(shape.metadata.get("min", 7)))
    return _SCALARS[shape.type_name]


def members(shape: Shape) -> list[tuple[str, Shape]]:
    """The members of a structure; of one that has exactly one of them, the first."""
    found = list(shape.members.items())
    return found[:1] if shape.is_tagged_union else found


def _text(shape: Shape, name: str) -> str:
    if name in ("Bucket", "AccountId", "ExpectedBucketOwner"):
        return "bucket-of-logs" if name == "Bucket" else "123456789012"
    least = int(shape.metadata.get("min", 0))
    return "a /&=+ü~*".ljust(least, "x")


def answer(model: OperationModel) -> tuple[dict[str, str], bytes]:
    """Headers and body of an answer of success."""
    protocol, shape = model.service_model.resolved_protocol, model.output_shape
    headers = {
        "x-amzn-requestid": "id-1",
        "x-amz-request-id": "id-2",
        "date": "Thu, 01 Jan 2026 00:00:00 GMT",
    }
    if shape is None:
        return headers, b""
    if protocol in ("json", "rest-json"):
        value = dict(_json_members(shape, 0))
        return headers | {"content-type": "application/json"}, json.dumps(value).encode()
    inner = "".join(_xml_members(shape, 0, protocol))
    wrapper = shape.serialization.get("resultWrapper")
    if protocol == "query" and wrapper:
        inner = f"<{wrapper}>{inner}</{wrapper}><ResponseMetadata><RequestId>id-3</RequestId></ResponseMetadata>"
    if protocol == "ec2":
        inner += "<requestId>id-3</requestId>"
    payload = shape.serialization.get("payload")
    root = _ROOTS.get(model.name, f"{model.name}Response")
    if payload and shape.members[payload].type_name == "structure":
        root = shape.members[payload].serialization.get("name", payload)
        inner = "".join(_xml_members(shape.members[payload], 1, protocol))
    elif payload:
        return headers, _POLICY.encode()
    if model.name == "GetBucketLocation":
        root, inner = "LocationConstraint", "eu-west-1"
    return headers | {
        "content-type": "text/xml"
    }, f'<?xml version="1.0"?><{root} xmlns="urn:x">{inner}</{root}>'.encode()


def refusal(model: OperationModel) -> tuple[dict[str, str], bytes]:
    """Headers and body of a refusal."""
    headers = {"x-amzn-requestid": "id-1", "date": "Thu, 01 Jan 2026 00:00:00 GMT"}
    inside = "<Code>AccessDenied</Code><Message>User: x is not authorized</Message>"
    match model.service_model.resolved_protocol:
        case "json" | "rest-json":
            body = {
                "__type": "com.amazonaws#AccessDeniedException:http://x",
                "message": "User: x is not authorized",
            }
            return headers | {"x-amzn-query-error": "AWS.Denied;Sender"}, json.dumps(body).encode()
        case "ec2":
            return (
                headers,
                f"<Response><Errors><Error>{inside}</Error></Errors><RequestID>r</RequestID></Response>".encode(),
            )
    if model.service_model.service_name == "s3":
        return (
            headers,
            f"<Error>{inside}<RequestId>r</RequestId><HostId>h</HostId></Error>".encode(),
        )
    return (
        headers,
        f"<ErrorResponse><Error>{inside}</Error><RequestId>r</RequestId></ErrorResponse>".encode(),
    )


def _json_members(shape: Shape, depth: int) -> Iterator[tuple[str, Any]]:
    for name, member in members(shape):
        if member.serialization.get("location") is None:
            yield member.serialization.get("name", name), _json(member, depth + 1)


def _json(shape: Shape, depth: int) -> Any:
    if depth > _DEEPEST and shape.type_name in _EMPTY:
        return _EMPTY[shape.type_name]
    match shape.type_name:
        case "structure":
            return dict(_json_members(shape, depth))
        case "list":
            return [_json(shape.member, depth + 1), _json(shape.member, depth + 1)]
        case "map":
            return {"k ü": _json(shape.value, depth + 1)}
        case "string":
            return "text <&> ü"
        case "timestamp":
            return (
                _TIME if shape.serialization.get("timestampFormat") == "iso8601" else 1767323045.678
            )
        case "blob":
            return base64.b64encode(_SCALARS["blob"]).decode()
    return _SCALARS[shape.type_name]


def _xml_members(shape: Shape, depth: int, protocol: str) -> Iterator[str]:
    for name, member in members(shape):
        known = member.serialization
        if known.get("location") is None and not known.get("xmlAttribute") and depth <= _DEEPEST:
            tag = known.get("name", name)
            if member.type_name == "list" and known.get("flattened"):
                tag = member.member.serialization.get("name", tag) if protocol == "query" else tag
                yield _element(tag, member.member, depth + 1, protocol) * 2
            else:
                yield _element(tag, member, depth + 1, protocol)


def _element(tag: str, shape: Shape, depth: int, protocol: str) -> str:
    """An element, with the members of a structure that are its attributes."""
    parts = members(shape) if shape.type_name == "structure" else []
    names = [
        member.serialization["name"]
        for _, member in parts
        if member.serialization.get("xmlAttribute")
    ]
    attributes = "".join(f' xmlns:{name.partition(":")[0]}="urn:y" {name}="text"' for name in names)
    return f"<{tag}{attributes}>{_xml(shape, depth, protocol)}</{tag}>"


def _xml(shape: Shape, depth: int, protocol: str) -> str:
    match shape.type_name:
        case "structure":
            return "".join(_xml_members(shape, depth, protocol))
        case "list":
            default = "item" if protocol == "ec2" else "member"
            tag = shape.member.serialization.get("name", default)
            return _element(tag, shape.member, depth + 1, protocol) * 2 if depth <= _DEEPEST else ""
        case "map":
            key, value = (
                getattr(shape, part).serialization.get("name", part) for part in ("key", "value")
            )
            return f"<entry><{key}>k</{key}><{value}>{_xml(shape.value, depth + 1, protocol)}</{value}></entry>"
        case "string":
            return escape(quote(_POLICY) if shape.name == "policyDocumentType" else "text <&> ü")
        case "timestamp":
            return _TIME
        case "blob":
            return base64.b64encode(_SCALARS["blob"]).decode()
        case "boolean":
            return "true"
    return str(_SCALARS[shape.type_name])
