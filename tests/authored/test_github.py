"""GitHub through the real client, from authored responses: what is read, and what each refusal changes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from scanner.model.answers import State
from scanner.model.library import Library
from tests.authored.github import IGNORE, ORG, SCENARIO, organization
from tests.recordings.collecting import Read, improvements, read
from tests.recordings.store import Recording, Scenario


@pytest.fixture(scope="module")
def checks(library: Library) -> tuple[str, ...]:
    return tuple(sorted(check.id for check in library.checks.values() if check.cloud == "github"))


def verdicts(found: Read, check: str) -> dict[str, str]:
    results = [result for result in found.assessment.results if result.check == check]
    return {one.resource.name: one.verdict.value for result in results for one in result.findings}


@pytest.fixture(scope="module")
def whole(library: Library, checks: tuple[str, ...]) -> Read:
    return read(SCENARIO, library, checks, organization(), ignore=IGNORE)


def test_everything_that_was_written_is_asked_once(whole: Read) -> None:
    assert whole.replay.unrecorded == []
    assert sorted(whole.replay.asked) == sorted(one.file for one in SCENARIO.recordings)


@pytest.mark.parametrize(
    ("check", "said"),
    [
        ("scm-org-mfa-and-members", {ORG: "pass"}),
        ("scm-member-second-factor", {"ann": "pass", "ben": "pass", "cat": "fail"}),
        ("scm-owners-listed", {ORG: "pass"}),
        ("scm-guests-listed", {ORG: "fail"}),
        ("scm-branch-protected", {"app": "pass", "web": "fail"}),
        ("scm-branch-tests-required", {"app": "fail", "web": "fail"}),
        ("scm-branch-history-kept", {"app": "fail", "web": "fail"}),
        ("scm-merged-changes-reviewed", {"a1": "pass", "a2": "fail", "a3": "pass", "w1": "unknown"}),
        ("scm-approval-covers-merge", {"a1": "pass", "a3": "fail", "w1": "pass"}),
    ],
)
def test_each_check_says_what_the_responses_say(whole: Read, check: str, said: dict[str, str]) -> None:
    assert verdicts(whole, check) == said


def test_pages_of_a_query_add_up_and_keep_no_cursor(whole: Read) -> None:
    (listed,) = [one for one in whole.snapshot.answers.values() if one.pages == 2 and "graphql" in one.call.operation]
    assert (listed.state, listed.count) == (State.OK, 3)
    assert "endCursor" not in str(listed.data)


def test_refusing_any_response_improves_nothing(library: Library, checks: tuple[str, ...]) -> None:
    assert list(improvements(SCENARIO, library, checks, organization(), ignore=IGNORE)) == []


def changed(file: str, body: Any, status: int = 200) -> Scenario:
    def rows() -> Iterator[Recording]:
        for one in SCENARIO.recordings:
            yield replace(one, body=body, status=status) if one.file == file else one

    return replace(SCENARIO, recordings=tuple(rows()))


@pytest.mark.parametrize(
    ("body", "code", "state"),
    [
        ({"errors": [{"type": "FORBIDDEN", "message": "no"}], "data": {"repository": None}}, "FORBIDDEN", State.DENIED),
        ({"errors": [{"message": "x"}], "data": {"repository": None}}, "GraphQLError", State.ERROR),
        ({"data": {"repository": {"ref": {"target": {"history": {"nodes": 1}}}}}}, "NotAList", State.ERROR),
        ({"nothing": 1}, "UnexpectedBody", State.ERROR),
    ],
)
def test_a_query_that_is_not_answered_is_a_gap(library: Library, body: Any, code: str, state: State) -> None:
    scenario = changed("commits of web", body)
    found = read(scenario, library, ["scm-merged-changes-reviewed"], organization(), ignore=IGNORE)
    answers = [one for one in found.snapshot.answers.values() if one.call.params.get("name") == "web"]
    assert [(one.state, one.code) for one in answers] == [(state, code)]
    assert "unknown" in verdicts(found, "scm-merged-changes-reviewed").values()


def test_a_rule_set_that_hides_its_bypasses_is_not_trusted(library: Library) -> None:
    scenario = changed(f"/repos/{ORG}/app/rulesets/7?includes_parents=true", {"id": 7, "enforcement": "active"})
    found = read(scenario, library, ["scm-branch-protected"], organization(), ignore=IGNORE)
    assert verdicts(found, "scm-branch-protected")["app"] == "unknown"


def test_a_bare_not_found_is_a_refusal(library: Library) -> None:
    scenario = changed(f"/repos/{ORG}/web/branches/main/protection", {"message": "Not Found"}, 404)
    found = read(scenario, library, ["scm-branch-protected"], organization(), ignore=IGNORE)
    assert verdicts(found, "scm-branch-protected")["web"] == "unknown"
