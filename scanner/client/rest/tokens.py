"""Tokens: one for each audience, made when it is first needed, anew before it expires, and once
after a refusal.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol

from scanner.client.clock import Clock
from scanner.client.failures import Failure
from scanner.client.rest.transport import Net
from scanner.core.steps import Pending, Steps
from scanner.model.answers import Caller

_EARLY: Final = 120.0
"""Seconds before its end at which a token is made anew; of one that lasts shorter, a quarter of its
time.
"""
_AGAIN: Final = 30.0
"""Seconds after which a token that could not be made is tried again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """What a request is allowed by."""

    value: str = field(repr=False)
    expires: float
    """Seconds since 1970."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Sent along with it: whose quota is used."""


class Credentials(Protocol):
    """Who asks, and how tokens are made."""

    @property
    def caller(self) -> Caller:
        """Who asks, as far as it is known; after a first token at the latest."""
        ...

    def token(self, audience: str) -> Token | Failure:
        """A new token; it may block, and never raises for a refusal or failure."""
        ...


@dataclass(frozen=True, slots=True)
class _Held:
    """A token, or why there is none, and until when that is used."""

    made: Token | Failure
    until: float


class Tokens:
    """The tokens of one identity."""

    def __init__(self, credentials: Credentials, net: Net, clock: Clock) -> None:
        self.credentials = credentials
        self._net = net
        self._clock = clock
        self._lock = threading.Lock()
        self._held: dict[str, _Held] = {}
        self._making: dict[str, Pending] = {}

    def get(self, audience: str) -> Steps[Token | Failure]:
        """A token that is good for a while, or why there is none."""
        held = self._held.get(audience)
        if held is not None and self._now() < held.until:
            return held.made
        pending, mine = self._begin(audience)
        if pending.outcome is None:
            yield pending
        if isinstance(pending.outcome, BaseException):
            raise pending.outcome
        made: Token | Failure = pending.outcome
        if mine:
            self._keep(audience, made)
        return made

    def forget(self, audience: str, token: Token) -> None:
        """Let the next use make it anew, unless another call has done so already."""
        with self._lock:
            held = self._held.get(audience)
            if held is not None and held.made is token:
                del self._held[audience]

    def _begin(self, audience: str) -> tuple[Pending, bool]:
        with self._lock:
            if audience in self._making:
                return self._making[audience], False
            pending = self._net.run(lambda: self.credentials.token(audience))
            self._making[audience] = pending
            return pending, True

    def _keep(self, audience: str, made: Token | Failure) -> None:
        now = self._now()
        lasts = _AGAIN if isinstance(made, Failure) else made.expires - now
        until = now + (lasts if isinstance(made, Failure) else lasts - min(_EARLY, lasts / 4))
        with self._lock:
            self._held[audience] = _Held(made, until)
            del self._making[audience]

    def _now(self) -> float:
        return self._clock.now().timestamp()
