"""Compares the calls that reading needed with the answers, by operation, region and target."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from scanner.model.answers import Answer, Call, State
from scanner.model.findings import CoverageRow
from scanner.words import plural

Place = tuple[str, str]
"""An operation and a region."""

_WORST_LAST: Final = (
    State.EMPTY,
    State.ABSENT,
    State.OK,
    State.PARTIAL,
    State.DISABLED,
    State.THROTTLED,
    State.ERROR,
    State.DENIED,
)


def coverage(
    target: str,
    answers: Iterable[Answer],
    unanswered: Iterable[Call],
    known_absent: frozenset[str],
    stood_for: Mapping[str, int] = MappingProxyType({}),
) -> tuple[CoverageRow, ...]:
    """One row for each operation and region: the worst state among its answers, and its reason.

    `known_absent` are the keys of answers whose error codes the kinds declare to mean absence.
    `stood_for` is, by operation, the number of calls that an inventory replaced.
    """
    answered: dict[Place, list[Answer]] = defaultdict(list)
    for answer in answers:
        call = answer.call
        if call.key in known_absent:
            answer = replace(answer, state=State.ABSENT)
        answered[call.operation, call.region].append(answer)
    missing: dict[Place, int] = defaultdict(int)
    for call in unanswered:
        missing[call.operation, call.region] += 1
    rows: list[CoverageRow] = []
    for operation, region in sorted({*answered, *missing}):
        row = _row(
            target,
            operation,
            region,
            answered.get((operation, region), []),
            missing.get((operation, region), 0),
        )
        replaced = stood_for.get(operation, 0)
        rows.append(replace(row, stood_for=replaced))
    return tuple(rows)


def _badness(answer: Answer) -> int:
    return _WORST_LAST.index(answer.state)


def _row(
    target: str,
    operation: str,
    region: str,
    answers: Sequence[Answer],
    unanswered: int,
) -> CoverageRow:
    state, reason = State.ERROR, ""
    if answers:
        worst = max(answers, key=_badness)
        state = worst.state
        if not state.whole:
            reason = worst.reason
    # A refusal that came back says more than the calls that were never made.
    if unanswered and not reason:
        reason = f"{plural(unanswered, 'call')} of {operation} not made"
    return CoverageRow(
        target=target,
        region=region,
        operation=operation,
        state=state,
        answers=len(answers),
        items=sum(answer.count for answer in answers),
        reason=reason,
        unanswered=unanswered,
    )
