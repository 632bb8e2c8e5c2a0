"""Makes evidence worse in every way that a provider can, and says whether anything got better by
it.

python -m tests.helpers.refusals [SNAPSHOT]        refuses each answer in turn and prints a table
"""

from __future__ import annotations

import argparse
import random
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from scanner.core.judging.exit_codes import exit_code
from scanner.history.snapshots.snapshot_file import read_snapshot
from scanner.model.answers import Answer, Snapshot, State
from scanner.model.checks import Severity
from scanner.model.findings import Assessment, Finding, Verdict
from scanner.model.library import Library
from scanner.pipeline import judge
from tests.helpers.library import shipped_library
from tests.helpers.small_library import improves

Worsen = Callable[[Answer], Answer]


def denied(answer: Answer) -> Answer:
    """The same call, refused."""
    return replace(
        answer,
        state=State.DENIED,
        code="AccessDenied",
        message="not authorized",
        data=None,
        count=0,
    )


def throttled(answer: Answer) -> Answer:
    """The same call, never answered for its rate."""
    return replace(answer, state=State.THROTTLED, code="Throttling", data=None, count=0)


def cut_off(answer: Answer) -> Answer:
    """The same listing, of which only the first half came; a call without pages is refused."""
    if not answer.call.items or not isinstance(answer.data, dict):
        return denied(answer)
    data = dict(answer.data)
    for path in answer.call.items:
        _halve(data, path.split("."))
    return replace(answer, state=State.PARTIAL, code="Throttling", data=data)


def _halve(data: dict[str, Any], steps: list[str]) -> None:
    step = steps[0]
    if step not in data:
        return
    if len(steps) > 1:
        data[step] = dict(data[step])
        _halve(data[step], steps[1:])
    else:
        data[step] = data[step][: len(data[step]) // 2]


def worsened(snapshot: Snapshot, keys: Iterable[str], worsen: Worsen) -> Snapshot:
    """The snapshot with these answers made worse."""
    return replace(
        snapshot,
        answers={**snapshot.answers, **{key: worsen(snapshot.answers[key]) for key in keys}},
    )


def improvements(before: Assessment, after: Assessment, library: Library) -> Iterator[str]:
    """Everything that looks better after evidence was taken away; there must be nothing."""
    yield from _findings(before, after)
    for name in ("controls", "criteria"):
        old = {item.id: item.status for item in getattr(before, name)}
        for item in getattr(after, name):
            if improves(old[item.id], item.status):
                yield f"{item.id}: {old[item.id]} became {item.status}"
    for severity in Severity:
        codes = exit_code(before, library, severity), exit_code(after, library, severity)
        if improves(*codes):
            yield f"exit code at {severity}: {codes[0]} became {codes[1]}"


def _findings(before: Assessment, after: Assessment) -> Iterator[str]:
    old, new = _by_key(before), _by_key(after)
    for key, finding in new.items():
        if key in old and improves(old[key].verdict, finding.verdict):
            yield f"{key}: {old[key].verdict} became {finding.verdict}"
        elif key not in old and finding.verdict is not Verdict.UNKNOWN:
            yield f"{key}: {finding.verdict} appeared"
    open_checks = {
        check for (check, *_), finding in new.items() if finding.verdict is Verdict.UNKNOWN
    }
    for key in old.keys() - new.keys():
        if old[key].verdict is Verdict.FAIL and key[0] not in open_checks:
            yield f"{key}: a failure disappeared"


def _by_key(assessment: Assessment) -> dict[tuple[str, str, str], Finding]:
    """Findings by check and resource; a resource stays the same when its region can no longer be
    read."""
    return {
        (f.check, f.resource.id, f.resource.region if f.resource.id == "*" else ""): f
        for f in assessment.findings
    }


def changed(before: Assessment, after: Assessment) -> list[Finding]:
    """Findings that evidence was taken away from."""
    old = _by_key(before)
    return [
        f
        for key, f in _by_key(after).items()
        if key not in old or old[key].verdict is not f.verdict
    ]


def samples(keys: list[str], count: int, seed: int) -> Iterator[list[str]]:
    """Random sets of answers, of sizes from one to half of all."""
    chance = random.Random(seed)
    for _ in range(count):
        yield chance.sample(keys, chance.randint(1, max(1, len(keys) // 2)))


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("snapshot", type=Path)
    snapshot = read_snapshot(parser.parse_args().snapshot)
    library = shipped_library()
    before = judge([snapshot], library)
    by_operation: dict[str, list[str]] = defaultdict(list)
    for key, answer in snapshot.answers.items():
        by_operation[answer.call.operation].append(key)
    better = 0
    print(f"{'operation refused everywhere':50} answers  unknown  still fail  better")
    for operation, keys in sorted(by_operation.items()):
        after = judge([worsened(snapshot, keys, denied)], library)
        gains = list(improvements(before, after, library))
        moved = changed(before, after)
        unknown = sum(finding.verdict is Verdict.UNKNOWN for finding in moved)
        naming = sum(operation in finding.reason for finding in moved)
        print(f"{operation:50} {len(keys):7} {unknown:8} ({naming} name it) {len(gains):5}")
        for gain in gains:
            print(f"    {gain}")
        better += len(gains)
    print(f"{len(by_operation)} operations refused, {better} things got better")
    return 1 if better else 0


if __name__ == "__main__":
    raise SystemExit(main())
