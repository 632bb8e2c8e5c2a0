"""Which record of a target read which check where, and how much of the period each such reading stands for."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from datetime import datetime

from scanner.core.calendar import moment
from scanner.model.history import Record
from scanner.model.operation import Slot


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
        self._masks: dict[tuple[str, str], tuple[list[int], list[float]]] = {}
        self._known: dict[tuple[int, ...], tuple[list[int], list[float]]] = {}

    def index(self, seq: int) -> int:
        """Place of a record; -1 when it is not among them."""
        return self._index.get(seq, -1)

    def time(self, place: int) -> str:
        """When the reading of a record ended; `` for no record."""
        return self.records[place].finished if place >= 0 else ""

    def moment(self, place: int) -> datetime:
        """The same, to reckon with."""
        return self._moments[place]

    def runs(self) -> dict[int, list[int]]:
        """Records by interval."""
        found: dict[int, list[int]] = {}
        for place, slot in enumerate(self._slot):
            if slot >= 0:
                found.setdefault(slot, []).append(place)
        return found

    def asked(self, check: str, place: int) -> bool:
        """Whether a record asked a check."""
        return check in self._checks[place]

    def read(self, check: str, region: str, place: int) -> bool:
        """Whether a record asked a check in a region."""
        return check in self._checks[place] and (region not in self._regions or region in self._places[place])

    def last_before(self, check: str, region: str, place: int) -> int:
        """The last record before another that asked a check in a region; -1 when there is none."""
        readers, _ = self._of(check, region)
        if len(readers) == len(self.records):
            return place - 1
        found = bisect_left(readers, place)
        return readers[found - 1] if found else -1

    def weight(self, check: str, region: str, start: int, end: int) -> float:
        """Days of the period for which the readings of a check in a region stand, from one record to before another."""
        _, sums = self._of(check, region)
        return sums[end] - sums[start]

    def _of(self, check: str, region: str) -> tuple[list[int], list[float]]:
        key = (check, region)
        found = self._masks.get(key)
        if found is None:
            readers = [place for place in range(len(self.records)) if self.read(check, region, place)]
            # Most checks are read by the same records: the sums are shared.
            found = self._known.setdefault(tuple(readers), ([], []))
            if not found[1]:
                found[0].extend(readers)
                found[1].extend(self._sums(readers))
            self._masks[key] = found
        return found

    def _sums(self, readers: list[int]) -> list[float]:
        share: dict[int, int] = {}
        for place in readers:
            share[self._slot[place]] = share.get(self._slot[place], 0) + 1
        inside = set(readers)
        sums = [0.0]
        for place in range(len(self.records)):
            slot = self._slot[place]
            counts = place in inside and slot >= 0
            sums.append(sums[-1] + (self.slots[slot].days / share[slot] if counts else 0.0))
        return sums


def _place(slots: Sequence[Slot], when: datetime) -> int:
    low = bisect_left(slots, when, key=lambda slot: slot.end)
    if low < len(slots) and slots[low].end == when:
        low += 1
    return low if low < len(slots) and slots[low].start <= when else -1
