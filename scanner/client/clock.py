"""The clock that calls are timed and delayed by; tests bring their own."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """Wall time, monotonic seconds, sleep, and the jitter of delays."""

    now: Callable[[], datetime] = _now
    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    jitter: Callable[[], float] = random.random

    def stamp(self) -> str:
        """UTC now, ISO 8601 with milliseconds and `Z`."""
        return self.now().astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@lru_cache(maxsize=16)
def _moment(date: str) -> datetime:
    """A header's time: a hundred answers share one."""
    return parsedate_to_datetime(date)


class Skew:
    """How far the provider's clock, as the Date of its answers says it, is from ours."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.largest: float | None = None
        """Theirs minus ours in seconds; a Date has whole seconds, and travels."""

    def note(self, date: str) -> None:
        """Take the Date of an answer into account; one that cannot be read says nothing."""
        try:
            seconds = round((_moment(date) - self._clock.now()).total_seconds(), 1)
        except (TypeError, ValueError):
            return
        if self.largest is None or abs(seconds) > abs(self.largest):
            self.largest = seconds
