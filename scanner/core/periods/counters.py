"""What checks came to over a period, while the items of a target are gone through."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from scanner.core.periods.listings import Listing
from scanner.core.periods.observations import Observations
from scanner.core.periods.ordered import Listed, Part
from scanner.model.decisions import WaivedSpan
from scanner.model.history import Cause
from scanner.model.period import Days, Deviation

_NO_TIME: Final = timedelta(0)
_MEMBERS: Final = {"pass": "passing", "fail": "failing", "waived": "waived"}
CHANGED: Final = frozenset({Cause.PACK.value, Cause.PARAMS.value})
"""Causes that lie with what asks, and not with what is asked about."""


@dataclass(slots=True)
class Tally:
    """What one check came to: items, days by reading, and spans."""

    items: int = 0
    days: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    """Item-days by verdict."""
    deviations: list[Deviation] = field(default_factory=list)
    """Those of items that were told one by one."""
    parts: list[Part] = field(default_factory=list)
    """All others."""
    deviating: int = 0
    """Items that `parts` are of."""
    waived: list[WaivedSpan] = field(default_factory=list)

    def all(self) -> tuple[Part, ...]:
        """All deviations."""
        return (Listed(self.deviations), *self.parts)

    def as_days(self) -> Days:
        """Resource-days by what was read."""
        found = Days()
        for verdict, days in self.days.items():
            found += Days(**{_MEMBERS.get(verdict, "unread"): days})
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What all items of one check in one region have in common."""

    target: str
    check: str
    region: str
    reads: Observations
    before: tuple[int, ...]
    sums: tuple[float, ...]
    until: Mapping[int, float]
    """As `Readings` has them."""
    listing: Listing
    tally: Tally
    days: defaultdict[str, float]
    """Those of the tally."""
    event: bool
    """The items are dated by themselves."""
    end: datetime
    early: frozenset[int]
    """The numbers of the records before the first that ended in the period or after it."""

    def listed(self, place: int) -> int:
        """The record before, if it read the listing whole and so shows that an item was not there."""
        return -1 if self.listing.covers(self.region, place - 1) else self.before[place]

    def whole(self, place: int) -> bool:
        """Whether a record read the listing whole."""
        return not self.listing.covers(self.region, place) and self.reads.read(
            self.check, self.region, place
        )

    def lasted(
        self, after: int, by: int, failed: int, end: int
    ) -> tuple[timedelta, timedelta | None]:
        """How long a failure lasted at least and at most, by its records; `end` is -1 for one that is open.

        At most: from the last read before it; None where there is none, or where a clock that jumped lies between.
        """
        at = self.reads.moments
        least = max(at[failed] - at[by], _NO_TIME)
        if (
            after < 0
            or not at[after] <= at[by] <= at[failed]
            or (end >= 0 and at[end] < at[failed])
        ):
            return least, None
        return least, max((at[end] if end >= 0 else self.end) - at[after], _NO_TIME)


def passing_again(cause: str) -> str:
    """What is said of a failure that ended with a pass, by the cause of that."""
    return "check changed" if cause in CHANGED else "fixed"
