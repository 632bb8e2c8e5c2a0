"""Failing spans of items, walked out of the transitions of one target."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby
from typing import Final

from scanner.core.reads import Reads
from scanner.model.decisions import WaivedSpan
from scanner.model.history import Cause, Transition
from scanner.model.operation import Days, Deviation

Key = tuple[str, str, str]
"""Check, region, resource."""

ANY: Final = "*"
GONE: Final = ""
_DECIDES: Final = frozenset({"pass", "fail", "waived"})
_MEMBERS: Final = {"pass": "passing", "fail": "failing", "waived": "waived"}
_CHANGED: Final = frozenset({Cause.PACK, Cause.PARAMS})
_GAP: Final = "gap"
"""Stands for a waived verdict that was not read: it decides nothing, closes nothing, and is accepted."""


@dataclass(slots=True)
class _Open:
    """A failing span that has begun."""

    after: int
    by: int
    before: str
    cause: str
    reason: str


@dataclass(slots=True)
class _Item:
    """What is known of an item while the records go by."""

    verdict: str
    since: int
    """The record from which the verdict holds."""
    good: int = -1
    """The last read that did not fail, as far as an earlier verdict tells."""
    failed: int = -1
    """The last read that failed."""
    span: _Open | None = None
    waived: int = -1
    """The record from which it is waived."""
    hidden: str = ""
    """`listing`, `scope` or `event`: why it is out of sight without being gone."""
    left: int = -1
    """The record with which it went out of sight."""
    seen: bool = False


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


class Walk:
    """Goes through a target's transitions once, record by record.

    What is unread after a failure keeps the span open, and what left the sight of a scan is not gone: an item is
    removed only when a listing that was read whole lacks it.
    """

    def __init__(
        self, target: str, reads: Reads, *, start: datetime, end: datetime, is_event: Callable[[str], bool]
    ) -> None:
        self.target = target
        self.reads = reads
        self.tallies: dict[str, Tally] = {}
        self._start, self._end = start, end
        self._is_event = is_event
        self._items: dict[Key, _Item] = {}
        self._quiet: dict[Key, int] = {}
        """Items that passed from the first, with the record from which on: nearly all, so they cost little."""
        self._blind: dict[tuple[str, str], str] = {}
        """Listings that are not read whole, by check and region."""
        self._hidden: dict[str, set[Key]] = {}
        """Items that went out of sight with their listing, by check."""

    def run(self, transitions: Iterable[Transition]) -> Mapping[str, Tally]:
        """What every check came to by the last record; transitions are in order of their records."""
        for seq, group in groupby(transitions, key=lambda row: row.seq):
            place = self.reads.index(seq)
            if place >= 0:
                self._record(place, list(group))
        for key, item in self._items.items():
            self._finish(key, item)
        self._finish_quiet()
        return self.tallies

    # -- one record -----------------------------------------------------------------------------------------------

    def _record(self, place: int, rows: list[Transition]) -> None:
        before = dict(self._blind) if self._blind else {}
        cleared = self._listings(rows)
        for row in rows:
            if row.resource != ANY:
                self._item(place, row, before)
        for check in cleared:
            self._uncover(place, check)

    def _listings(self, rows: list[Transition]) -> set[str]:
        cleared = set()
        for row in rows:
            if row.resource != ANY:
                continue
            if row.verdict == GONE:
                self._blind.pop((row.check, row.region), None)
                cleared.add(row.check)
            else:
                self._blind[row.check, row.region] = row.verdict
        return cleared

    def _item(self, place: int, row: Transition, before: Mapping[tuple[str, str], str]) -> None:
        key = (row.check, row.region, row.resource)
        item = self._items.get(key)
        if item is None:
            since = self._quiet.pop(key, None)
            if since is None:
                self._first(key, place, row, before)
                return
            item = self._items[key] = _Item(verdict="pass", since=since)
        if item.verdict == GONE and not item.hidden:
            item.good = self._listed(key, place, before)
        self._settle(key, item, place)
        if row.verdict == GONE:
            self._vanish(key, item, place, row.cause)
            return
        was = "unknown" if item.verdict in (GONE, _GAP) else item.verdict
        was = "absent" if item.verdict == GONE and not item.hidden else was
        item.hidden, item.verdict, item.since = "", _GAP if row.gap else row.verdict, place
        self._become(key, item, place, row, was)

    def _first(self, key: Key, place: int, row: Transition, before: Mapping[tuple[str, str], str]) -> None:
        if row.verdict == "pass":
            self._quiet[key] = place
        elif row.verdict != GONE:
            item = _Item(verdict=_GAP if row.gap else row.verdict, since=place, good=self._listed(key, place, before))
            self._items[key] = item
            self._become(key, item, place, row, "absent" if item.good >= 0 else "")

    def _listed(self, key: Key, place: int, before: Mapping[tuple[str, str], str]) -> int:
        """The record before, if it read the listing whole and so shows that the item was not there."""
        return -1 if is_covered(before, key) else self.reads.last_before(key[0], key[1], place)

    def _become(self, key: Key, item: _Item, place: int, row: Transition, was: str) -> None:
        if row.verdict == "fail":
            if item.span is None:
                item.span = _Open(after=item.good, by=place, before=was, cause=row.cause.value, reason=row.reason)
        elif row.verdict == "pass":
            self._close(key, item, place, "check changed" if row.cause in _CHANGED else "fixed")
        elif row.verdict == "waived":
            item.waived = place
            if item.verdict != _GAP:
                self._close(key, item, place, "waived")

    def _vanish(self, key: Key, item: _Item, place: int, cause: Cause) -> None:
        item.verdict, item.since, item.left = GONE, place, place
        if cause is Cause.SCOPE:
            item.hidden = "scope"
        elif cause in _CHANGED:
            self._close(key, item, place, "check changed")
        elif self._is_event(key[0]):
            item.hidden = "event"
        elif is_covered(self._blind, key) or not self.reads.read(key[0], key[1], place):
            item.hidden = "listing"
            self._hidden.setdefault(key[0], set()).add(key)
        else:
            self._close(key, item, place, "removed")

    def _uncover(self, place: int, check: str) -> None:
        """A listing is whole again: what went out of sight with it and is not in it is gone."""
        waiting = self._hidden.get(check)
        if not waiting:
            return
        for key in list(waiting):
            item = self._items[key]
            if item.hidden != "listing":
                waiting.discard(key)
            elif not is_covered(self._blind, key) and self.reads.read(check, key[1], place):
                waiting.discard(key)
                item.hidden = ""
                self._close(key, item, place, "removed")

    # -- spans ----------------------------------------------------------------------------------------------------

    def _settle(self, key: Key, item: _Item, place: int) -> None:
        """Count what the verdict so far stood for, and remember the last read of its kind."""
        tally = self._tally(key[0])
        verdict = item.verdict
        if verdict != GONE:
            days = self.reads.weight(key[0], key[1], item.since, place)
            if days:
                name = _MEMBERS.get(verdict, "unread")
                tally.days[name] = tally.days.get(name, 0.0) + days
                if not item.seen:
                    item.seen = True
                    tally.items += 1
        if item.waived >= 0:
            self._waived(key, item, place)
        if verdict not in _DECIDES:
            return
        last = max(self.reads.last_before(key[0], key[1], place), item.since)
        if verdict == "fail":
            item.failed = last
        else:
            item.good = last

    def _waived(self, key: Key, item: _Item, place: int) -> None:
        ends = self.reads.time(place) if place < len(self.reads.records) else ""
        if not ends or self.reads.moment(place) >= self._start:
            begins, what = self.reads.time(item.waived), _GAP if item.verdict == _GAP else "failure"
            span = WaivedSpan(
                target=self.target, check=key[0], region=key[1], resource=key[2], start=begins, end=ends, what=what
            )
            self._tally(key[0]).waived.append(span)
        item.waived = -1

    def _close(self, key: Key, item: _Item, place: int, why: str) -> None:
        span, item.span = item.span, None
        if span is None:
            return
        at = self.reads.moment
        # An event of an earlier period that the provider forgot then is not a deviation of this one.
        ended = place if why else item.left if item.hidden == "event" else -1
        if ended >= 0 and at(ended) < self._start:
            return
        check, region, resource = key
        closed = self.reads.time(place) if why else ""
        ends = at(place) if why else self._end
        self._tally(check).deviations.append(
            Deviation(
                target=self.target,
                check=check,
                region=region,
                resource=resource,
                opened_after=self.reads.time(span.after),
                opened_by=self.reads.time(span.by),
                failing_until=self.reads.time(item.failed),
                closed_by=closed,
                why_closed=why,
                before=span.before,
                cause=span.cause,
                reason=span.reason,
                at_least=at(item.failed) - at(span.by),
                at_most=max(ends - at(span.after), timedelta(0)) if span.after >= 0 else None,
                event=self._is_event(check),
            )
        )

    def _finish(self, key: Key, item: _Item) -> None:
        end = len(self.reads.records)
        self._settle(key, item, end)
        if item.hidden == "scope":
            self._close(key, item, item.left, "left scope")
        else:
            self._close(key, item, -1, "")

    def _finish_quiet(self) -> None:
        same = Counter((check, region, since) for (check, region, _), since in self._quiet.items())
        for (check, region, since), count in same.items():
            days = self.reads.weight(check, region, since, len(self.reads.records))
            if days:
                tally = self._tally(check)
                tally.items += count
                tally.days["passing"] = tally.days.get("passing", 0.0) + count * days

    def _tally(self, check: str) -> Tally:
        found = self.tallies.get(check)
        if found is None:
            found = self.tallies[check] = Tally()
        return found


def is_covered(blind: Mapping[tuple[str, str], str], key: Key) -> bool:
    """Whether a listing that was not read whole could hold the item; one without a region could hold any."""
    check, region, _ = key
    if not blind:
        return False
    if (check, "") in blind or (check, region) in blind:
        return True
    return region == "" and any(name == check for name, _ in blind)
