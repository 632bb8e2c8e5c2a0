"""Failing spans of items, walked out of the transitions of one target."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Final

from scanner.core.periods.counters import CHANGED, Ground, Tally, passing_again
from scanner.core.periods.failure_intervals import count as count_spans
from scanner.core.periods.listings import Listing, read_listings
from scanner.core.periods.observations import Observations
from scanner.core.periods.timelines import FAIL, GONE, PASS, Move, Timelines
from scanner.model.decisions import WaivedSpan
from scanner.model.history import Cause
from scanner.model.period import Deviation

_GAP: Final = "gap"
"""Stands for a waived verdict that was not read: it decides nothing, closes nothing, and is accepted."""


class Walk:
    """Goes through the stories of a target, item by item.

    What is unread after a failure keeps the span open, and what left the sight of a scan is not gone: an item is
    removed only when a listing that was read whole lacks it.
    """

    def __init__(
        self,
        target: str,
        reads: Observations,
        *,
        start: datetime,
        end: datetime,
        is_event: Callable[[str], bool],
    ) -> None:
        self._target = target
        self._reads = reads
        self._end = end
        # By order, and not each by its time: what a clock that jumped back dates earlier is not of another period.
        first = next(
            (place for place, at in enumerate(reads.moments) if at >= start), len(reads.moments)
        )
        self._early = frozenset(record.seq for record in reads.records[:first])
        self._is_event = is_event
        self._tallies: dict[str, Tally] = {}
        self._listings: Mapping[str, Listing] = {}
        self._grounds: dict[tuple[str, str], Ground] = {}

    def run(self, stories: Timelines) -> Mapping[str, Tally]:
        """What every check came to by the last record."""
        self._listings = read_listings(stories.listings, self._reads)
        for (check, region, resource), moves in stories.items:
            _Item(self._ground(check, region), resource).tell(moves)
        for (check, region, seq), count in stories.passing.items():
            self._passed(check, region, seq, count)
        for spans in stories.spans:
            count_spans(spans, self._ground(spans.check, spans.region))
        return self._tallies

    def _passed(self, check: str, region: str, seq: int, count: int) -> None:
        """Items that passed from a record on, all as one."""
        place = self._reads.places.get(seq, -1)
        ground = self._ground(check, region)
        days = ground.sums[-1] - ground.sums[place] if place >= 0 else 0.0
        if days:
            ground.tally.items += count
            ground.days[PASS] += count * days

    def _ground(self, check: str, region: str) -> Ground:
        found = self._grounds.get((check, region))
        if found is None:
            readings = self._reads.of(check, region)
            tally = self._tallies.setdefault(check, Tally())
            found = self._grounds[check, region] = Ground(
                target=self._target,
                check=check,
                region=region,
                reads=self._reads,
                before=readings.before,
                sums=readings.sums,
                until=readings.until,
                listing=self._listings.get(check) or Listing(),
                tally=tally,
                days=tally.days,
                event=self._is_event(check),
                end=self._end,
                early=self._early,
            )
        return found


class _Item:
    """What is known of an item while its transitions go by; records are named by their place."""

    __slots__ = (
        "failed",
        "good",
        "ground",
        "hidden",
        "left",
        "resource",
        "seen",
        "since",
        "span",
        "verdict",
        "waived",
    )

    def __init__(self, ground: Ground, resource: str) -> None:
        self.ground = ground
        self.resource = resource
        self.verdict = GONE
        self.since = -1
        """The record from which the verdict holds; -1: it was never seen."""
        self.good = -1
        """The last read that did not fail, as far as an earlier verdict tells."""
        self.failed = -1
        """The last read that failed."""
        self.span: tuple[int, int, str, str, str] | None = None
        """A failing span that has begun: after and by which record, what was before, cause and reason."""
        self.waived = -1
        """The record from which it is waived."""
        self.hidden = ""
        """`listing`, `scope` or `event`: why it is out of sight without being gone."""
        self.left = -1
        """The record with which it went out of sight."""
        self.seen = False

    def tell(self, moves: Sequence[Move]) -> None:
        """Go through its transitions, to the last record."""
        places = self.ground.reads.places
        for seq, verdict, cause, reason in moves:
            place = places.get(seq, -1)
            if place < 0:
                continue
            if self.verdict != GONE:
                was = "unknown" if self.verdict == _GAP else self.verdict
                self._settle(place)
            else:
                was = self._return(place)
            if verdict != GONE:
                self._become(place, verdict, was, cause, reason)
            elif self.since >= 0:
                self._vanish(place, cause)
        if self.since >= 0:
            self._finish(len(places))

    def _return(self, place: int) -> str:
        """An item that was not in sight is; what is to be said of it before."""
        if self.hidden == "listing":
            self._uncover(place)
        if self.hidden:
            self.hidden = ""
            return "unknown"
        self.good = self.ground.listed(place)
        return "absent" if self.since >= 0 or self.good >= 0 else ""

    def _become(self, place: int, verdict: str, was: str, cause: str, reason: str) -> None:
        gap = verdict == "waived" and cause == Cause.GAP.value
        self.verdict, self.since = _GAP if gap else verdict, place
        if verdict == FAIL:
            if self.span is None:
                self.span = (self.good, place, was, cause, reason)
        elif verdict == "waived":
            self.waived = place
            if not gap:
                self._close(place, "waived")
        elif verdict == PASS:
            self._close(place, passing_again(cause))

    def _vanish(self, place: int, cause: str) -> None:
        self.verdict, self.since, self.left = GONE, place, place
        if cause == Cause.SCOPE.value:
            self.hidden = "scope"
        elif cause in CHANGED:
            self._close(place, "check changed")
        elif self.ground.event:
            self.hidden = "event"
        elif not self.ground.whole(place):
            self.hidden = "listing"
        else:
            self._close(place, "removed")

    def _uncover(self, before: int) -> None:
        """A listing that is whole again: what went out of sight with it and is not in it is gone."""
        for place in self.ground.listing.changed(self.left, before):
            if self.ground.whole(place):
                self.hidden = ""
                self._close(place, "removed")
                return

    def _settle(self, place: int) -> None:
        """Count what the verdict so far stood for, and remember the last read of its kind."""
        verdict, since, ground = self.verdict, self.since, self.ground
        days = ground.sums[place] - ground.sums[since]
        if days:
            ground.days[verdict] += days
            if not self.seen:
                self.seen = True
                ground.tally.items += 1
        if self.waived >= 0:
            self._waived(place)
        last = max(ground.before[place], since)
        if verdict == FAIL:
            self.failed = last
        elif verdict in (PASS, "waived"):
            self.good = last

    def _waived(self, place: int) -> None:
        ground, reads = self.ground, self.ground.reads
        ends = reads.times[place]
        if not ends or reads.records[place].seq not in ground.early:
            ground.tally.waived.append(
                WaivedSpan(
                    target=ground.target,
                    check=ground.check,
                    region=ground.region,
                    resource=self.resource,
                    start=reads.times[self.waived],
                    end=ends,
                    what=_GAP if self.verdict == _GAP else "failure",
                )
            )
        self.waived = -1

    def _close(self, place: int, why: str) -> None:
        if self.span is None:
            return
        after, by, before, cause, reason = self.span
        self.span = None
        ground = self.ground
        reads, time = ground.reads, ground.reads.times
        # An event of an earlier period that the provider forgot then is not a deviation of this one.
        ended = place if why else self.left if self.hidden == "event" else -1
        if ended >= 0 and reads.records[ended].seq in ground.early:
            return
        least, most = ground.lasted(after, by, self.failed, place if why else -1)
        ground.tally.deviations.append(
            Deviation(
                ground.target,
                ground.check,
                ground.region,
                self.resource,
                time[after],
                time[by],
                time[self.failed],
                time[place] if why else "",
                why,
                before,
                cause,
                reason,
                least,
                most,
                ground.event,
            )
        )

    def _finish(self, end: int) -> None:
        if self.hidden == "listing":
            self._uncover(end)
        if self.verdict != GONE:
            self._settle(end)
        if self.hidden == "scope":
            self._close(self.left, "left scope")
        else:
            self._close(-1, "")
