"""Which record of a target read which check where, and how much of the period each such reading stands for."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain

from scanner.core.calendar import moment, rest, slots
from scanner.model.history import Record
from scanner.model.period import Schedule, Slot, Window


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckObservations:
    """The records that read one check in one region, and for how much of the period they stand.

    Both by the place of a record, and once more for the end: they are looked up for every transition.
    """

    before: tuple[int, ...]
    """The last of them before a record; -1 when there is none."""
    sums: tuple[float, ...]
    """Days of the period for which those before a record stand."""
    until: Mapping[int, float]
    """The same by the number of a record; by 0, which is none, all of them."""

    def weight(self, start: int, end: int) -> float:
        """Days for which they stand, from one record to before another."""
        return self.sums[end] - self.sums[start]


class Observations:
    """The records of one target in order, with the intervals that they fall in.

    A run belongs to the interval in which it started; the times of a reading are those at which its record ended.
    In the rest of a period no run is expected, and what is read in it counts as anywhere.
    """

    def __init__(
        self, records: Sequence[Record], slots: Sequence[Slot], rest: Slot | None = None
    ) -> None:
        self.records = tuple(sorted(records, key=lambda record: record.seq))
        self.slots = tuple(slots)
        self._intervals = (*self.slots, rest) if rest else self.slots
        self.moments = tuple(moment(record.finished) for record in self.records)
        """When the reading of each record ended, to reckon with."""
        self.times = (*(record.finished for record in self.records), "")
        """The same as records write it; `` for no record, which is -1."""
        self.places = {record.seq: place for place, record in enumerate(self.records)}
        """By the numbers of records."""
        self._slot = [_place(self._intervals, moment(record.started)) for record in self.records]
        self._regions = frozenset(region for record in self.records for region in record.regions)
        # Nearly all records ask the same checks: each such set is kept, and looked at, once.
        self._asked: dict[frozenset[str], frozenset[str]] = {}
        self._checks = [self._once(frozenset(record.checks)) for record in self.records]
        self._places = [frozenset(record.regions) for record in self.records]
        self._alike: dict[tuple[frozenset[str], frozenset[str]], list[int]] = {}
        """Records by what they asked where: nearly all are alike."""
        for place, asked in enumerate(zip(self._checks, self._places, strict=True)):
            self._alike.setdefault(asked, []).append(place)
        self._readings: dict[tuple[str, str], CheckObservations] = {}
        self._known: dict[tuple[int, ...], CheckObservations] = {}
        self._runs: dict[int, list[int]] = {}
        for place, slot in enumerate(self._slot):
            if 0 <= slot < len(self.slots):
                self._runs.setdefault(slot, []).append(place)
        self._asked_together = Counter(
            frozenset(self._checks[place] for place in places) for places in self._runs.values()
        )
        """Intervals by what their runs asked."""

    @classmethod
    def over(
        cls, records: Iterable[Record], period: Window, schedule: Schedule, until: datetime
    ) -> Observations:
        """Those of a chain up to the last record that started before the end of a period."""
        ordered = sorted(records, key=lambda record: record.seq)
        inside = [
            place for place, record in enumerate(ordered) if moment(record.started) < period.end
        ]
        known = ordered[: inside[-1] + 1] if inside else []
        return cls(known, slots(period, schedule, until), rest(period, schedule, until))

    def _once(self, checks: frozenset[str]) -> frozenset[str]:
        return self._asked.setdefault(checks, checks)

    def runs(self) -> Mapping[int, Sequence[int]]:
        """Records by interval."""
        return self._runs

    def runs_asking(self, checks: Iterable[str]) -> int:
        """Intervals in which one run asked all of these checks."""
        wanted = frozenset(checks)
        asking = {asked for asked in self._asked if wanted <= asked}
        return sum(
            count for asked, count in self._asked_together.items() if not asking.isdisjoint(asked)
        )

    def read(self, check: str, region: str, place: int) -> bool:
        """Whether a record asked a check in a region."""
        return check in self._checks[place] and (
            region not in self._regions or region in self._places[place]
        )

    def of(self, check: str, region: str) -> CheckObservations:
        """The readings of a check in a region."""
        key = (check, region)
        found = self._readings.get(key)
        if found is None:
            groups = [
                places for places in self._alike.values() if self.read(check, region, places[0])
            ]
            places = tuple(sorted(chain.from_iterable(groups)))
            # Most checks are read by the same records: the sums are shared.
            found = self._known.get(places)
            if found is None:
                found = self._known[places] = self._make(places)
            self._readings[key] = found
        return found

    def _make(self, readers: tuple[int, ...]) -> CheckObservations:
        sums = self._sums(readers)
        until = {0: sums[-1]} | {seq: sums[place] for seq, place in self.places.items()}
        return CheckObservations(before=self._before(readers), sums=sums, until=until)

    def _before(self, readers: tuple[int, ...]) -> tuple[int, ...]:
        before = [-1]
        inside = set(readers)
        for place in range(len(self.records)):
            before.append(place if place in inside else before[-1])
        return tuple(before)

    def _sums(self, readers: tuple[int, ...]) -> tuple[float, ...]:
        share: dict[int, int] = {}
        for place in readers:
            share[self._slot[place]] = share.get(self._slot[place], 0) + 1
        inside = set(readers)
        sums = [0.0]
        for place in range(len(self.records)):
            slot = self._slot[place]
            counts = place in inside and slot >= 0
            sums.append(sums[-1] + (self._intervals[slot].days / share[slot] if counts else 0.0))
        return tuple(sums)


def _place(slots: Sequence[Slot], when: datetime) -> int:
    low = bisect_left(slots, when, key=lambda slot: slot.end)
    if low < len(slots) and slots[low].end == when:
        low += 1
    return low if low < len(slots) and slots[low].start <= when else -1
