"""Reads schedules and times, and lists the intervals of a period in which a scan is expected."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from types import MappingProxyType
from typing import Any, Final

from scanner.model.period import Schedule, Slot, Window

NAMED: Final[Mapping[str, int]] = {
    "hourly": 1,
    "daily": 24,
    "weekly": 168,
}
"""Schedules with a name, in hours."""
UNSTATED: Final = Schedule(stated=False)

_EVERY: Final = re.compile(r"every ([1-9][0-9]{0,3}) hours?")
_GRACE: Final = re.compile(r"(?:within )?(\d{1,5}|[a-z]+) (hour|day|week)s?")
_GRACE_PARAMETER: Final = re.compile(r"params\.([a-z][a-z0-9_]*) (hour|day|week)s")
_UNIT_HOURS: Final[Mapping[str, int]] = {
    "hour": 1,
    "day": 24,
    "week": 168,
}
_NUMBERS: Final[Mapping[str, int]] = {
    "one": 1,
    "two": 2,
    "three": 3,
    "five": 5,
    "seven": 7,
    "ten": 10,
    "thirty": 30,
}


# -- schedules ------------------------------------------------------------------------------------


def parse_schedule(text: str) -> Schedule | None:
    """The schedule that a text states; None for any other text."""
    if text in NAMED:
        return Schedule(text=text, hours=NAMED[text])
    matched = _EVERY.fullmatch(text)
    if matched is None:
        return None
    return Schedule(text=text, hours=int(matched[1]))


def grace_parameter(text: str) -> str | None:
    """The parameter that a time for correction names (`params.NAME days`); None: it names none."""
    matched = _GRACE_PARAMETER.fullmatch(text.strip())
    return matched[1] if matched else None


def parse_grace(text: str, params: Mapping[str, Any] = MappingProxyType({})) -> timedelta | None:
    """The time that a control allows for a correction; None where the text refers to a policy.

    None also where it names a parameter that is not set to a number.
    """
    matched = _GRACE_PARAMETER.fullmatch(text.strip())
    if matched is not None:
        number = params.get(matched[1])
        if type(number) is not int or number < 0:
            return None
        return timedelta(hours=number * _UNIT_HOURS[matched[2]])
    words = text.strip().lower()
    # "None" grants no time, which is not the same as naming none.
    if words in ("none", "no", "0"):
        return timedelta(0)
    matched = _GRACE.fullmatch(words)
    if matched is None:
        return None
    amount, unit = matched[1], matched[2]
    number = _NUMBERS.get(amount)
    if amount.isdigit():
        number = int(amount)
    if number is None:
        return None
    return timedelta(hours=number * _UNIT_HOURS[unit])


# -- intervals of a period ------------------------------------------------------------------------


def period_window(first: date, last: date, zone: tzinfo) -> Window:
    """The period from the first to the last day, both included."""
    return Window(
        first=first,
        last=last,
        zone=zone,
        start=_midnight(first, zone),
        end=_next_midnight(last, zone),
    )


def expected_intervals(
    period: Window,
    schedule: Schedule,
    until: datetime,
) -> tuple[Slot, ...]:
    """The whole intervals of the period that have ended by `until`, one for each expected scan."""
    if schedule.hours == NAMED["daily"]:
        # Local days, not 24 hours: a day on which clocks change has 23 or 25.
        intervals = _days(period)
    else:
        intervals = _steps(period, timedelta(hours=schedule.hours))
    return tuple(slot for slot in intervals if slot.end <= until)


def unfinished_interval(
    period: Window,
    schedule: Schedule,
    until: datetime,
) -> Slot | None:
    """The last interval, if it has not ended or the end of the period cuts it off."""
    start = period.start
    whole = expected_intervals(period, schedule, until)
    if whole:
        start = whole[-1].end
    end = min(until, period.end)
    if start >= end:
        return None
    return Slot(start=start, end=end)


def _days(period: Window) -> Iterator[Slot]:
    day = period.first
    while day <= period.last:
        yield Slot(
            start=_midnight(day, period.zone),
            end=_next_midnight(day, period.zone),
        )
        day += timedelta(days=1)


def _steps(period: Window, step: timedelta) -> Iterator[Slot]:
    start = period.start
    while start + step <= period.end:
        yield Slot(start=start, end=start + step)
        start += step


def _midnight(day: date, zone: tzinfo) -> datetime:
    local = datetime.combine(day, time(), zone)
    return local.astimezone(UTC)


def _next_midnight(day: date, zone: tzinfo) -> datetime:
    return _midnight(day + timedelta(days=1), zone)


# -- times of records -----------------------------------------------------------------------------


def parse_time(text: str) -> datetime:
    """The time that a record states, in UTC where it names no zone; ValueError for another text."""
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        return found.replace(tzinfo=UTC)
    return found


def is_time(value: object) -> bool:
    """Whether a value is such a text."""
    if not isinstance(value, str):
        return False
    try:
        parse_time(value)
    except ValueError:
        return False
    return True


def format_time(value: datetime) -> str:
    """A time as records state it: UTC, whole seconds, `Z`."""
    text = value.astimezone(UTC).isoformat(timespec="seconds")
    return text.replace("+00:00", "Z")
