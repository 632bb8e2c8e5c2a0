"""Protocol rules of Azure Resource Manager and Microsoft Graph: the version in the query, and one
form of errors.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from scanner.client.failures import Failure
from scanner.client.rest.provider_profile import failure_by_status
from scanner.client.rest.responses import HttpReply
from scanner.model.rest_operations import RestOperation

_DISABLED: Final = frozenset(
    {
        "SubscriptionNotRegistered",
        "MissingSubscriptionRegistration",
        "Authentication_RequestFromNonPremiumTenantOrB2CTenant",
    }
)
_THROTTLED: Final = frozenset(
    {"TooManyRequests", "SubscriptionRequestsThrottled", "ResourceRequestsThrottled"}
)


class AzureProfile:
    """The protocol rules of Azure Resource Manager and Microsoft Graph."""

    cloud = "azure"
    audience = "https://management.azure.com/.default"
    request_ids = ("x-ms-request-id", "request-id", "x-ms-correlation-request-id")

    def headers(self, operation: RestOperation) -> Mapping[str, str]:
        """None besides the token."""
        return {}

    def query(self, operation: RestOperation) -> Mapping[str, str]:
        """The `api-version` of an operation that has one; Graph has its version in the path."""
        if not operation.version:
            return {}
        return {"api-version": operation.version}

    def failure(self, reply: HttpReply, own: frozenset[str]) -> Failure:
        """By the code of an error, else by its status."""
        error = _error_body(reply)
        code = error.get("code")
        message = error.get("message")
        if not isinstance(code, str) or not code:
            code = str(reply.status)
        if not isinstance(message, str):
            message = ""
        return failure_by_status(
            reply,
            code,
            " ".join(message.split()),
            throttled=code in _THROTTLED,
            disabled=code in _DISABLED,
        )


def _error_body(reply: HttpReply) -> Mapping[str, Any]:
    """The error of a response; some services leave out the `error` member around it."""
    body = reply.json
    if not isinstance(body, dict):
        return {}
    error = body.get("error", body)
    return error if isinstance(error, dict) else {}
