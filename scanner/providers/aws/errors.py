"""Classifies AWS errors: a refusal, a service that is off, a rate limit, or a failure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from botocore import exceptions as aws
from botocore.parsers import ResponseParserError

from scanner.client.failures import Failure
from scanner.model.answers import State

# botocore/retries/standard.py (ThrottledRetryableChecker), without LimitExceededException, which
# several services use for quotas that no waiting mends; it is added again for those that mean a
# rate by it.
THROTTLED: Final = frozenset(
    {
        "429",
        "BandwidthLimitExceeded",
        "EC2ThrottledException",
        "PriorRequestNotComplete",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "SlowDown",
        "ThrottledException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequests",
        "TooManyRequestsException",
    }
)
_DENIED: Final = re.compile(
    r"AccessDenied|Unauthorized|Forbidden|NotAuthorized|AuthorizationError|AuthFailure"
    r"|ExpiredToken|TokenRefreshRequired|InvalidClientTokenId|UnrecognizedClient"
    r"|InvalidAccessKeyId|SignatureDoesNotMatch|IncompleteSignature|RequestExpired"
    r"|MissingAuthenticationToken|^40[13]$"
)
# How IAM words a denial by something else than the caller's own policies: no grant of ours mends
# that.
_DENIED_BY: Final = re.compile(
    r"(?:explicit deny in an? |because no )"
    r"((?:service control|resource control|session|VPC endpoint) policy|permissions boundary)",
    re.IGNORECASE,
)
_DISABLED: Final = frozenset(
    {
        "NotSignedUp",
        "NotSubscribedException",
        "OptInRequired",
        "SubscriptionRequired",
        "SubscriptionRequiredException",
    }
)
# Services that report being switched off with an ordinary code; only their own words tell it from a
# refusal.
_DISABLED_WORDS: Final = {
    "detective": ("not enabled for detective",),
    "inspector2": ("inspector is not enabled",),
    "macie2": ("macie is not enabled",),
    "securityhub": ("is not subscribed to aws security hub", "not subscribed to security hub"),
}
_TRANSIENT: Final = frozenset(
    {
        "500",
        "502",
        "503",
        "504",
        "InternalError",
        "InternalFailure",
        "InternalServerError",
        "RequestTimeout",
        "RequestTimeoutException",
        "ServiceUnavailable",
        "ServiceUnavailableException",
        "Unavailable",
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
_NOT_WORTH_RETRYING: Final = (aws.SSLError, aws.ProxyConnectionError)
"""Failures of a connection that another attempt does not mend."""
FAILURES: Final = (
    aws.ClientError,
    aws.BotoCoreError,
    ResponseParserError,
    # What botocore's parsers raise when the types in a response are not those of the model.
    AttributeError,
    KeyError,
    TypeError,
    ValueError,
)
"""Everything that a call through botocore raises for what a provider did; nothing else is caught.
"""
_OFTEN: Final = 5
"""Attempts where the provider itself failed."""
_SOME: Final = 3
"""Attempts where the connection failed, or the response was not whole."""


class UnparsableAnswerError(aws.BotoCoreError):  # type: ignore[misc]
    """A response of success whose body is not what the protocol says; botocore would read it as
    empty.
    """

    fmt = "the response is not {form}"


class CredentialRepeatedError(aws.BotoCoreError):  # type: ignore[misc]
    """A response that holds the session token that was sent."""

    fmt = "the response repeats the credential that was sent, so that it is not kept"


class TooLargeAnswerError(aws.BotoCoreError):  # type: ignore[misc]
    """A response that is larger than any that a declared operation gives."""

    fmt = "{form}"


def classify(service: str, error: Exception) -> Failure:
    """The failure that one of `FAILURES` is."""
    if isinstance(error, aws.ClientError):
        return _refused(service, error.response)
    code = type(error).__name__
    message = " ".join(str(error).split())
    if isinstance(error, TooLargeAnswerError):
        return Failure(state=State.ERROR, code="TooLarge", message=message)
    if isinstance(error, _NO_CREDENTIALS):
        return Failure(state=State.DENIED, code=code, message=message)
    unparsed = isinstance(error, (ResponseParserError, UnparsableAnswerError))
    broken = isinstance(error, CONNECTION) and not isinstance(error, _NOT_WORTH_RETRYING)
    attempts = _SOME if unparsed or broken else 1
    return Failure(state=State.ERROR, code=code, message=message, attempts=attempts)


def _refused(service: str, response: Mapping[str, Any]) -> Failure:
    """The failure that an error response is."""
    error = response.get("Error", {})
    metadata = response.get("ResponseMetadata", {})
    status = metadata.get("HTTPStatusCode", 0)
    code = str(error.get("Code") or status or "Unknown")
    message = " ".join(str(error.get("Message") or "").split())
    state = _state(service, code, message, status)
    attempts = 1
    if state is State.THROTTLED:
        attempts = 0
    elif state is State.ERROR and (code in _TRANSIENT or status >= 500):
        attempts = _OFTEN
    if state is State.DENIED:
        by = _DENIED_BY.search(message)
        if by is not None:
            code = f"{code}: {by[1].lower()}"
    return Failure(
        state=state,
        code=code,
        message=message,
        request_id=metadata.get("RequestId", ""),
        attempts=attempts,
    )


def _state(
    service: str,
    code: str,
    message: str,
    status: int,
) -> State:
    words = message.lower()
    if code in _DISABLED or any(phrase in words for phrase in _DISABLED_WORDS.get(service, ())):
        return State.DISABLED
    if code in THROTTLED or status == 429:
        return State.THROTTLED
    if code == "LimitExceededException" and "rate" in words:
        return State.THROTTLED
    if _DENIED.search(code) or status in (401, 403):
        return State.DENIED
    return State.ERROR
