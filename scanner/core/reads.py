"""Which record of a target read which check where, and how much of the period each such reading stands for."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from datetime import datetime

from scanner.core.calendar import moment
from scanner.model.history import Record
from scanner.model.operation import Slot


class Readings:
    """The records that read one check in one region, and for how much of the period they stand."""

    def __init__(self, places: tuple[int, ...], sums: tuple[float, ...]) -> None:
        self._places = places
        self._sums = sums
        self._always = len(places) == len(sums) - 1

    def last_before(self, place: int) -> int:
        """The last of them before a record; -1 when there is none."""
        if self._always:
            return place - 1
        found = bisect_left(self._places, place)
        return self._places[found - 1] if found else -1

    def weight(self, start: int, end: int) -> float:
        """Days of the period for which they stand, from one record to before another."""
        return self._sums[end] - self._sums[start]


class Reads:
    """The records of one target in order, with the intervals that they fall in.

    A run belongs to the interval in which it started; the times of a reading are those at which its record ended.
    """

    def __init__(self, records: Sequence[Record], slots: Sequence[Slot]) -> None:
        self.records = tuple(sorted(records, key=lambda record: record.seq))
        self.slots = tuple(slots)
        self._moments = [moment(record.finished) for record in self.records]
        self._index = {record.seq: place for place, record in enumerate(self.records)}
        self._slot = [_place(self.slots, moment(record.started)) for record in self.records]
        self._regions = frozenset(region for record in self.records for region in record.regions)
        self._checks = [frozenset(record.checks) for record in self.records]
        self._places = [frozenset(record.regions) for record in self.records]
        self._readings: dict[tuple[str, str], Readings] = {}
        self._known: dict[tuple[int, ...], Readings] = {}
        self._runs: dict[int, list[int]] = {}
        for place, slot in enumerate(self._slot):
            if slot >= 0:
                self._runs.setdefault(slot, []).append(place)

    def index(self, seq: int) -> int:
        """Place of a record; -1 when it is not among them."""
        return self._index.get(seq, -1)

    def time(self, place: int) -> str:
        """When the reading of a record ended; `` for no record."""
        return self.records[place].finished if place >= 0 else ""

    def moment(self, place: int) -> datetime:
        """The same, to reckon with."""
        return self._moments[place]

    def runs(self) -> Mapping[int, Sequence[int]]:
        """Records by interval."""
        return self._runs

    def asked(self, check: str, place: int) -> bool:
        """Whether a record asked a check."""
        return check in self._checks[place]

    def read(self, check: str, region: str, place: int) -> bool:
        """Whether a record asked a check in a region."""
        return check in self._checks[place] and (region not in self._regions or region in self._places[place])

    def of(self, check: str, region: str) -> Readings:
        """The readings of a check in a region."""
        key = (check, region)
        found = self._readings.get(key)
        if found is None:
            places = tuple(place for place in range(len(self.records)) if self.read(check, region, place))
            # Most checks are read by the same records: the sums are shared.
            found = self._known.get(places)
            if found is None:
                found = self._known[places] = Readings(places, self._sums(places))
            self._readings[key] = found
        return found

    def _sums(self, readers: tuple[int, ...]) -> tuple[float, ...]:
        share: dict[int, int] = {}
        for place in readers:
            share[self._slot[place]] = share.get(self._slot[place], 0) + 1
        inside = set(readers)
        sums = [0.0]
        for place in range(len(self.records)):
            slot = self._slot[place]
            counts = place in inside and slot >= 0
            sums.append(sums[-1] + (self.slots[slot].days / share[slot] if counts else 0.0))
        return tuple(sums)


def _place(slots: Sequence[Slot], when: datetime) -> int:
    low = bisect_left(slots, when, key=lambda slot: slot.end)
    if low < len(slots) and slots[low].end == when:
        low += 1
    return low if low < len(slots) and slots[low].start <= when else -1
