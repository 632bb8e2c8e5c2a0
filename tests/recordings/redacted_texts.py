"""`python -m tests.recordings.redacted_texts`: whatever text is redacted, nothing is better for it.

For each member of each operation's answers that holds a text: once with all its texts redacted,
once with the last one only, once with the last name of a member. A verdict may become unknown; none
may become better, and no failure may vanish without an unknown in its place."""

from __future__ import annotations

import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from scanner import pipeline
from scanner.client.redaction import DECLARED
from scanner.content.library import load_library
from scanner.core.reading.read_plan import plan_reads, plan_requests, requests
from scanner.history.snapshots.snapshot_file import read_snapshot
from scanner.model.answers import Answer, Snapshot
from scanner.model.findings import Assessment, Verdict
from scanner.model.library import Library
from scanner.model.redacted import KEY_MARK, MARK
from tests.helpers.estate_recording import SNAPSHOT
from tests.helpers.small_library import improves

Path = tuple[str, ...]
Place = tuple[str, Path]
"""An operation, and a path in its answers: `[]` stands for any element."""
Outcomes = Mapping[tuple[str, str], Verdict]
_BAD: Final = frozenset({Verdict.FAIL, Verdict.UNKNOWN})


def places(snapshot: Snapshot) -> list[Place]:
    """Every place of a text in the answers; of the conditions of policies one of each operator."""
    found: dict[Place, Place] = {}

    def walk(operation: str, value: Any, path: Path) -> None:
        if isinstance(value, dict):
            for key, inner in value.items():
                walk(operation, inner, (*path, key))
        elif isinstance(value, list):
            for inner in value:
                walk(operation, inner, (*path, "[]"))
        elif isinstance(value, str):
            found.setdefault((operation, _alike(path)), (operation, path))

    for answer in snapshot.answers.values():
        walk(answer.call.operation, answer.data, ())
    return sorted(found.values())


def _alike(path: Path) -> Path:
    """The path as far as it matters: condition keys are alike."""
    return path[: path.index("Condition") + 2] if "Condition" in path else path


def redacted(value: Any, path: Path, change: Callable[[Any], Any], *, last: bool) -> Any:
    """The value with what lies at a path changed: everywhere, or in the last element alone."""
    if not path:
        return change(value) if isinstance(value, str) else value
    step, *below = path
    if isinstance(value, list) and step == "[]":
        first = len(value) - 1 if last else 0
        return [
            redacted(item, tuple(below), change, last=last) if number >= first else item
            for number, item in enumerate(value)
        ]
    if isinstance(value, dict) and step in value:
        return {**value, step: redacted(value[step], tuple(below), change, last=last)}
    return value


def named_less(value: Any, path: Path, *, last: bool) -> Any:
    """The value with the name of the member at a path redacted."""
    step, *below = path
    if isinstance(value, list) and step == "[]":
        return [named_less(item, tuple(below), last=last) for item in value]
    if not isinstance(value, dict) or step not in value:
        return value
    if below:
        return {**value, step: named_less(value[step], tuple(below), last=last)}
    less = {key: inner for key, inner in value.items() if key != step}
    return {**less, f"{KEY_MARK}0": {MARK: DECLARED}}


def with_redaction(snapshot: Snapshot, place: Place, way: str) -> Snapshot:
    """The snapshot with one place redacted, in one of `WAYS`."""
    operation, path = place
    answers: dict[str, Answer] = {}
    for key, answer in snapshot.answers.items():
        if answer.call.operation == operation:
            answer = replace(answer, data=_changed(answer.data, path, way), redacted=("x",))
        answers[key] = answer
    return replace(snapshot, answers=answers)


WAYS: Final = ("all", "last", "name")


def _changed(data: Any, path: Path, way: str) -> Any:
    if way == "name":
        return named_less(data, path, last=True) if path and path[-1] != "[]" else data
    return redacted(data, path, lambda _: {MARK: DECLARED}, last=way == "last")


def outcomes(assessment: Assessment) -> Outcomes:
    """The verdict of each finding; under `*`, whether the check fails or is unknown anywhere."""
    found: dict[tuple[str, str], Verdict] = {}
    for result in assessment.results:
        worst = Verdict.PASS
        for finding in result.findings:
            found[result.check, f"{finding.resource.id} {finding.resource.region}"] = (
                finding.verdict
            )
            if finding.verdict in _BAD:
                worst = Verdict.UNKNOWN
        found[result.check, "*"] = worst
    return found


def better(before: Outcomes, after: Outcomes) -> Iterator[str]:
    """What redaction made better."""
    for item, verdict in before.items():
        if item in after and improves(verdict, after[item]):
            yield f"{item[0]} of {item[1]} was {verdict}, is {after[item]}"


def checks_by_operation(library: Library) -> Mapping[str, tuple[str, ...]]:
    """The checks that an operation's answers decide."""
    found: dict[str, list[str]] = defaultdict(list)
    for check in library.checks.values():
        for plan in plan_reads(library, [check]).values():
            wanted = {request.operation for request in plan_requests(plan)}
            wanted.update(request.operation for request in requests(plan.kind))
            for operation in wanted:
                found[operation].append(check.id)
    return {operation: tuple(sorted(set(ids))) for operation, ids in found.items()}


def improvements(
    snapshot: Snapshot, library: Library, chosen: Sequence[Place], ways: Sequence[str] = WAYS
) -> Iterator[str]:
    """What any redaction at the chosen places makes better: there must be nothing."""
    asked = checks_by_operation(library)
    selected = set(snapshot.checks)
    before: dict[tuple[str, ...], Outcomes] = {}
    for place in chosen:
        checks = tuple(check for check in asked.get(place[0], ()) if check in selected)
        if not checks:
            continue
        if checks not in before:
            before[checks] = outcomes(pipeline.judge([snapshot], library, checks=checks))
        for way in ways:
            less = with_redaction(snapshot, place, way)
            try:
                after = outcomes(pipeline.judge([less], library, checks=checks))
            except (TypeError, ValueError, AttributeError, LookupError) as error:
                yield f"{place[0]} {'.'.join(place[1])} ({way}): {error!r}"
                continue
            for text in better(before[checks], after):
                yield f"{place[0]} {'.'.join(place[1])} ({way}): {text}"


def main(arguments: Sequence[str]) -> int:
    """Every place, or one of so many shares: `2/4`; 1 if anything became better."""
    snapshot, library = read_snapshot(SNAPSHOT), load_library()
    share, shares = (int(part) for part in (arguments[0] if arguments else "1/1").split("/"))
    chosen = places(snapshot)[share - 1 :: shares]
    began, found = time.monotonic(), 0
    for text in improvements(snapshot, library, chosen):
        found += 1
        print(text, flush=True)
    seconds = time.monotonic() - began
    print(f"{len(chosen)} places, {len(WAYS)} ways each: {found} better ({seconds:.0f} s)")
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
