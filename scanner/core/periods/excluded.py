"""Collects what the records of a target left out, with who decided so and in which records."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

from scanner.model.history import Record
from scanner.model.period import ExcludedSpan


class _Decision(NamedTuple):
    """One thing that was left out, and the decision by which it was."""

    what: str
    why: str
    decided: str
    approver: str
    id: str


def excluded_spans(records: Iterable[Record]) -> tuple[ExcludedSpan, ...]:
    """What some records of one target left out; things left out alike are one span."""
    records_by_decision: dict[_Decision, list[Record]] = defaultdict(list)
    for record in records:
        for one in record.exclusions:
            for identity in one.ids:
                decision = _Decision(one.what, one.why, one.decided, one.approver, identity)
                records_by_decision[decision].append(record)
    # Thirty regions that the same records left out for the same reason are one line.
    ids_by_span: dict[tuple[tuple[str, ...], tuple[int, ...]], list[str]] = defaultdict(list)
    for decision, found in records_by_decision.items():
        numbers = tuple(record.seq for record in found)
        ids_by_span[decision[:-1], numbers].append(decision.id)
    target = next((found[0].target for found in records_by_decision.values()), "")
    spans: list[ExcludedSpan] = []
    for ((what, why, decided, approver), numbers), ids in sorted(ids_by_span.items()):
        spans.append(
            ExcludedSpan(
                target=target,
                what=what,
                ids=tuple(sorted(ids)),
                why=why,
                decided=decided,
                approver=approver,
                records=len(numbers),
                first_seq=numbers[0],
                last_seq=numbers[-1],
            )
        )
    return tuple(spans)
