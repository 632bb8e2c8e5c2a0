"""Counts failure intervals that come as columns, without an object for each.

This gives what a replay of the same items one by one gives (`deviations`), for items that only ever
failed and passed and were always in sight.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import chain, repeat
from math import fsum
from operator import neg

from scanner.core.periods.counters import ItemContext, why_passing_again
from scanner.core.periods.ordered import SortKey
from scanner.core.periods.timelines import FAIL, PASS, FailureIntervals
from scanner.model.period import Deviation


def add_intervals(intervals: FailureIntervals, context: ItemContext) -> None:
    """Add the items of these intervals to the counters of their check."""
    _add_days(intervals, context)
    deviations = IntervalDeviations(intervals, context)
    if deviations:
        context.counters.intervals.append(deviations)
        failing = context.counters.deviating_in_intervals[context.region]
        failing.update(deviations.resources())


def _add_days(intervals: FailureIntervals, context: ItemContext) -> None:
    days_before = context.days_before_seq
    all_days = context.days_before[-1]
    first_seen = intervals.first_seen
    opened = [days_before[seq] for seq in intervals.opened]
    closed = [days_before[seq] for seq in intervals.closed]
    seen = [days_before[seq] for seq in Counter(first_seen).elements()]
    # An item is in sight from when it was first seen to the end; what of that time is in no
    # interval, it passed. fsum() does not round on the way: the sum does not depend on the order of
    # the rows, and is never below nothing.
    failing = chain(closed, map(neg, opened))
    in_sight = chain(repeat(all_days, len(seen)), map(neg, seen))
    passing = chain(in_sight, opened, map(neg, closed))
    context.days[FAIL] += fsum(failing)
    context.days[PASS] += fsum(passing)
    _add_resources(intervals, context)


def _add_resources(intervals: FailureIntervals, context: ItemContext) -> None:
    """Add the items that were read in the period."""
    days_before = context.days_before_seq
    all_days = context.days_before[-1]
    read = context.counters.read[context.region]
    # The first interval of an item follows the record that saw it first, or is opened by it.
    previous = None
    columns = zip(intervals.resources, intervals.passed_before, intervals.opened, strict=True)
    for resource, passed_before, opened in columns:
        # Intervals of one item are adjacent.
        if resource != previous and days_before[passed_before or opened] < all_days:
            read.append(resource)
        previous = resource


class IntervalDeviations:
    """A `DeviationSource` over the intervals of one check in one region.

    Those that ended before the period are left out.
    """

    __slots__ = ("_context", "_intervals", "_rows")

    def __init__(self, intervals: FailureIntervals, context: ItemContext) -> None:
        self._intervals = intervals
        self._context = context
        self._rows: Sequence[int] = range(len(intervals.closed))
        early = context.early
        # An interval that ended before the period is of an earlier report.
        if not early.isdisjoint(intervals.closed):
            self._rows = [row for row, seq in enumerate(intervals.closed) if seq not in early]

    def __len__(self) -> int:
        return len(self._rows)

    def resources(self) -> Iterator[str]:
        """The resource of each."""
        return (self._intervals.resources[row] for row in self._rows)

    def began(self) -> Sequence[str]:
        positions = self._context.observations.positions
        times = self._context.observations.times
        opened = self._intervals.opened
        return [times[positions[opened[row]]] for row in self._rows]

    def key(self, index: int) -> SortKey:
        context = self._context
        row = self._rows[index]
        opened_by = context.observations.positions[self._intervals.opened[row]]
        return (
            context.observations.times[opened_by],
            context.target,
            context.check,
            context.region,
            self._intervals.resources[row],
        )

    def make(self, index: int) -> Deviation:
        context = self._context
        intervals = self._intervals
        row = self._rows[index]
        positions = context.observations.positions
        times = context.observations.times

        opened_by = positions[intervals.opened[row]]
        opened_after = context.previous[opened_by]
        before = "absent" if opened_after >= 0 else ""
        passed_before = intervals.passed_before[row]
        if passed_before:
            # The last reading before it: a record of the check that changed nothing, or the change
            # itself.
            opened_after = max(opened_after, positions[passed_before])
            before = PASS
        closed_by, end = -1, len(positions)
        closed_at, why_closed = "", ""
        closed = intervals.closed[row]
        if closed:
            closed_by = end = positions[closed]
            closed_at = times[closed_by]
            why_closed = why_passing_again(intervals.closing_causes[row])
        last_failed = max(context.previous[end], positions[intervals.last_failed[row]])
        at_least, at_most = context.failure_duration(
            opened_after, opened_by, last_failed, closed_by
        )
        return Deviation(
            context.target,
            context.check,
            context.region,
            intervals.resources[row],
            times[opened_after],
            times[opened_by],
            times[last_failed],
            closed_at,
            why_closed,
            before,
            intervals.causes[row],
            intervals.reasons[row],
            at_least,
            at_most,
            context.is_event,
        )
