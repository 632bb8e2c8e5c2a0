"""Google Cloud's protocol rules: one token scope for all APIs, and errors that name the project
whose API is off.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from scanner.client.failures import Failure
from scanner.client.rest.provider_profile import failure_by_status
from scanner.client.rest.responses import HttpReply
from scanner.model.answers import State
from scanner.model.rest_operations import RestOperation

_DISABLED: Final = frozenset({"SERVICE_DISABLED", "accessNotConfigured"})
_THROTTLED: Final = frozenset(
    {
        "RATE_LIMIT_EXCEEDED",
        "RESOURCE_EXHAUSTED",
        "rateLimitExceeded",
        "userRateLimitExceeded",
        "quotaExceeded",
    }
)
_PROJECT: Final = re.compile(
    r"\bproject[ =:]+(?:projects/)?([a-z0-9][a-z0-9.:-]*[a-z0-9])", re.IGNORECASE
)


class GcpProfile:
    """The protocol rules of Google Cloud."""

    cloud = "gcp"
    # The role decides what may be read; several APIs take no narrower scope than this one.
    audience = "https://www.googleapis.com/auth/cloud-platform"
    request_ids = ("x-goog-request-id", "x-request-id", "x-guploader-uploadid")

    def headers(self, operation: RestOperation) -> Mapping[str, str]:
        """None besides the token."""
        return {}

    def query(self, operation: RestOperation) -> Mapping[str, str]:
        """None: the version is in the path."""
        return {}

    def failure(self, reply: HttpReply, own: frozenset[str]) -> Failure:
        """By the reason of an error, in the newer or the older form of Google's errors, else by its
        status.
        """
        error = _error_body(reply)
        code = _reason(error) or str(reply.status)
        message = " ".join(str(error.get("message") or "").split())
        if code not in _DISABLED:
            return failure_by_status(reply, code, message, throttled=code in _THROTTLED)
        # An API may also be off in the project that the caller's credentials belong to. Only where
        # it is off in the target's own project does that mean "no such resources here".
        consumer = _consumer(error, message)
        if consumer in own:
            return failure_by_status(reply, code, message, disabled=True)
        project = f"project {consumer}" if consumer else "an unnamed project"
        return Failure(state=State.ERROR, code=f"{code} in {project}", message=message)


def _error_body(reply: HttpReply) -> dict[str, Any]:
    body = reply.json
    if not isinstance(body, dict):
        return {}
    error = body.get("error")
    if not isinstance(error, dict):
        return {}
    return error


def _reason(error: dict[str, Any]) -> str:
    """The reason of the newer form (`details[].reason`), of the older one (`errors[].reason`), or
    the status.
    """
    rows = _error_infos(error)
    older_form = error.get("errors")
    if isinstance(older_form, list):
        rows += [row for row in older_form if isinstance(row, dict)]
    for row in rows:
        reason = row.get("reason")
        if isinstance(reason, str):
            return reason
    status = error.get("status")
    if isinstance(status, str):
        return status
    return ""


def _error_infos(error: dict[str, Any]) -> list[dict[str, Any]]:
    """The details of type ErrorInfo: the only ones whose reason is a code
    (https://google.aip.dev/193).
    """
    details = error.get("details")
    if not isinstance(details, list):
        return []
    mappings = [detail for detail in details if isinstance(detail, dict)]
    return [
        detail
        for detail in mappings
        if str(detail.get("@type", "")).endswith("google.rpc.ErrorInfo")
    ]


def _consumer(error: dict[str, Any], message: str) -> str:
    """Id or number of the project whose API is off; empty where the error names none."""
    for detail in _error_infos(error):
        metadata = detail.get("metadata")
        if not isinstance(metadata, dict):
            continue
        consumer = metadata.get("consumer")
        if isinstance(consumer, str):
            return consumer.removeprefix("projects/")
    match = _PROJECT.search(message)
    return match[1] if match else ""
