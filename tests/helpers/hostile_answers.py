"""Answers as no provider should give them: another type wherever something lies, at a depth."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from scanner.model.answers import Answer, Snapshot, State
from scanner.model.findings import Assessment, Verdict

DEEP: list[Any] = []
for _ in range(200):
    DEEP = [DEEP]
VALUES: list[Any] = [
    None, True, -1, 1.5, 10**30, 10**400, "", "x", "A" * 300_000, "9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z",
    '{"Statement":', '{"Version": "2012-10-17", "Statement": [null]}', "[" * 100_000, "::::", "%00%ff", [], {}, [None],
    [[]], [{}], ["x"], {"x": None}, {"$redacted": "x"}, [{"Key": "a", "Value": None}], DEEP,
]  # fmt: skip


def passes(assessment: Assessment) -> set[tuple[str, str, str]]:
    return {
        (finding.check, finding.resource.id, finding.resource.region)
        for finding in assessment.findings
        if finding.verdict is Verdict.PASS
    }


def at_depth(data: Any, depth: int, value: Any) -> Any:
    """The data with everything that lies so deep replaced by a value of another type."""
    if depth == 0:
        return data if type(data) is type(value) else value
    if isinstance(data, dict):
        return {key: at_depth(item, depth - 1, value) for key, item in data.items()}
    return [at_depth(item, depth - 1, value) for item in data] if isinstance(data, list) else data


def changed(snapshot: Snapshot, change: Callable[[Answer], Answer]) -> Snapshot:
    return replace(
        snapshot, answers={key: change(answer) for key, answer in snapshot.answers.items()}
    )


def depths(state: State, value: Any, depth: int) -> Callable[[Answer], Answer]:
    def change(answer: Answer) -> Answer:
        was = answer.state if state is State.OK or not answer.state.whole else state
        return replace(answer, state=was, data=at_depth(answer.data, depth, value))

    return change
