"""Retries and pace: when a call is asked again, and how calls slow down after a provider asked for it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from scanner.client.clock import Clock
from scanner.client.failures import Failure
from scanner.core.steps import Steps
from scanner.model.answers import State

_FIRST_DELAY: Final = 0.2
_LONGEST_DELAY: Final = 20.0
_FIRST_INTERVAL: Final = 0.05
_LONGEST_INTERVAL: Final = 2.0


class RateLimiter:
    """The pace of one service in one place: full speed, until throttled; then slower, and slowly faster again."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._interval = 0.0
        self._next = 0.0

    def delay(self) -> float:
        """Seconds until this call's turn, which is hereby taken."""
        if not self._interval:
            return 0.0
        with self._lock:
            now = self._clock.monotonic()
            turn = max(now, self._next)
            self._next = turn + self._interval
            return turn - now

    def throttled(self, after: float = 0.0) -> None:
        """Slow down; `after`: nobody's turn comes before these seconds have passed."""
        with self._lock:
            self._interval = min(max(self._interval * 2, _FIRST_INTERVAL), _LONGEST_INTERVAL)
            self._next = max(self._next, self._clock.monotonic() + after)

    def served(self) -> None:
        """Speed up a little."""
        if self._interval:
            with self._lock:
                self._interval = (
                    self._interval * 0.9 if self._interval > _FIRST_INTERVAL / 4 else 0.0
                )


@dataclass(slots=True)
class Retry:
    """The tries of one call, over all its pages, within one deadline."""

    limiter: RateLimiter
    clock: Clock
    deadline: float
    """On the monotonic clock."""
    retries: int = 0

    def over(self, request: Callable[[], Steps[Any]]) -> Steps[Any]:
        """What the request leads to, or the `Failure` that it ends with; yields what it waits for."""
        tried = 0
        while True:
            if not (yield from self.wait(self.limiter.delay())):
                return Failure(
                    state=State.THROTTLED, code="Deadline", message="no turn before the deadline"
                )
            tried += 1
            answer = yield from request()
            if not isinstance(answer, Failure):
                self.limiter.served()
                return answer
            if answer.state is State.THROTTLED:
                self.limiter.throttled(answer.after)
            delay = max(self._backoff(tried), answer.after)
            if tried == answer.attempts or not (yield from self.wait(delay)):
                return answer
            self.retries += 1

    def wait(self, seconds: float) -> Steps[bool]:
        """Wait, unless that would pass the deadline; False if it would."""
        if self.clock.monotonic() + seconds >= self.deadline:
            return False
        if seconds > 0:
            yield seconds
        return True

    def _backoff(self, tried: int) -> float:
        longest: float = min(_FIRST_DELAY * 2 ** min(tried - 1, 16), _LONGEST_DELAY)
        return longest * (0.5 + self.clock.jitter() / 2)
