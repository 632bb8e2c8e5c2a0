"""What differs between REST clouds: whom tokens are for, what is sent along, and what an error means."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final, Protocol

from scanner.client.failures import Failure
from scanner.client.rest.responses import HttpReply
from scanner.model.answers import State
from scanner.model.rest_operations import RestOperation

LONGEST_WAIT: Final = 3600.0
TRANSIENT: Final = frozenset({408, 500, 502, 503, 504})


class ProviderProfile(Protocol):
    """The ways of one cloud."""

    @property
    def cloud(self) -> str: ...
    @property
    def audience(self) -> str:
        """Whom tokens are for, where a service does not say otherwise."""
        ...

    @property
    def request_ids(self) -> tuple[str, ...]:
        """Headers that name a request."""
        ...

    def headers(self, operation: RestOperation) -> Mapping[str, str]:
        """Sent along with a request."""
        ...

    def query(self, operation: RestOperation) -> Mapping[str, str]:
        """Added to a query."""
        ...

    def failure(self, reply: HttpReply, own: frozenset[str]) -> Failure:
        """What an error means; `own` are the names of the target that is asked."""
        ...


def request_id(dialect: ProviderProfile, reply: HttpReply) -> str:
    """The provider's own name for a request."""
    return next((found for name in dialect.request_ids if (found := reply.headers.get(name))), "")


def classified(
    reply: HttpReply, code: str, message: str, *, throttled: bool = False, disabled: bool = False
) -> Failure:
    """An error by its status, where its code says nothing else."""
    status, after = reply.status, retry_after(reply)
    if disabled:
        return Failure(state=State.DISABLED, code=code, message=message)
    if throttled or status == 429:
        return Failure(state=State.THROTTLED, code=code, message=message, attempts=0, after=after)
    if status in (401, 403):
        return Failure(state=State.DENIED, code=code, message=message)
    if 300 <= status < 400:
        place = re.sub(r"[?#].*", "", reply.headers.get("location", "?"))
        return Failure(
            state=State.ERROR, code=code, message=f"a redirect to {place} is not followed"
        )
    return Failure(
        state=State.ERROR,
        code=code,
        message=message,
        attempts=5 if status in TRANSIENT else 1,
        after=after,
    )


def retry_after(reply: HttpReply) -> float:
    """Seconds that a reply asks us to wait, as a number or as a date; 0 where it does not."""
    text = reply.headers.get("retry-after", "").strip()
    if not text:
        return 0.0
    if text.isdecimal():
        return min(float(text), LONGEST_WAIT)
    try:
        date = parsedate_to_datetime(text)
    except (TypeError, ValueError):
        return 0.0
    now = _date(reply) or datetime.now(UTC)
    seconds = (date if date.tzinfo else date.replace(tzinfo=UTC)) - now
    return min(max(seconds.total_seconds(), 0.0), LONGEST_WAIT)


def _date(reply: HttpReply) -> datetime | None:
    """The server's own time, so that a difference of the clocks does not make the wait longer or shorter."""
    try:
        return parsedate_to_datetime(reply.headers.get("date", "")).astimezone(UTC)
    except (TypeError, ValueError):
        return None
