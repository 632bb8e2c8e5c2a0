"""GitHub's protocol rules: the version in a header, errors that differ by their message."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

from scanner.client.failures import Failure
from scanner.client.rest.provider_profile import LONGEST_WAIT, failure_by_status
from scanner.client.rest.responses import HttpReply
from scanner.model.answers import State
from scanner.model.rest_operations import RestOperation


class GithubProfile:
    """The protocol rules of GitHub."""

    cloud = "github"
    audience = "github"
    request_ids = ("x-github-request-id",)

    def headers(self, operation: RestOperation) -> Mapping[str, str]:
        """The media type, and the API version of an operation that has one."""
        headers = {"Accept": "application/vnd.github+json"}
        if operation.version:
            headers["X-GitHub-Api-Version"] = operation.version
        return headers

    def query(self, operation: RestOperation) -> Mapping[str, str]:
        """None: the version is in a header."""
        return {}

    def failure(self, reply: HttpReply, own: frozenset[str]) -> Failure:
        """By status and message, which are the code together: `404 Branch not protected`."""
        message = _message(reply)
        code = f"{reply.status} {message}".strip()
        throttled = _is_rate_limited(reply, message)
        failure = failure_by_status(reply, code, message, throttled=throttled)
        if throttled and not failure.after:
            return replace(failure, after=_seconds_until_reset(reply))
        # A bare 404 is how GitHub refuses a token that may not know of the resource: no proof of
        # absence.
        if reply.status == 404 and message in ("", "Not Found"):
            return replace(failure, state=State.DENIED)
        return failure


def _message(reply: HttpReply) -> str:
    body = reply.json
    message = body.get("message") if isinstance(body, dict) else None
    if not isinstance(message, str):
        return ""
    return " ".join(message.split())


def _is_rate_limited(reply: HttpReply, message: str) -> bool:
    """Whether a refusal is a rate limit: GitHub answers 403 for those too."""
    if reply.status not in (403, 429):
        return False
    if reply.headers.get("x-ratelimit-remaining") == "0" or "retry-after" in reply.headers:
        return True
    return "rate limit" in message.lower()


def _seconds_until_reset(reply: HttpReply) -> float:
    """Seconds until the rate limit is reset; 0 where the response does not say when."""
    reset = reply.headers.get("x-ratelimit-reset", "")
    if not reset.isdecimal() or reply.headers.get("x-ratelimit-remaining") != "0":
        return 0.0
    now = datetime.now(UTC).timestamp()
    seconds = int(reset) - now
    return min(max(seconds, 0.0), LONGEST_WAIT)
