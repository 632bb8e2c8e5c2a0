"""Retries and pace: when a call is asked again, and how calls slow down after a provider asked for it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from scanner.core.steps import Steps
from scanner.model.answers import State
from scanner.sources.aws.clock import Clock
from scanner.sources.aws.outcomes import FAILURES, Failure, classify

_FIRST_DELAY: Final = 0.2
_LONGEST_DELAY: Final = 20.0
_FIRST_INTERVAL: Final = 0.05
_LONGEST_INTERVAL: Final = 2.0


class Limiter:
    """The pace of one service in one region: full speed, until throttled; then slower, and slowly faster again."""

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

    def throttled(self) -> None:
        """Slow down."""
        with self._lock:
            self._interval = min(max(self._interval * 2, _FIRST_INTERVAL), _LONGEST_INTERVAL)

    def served(self) -> None:
        """Speed up a little."""
        if self._interval:
            with self._lock:
                self._interval = self._interval * 0.9 if self._interval > _FIRST_INTERVAL / 4 else 0.0


@dataclass(slots=True)
class Attempts:
    """The tries of one call, over all its pages, within one deadline."""

    service: str
    limiter: Limiter
    clock: Clock
    deadline: float
    """On the monotonic clock."""
    retries: int = 0

    def ask(self, request: Callable[[], Any]) -> Steps[Any]:
        """What the request returned, or the `Failure` that it ended with; yields the seconds that it waits."""
        tried = 0
        while True:
            if not (yield from self.wait(self.limiter.delay())):
                return Failure(state=State.THROTTLED, code="Deadline", message="no turn before the deadline")
            tried += 1
            try:
                answer = request()
            except FAILURES as error:
                failure = classify(self.service, error)
            else:
                self.limiter.served()
                return answer
            if failure.state is State.THROTTLED:
                self.limiter.throttled()
            if tried == failure.attempts or not (yield from self.wait(self._backoff(tried))):
                return failure
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
