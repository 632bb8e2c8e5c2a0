"""Times and delays calls; tests substitute a clock of their own."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

_LONGEST_DATE: Final = 64


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


def seconds_left(clock: Clock, deadline: float, longest: float) -> float:
    """Seconds for one response that is requested now; `deadline` is on the monotonic clock."""
    # Never 0, which means "no limit" to HTTP clients.
    return max(0.1, min(longest, deadline - clock.monotonic()))


def http_date(text: str) -> datetime | None:
    """The moment of a date in a header (RFC 9110); None for what is none."""
    # The parser of the standard library raises what it likes, and parses any length.
    if len(text) > _LONGEST_DATE:
        return None
    try:
        date = parsedate_to_datetime(text)
        return date.replace(tzinfo=UTC) if date.tzinfo is None else date.astimezone(UTC)
    except (TypeError, ValueError, OverflowError, IndexError):
        return None


class Skew:
    """How far the provider's clock, by the Date of its responses, is from ours."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._date = ""
        self.largest: float | None = None
        """Theirs minus ours in seconds; a Date has whole seconds, and its response takes a while.
        """

    def note(self, date: str) -> None:
        """Take the Date of a response into account; one that cannot be parsed is ignored."""
        if date == self._date:
            # Hundreds of responses share a second.
            return
        self._date = date
        theirs = http_date(date)
        if theirs is None:
            return
        seconds = round((theirs - self._clock.now()).total_seconds(), 1)
        # The largest, and not the last: signatures fail for as long as the clocks differ.
        if self.largest is None or abs(seconds) > abs(self.largest):
            self.largest = seconds
