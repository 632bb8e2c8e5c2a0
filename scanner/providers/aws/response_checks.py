"""Refuses responses of success whose body botocore would take for an empty answer."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from botocore.model import OperationModel

from scanner.providers.aws.errors import UnparsableAnswerError
from scanner.words import plural

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
    body: bytes = response["body"]
    _check_length(body, str(response["headers"].get("content-length", "")))
    if body[:64].lstrip()[:14].lower().startswith(_HTML):
        raise UnparsableAnswerError(form="from AWS, but a web page")
    # A payload is one member alone, and no JSON of the protocol.
    has_payload = output.serialization.get("payload")
    if "json" in operation.service_model.resolved_protocol and not has_payload:
        _check_json(body)


def _check_length(body: bytes, announced: str) -> None:
    cut_off = announced.isdecimal() and int(announced) != len(body)
    if not body or cut_off:
        received = plural(len(body), "byte")
        raise UnparsableAnswerError(form=f"complete: received {received} of {announced or '?'}")


def _check_json(body: bytes) -> None:
    try:
        whole = isinstance(json.loads(body), dict)
    except ValueError:
        whole = False
    if not whole:
        raise UnparsableAnswerError(form="complete JSON")
