"""Google Cloud's ways: tokens for the whole platform, and errors that may name whose API is off."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from scanner.client.failures import Failure
from scanner.client.rest.provider_profile import classified
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
    """How Google Cloud is spoken to."""

    cloud = "gcp"
    # The role decides what may be read; several APIs take no narrower scope than this one.
    audience = "https://www.googleapis.com/auth/cloud-platform"
    request_ids = ("x-goog-request-id", "x-request-id", "x-guploader-uploadid")

    def headers(self, operation: RestOperation) -> Mapping[str, str]:
        """Nothing of its own."""
        return {}

    def query(self, operation: RestOperation) -> Mapping[str, str]:
        """Nothing: the version is in the path."""
        return {}

    def failure(self, reply: HttpReply, own: frozenset[str]) -> Failure:
        """By the reason that an error gives, in its new form or its old one, else by its status.

        A service that is off is knowledge about the target only where it is the target's: an API may also be off in
        the project that the caller's credentials are of.
        """
        error = _error(reply)
        code = _code(error, reply)
        message = " ".join(str(error.get("message") or "").split())
        if code not in _DISABLED:
            return classified(reply, code, message, throttled=code in _THROTTLED)
        consumer = _consumer(error, message)
        if consumer in own:
            return classified(reply, code, message, disabled=True)
        where = (
            f"{code} in project {consumer}"
            if consumer
            else f"{code} in a project that is not named"
        )
        return Failure(state=State.ERROR, code=where, message=message)


def _error(reply: HttpReply) -> dict[str, Any]:
    body = reply.json
    error = body.get("error") if isinstance(body, dict) else None
    return error if isinstance(error, dict) else {}


def _code(error: dict[str, Any], reply: HttpReply) -> str:
    reasons = [
        detail["reason"] for detail in _details(error) if isinstance(detail.get("reason"), str)
    ]
    old = error.get("errors")
    if isinstance(old, list):
        reasons += [
            item["reason"]
            for item in old
            if isinstance(item, dict) and isinstance(item.get("reason"), str)
        ]
    status = error.get("status")
    return next(iter(reasons), status if isinstance(status, str) and status else str(reply.status))


def _details(error: dict[str, Any]) -> list[dict[str, Any]]:
    """The details that are an ErrorInfo: the only ones whose reason is a code."""
    found = error.get("details")
    return [
        detail
        for detail in (found if isinstance(found, list) else [])
        if isinstance(detail, dict)
        and str(detail.get("@type", "")).endswith("google.rpc.ErrorInfo")
    ]


def _consumer(error: dict[str, Any], message: str) -> str:
    """Id or number of the project whose API is off."""
    for detail in _details(error):
        metadata = detail.get("metadata")
        if isinstance(metadata, dict) and isinstance(metadata.get("consumer"), str):
            return str(metadata["consumer"]).removeprefix("projects/")
    match = _PROJECT.search(message)
    return match[1] if match else ""
