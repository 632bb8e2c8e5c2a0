"""Defines what differs between REST clouds (token audience, headers, query, errors) and classifies
errors by status.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final, Protocol

from scanner.client.clock import http_date
from scanner.client.failures import Failure
from scanner.client.rest.responses import HttpReply
from scanner.model.answers import State
from scanner.model.rest_operations import RestOperation

LONGEST_WAIT: Final = 3600.0
"""Seconds; a Retry-After that is longer is cut to it."""
TRANSIENT: Final = frozenset({408, 500, 502, 503, 504})


class ProviderProfile(Protocol):
    """The protocol rules of one cloud."""

    @property
    def cloud(self) -> str: ...
    @property
    def audience(self) -> str:
        """The scope of tokens, where a service declares no other."""
        ...

    @property
    def request_ids(self) -> tuple[str, ...]:
        """Response headers that may hold the request id, the first one found wins."""
        ...

    def headers(self, operation: RestOperation) -> Mapping[str, str]:
        """Request headers besides the token."""
        ...

    def query(self, operation: RestOperation) -> Mapping[str, str]:
        """Query parameters of every request, such as `api-version`."""
        ...

    def failure(self, reply: HttpReply, own: frozenset[str]) -> Failure:
        """The failure of a response whose status is not 200; `own` are the ids of the target that
        is read.
        """
        ...


def request_id(profile: ProviderProfile, reply: HttpReply) -> str:
    """The provider's id of a request; empty where it sends none."""
    for header in profile.request_ids:
        found = reply.headers.get(header)
        if found:
            return found
    return ""


def failure_by_status(
    reply: HttpReply, code: str, message: str, *, throttled: bool = False, disabled: bool = False
) -> Failure:
    """An error classified by what its code means, else by its status."""
    status = reply.status
    if disabled:
        return Failure(state=State.DISABLED, code=code, message=message)
    # Attempts 0: a throttled call is repeated until its deadline.
    if throttled or status == 429:
        return Failure(
            state=State.THROTTLED,
            code=code,
            message=message,
            attempts=0,
            after=retry_after(reply),
        )
    if status in (401, 403):
        return Failure(state=State.DENIED, code=code, message=message)
    if 300 <= status < 400:
        # Followed, a redirect would carry the token to a host that nobody reviewed. Its query may
        # hold a signature, which belongs in no message.
        location = re.sub(r"[?#].*", "", reply.headers.get("location", "?"))
        message = f"a redirect to {location} is not followed"
        return Failure(state=State.ERROR, code=code, message=message)
    return Failure(
        state=State.ERROR,
        code=code,
        message=message,
        attempts=5 if status in TRANSIENT else 1,
        after=retry_after(reply),
    )


def retry_after(reply: HttpReply) -> float:
    """Seconds of the Retry-After header, which is a number or a date (RFC 9110); 0 without one."""
    text = reply.headers.get("retry-after", "").strip()
    if not text:
        return 0.0
    if text.isascii() and text.isdecimal():
        return min(float(text[:20]), LONGEST_WAIT)
    date = http_date(text)
    if date is None:
        return 0.0
    # By the server's own clock: the difference between its clock and ours must not change the wait.
    now = http_date(reply.headers.get("date", "")) or datetime.now(UTC)
    seconds = (date - now).total_seconds()
    return min(max(seconds, 0.0), LONGEST_WAIT)
