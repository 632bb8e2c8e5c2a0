"""Failing spans out of columns: what items come to that were always in sight, and only ever failed and passed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise, repeat
from math import fsum
from operator import neg

from scanner.core.periods.counters import Ground, passing_again
from scanner.core.periods.ordered import Key
from scanner.core.periods.timelines import FAIL, PASS, Spans
from scanner.model.period import Deviation


def count(spans: Spans, ground: Ground) -> None:
    """Add what such items came to: item by item it would be the same."""
    _count_days(spans, ground)
    told = IntervalCounts(spans, ground)
    if told:
        ground.tally.parts.append(told)
        ground.tally.deviating += told.items()


def _count_days(spans: Spans, ground: Ground) -> None:
    until, whole = ground.until, ground.sums[-1]
    items = sum(spans.seen.values())
    opened, closed = ([until[seq] for seq in column] for column in (spans.opened, spans.closed))
    seen = (-until[seq] for seq in Counter(spans.seen).elements())
    # Without rounding on the way: the order of items is no matter, and nothing comes to less than nothing.
    ground.days[FAIL] += fsum([*closed, *map(neg, opened)])
    ground.days[PASS] += fsum([*repeat(whole, items), *seen, *opened, *map(neg, closed)])
    ground.tally.items += sum(count for seq, count in spans.seen.items() if until[seq] < whole)


class IntervalCounts:
    """Deviations of one check in one region, as `ordered.Part`: those that did not end before the period."""

    __slots__ = ("_ground", "_kept", "_spans")

    def __init__(self, spans: Spans, ground: Ground) -> None:
        self._spans = spans
        self._ground = ground
        early = ground.early
        self._kept: Sequence[int] = range(len(spans.closed))
        if not early.isdisjoint(spans.closed):
            self._kept = [number for number, seq in enumerate(spans.closed) if seq not in early]

    def __len__(self) -> int:
        return len(self._kept)

    def items(self) -> int:
        """Items that they are of: those of one stand together."""
        if len(self) == len(self._spans.opened):
            return sum(self._spans.seen.values())
        found = [self._spans.resources[number] for number in self._kept]
        return sum(1 for one, following in pairwise((*found, None)) if one != following)

    def began(self) -> Sequence[str]:
        places, times = self._ground.reads.places, self._ground.reads.times
        opened = self._spans.opened
        return [times[places[opened[number]]] for number in self._kept]

    def key(self, place: int) -> Key:
        ground, number = self._ground, self._kept[place]
        began = ground.reads.times[ground.reads.places[self._spans.opened[number]]]
        return (began, ground.target, ground.check, ground.region, self._spans.resources[number])

    def make(self, place: int) -> Deviation:
        spans, ground, number = self._spans, self._ground, self._kept[place]
        reads = ground.reads
        time = reads.times
        by = reads.places[spans.opened[number]]
        earlier, closed = spans.before[number], spans.closed[number]
        end = reads.places[closed] if closed else len(reads.moments)
        after = max(ground.before[by], reads.places[earlier]) if earlier else ground.before[by]
        failed = max(ground.before[end], reads.places[spans.failed[number]])
        least, most = ground.lasted(after, by, failed, end if closed else -1)
        return Deviation(
            ground.target,
            ground.check,
            ground.region,
            spans.resources[number],
            time[after],
            time[by],
            time[failed],
            time[end] if closed else "",
            passing_again(spans.endings[number]) if closed else "",
            PASS if earlier else "absent" if after >= 0 else "",
            spans.causes[number],
            spans.reasons[number],
            least,
            most,
            ground.event,
        )
