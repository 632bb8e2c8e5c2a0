"""Refuses responses of success whose body botocore would take for an empty answer."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final

from botocore.model import OperationModel

from scanner.providers.aws.errors import UnparsableAnswerError
from scanner.providers.aws.required_members import MAY_BE_EMPTY
from scanner.words import plural

_ROOT: Final = re.compile(
    rb"\s*(?:<\?xml[^>]{0,200}\?>\s*)?(?:<!--.{0,2000}?-->\s*)?<(?:[\w.-]+:)?([\w.-]{1,200})",
    re.DOTALL,
)
"""The name of the first element of an XML document."""
_ERRORS: Final = frozenset({"Error", "ErrorResponse", "Errors"})
_HTML: Final = (b"<html", b"<!doctype html")


def check_body(response: Mapping[str, Any], operation: OperationModel) -> None:
    """Raise UnparsableAnswerError for a body that is not the answer: cut off, or the page of a
    login portal.

    `response` is botocore's dictionary of a response. An empty answer would read as "nothing
    there", and pass.
    """
    output = operation.output_shape
    if response["status_code"] >= 300 or not output or not output.members:
        return
    # 204 and 206 are no whole answers.
    if response["status_code"] not in (operation.http.get("responseCode", 200), 201):
        raise UnparsableAnswerError(form="one of status 200")
    body: bytes = response["body"]
    _check_length(body, str(response["headers"].get("content-length", "")))
    if body[:64].lstrip()[:14].lower().startswith(_HTML):
        raise UnparsableAnswerError(form="from AWS, but a web page")
    # What was received, for those that know a response without its body.
    response["headers"]["content-length"] = str(len(body))
    # A payload is one member alone, and no document of the protocol.
    payload = output.serialization.get("payload")
    protocol = operation.service_model.resolved_protocol
    if payload and output.members[payload].type_name != "structure":
        _check_policy(body)
    elif "json" in protocol:
        _check_json(body, operation)
    else:
        _check_root(body, operation, protocol)


def _check_length(body: bytes, announced: str) -> None:
    cut_off = announced.isdecimal() and int(announced) != len(body)
    if not body or cut_off:
        received = plural(len(body), "byte")
        raise UnparsableAnswerError(form=f"complete: received {received} of {announced or '?'}")


def _check_policy(body: bytes) -> None:
    """Refuse what is no policy, the one text that is a payload of a reviewed operation."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict) or "Statement" not in document:
        raise UnparsableAnswerError(form="a policy")


def _check_json(body: bytes, operation: OperationModel) -> None:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        raise UnparsableAnswerError(form="complete JSON")
    # How the JSON protocols name an error, whatever the status.
    if "__type" in document and "__type" not in operation.output_shape.members:
        raise UnparsableAnswerError(form="an answer, but an error with status 200")
    # Where an answer may be empty, another operation's document would be one: botocore drops what
    # its model does not have.
    if document and "payload" not in operation.output_shape.serialization:
        members = operation.output_shape.members.items()
        if not any(shape.serialization.get("name", name) in document for name, shape in members):
            raise UnparsableAnswerError(form="that of the operation")


def _rest_root(operation: OperationModel) -> str:
    """The root of a REST response in XML; empty where the model does not name it."""
    output = operation.output_shape
    payload = output.serialization.get("payload")
    if payload:
        return str(output.members[payload].serialization.get("name", payload))
    # Where an answer may be empty, nothing else identifies it.
    service = operation.service_model.service_name
    return MAY_BE_EMPTY.get(f"{service}:{operation.name}", "")


def _check_root(body: bytes, operation: OperationModel, protocol: str) -> None:
    """Refuse an error with status 200, and another operation's document."""
    found = _ROOT.match(body)
    root = found[1].decode() if found else ""
    if root in _ERRORS:
        raise UnparsableAnswerError(form="an answer, but an error with status 200")
    # Some S3-compatible services name the operation where S3 names the payload.
    named = f"{operation.name}Response"
    wanted = named
    if protocol == "rest-xml":
        wanted = _rest_root(operation) or root
    if root not in (wanted, named) or not root:
        raise UnparsableAnswerError(form=f"the document {wanted or 'in XML'}")
