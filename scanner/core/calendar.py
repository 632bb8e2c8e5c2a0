"""Days, schedules and the intervals in which a scan is expected."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Final

from scanner.model.period import Schedule, Slot, Window

NAMED: Final = {"hourly": 1, "daily": 24, "weekly": 168}
_EVERY: Final = re.compile(r"every ([1-9][0-9]{0,3}) hours?")
UNSTATED: Final = Schedule(stated=False)
_UNITS: Final = {"hour": 1, "day": 24, "week": 168}
_NUMBERS: Final = {"one": 1, "two": 2, "three": 3, "five": 5, "seven": 7, "ten": 10, "thirty": 30}
_SPAN: Final = re.compile(r"(?:within )?(\d{1,5}|[a-z]+) (hour|day|week)s?")


def read_schedule(text: str) -> Schedule | None:
    """A schedule from its text; None when the text is none."""
    if text in NAMED:
        return Schedule(text=text, hours=NAMED[text])
    matched = _EVERY.fullmatch(text)
    return Schedule(text=text, hours=int(matched[1])) if matched else None


def read_grace(text: str) -> timedelta | None:
    """The time that a control leaves for a correction; None when the text points at a policy."""
    words = text.strip().lower()
    if words in ("none", "no", "0"):
        return timedelta(0)
    matched = _SPAN.fullmatch(words)
    if matched is None:
        return None
    number = int(matched[1]) if matched[1].isdigit() else _NUMBERS.get(matched[1])
    return timedelta(hours=number * _UNITS[matched[2]]) if number is not None else None


def window(first: date, last: date, zone: tzinfo) -> Window:
    """The period from the first to the last day, both included."""
    return Window(
        first=first, last=last, zone=zone, start=_midnight(first, zone), end=_after(last, zone)
    )


def _midnight(day: date, zone: tzinfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)


def _after(day: date, zone: tzinfo) -> datetime:
    return _midnight(day + timedelta(days=1), zone)


def slots(period: Window, schedule: Schedule, until: datetime) -> tuple[Slot, ...]:
    """Every whole interval of the period that is over by `until`; local days where the schedule is daily."""
    intervals = (
        _days(period)
        if schedule.hours == NAMED["daily"]
        else _steps(period, timedelta(hours=schedule.hours))
    )
    return tuple(slot for slot in intervals if slot.end <= until)


def rest(period: Window, schedule: Schedule, until: datetime) -> Slot | None:
    """What is left of the period behind its whole intervals: one that is not over, or that its end cuts off."""
    whole = slots(period, schedule, until)
    begins, ends = whole[-1].end if whole else period.start, min(until, period.end)
    return Slot(start=begins, end=ends) if begins < ends else None


def _days(period: Window) -> Iterator[Slot]:
    day = period.first
    while day <= period.last:
        yield Slot(start=_midnight(day, period.zone), end=_after(day, period.zone))
        day += timedelta(days=1)


def _steps(period: Window, step: timedelta) -> Iterator[Slot]:
    start = period.start
    while start + step <= period.end:
        yield Slot(start=start, end=start + step)
        start += step


def moment(text: str) -> datetime:
    """A time of a record."""
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def is_moment(value: object) -> bool:
    """Whether it is such a time."""
    try:
        return isinstance(value, str) and bool(moment(value))
    except ValueError:
        return False


def iso(value: datetime) -> str:
    """A time as records write it."""
    return value.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
