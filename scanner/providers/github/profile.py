"""GitHub's ways: the version in a header, and errors whose meaning is in their words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

from scanner.client.failures import Failure
from scanner.client.rest.provider_profile import LONGEST_WAIT, classified
from scanner.client.rest.responses import HttpReply
from scanner.model.answers import State
from scanner.model.rest_operations import RestOperation


class GithubProfile:
    """How GitHub is spoken to."""

    cloud = "github"
    audience = "github"
    request_ids = ("x-github-request-id",)

    def headers(self, operation: RestOperation) -> Mapping[str, str]:
        """The form of answers, and the version of the interface."""
        version = {"X-GitHub-Api-Version": operation.version} if operation.version else {}
        return {"Accept": "application/vnd.github+json", **version}

    def query(self, operation: RestOperation) -> Mapping[str, str]:
        """Nothing."""
        return {}

    def failure(self, reply: HttpReply, own: frozenset[str]) -> Failure:
        """By status and words (`404 Branch not protected`). A bare `404 Not Found` may be a refusal, and is one."""
        body = reply.json
        said = body.get("message") if isinstance(body, dict) else None
        message = " ".join(said.split()) if isinstance(said, str) else ""
        code = f"{reply.status} {message}".strip()
        spent = reply.headers.get("x-ratelimit-remaining") == "0" or "retry-after" in reply.headers
        throttled = reply.status in (403, 429) and (spent or "rate limit" in message.lower())
        failure = classified(reply, code, message, throttled=throttled)
        if throttled and not failure.after:
            return replace(failure, after=_until_reset(reply))
        if reply.status == 404 and message in ("", "Not Found"):
            return replace(failure, state=State.DENIED)
        return failure


def _until_reset(reply: HttpReply) -> float:
    """Seconds until GitHub counts anew, where it says when."""
    text = reply.headers.get("x-ratelimit-reset", "")
    if not text.isdecimal() or reply.headers.get("x-ratelimit-remaining") != "0":
        return 0.0
    return min(max(int(text) - datetime.now(UTC).timestamp(), 0.0), LONGEST_WAIT)
