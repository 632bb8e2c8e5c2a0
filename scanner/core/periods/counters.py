"""Counters of one check over a period: what it read, its days by verdict, and its deviations."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from scanner.core.periods.listings import Listing
from scanner.core.periods.observations import Observations
from scanner.core.periods.ordered import DeviationList, DeviationSource
from scanner.model.decisions import WaivedSpan
from scanner.model.history import Cause
from scanner.model.period import Days, Deviation

_NO_TIME: Final = timedelta(0)
_DAYS_MEMBERS: Final = {
    "pass": "passing",
    "fail": "failing",
    "waived": "waived",
}
"""Members of `Days` by verdict; every other verdict is unread, and never passing."""
JUDGE_CHANGED: Final = frozenset({Cause.PACK.value, Cause.PARAMS.value})
"""Causes that lie with the check or its parameters, and not with the resource."""


@dataclass(slots=True)
class CheckCounters:
    """What one check came to on one target."""

    target: str = ""
    read: defaultdict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    """Resources that were read, each once, by region."""
    days: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    """Days of the check on resources, by verdict."""
    deviations: list[Deviation] = field(default_factory=list)
    """Of items that were replayed one by one."""
    intervals: list[DeviationSource] = field(default_factory=list)
    """Deviations of all other items, which are in columns."""
    deviating_in_intervals: defaultdict[str, set[str]] = field(
        default_factory=lambda: defaultdict(set)
    )
    """Resources of these deviations by region."""
    waived: list[WaivedSpan] = field(default_factory=list)

    def sources(self) -> tuple[DeviationSource, ...]:
        """All deviations."""
        return (DeviationList(self.deviations), *self.intervals)

    def check_days(self) -> Days:
        """Days of the check on resources, by what was read."""
        found = Days()
        # Unknown, and a waived gap, are days on which nothing was read.
        for verdict, days in self.days.items():
            found += Days(**{_DAYS_MEMBERS.get(verdict, "unread"): days})
        return found


@dataclass(
    frozen=True,
    slots=True,
    kw_only=True,
)
class ItemContext:
    """What all items of one check in one region have in common.

    A position is that of a record in its chain.
    """

    target: str
    check: str
    region: str
    observations: Observations
    previous: tuple[int, ...]
    """This and the next two as in `CheckObservations`."""
    days_before: tuple[float, ...]
    days_before_seq: Mapping[int, float]
    listing: Listing
    counters: CheckCounters
    days: defaultdict[str, float]
    """Those of the counters."""
    is_event: bool
    """Whether the items carry their own date, and so stay when the provider forgets them."""
    end: datetime
    early: frozenset[int]
    """Numbers of the records before the first that ended in the period or after it."""

    def last_absence(self, position: int) -> int:
        """The record before a position that shows that an item was not there; -1 if none does."""
        # An item that is missing from an incomplete listing may have been there all along.
        if self.listing.may_hide_items(self.region, position - 1):
            return -1
        return self.previous[position]

    def listed_completely(self, position: int) -> bool:
        """Whether a record shows every item that there was."""
        if self.listing.may_hide_items(self.region, position):
            return False
        # A record that did not run the check has no incomplete listing either, and shows nothing.
        return self.observations.ran(self.check, self.region, position)

    def failure_duration(
        self,
        opened_after: int,
        opened_by: int,
        last_failed: int,
        closed_by: int,
    ) -> tuple[timedelta, timedelta | None]:
        """How long a failure lasted at least and at most, by the positions of its records.

        `closed_by` is -1 for one that is open.

        At most: from the last reading before it. None where there was no such reading, or where a
        clock jumped between them: a bound from times that contradict the order of the chain would
        be a guess.
        """
        moments = self.observations.moments
        at_least = max(moments[last_failed] - moments[opened_by], _NO_TIME)
        if opened_after < 0:
            return at_least, None
        if not moments[opened_after] <= moments[opened_by] <= moments[last_failed]:
            return at_least, None
        closed = self.end
        if closed_by >= 0:
            closed = moments[closed_by]
            if closed < moments[last_failed]:
                return at_least, None
        return at_least, max(closed - moments[opened_after], _NO_TIME)


def why_passing_again(cause: str) -> str:
    """Why a failure ended with a pass, by the cause of that transition."""
    # A check that became more lenient fixed nothing.
    return "check changed" if cause in JUDGE_CHANGED else "fixed"


@dataclass(slots=True)
class ResourceCounts:
    """The resources of a control: each counts once, however many checks read it."""

    read: int = 0
    deviating: int = 0
    """Those with a deviation or a waived span."""
    waived: int = 0


def count_resources(counters: Iterable[CheckCounters]) -> ResourceCounts:
    """How many resources checks read, and how many of them deviated or were waived."""
    read = _ResourceSet()
    deviating = _ResourceSet()
    waived = _ResourceSet()
    for each in counters:
        for region, resources in each.read.items():
            read[each.target, region].update(resources)
        for region, failing in each.deviating_in_intervals.items():
            deviating[each.target, region].update(failing)
        for deviation in each.deviations:
            deviating[each.target, deviation.region].add(deviation.resource)
        for span in each.waived:
            # A resource with a deviation and a waiver deviated once.
            deviating[each.target, span.region].add(span.resource)
            waived[each.target, span.region].add(span.resource)
    return ResourceCounts(read=read.count(), deviating=deviating.count(), waived=waived.count())


class _ResourceSet(defaultdict[tuple[str, str], set[str]]):
    """Resources by target and region: their ids, and no tuple for each of a million."""

    def __init__(self) -> None:
        super().__init__(set)

    def count(self) -> int:
        return sum(map(len, self.values()))
