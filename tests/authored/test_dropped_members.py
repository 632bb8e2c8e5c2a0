"""Without any single member of any response, no finding and no control is better."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from scanner import pipeline
from scanner.model.answers import Answer, Snapshot
from scanner.model.findings import Assessment
from scanner.model.library import Library
from tests.helpers.authored_github import (
    IGNORE,
    SCENARIO,
    SIGNED,
    commit,
    commits_of,
    organization,
    proposed,
    request,
    review,
)
from tests.helpers.long_form import amount, some
from tests.helpers.small_library import improves
from tests.recordings.collecting import read
from tests.recordings.store import Recording, Scenario

Path = tuple[str | int, ...]


def members(data: Any, path: Path = ()) -> Iterator[Path]:
    """The path of every member of every mapping."""
    if isinstance(data, dict):
        for key, value in data.items():
            yield (*path, key)
            yield from members(value, (*path, key))
    elif isinstance(data, list):
        for index, value in enumerate(data):
            yield from members(value, (*path, index))


def without(data: Any, path: Path) -> Any:
    """The data without one member."""
    step, *below = path
    if isinstance(data, list):
        return [
            without(one, tuple(below)) if index == step else one for index, one in enumerate(data)
        ]
    if not below:
        return {key: value for key, value in data.items() if key != step}
    return {**data, step: without(data[step], tuple(below))}


def hard_commits() -> list[dict[str, Any]]:
    """One commit for each member that keeps an approval from counting."""
    ben = review("ben", "h")
    asks = review("ben", "h", "CHANGES_REQUESTED", at="2025-12-20T11:30:00Z")
    change = proposed("h", "ann")
    made = {
        "app": ([change], [review("ben", "h", kind="Bot")], {}),
        "stranger": ([change], [review("ben", "h", authorCanPushToRepository=False)], {}),
        "dismissed": ([change], [review("ben", "h", "DISMISSED")], {}),
        "taken-back": ([change], [ben, asks], {}),
        "objection": (
            [change],
            [ben, {**asks, "author": {"__typename": "User", "login": "cat"}}],
            {},
        ),
        "late": ([change], [review("ben", "h", at="2025-12-20T12:00:01Z")], {}),
        "committer": ([proposed("h", "ann", committer="ben")], [ben], {}),
        "squash": ([proposed("h", "ben")], [ben], {"committer": "web-flow", "signature": SIGNED}),
        "rebase": ([proposed("h", "ann", committer="ben")], [ben], {"written": "written h"}),
        "co-author": ([change], [ben], {"co_authors": ("ben",)}),
        "by-hand": ([change], [ben], {"committer": "ben", "parents": {"totalCount": 2}}),
        "by-button": (
            [proposed("h", "ben")],
            [ben],
            {"committer": "web-flow", "signature": SIGNED, "parents": {"totalCount": 2}},
        ),
        "unregistered": ([proposed("h", None)], [ben], {}),
    }
    found: list[dict[str, Any]] = []
    for number, (oid, (commits, reviews, about)) in enumerate(made.items()):
        of = request(number, "ann", commits, reviews, headRefOid="h", mergeCommit={"oid": oid})
        found.append(commit(oid, "ann", of, **about))
    return found


def statuses(assessment: Assessment) -> dict[tuple[str, str], object]:
    """Verdicts of findings, and statuses of controls."""
    found: dict[tuple[str, str], object] = {}
    for result in assessment.results:
        for finding in result.findings:
            found[finding.check, finding.resource.id] = finding.verdict
    for control in assessment.controls:
        found["control", control.id] = control.status
    return found


def judged_without(
    snapshot: Snapshot, library: Library, key: str, path: Path
) -> dict[tuple[str, str], object]:
    """What is said without one member of one answer."""
    answer = snapshot.answers[key]
    less: Answer = replace(answer, data=without(answer.data, path))
    changed = replace(snapshot, answers={**snapshot.answers, key: less})
    return statuses(pipeline.judge([changed], library))


def scenarios() -> Iterator[Scenario]:
    """The authored organization, and the same with one hard commit after the other."""
    yield SCENARIO
    for hard in hard_commits():
        page = commits_of("old", [hard])
        rows: list[Recording] = []
        for one in SCENARIO.recordings:
            rows.append(page if one.file == page.file else one)
        yield replace(SCENARIO, name=hard["oid"], recordings=tuple(rows))


@pytest.fixture(scope="module")
def snapshots(library: Library) -> list[tuple[str, Snapshot]]:
    """What was read of each scenario."""
    chosen = sorted(check.id for check in library.checks.values() if check.cloud == "github")
    found: list[tuple[str, Snapshot]] = []
    for scenario in scenarios():
        checks = chosen
        if scenario is not SCENARIO:
            checks = [check for check in chosen if library.checks[check].kind == "github.commit"]
        one = read(scenario, library, checks, organization(), ignore=IGNORE)
        found.append((scenario.name, one.snapshot))
    return found


def test_without_any_one_member_nothing_is_better(
    library: Library, snapshots: list[tuple[str, Snapshot]]
) -> None:
    better: list[str] = []
    count = 0
    for name, snapshot in snapshots:
        before = statuses(pipeline.judge([snapshot], library))
        for key, answer in snapshot.answers.items():
            if name != SCENARIO.name and answer.call.params.get("name") != "old":
                continue
            for path in some(members(answer.data), 12):
                count += 1
                after = judged_without(snapshot, library, key, path)
                for item, status in before.items():
                    if item in after and improves(status, after[item]):
                        better.append(f"{name}: {item} is {after[item]} without {path} of {key}")
    print(f"{count} members dropped", *better, sep="\n")
    assert better == []
    assert count > amount(300, 1000)
