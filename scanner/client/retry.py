"""Retries calls with backoff, and limits their rate after a provider throttled one."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeVar

from scanner.client.clock import Clock
from scanner.client.failures import Failure
from scanner.model.answers import State

T = TypeVar("T")

_FIRST_DELAY: Final = 0.2
_LONGEST_DELAY: Final = 20.0
_FIRST_INTERVAL: Final = 0.05
_LONGEST_INTERVAL: Final = 2.0


class RateLimiter:
    """The rate of one service in one region: unlimited until throttled, then slower, and slowly
    faster again.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._interval = 0.0
        self._next = 0.0

    def delay(self) -> float:
        """Seconds until this call's turn; the turn is taken."""
        if not self._interval:
            return 0.0
        with self._lock:
            now = self._clock.monotonic()
            turn = max(now, self._next)
            # Taken even if the caller's deadline passes before it: the turns of others are not
            # moved.
            self._next = turn + self._interval
            return turn - now

    def throttled(self, after: float = 0.0) -> None:
        """Slow down; no turn comes before `after` seconds have passed."""
        with self._lock:
            self._interval = min(max(self._interval * 2, _FIRST_INTERVAL), _LONGEST_INTERVAL)
            self._next = max(self._next, self._clock.monotonic() + after)

    def served(self) -> None:
        """Speed up a little."""
        if not self._interval:
            return
        with self._lock:
            # Slowly: a provider that throttled once does so again at the same rate.
            if self._interval > _FIRST_INTERVAL / 4:
                self._interval *= 0.9
            else:
                self._interval = 0.0


@dataclass(slots=True)
class Retry:
    """The attempts of one call, over all its pages, within one deadline."""

    limiter: RateLimiter
    clock: Clock
    deadline: float
    """On the monotonic clock."""
    retries: int = 0

    def run(self, request: Callable[[], T | Failure]) -> T | Failure:
        """The result of a request that is repeated as often as its failure says; blocks."""
        attempt = 0
        while True:
            if not self.wait(self.limiter.delay()):
                message = "the rate limit left no time before the deadline"
                return Failure(state=State.THROTTLED, code="Deadline", message=message)
            attempt += 1
            outcome = request()
            if not isinstance(outcome, Failure):
                self.limiter.served()
                return outcome
            if outcome.state is State.THROTTLED:
                self.limiter.throttled(outcome.after)
            delay = max(self._backoff(attempt), outcome.after)
            # Not `==`: after a throttled attempt the next one may be refused, and a refusal is
            # final.
            final = 0 < outcome.attempts <= attempt
            # A wait that would pass the deadline is not begun: the failure is known now.
            if final or not self.wait(delay):
                return outcome
            self.retries += 1

    def left(self) -> float:
        """Seconds until the deadline."""
        return self.deadline - self.clock.monotonic()

    def wait(self, seconds: float) -> bool:
        """Sleep, unless that would pass the deadline; False if it would."""
        if self.clock.monotonic() + seconds >= self.deadline:
            return False
        if seconds > 0:
            self.clock.sleep(seconds)
        return True

    def _backoff(self, attempt: int) -> float:
        """Exponential, with jitter: calls that failed together are not repeated together."""
        longest: float = min(_FIRST_DELAY * 2 ** min(attempt - 1, 16), _LONGEST_DELAY)
        return longest * (0.5 + self.clock.jitter() / 2)
