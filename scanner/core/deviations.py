"""Failing spans of items, walked out of the transitions of one target."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from scanner.core.listings import Listing, read_listings
from scanner.core.reads import Readings, Reads
from scanner.core.stories import GONE, Move, Stories
from scanner.model.history import Cause
from scanner.model.operation import Days, Deviation, WaivedSpan

_DECIDES: Final = frozenset({"pass", "fail", "waived"})
_MEMBERS: Final = {"pass": "passing", "fail": "failing", "waived": "waived"}
_CHANGED: Final = frozenset({Cause.PACK.value, Cause.PARAMS.value})
_NO_TIME: Final = timedelta(0)


@dataclass(slots=True)
class Tally:
    """What one check came to: items, days by reading, and spans."""

    items: int = 0
    days: dict[str, float] = field(default_factory=dict)
    deviations: list[Deviation] = field(default_factory=list)
    waived: list[WaivedSpan] = field(default_factory=list)

    def as_days(self) -> Days:
        """Resource-days by what was read."""
        return Days(**self.days)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ground:
    """What all items of one check in one region have in common."""

    target: str
    check: str
    region: str
    reads: Reads
    readings: Readings
    listing: Listing
    tally: Tally
    event: bool
    """The items are dated by themselves."""
    start: datetime
    end: datetime

    def listed(self, place: int) -> int:
        """The record before, if it read the listing whole and so shows that an item was not there."""
        return -1 if self.listing.covers(self.region, place - 1) else self.readings.last_before(place)

    def whole(self, place: int) -> bool:
        """Whether a record read the listing whole."""
        return not self.listing.covers(self.region, place) and self.reads.read(self.check, self.region, place)


class Walk:
    """Goes through the stories of a target, item by item.

    What is unread after a failure keeps the span open, and what left the sight of a scan is not gone: an item is
    removed only when a listing that was read whole lacks it.
    """

    def __init__(
        self, target: str, reads: Reads, *, start: datetime, end: datetime, is_event: Callable[[str], bool]
    ) -> None:
        self._target = target
        self._reads = reads
        self._start, self._end = start, end
        self._is_event = is_event
        self._tallies: dict[str, Tally] = {}
        self._listings: Mapping[str, Listing] = {}
        self._grounds: dict[tuple[str, str], _Ground] = {}

    def run(self, stories: Stories) -> Mapping[str, Tally]:
        """What every check came to by the last record."""
        self._listings = read_listings(stories.listings, self._reads)
        for (check, region, resource), moves in stories.items:
            _Item(self._ground(check, region), resource).tell(moves)
        for (check, region, seq), count in stories.passing.items():
            self._passed(check, region, seq, count)
        return self._tallies

    def _passed(self, check: str, region: str, seq: int, count: int) -> None:
        """Items that passed from a record on, all as one."""
        place = self._reads.index(seq)
        ground = self._ground(check, region)
        days = ground.readings.weight(place, len(self._reads.records)) if place >= 0 else 0.0
        if days:
            ground.tally.items += count
            ground.tally.days["passing"] = ground.tally.days.get("passing", 0.0) + count * days

    def _ground(self, check: str, region: str) -> _Ground:
        found = self._grounds.get((check, region))
        if found is None:
            found = self._grounds[check, region] = _Ground(
                target=self._target,
                check=check,
                region=region,
                reads=self._reads,
                readings=self._reads.of(check, region),
                listing=self._listings.get(check) or Listing(),
                tally=self._tallies.setdefault(check, Tally()),
                event=self._is_event(check),
                start=self._start,
                end=self._end,
            )
        return found


class _Item:
    """What is known of an item while its transitions go by; records are named by their place."""

    __slots__ = ("failed", "good", "ground", "hidden", "left", "resource", "seen", "since", "span", "verdict", "waived")

    def __init__(self, ground: _Ground, resource: str) -> None:
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
        index = self.ground.reads.index
        for seq, verdict, cause, reason in moves:
            place = index(seq)
            if place >= 0:
                self._move(place, verdict, cause, reason)
        if self.since >= 0:
            self._finish(len(self.ground.reads.records))

    def _move(self, place: int, verdict: str, cause: str, reason: str) -> None:
        if self.hidden == "listing":
            self._uncover(place)
        absent = self.verdict == GONE and not self.hidden
        if absent:
            self.good = self.ground.listed(place)
        known = self.since >= 0
        if known:
            self._settle(place)
        if verdict == GONE:
            if known:
                self._vanish(place, cause)
            return
        was = ("absent" if known or self.good >= 0 else "") if absent else self.verdict or "unknown"
        self.hidden, self.verdict, self.since = "", verdict, place
        if verdict == "fail":
            self.span = self.span or (self.good, place, was, cause, reason)
        elif verdict in _DECIDES:
            why = "waived" if verdict == "waived" else "check changed" if cause in _CHANGED else "fixed"
            self._close(place, why)
            self.waived = place if verdict == "waived" else self.waived

    def _vanish(self, place: int, cause: str) -> None:
        self.verdict, self.since, self.left = GONE, place, place
        if cause == Cause.SCOPE.value:
            self.hidden = "scope"
        elif cause in _CHANGED:
            self._close(place, "check changed")
        elif self.ground.event:
            self.hidden = "event"
        elif not self.ground.whole(place):
            self.hidden = "listing"
        else:
            self._close(place, "removed")

    def _uncover(self, before: int) -> None:
        """A listing that is whole again: what went out of sight with it and is not in it is gone."""
        for place in self.ground.listing.cleared(self.left, before):
            if self.ground.whole(place):
                self.hidden = ""
                self._close(place, "removed")
                return

    def _settle(self, place: int) -> None:
        """Count what the verdict so far stood for, and remember the last read of its kind."""
        verdict, ground = self.verdict, self.ground
        if verdict == GONE:
            return
        days = ground.readings.weight(self.since, place)
        if days:
            name = _MEMBERS.get(verdict, "unread")
            ground.tally.days[name] = ground.tally.days.get(name, 0.0) + days
            if not self.seen:
                self.seen = True
                ground.tally.items += 1
        if verdict not in _DECIDES:
            return
        last = max(ground.readings.last_before(place), self.since)
        if verdict == "fail":
            self.failed = last
        else:
            self.good = last
        if verdict == "waived":
            self._waived(place)

    def _waived(self, place: int) -> None:
        ground, reads = self.ground, self.ground.reads
        ends = reads.time(place) if place < len(reads.records) else ""
        if not ends or reads.moment(place) >= ground.start:
            ground.tally.waived.append(
                WaivedSpan(
                    target=ground.target,
                    check=ground.check,
                    region=ground.region,
                    resource=self.resource,
                    start=reads.time(self.waived),
                    end=ends,
                )
            )
        self.waived = -1

    def _close(self, place: int, why: str) -> None:
        span, self.span = self.span, None
        if span is None:
            return
        ground, at, time = self.ground, self.ground.reads.moment, self.ground.reads.time
        # An event of an earlier period that the provider forgot then is not a deviation of this one.
        ended = place if why else self.left if self.hidden == "event" else -1
        if ended >= 0 and at(ended) < ground.start:
            return
        after, by, before, cause, reason = span
        ends = at(place) if why else ground.end
        ground.tally.deviations.append(
            Deviation(
                target=ground.target,
                check=ground.check,
                region=ground.region,
                resource=self.resource,
                opened_after=time(after),
                opened_by=time(by),
                failing_until=time(self.failed),
                closed_by=time(place) if why else "",
                why_closed=why,
                before=before,
                cause=cause,
                reason=reason,
                at_least=at(self.failed) - at(by),
                at_most=max(ends - at(after), _NO_TIME) if after >= 0 else None,
                event=ground.event,
            )
        )

    def _finish(self, end: int) -> None:
        if self.hidden == "listing":
            self._uncover(end)
        self._settle(end)
        if self.hidden == "scope":
            self._close(self.left, "left scope")
        else:
            self._close(-1, "")
