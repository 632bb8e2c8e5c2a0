"""What was meant to be read beside what was read, for each operation, region and target."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType

from scanner.model.answers import Answer, Call, State
from scanner.model.findings import CoverageRow

_WORST_LAST = (
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
    settled: frozenset[str],
    stood_for: Mapping[str, int] = MappingProxyType({}),
) -> tuple[CoverageRow, ...]:
    """One row for each operation and region, with the worst state among its answers and the first reason for it.

    `settled` are the keys of answers whose error codes the kinds declare to be knowledge: they read as absent.
    `stood_for` says by operation how many calls those of an inventory stood for.
    """
    made: dict[tuple[str, str], list[Answer]] = defaultdict(list)
    for answer in answers:
        known = answer.call.key in settled
        made[answer.call.operation, answer.call.region].append(
            replace(answer, state=State.ABSENT) if known else answer
        )
    missing: dict[tuple[str, str], int] = defaultdict(int)
    for call in unanswered:
        missing[call.operation, call.region] += 1
    return tuple(
        replace(
            _row(target, place, made.get(place, []), missing.get(place, 0)),
            stood_for=stood_for.get(place[0], 0),
        )
        for place in sorted({*made, *missing})
    )


def _row(
    target: str, place: tuple[str, str], answers: list[Answer], unanswered: int
) -> CoverageRow:
    operation, region = place
    worst = max(answers, key=lambda answer: _WORST_LAST.index(answer.state), default=None)
    state = State.ERROR if worst is None else worst.state
    reason = "" if worst is None or state.whole else worst.reason
    if unanswered:
        reason = reason or f"{unanswered} calls of {operation} were not made"
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
