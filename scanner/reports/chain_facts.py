"""States what the records of a chain say of themselves: for whoever verifies a store."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise

from scanner.core.calendar import parse_time
from scanner.core.periods.excluded import excluded_spans
from scanner.core.periods.stretches import stretches
from scanner.model.history import Record
from scanner.reports.period import NAMED, exclusion_lines, span
from scanner.words import plural


def chain_facts(records: Sequence[Record]) -> Iterator[str]:
    """Times, exclusions, unanswered calls, changes and failing findings of one chain, in lines."""
    first, last = records[0], records[-1]
    yield f"{first.chain}: {plural(len(records), 'record')}, {first.started} to {last.finished}"
    yield from _longest_pause(records)
    for excluded in excluded_spans(records):
        what, *why = exclusion_lines(excluded, len(records))
        yield f"  left out: {what.strip()}"
        yield from why
    yield from _some(list(_unanswered(records)))
    _, changes = stretches(records)
    yield from _some(
        [f"  changed in record {one.seq}: {one.what}: {one.detail}" for one in changes]
    )
    yield from _some(list(_failing(records)))


def _longest_pause(records: Sequence[Record]) -> Iterator[str]:
    """The longest time without a scan: verification knows no schedule, and names no missed run."""
    pauses = [
        (parse_time(after.started) - parse_time(before.started), before.seq, after.seq)
        for before, after in pairwise(records)
    ]
    if pauses:
        pause, before, after = max(pauses)
        yield f"  longest time between two scans: {span(pause)}, records {before} and {after}"


def _unanswered(records: Sequence[Record]) -> Iterator[str]:
    counts: Counter[str] = Counter()
    first: dict[str, int] = {}
    for record in records:
        for gap in set(record.gaps):
            counts[gap] += 1
            first.setdefault(gap, record.seq)
    for gap, count in sorted(counts.items()):
        yield f"  not answered: {gap} in {plural(count, 'record')}, first in {first[gap]}"


def _failing(records: Sequence[Record]) -> Iterator[str]:
    """Where the number of failing findings changed; a finding is one check on one resource."""
    before = -1
    for record in records:
        count = record.counts.get("fail", 0)
        if count != before:
            yield f"  record {record.seq}: {plural(count, 'failing finding')}"
        before = count


def _some(lines: Sequence[str]) -> Iterator[str]:
    yield from lines[:NAMED]
    if len(lines) > NAMED:
        yield f"  … and {len(lines) - NAMED} more: see 'tscan history show'"
