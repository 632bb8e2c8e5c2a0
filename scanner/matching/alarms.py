"""Decides which series of values trigger a CloudWatch alarm.

A series is what a metric filter emits: `ones` for each event, `ones and zeros` (0 in minutes
without a match), `zeros` for each event.
"""

from __future__ import annotations

from math import ulp
from typing import Final

ONES: Final = "ones"
ONES_AND_ZEROS: Final = "ones and zeros"
ZEROS: Final = "zeros"
_STATISTICS: Final = ("Sum", "Maximum", "Minimum", "Average", "SampleCount")
_RISING: Final = ("GreaterThanThreshold", "GreaterThanOrEqualToThreshold")
_FALLING: Final = ("LessThanThreshold", "LessThanOrEqualToThreshold")
_MISSING: Final = ("missing", "notBreaching", "breaching", "ignore")


def triggering_series(
    statistic: str,
    operator: str,
    threshold: float,
    missing_data: str,
    events: int,
) -> list[str]:
    """The series in which so many events in one period bring the alarm from OK to ALARM.

    Raises ValueError for values that the API documents no meaning of.
    """
    known = statistic in _STATISTICS and missing_data in _MISSING
    if not known or operator not in (*_RISING, *_FALLING):
        raise ValueError(f"no rule for {statistic}, {operator}, {missing_data}")
    found: list[str] = []
    for series in (ONES, ONES_AND_ZEROS, ZEROS):
        quiet = _quiet_value(series, statistic)
        # An alarm that is in ALARM without an event, or stays there after one, notifies of none.
        rests = missing_data in ("missing", "notBreaching")
        if quiet is not None:
            rests = missing_data != "breaching" and not _breaches(quiet, operator, threshold)
        if rests and _breaches(_least_value(series, statistic, events), operator, threshold):
            found.append(series)
    return found


def _breaches(value: float, operator: str, threshold: float) -> bool:
    """Whether a value above or at the threshold breaches; one below counts for nothing here."""
    if operator == "GreaterThanOrEqualToThreshold":
        return value >= threshold
    return operator in _RISING and value > threshold


def _quiet_value(series: str, statistic: str) -> float | None:
    """The statistic of a period without an event; None: there is no data."""
    if series != ONES_AND_ZEROS:
        return None
    # As many zeros as minutes in which other events came: any number.
    return float("inf") if statistic == "SampleCount" else 0.0


def _least_value(series: str, statistic: str, events: int) -> float:
    """The least that a statistic can be in a period with these events."""
    if statistic == "SampleCount":
        return float(events)
    if series == ZEROS:
        return 0.0
    if statistic == "Sum":
        return float(events)
    if statistic == "Maximum" or series == ONES:
        return 1.0
    # Zeros of other minutes of the period draw an average down, and never to zero.
    if statistic == "Average":
        return ulp(0.0)
    return 0.0
