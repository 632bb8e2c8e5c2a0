"""Caches access tokens by audience: requested on first use, renewed before they expire, and once
after a 401.
"""

from __future__ import annotations

import math
import re
import threading
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol

from scanner.client.boundary import guarded
from scanner.client.clock import Clock
from scanner.client.failures import Failure
from scanner.model.answers import Caller, State

_RENEW_BEFORE: Final = 120.0
"""Seconds before its end at which a token is renewed; of a short one, a quarter of its lifetime."""
_LONGEST: Final = 86_400.0
"""Seconds after which a token is renewed, whatever end it names."""
_VISIBLE: Final = re.compile(r"[!-~]{1,100000}")
_RETRY_AFTER: Final = 30.0
"""Seconds after which a token that was refused is requested again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """An access token."""

    value: str = field(repr=False)
    expires: float
    """Seconds since 1970."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Headers that go with it, such as the project whose quota is used."""


class Credentials(Protocol):
    """The identity that a scan runs as, and how its tokens are obtained."""

    @property
    def caller(self) -> Caller:
        """The identity, as far as it is known: after the first token at the latest."""
        ...

    def token(self, audience: str) -> Token | Failure:
        """A new token. Blocks; never raises for a refusal or failure."""
        ...


def _sendable(token: Token) -> bool:
    """Whether a token can be a header, and ends at a time."""
    # A library gives what the endpoint sent, a list or a number among them.
    texts: tuple[object, ...] = (token.value, *token.headers.values())
    visible = (isinstance(text, str) and _VISIBLE.fullmatch(text) for text in texts)
    return math.isfinite(token.expires) and all(visible)


@dataclass(frozen=True, slots=True)
class _Cached:
    """A token, or why there is none, and until when that holds."""

    outcome: Token | Failure
    until: float


class Tokens:
    """The tokens of one identity; safe in threads."""

    def __init__(self, credentials: Credentials, clock: Clock) -> None:
        self.credentials = credentials
        self._clock = clock
        self._lock = threading.Lock()
        self._locks: dict[str, threading.Lock] = defaultdict(threading.Lock)
        self._cached: dict[str, _Cached] = {}

    def get(self, audience: str) -> Token | Failure:
        """A valid token, or why there is none. Blocks while a token is requested."""
        outcome = self._valid(audience)
        if outcome is not None:
            return outcome
        with self._lock:
            lock = self._locks[audience]
        # One request for a token serves all threads that need it.
        with lock:
            outcome = self._valid(audience)
            if outcome is None:
                outcome = self._requested(audience)
                until = self._now() + self._lifetime(outcome)
                self._cached[audience] = _Cached(outcome, until)
            return outcome

    def _requested(self, audience: str) -> Token | Failure:
        outcome = guarded("token", lambda: self.credentials.token(audience))
        if isinstance(outcome, Token) and not _sendable(outcome):
            # A line break in a token would begin a header of its own.
            message = "the token or its end is not of the form that tokens have"
            return Failure(state=State.ERROR, code="MalformedToken", message=message)
        return outcome

    def _valid(self, audience: str) -> Token | Failure | None:
        cached = self._cached.get(audience)
        if cached is None or self._now() >= cached.until:
            return None
        return cached.outcome

    def forget(self, audience: str, token: Token) -> None:
        """Drop a token that was refused, unless another thread has renewed it already."""
        with self._lock:
            cached = self._cached.get(audience)
            if cached is not None and cached.outcome is token:
                del self._cached[audience]

    def _lifetime(self, outcome: Token | Failure) -> float:
        if isinstance(outcome, Failure):
            # Else each call of a scan would wait for another refusal.
            return _RETRY_AFTER
        seconds = min(outcome.expires - self._now(), _LONGEST)
        return seconds - min(_RENEW_BEFORE, seconds / 4)

    def _now(self) -> float:
        return self._clock.now().timestamp()
