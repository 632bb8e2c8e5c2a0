"""A provider may say anything: no answer crashes a verdict, no malformed one passes, no name acts
on a terminal."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from scanner.formats import FORMATS, Report
from scanner.history.snapshots.snapshot_file import read_snapshot, write_snapshot
from scanner.model.answers import Answer, Snapshot, State
from scanner.model.checks import Severity
from scanner.model.findings import Assessment, Verdict
from scanner.model.library import Library
from scanner.pipeline import judge
from tests.helpers.hostile_answers import VALUES, changed, depths, passes
from tests.helpers.library import shipped_library

SNAPSHOT = Path(__file__).parents[2] / "tests/recordings/estate.snapshot.jsonl.gz"
NAME = "[red]x[/red] \x1b[31m\r\n::error::boom\u202e\u2028=cmd()\x9b31m"


@pytest.fixture(scope="module")
def library() -> Library:
    return shipped_library()


@pytest.fixture(scope="module")
def snapshot() -> Snapshot:
    return read_snapshot(SNAPSHOT)


@pytest.fixture(scope="module")
def passing(snapshot: Snapshot, library: Library) -> set[tuple[str, str, str]]:
    return passes(judge([snapshot], library))


def rendered(assessment: Assessment, library: Library) -> list[str]:
    report = Report(
        assessment=assessment,
        library=library,
        fail_on=Severity.LOW,
        controls=True,
        matrix_only=False,
    )
    return [FORMATS.get(name)(report) for name in ("terminal", "json")]


@pytest.mark.parametrize("state", [State.OK, State.PARTIAL])
@pytest.mark.parametrize("depth", range(5))
def test_values_of_other_types_are_never_a_pass(
    state: State,
    depth: int,
    snapshot: Snapshot,
    library: Library,
    passing: set[tuple[str, str, str]],
) -> None:
    # Each value at two depths in whole answers, and at one in answers that were cut off.
    for value in VALUES[depth % 2 :: 2] if state is State.OK else VALUES[depth::5]:
        after = judge([changed(snapshot, depths(state, value, depth))], library)
        assert passes(after) <= passing, repr(value)[:80]
        assert all(
            finding.reason for finding in after.findings if finding.verdict is Verdict.UNKNOWN
        )


def places(data: Any) -> Iterator[tuple[Any, Any]]:
    """Every container with each of its keys."""
    for key in (
        list(data) if isinstance(data, dict) else range(len(data)) if isinstance(data, list) else ()
    ):
        yield data, key
        yield from places(data[key])


def copied(data: Any) -> Any:
    if isinstance(data, dict):
        return {key: copied(item) for key, item in data.items()}
    return [copied(item) for item in data] if isinstance(data, list) else data


@pytest.mark.parametrize("seed", range(8))
def test_answers_that_are_wrong_here_and_there_crash_nothing(
    seed: int, snapshot: Snapshot, library: Library
) -> None:
    chance = random.Random(seed)

    def change(answer: Answer) -> Answer:
        data = copied(answer.data)
        found = list(places(data))
        for container, key in chance.sample(found, min(len(found), 2)):
            value = chance.choice(VALUES)
            # A container may hang in one that was replaced a moment ago: that is no harm.
            container[key] = chance.choice([value, [value], {"Key": value}])
        return replace(answer, data=data)

    after = judge([changed(snapshot, change)], library)
    assert all(finding.reason for finding in after.findings if finding.verdict is Verdict.UNKNOWN)
    rendered(after, library)


def test_no_text_from_a_provider_acts_on_a_terminal(
    snapshot: Snapshot, library: Library, tmp_path: Path
) -> None:
    def hostile(data: Any) -> Any:
        if isinstance(data, dict):
            return {key: hostile(item) for key, item in data.items()}
        if isinstance(data, list):
            return [hostile(item) for item in data]
        # Short texts are names and descriptions; what decides is left, so that findings still name
        # things.
        return (
            data + NAME
            if isinstance(data, str) and data.startswith(("acme-", "ssh-", "arn:", "/shop"))
            else data
        )

    file = tmp_path / "hostile.snapshot.jsonl.gz"
    spoiled = changed(
        snapshot, lambda answer: replace(answer, data=hostile(answer.data), message=NAME, code=NAME)
    )
    write_snapshot(file, replace(spoiled, name=NAME))
    assessment = judge([read_snapshot(file)], library)
    assert any(
        NAME in finding.resource.name
        for finding in assessment.findings
        if finding.verdict is Verdict.FAIL
    )
    terminal, document = rendered(assessment, library)
    for text in (terminal, document):
        assert not set(text) & set("\x1b\r\u202e\u2028\x9b")
        assert not any(line.lstrip().startswith("::") for line in text.splitlines())
    assert "[red]x[/red]" in terminal.replace("\n", "").replace(" ", "")
    assert document.isascii()
