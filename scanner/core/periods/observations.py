"""Records which scans ran which check where, and for how much of the period each stands.

Records are addressed by their *position*: their index in the order of the chain. A period is
divided into *slots*, the intervals of its schedule. The records of a slot that ran a check share
the days of that slot between them.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain

from scanner.core.calendar import expected_intervals, parse_time, unfinished_interval
from scanner.model.history import Record
from scanner.model.period import Schedule, Slot, Window

_Checks = frozenset[str]
_Scope = tuple[str, str]
"""Check and region."""


@dataclass(
    frozen=True,
    slots=True,
    kw_only=True,
)
class CheckObservations:
    """The records that ran one check in one region, and the days for which they stand.

    Precomputed for every position, and once more for the end: each status change looks them up.
    """

    previous: tuple[int, ...]
    """By position: that of the last such record before; -1 when there is none."""
    days_before: tuple[float, ...]
    """By position: days of the period for which such records before it stand."""
    days_before_seq: Mapping[int, float]
    """The same by number of a record; 0, which is no record, is the end and gives all days."""

    def days_between(self, start: int, end: int) -> float:
        """Days for which they stand, from one position to before another."""
        return self.days_before[end] - self.days_before[start]


class Observations:
    """The records of one target in order, with the slots of the period that they belong to.

    A record belongs to the slot in which its scan started; the time of a reading is when the scan
    ended. In the rest of a period (after its last whole slot) no scan is expected, and a record of
    it counts as any other.
    """

    def __init__(
        self,
        records: Sequence[Record],
        expected_intervals: Sequence[Slot],
        unfinished_interval: Slot | None = None,
    ) -> None:
        self.records = tuple(sorted(records, key=lambda record: record.seq))
        self.slots = tuple(expected_intervals)
        self._intervals = (*self.slots, unfinished_interval) if unfinished_interval else self.slots
        self.moments = tuple(parse_time(record.finished) for record in self.records)
        """When each scan ended, for arithmetic."""
        self.times = (*(record.finished for record in self.records), "")
        """The same as text; the last entry, `` at -1, stands for no record."""
        self.positions = {record.seq: position for position, record in enumerate(self.records)}
        """By number of a record."""
        self._slot = [
            _slot_of(self._intervals, parse_time(record.started)) for record in self.records
        ]

        self._check_sets: dict[_Checks, _Checks] = {}
        self._checks = [self._shared(frozenset(record.checks)) for record in self.records]
        self._regions = [frozenset(record.regions) for record in self.records]
        self._all_regions: frozenset[str] = frozenset(chain.from_iterable(self._regions))
        self._alike = self._group_alike()
        self._runs = self._group_by_slot()
        self._slots_by_check_sets = Counter(map(self._check_sets_of, self._runs.values()))
        self._by_check: dict[_Scope, CheckObservations] = {}
        self._by_positions: dict[tuple[int, ...], CheckObservations] = {}

    def _shared(self, checks: _Checks) -> _Checks:
        # Nearly all records ran the same checks: each distinct set is kept, and compared, once.
        return self._check_sets.setdefault(checks, checks)

    def _group_alike(self) -> list[list[int]]:
        """Positions, those of records that ran the same checks in the same regions together."""
        groups: dict[tuple[_Checks, frozenset[str]], list[int]] = defaultdict(list)
        for position, checks in enumerate(self._checks):
            groups[checks, self._regions[position]].append(position)
        return list(groups.values())

    def _group_by_slot(self) -> dict[int, list[int]]:
        """Positions by slot, without those in the rest of the period."""
        runs: dict[int, list[int]] = defaultdict(list)
        for position, slot in enumerate(self._slot):
            if 0 <= slot < len(self.slots):
                runs[slot].append(position)
        return dict(runs)

    def _check_sets_of(self, positions: Iterable[int]) -> frozenset[_Checks]:
        return frozenset(self._checks[position] for position in positions)

    @classmethod
    def over(
        cls,
        records: Iterable[Record],
        period: Window,
        schedule: Schedule,
        until: datetime,
    ) -> Observations:
        """Those of a chain up to the last record whose scan started before the end of a period."""
        ordered = sorted(records, key=lambda record: record.seq)
        # The last one by order, not all that started before: after a clock that jumped, earlier
        # records count too.
        inside = [
            position
            for position, record in enumerate(ordered)
            if parse_time(record.started) < period.end
        ]
        known = ordered[: inside[-1] + 1] if inside else []
        return cls(
            known,
            expected_intervals(period, schedule, until),
            unfinished_interval(period, schedule, until),
        )

    def runs(self) -> Mapping[int, Sequence[int]]:
        """Positions of the records in each slot that has any."""
        return self._runs

    def count_runs(self, checks: Iterable[str]) -> int:
        """How many slots have one record that ran all of these checks."""
        wanted = frozenset(checks)
        # One record must have run them all: two scans of half the checks each do not make a run.
        sufficient = {ran for ran in self._check_sets if wanted <= ran}
        expected_intervals = 0
        for check_sets, count in self._slots_by_check_sets.items():
            if not sufficient.isdisjoint(check_sets):
                expected_intervals += count
        return expected_intervals

    def ran(
        self,
        check: str,
        region: str,
        position: int,
    ) -> bool:
        """Whether the record at a position ran a check in a region."""
        if check not in self._checks[position]:
            return False
        # A region that no record names is where a resource lies, and not a scope that is read by
        # itself.
        return region not in self._all_regions or region in self._regions[position]

    def of(self, check: str, region: str) -> CheckObservations:
        """The observations of a check in a region."""
        key = (check, region)
        found = self._by_check.get(key)
        if found is None:
            readers = self._readers(check, region)
            # Most checks were run by the same records: they share one object.
            found = self._by_positions.get(readers)
            if found is None:
                found = self._observe(readers)
                self._by_positions[readers] = found
            self._by_check[key] = found
        return found

    def _readers(
        self,
        check: str,
        region: str,
    ) -> tuple[int, ...]:
        """Positions of the records that ran a check in a region, in order."""
        readers: list[int] = []
        for positions in self._alike:
            if self.ran(check, region, positions[0]):
                readers.extend(positions)
        return tuple(sorted(readers))

    def _observe(self, readers: tuple[int, ...]) -> CheckObservations:
        days_before = self._days_before(readers)
        days_before_seq = {0: days_before[-1]}
        for seq, position in self.positions.items():
            days_before_seq[seq] = days_before[position]
        return CheckObservations(
            previous=self._previous(readers),
            days_before=days_before,
            days_before_seq=days_before_seq,
        )

    def _previous(self, readers: tuple[int, ...]) -> tuple[int, ...]:
        inside = set(readers)
        last = -1
        previous = [last]
        for position in range(len(self.records)):
            if position in inside:
                last = position
            previous.append(last)
        return tuple(previous)

    def _days_before(self, readers: tuple[int, ...]) -> tuple[float, ...]:
        readers_in_slot = Counter(self._slot[position] for position in readers)
        inside = set(readers)
        total = 0.0
        days = [total]
        for position, slot in enumerate(self._slot):
            # Records outside of the period have no slot, and stand for none of its days.
            if position in inside and slot >= 0:
                total += self._intervals[slot].days / readers_in_slot[slot]
            days.append(total)
        return tuple(days)


def _slot_of(expected_intervals: Sequence[Slot], when: datetime) -> int:
    """The index of the slot that a moment is in; -1 for none. A slot does not include its end."""
    index = bisect_left(expected_intervals, when, key=lambda slot: slot.end)
    if index < len(expected_intervals) and expected_intervals[index].end == when:
        index += 1
    if index < len(expected_intervals) and expected_intervals[index].start <= when:
        return index
    return -1
