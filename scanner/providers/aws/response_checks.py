"""Bodies of answers: refused where botocore would take one for empty that is not what the protocol says."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from botocore.model import OperationModel

from scanner.providers.aws.errors import UnparsableAnswerError


def check_body(response: Mapping[str, Any], operation: OperationModel) -> None:
    """Refuse an answer of success with a body that botocore would take for an empty one (a portal's page, a cut)."""
    body = response["body"]
    output = operation.output_shape
    if response["status_code"] >= 300 or not output or not output.members:
        return
    announced = str(response["headers"].get("content-length", ""))
    if not body or (announced.isdecimal() and int(announced) != len(body)):
        raise UnparsableAnswerError(form=f"whole: {len(body)} of {announced or '?'} bytes came")
    if body[:64].lstrip()[:14].lower().startswith((b"<html", b"<!doctype html")):
        raise UnparsableAnswerError(form="from AWS, but a web page")
    if "json" in operation.service_model.resolved_protocol and not output.serialization.get(
        "payload"
    ):
        _check_json(body)


def _check_json(body: bytes) -> None:
    try:
        whole = isinstance(json.loads(body), dict)
    except ValueError:
        whole = False
    if not whole:
        raise UnparsableAnswerError(form="whole JSON")
