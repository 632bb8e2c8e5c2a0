"""What an AWS error means: a refusal, a service that is off, a rate limit, or a failure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from botocore import exceptions as aws
from botocore.parsers import ResponseParserError

from scanner.client.failures import Failure
from scanner.model.answers import State

# botocore/retries/standard.py (ThrottledRetryableChecker), without LimitExceededException, which several services
# use for quotas that no waiting mends; it is added again for those that mean a rate by it.
THROTTLED: Final = frozenset(
    {
        "Throttling",
        "ThrottlingException",
        "ThrottledException",
        "RequestThrottledException",
        "RequestThrottled",
        "TooManyRequestsException",
        "TooManyRequests",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "BandwidthLimitExceeded",
        "SlowDown",
        "PriorRequestNotComplete",
        "EC2ThrottledException",
        "429",
    }
)
_DENIED: Final = re.compile(
    r"AccessDenied|Unauthorized|Forbidden|NotAuthorized|AuthorizationError|AuthFailure|ExpiredToken|TokenRefreshRequired"
    r"|InvalidClientTokenId|UnrecognizedClient|InvalidAccessKeyId|SignatureDoesNotMatch|IncompleteSignature"
    r"|RequestExpired|MissingAuthenticationToken|^40[13]$"
)
# How IAM words a denial by something else than the caller's own policies: no grant of ours mends that.
_DENIED_BY: Final = re.compile(
    r"(?:explicit deny in an? |because no )"
    r"((?:service control|resource control|session|VPC endpoint) policy|permissions boundary)",
    re.IGNORECASE,
)
_DISABLED: Final = frozenset(
    {
        "OptInRequired",
        "SubscriptionRequiredException",
        "NotSignedUp",
        "NotSubscribedException",
        "SubscriptionRequired",
    }
)
# Services that report being switched off with an ordinary code; only their own words tell it from a refusal.
_DISABLED_WORDS: Final = {
    "macie2": ("macie is not enabled",),
    "securityhub": ("is not subscribed to aws security hub", "not subscribed to security hub"),
    "inspector2": ("inspector is not enabled",),
    "detective": ("not enabled for detective",),
}
_TRANSIENT: Final = frozenset(
    {
        "RequestTimeout",
        "RequestTimeoutException",
        "InternalError",
        "InternalFailure",
        "InternalServerError",
    }
    | {
        "ServiceUnavailable",
        "ServiceUnavailableException",
        "Unavailable",
        "500",
        "502",
        "503",
        "504",
    }
)
_NO_CREDENTIALS: Final = (
    aws.NoCredentialsError,
    aws.PartialCredentialsError,
    aws.CredentialRetrievalError,
    aws.TokenRetrievalError,
    aws.NoAuthTokenError,
    aws.MetadataRetrievalError,
)
CONNECTION: Final = (aws.ConnectionError, aws.HTTPClientError)
FAILURES: Final = (
    aws.ClientError,
    aws.BotoCoreError,
    ResponseParserError,
    # What botocore's parsers raise when an answer's types are not those of the model.
    AttributeError,
    KeyError,
    TypeError,
    ValueError,
)
"""Everything that a call through botocore raises for what a provider did; nothing else is caught."""


class UnparsableAnswerError(aws.BotoCoreError):  # type: ignore[misc]
    """An answer of success whose body is not what the protocol says; botocore would read it as empty."""

    fmt = "the answer is not {form}"


def classify(service: str, error: Exception) -> Failure:
    """What one of `FAILURES` means."""
    if isinstance(error, aws.ClientError):
        return _answered(service, error.response)
    name = type(error).__name__
    message = " ".join(str(error).split())
    if isinstance(error, _NO_CREDENTIALS):
        return Failure(state=State.DENIED, code=name, message=message)
    again = isinstance(error, CONNECTION) and not isinstance(
        error, (aws.SSLError, aws.ProxyConnectionError)
    )
    unparsed = isinstance(error, (ResponseParserError, UnparsableAnswerError))
    return Failure(
        state=State.ERROR, code=name, message=message, attempts=3 if again or unparsed else 1
    )


def _answered(service: str, response: Mapping[str, Any]) -> Failure:
    """The classification of an error that the provider answered with."""
    error = response.get("Error", {})
    meta = response.get("ResponseMetadata", {})
    status = meta.get("HTTPStatusCode", 0)
    code = str(error.get("Code") or status or "Unknown")
    message = " ".join(str(error.get("Message") or "").split())
    state, attempts = _state(service, code, message, status)
    by = _DENIED_BY.search(message) if state is State.DENIED else None
    if by is not None:
        code = f"{code}: {by[1].lower()}"
    return Failure(
        state=state,
        code=code,
        message=message,
        request_id=meta.get("RequestId", ""),
        attempts=attempts,
    )


def _state(service: str, code: str, message: str, status: int) -> tuple[State, int]:
    words = message.lower()
    if code in _DISABLED or any(phrase in words for phrase in _DISABLED_WORDS.get(service, ())):
        return State.DISABLED, 1
    rate_in_words = code == "LimitExceededException" and "rate" in words
    if code in THROTTLED or status == 429 or rate_in_words:
        return State.THROTTLED, 0
    if _DENIED.search(code) or status in (401, 403):
        return State.DENIED, 1
    transient = code in _TRANSIENT or status >= 500
    return State.ERROR, 5 if transient else 1
