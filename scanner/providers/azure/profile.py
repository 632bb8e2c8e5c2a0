"""Azure's ways, and those of Microsoft Graph: the version in the query, and one form of errors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from scanner.client.failures import Failure
from scanner.client.rest.provider_profile import classified
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
    """How Azure's resource manager and Microsoft Graph are spoken to."""

    cloud = "azure"
    audience = "https://management.azure.com/.default"
    request_ids = ("x-ms-request-id", "request-id", "x-ms-correlation-request-id")

    def headers(self, operation: RestOperation) -> Mapping[str, str]:
        """Nothing of its own."""
        return {}

    def query(self, operation: RestOperation) -> Mapping[str, str]:
        """The version of the interface, where the operation has one."""
        return {"api-version": operation.version} if operation.version else {}

    def failure(self, reply: HttpReply, own: frozenset[str]) -> Failure:
        """By the error's code, else by its status."""
        body = reply.json
        error = body.get("error", body) if isinstance(body, dict) else {}
        error = error if isinstance(error, dict) else {}
        code = error.get("code")
        code = code if isinstance(code, str) and code else str(reply.status)
        message = error.get("message")
        message = " ".join(message.split()) if isinstance(message, str) else ""
        return classified(
            reply, code, message, throttled=code in _THROTTLED, disabled=code in _DISABLED
        )
