"""Replays the timelines of a target, item by item.

Failure intervals, check-days and waivers of resources are computed from their status changes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Final

from scanner.core.periods.counters import (
    JUDGE_CHANGED,
    CheckCounters,
    ItemContext,
    why_passing_again,
)
from scanner.core.periods.failure_intervals import add_intervals
from scanner.core.periods.listings import Listing, read_listings
from scanner.core.periods.observations import Observations
from scanner.core.periods.timelines import (
    FAIL,
    GONE,
    PASS,
    UNKNOWN,
    WAIVED,
    StatusChange,
    Timelines,
)
from scanner.model.decisions import WaivedSpan
from scanner.model.history import Cause
from scanner.model.period import Deviation

_GAP: Final = "gap"
"""The status of an item that is waived without having been read: it opens nothing, closes nothing,
and is accepted.
"""


class TimelineReplay:
    """Replays every timeline of a target, and adds what it shows to the counters of its check.

    An unknown after a failure keeps the interval open, and an item that is no longer listed is not
    gone: it was removed only if a complete listing lacks it.
    """

    def __init__(
        self,
        target: str,
        observations: Observations,
        *,
        start: datetime,
        end: datetime,
        is_event: Callable[[str], bool],
    ) -> None:
        self._target = target
        self._observations = observations
        self._end = end
        # By order, and not each by its time: a record that a clock set back dates earlier is not of
        # another period.
        first = len(observations.moments)
        for position, finished in enumerate(observations.moments):
            if finished >= start:
                first = position
                break
        self._early = frozenset(record.seq for record in observations.records[:first])
        self._is_event = is_event
        self._counters: dict[str, CheckCounters] = {}
        self._listings: Mapping[str, Listing] = {}
        self._contexts: dict[tuple[str, str], ItemContext] = {}

    def run(self, timelines: Timelines) -> Mapping[str, CheckCounters]:
        """The counters of every check up to the last record."""
        self._listings = read_listings(timelines.listings, self._observations)
        for (check, region, resource), changes in timelines.items:
            _ItemReplay(self._context(check, region), resource).run(changes)
        for (check, region, seq), resources in timelines.always_passing.items():
            self._add_passing(check, region, seq, resources)
        for intervals in timelines.failure_intervals:
            add_intervals(intervals, self._context(intervals.check, intervals.region))
        return self._counters

    def _add_passing(
        self,
        check: str,
        region: str,
        seq: int,
        resources: Sequence[str],
    ) -> None:
        """Add items that passed from one record to the end."""
        position = self._observations.positions.get(seq, -1)
        if position < 0:
            return
        context = self._context(check, region)
        days = context.days_before[-1] - context.days_before[position]
        # Without a reading that stands for a day of the period, it is no item of the period.
        if days:
            context.counters.read[region] += resources
            context.days[PASS] += len(resources) * days

    def _context(self, check: str, region: str) -> ItemContext:
        found = self._contexts.get((check, region))
        if found is None:
            observed = self._observations.of(check, region)
            counters = self._counters.setdefault(check, CheckCounters(target=self._target))
            found = self._contexts[check, region] = ItemContext(
                target=self._target,
                check=check,
                region=region,
                observations=self._observations,
                previous=observed.previous,
                days_before=observed.days_before,
                days_before_seq=observed.days_before_seq,
                listing=self._listings.get(check) or Listing(),
                counters=counters,
                days=counters.days,
                is_event=self._is_event(check),
                end=self._end,
                early=self._early,
            )
        return found


class _Hidden(Enum):
    """Why an item is out of sight without being gone."""

    NO = "in sight, or known to be gone"
    LISTING = "its listing is incomplete"
    SCOPE = "its region or check is not scanned any more"
    EVENT = "the provider forgot an event, which happened nevertheless"


@dataclass(frozen=True, slots=True)
class _OpenInterval:
    """A failure that has begun: by which records, and what was there before."""

    after: int
    """Position of the last reading that did not fail; -1 when there is none."""
    by: int
    before: str
    cause: str
    reason: str


class _ItemReplay:
    """The state of one item between its status changes.

    Records are named by their positions; -1 is none.
    """

    __slots__ = (
        "context",
        "counted",
        "hidden",
        "hidden_since",
        "interval",
        "last_failed",
        "last_good",
        "resource",
        "since",
        "status",
        "waived_since",
    )

    def __init__(self, context: ItemContext, resource: str) -> None:
        self.context = context
        self.resource = resource
        self.status = GONE
        self.since = -1
        """The record from which the status holds; -1 if the item was never seen."""
        self.last_good = -1
        """The last reading that did not fail."""
        self.last_failed = -1
        self.interval: _OpenInterval | None = None
        self.waived_since = -1
        self.hidden = _Hidden.NO
        self.hidden_since = -1
        self.counted = False
        """Whether it is among the items of its check."""

    def run(self, changes: Sequence[StatusChange]) -> None:
        """Replay the item's status changes, and then the time to the last record."""
        positions = self.context.observations.positions
        for seq, status, cause, reason in changes:
            position = positions.get(seq, -1)
            # Of a record after the period, where a store gives more than was asked for.
            if position < 0:
                continue
            if self.status == GONE:
                before = self._reappear(position)
            else:
                before = UNKNOWN if self.status == _GAP else self.status
                self._account(position)
            if status != GONE:
                self._enter(position, status, before, cause, reason)
            elif self.since >= 0:
                self._disappear(position, cause)
        if self.since >= 0:
            self._finish(len(positions))

    def _reappear(self, position: int) -> str:
        """End the absence of an item.

        What is known of the time before: `unknown`, `absent`, or `` for nothing.
        """
        if self.hidden is _Hidden.LISTING:
            self._resolve_hidden(position)
        # It may have been there all along: not a new item, and its open interval goes on.
        if self.hidden is not _Hidden.NO:
            self.hidden = _Hidden.NO
            return UNKNOWN
        self.last_good = self.context.last_absence(position)
        return "absent" if self.since >= 0 or self.last_good >= 0 else ""

    def _enter(
        self,
        position: int,
        status: str,
        before: str,
        cause: str,
        reason: str,
    ) -> None:
        """Begin a status other than gone."""
        is_gap = status == WAIVED and cause == Cause.GAP.value
        self.status = _GAP if is_gap else status
        self.since = position
        if status == FAIL:
            if self.interval is None:
                self.interval = _OpenInterval(self.last_good, position, before, cause, reason)
        elif status == WAIVED:
            self.waived_since = position
            # Behind a waived gap nobody knows what there is: a failure before it is not accepted by
            # it.
            if not is_gap:
                self._close(position, "waived")
        elif status == PASS:
            self._close(position, why_passing_again(cause))

    def _disappear(self, position: int, cause: str) -> None:
        """Begin to be gone, or out of sight."""
        self.status = GONE
        self.since = self.hidden_since = position
        if cause == Cause.SCOPE.value:
            self.hidden = _Hidden.SCOPE
        elif cause in JUDGE_CHANGED:
            self._close(position, "check changed")
        elif self.context.is_event:
            self.hidden = _Hidden.EVENT
        elif not self.context.listed_completely(position):
            # A listing that was refused must not count as a removal: that would be a false fix.
            self.hidden = _Hidden.LISTING
        else:
            self._close(position, "removed")

    def _resolve_hidden(self, before: int) -> None:
        """Close the interval if, before a position, a complete listing lacked the item."""
        for position in self.context.listing.changed(self.hidden_since, before):
            if self.context.listed_completely(position):
                self.hidden = _Hidden.NO
                self._close(position, "removed")
                return

    def _account(self, position: int) -> None:
        """Count the days of the status so far, and remember its last reading."""
        context = self.context
        days = context.days_before[position] - context.days_before[self.since]
        if days:
            context.days[self.status] += days
            if not self.counted:
                self.counted = True
                context.counters.read[context.region].append(self.resource)
        if self.waived_since >= 0:
            self._end_waiver(position)
        last = max(context.previous[position], self.since)
        if self.status == FAIL:
            self.last_failed = last
        elif self.status in (PASS, WAIVED):
            self.last_good = last

    def _end_waiver(self, position: int) -> None:
        context, observations = self.context, self.context.observations
        end = observations.times[position]
        if not end or observations.records[position].seq not in context.early:
            context.counters.waived.append(
                WaivedSpan(
                    target=context.target,
                    check=context.check,
                    region=context.region,
                    resource=self.resource,
                    start=observations.times[self.waived_since],
                    end=end,
                    what=_GAP if self.status == _GAP else "failure",
                )
            )
        self.waived_since = -1

    def _close(self, position: int, why: str) -> None:
        """End the interval with a record, if there is one; `why` is `` for one that stays open."""
        interval = self.interval
        if interval is None:
            return
        self.interval = None
        if self._ended_before_period(position, why):
            return
        context, times = self.context, self.context.observations.times
        at_least, at_most = context.failure_duration(
            interval.after, interval.by, self.last_failed, position if why else -1
        )
        # Positional: keywords take half as long again, and a large year has tens of thousands.
        context.counters.deviations.append(
            Deviation(
                context.target,
                context.check,
                context.region,
                self.resource,
                times[interval.after],
                times[interval.by],
                times[self.last_failed],
                times[position] if why else "",
                why,
                interval.before,
                interval.cause,
                interval.reason,
                at_least,
                at_most,
                context.is_event,
            )
        )

    def _ended_before_period(self, position: int, why: str) -> bool:
        ended = -1
        if why:
            ended = position
        elif self.hidden is _Hidden.EVENT:
            # An event of an earlier period that the provider forgot then is not a deviation of this
            # one.
            ended = self.hidden_since
        return ended >= 0 and self.context.observations.records[ended].seq in self.context.early

    def _finish(self, end: int) -> None:
        """Account for the time to the last record; `end` is the position behind it."""
        if self.hidden is _Hidden.LISTING:
            self._resolve_hidden(end)
        if self.status != GONE:
            self._account(end)
        if self.hidden is _Hidden.SCOPE:
            self._close(self.hidden_since, "left scope")
        else:
            self._close(-1, "")
