"""GitHub through the real client, from authored responses: what is read, and what each refusal
changes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from scanner.model.answers import State
from scanner.model.library import Library
from tests.helpers.authored_github import IGNORE, ORG, SCENARIO, organization
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
        (
            "scm-merged-changes-reviewed",
            {"a1": "pass", "a2": "fail", "a3": "pass", "o1": "fail", "w1": "unknown"},
        ),
        ("scm-approval-covers-merge", {"a1": "pass", "a3": "fail", "w1": "unknown"}),
    ],
)
def test_each_check_says_what_the_responses_say(
    whole: Read, check: str, said: dict[str, str]
) -> None:
    assert verdicts(whole, check) == said


def test_pages_of_a_query_add_up_and_keep_no_cursor(whole: Read) -> None:
    (listed,) = [
        one
        for one in whole.snapshot.answers.values()
        if one.pages == 2 and "graphql" in one.call.operation
    ]
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
        (
            {"errors": [{"type": "FORBIDDEN", "message": "no"}], "data": {"repository": None}},
            "FORBIDDEN",
            State.DENIED,
        ),
        ({"errors": [{"message": "x"}], "data": {"repository": None}}, "GraphQLError", State.ERROR),
        (
            {"data": {"repository": {"ref": {"target": {"history": {"nodes": 1}}}}}},
            "NotAList",
            State.ERROR,
        ),
        ({"nothing": 1}, "UnexpectedBody", State.ERROR),
        ({"data": {"repository": None}}, "UnexpectedBody", State.ERROR),
        ({"data": 1}, "UnexpectedBody", State.ERROR),
    ],
)
def test_a_query_that_is_not_answered_is_a_gap(
    library: Library, body: Any, code: str, state: State
) -> None:
    scenario = changed("commits of web", body)
    found = read(scenario, library, ["scm-merged-changes-reviewed"], organization(), ignore=IGNORE)
    answers = [
        one for one in found.snapshot.answers.values() if one.call.params.get("name") == "web"
    ]
    assert [(one.state, one.code) for one in answers] == [(state, code)]
    assert "unknown" in verdicts(found, "scm-merged-changes-reviewed").values()


@pytest.mark.parametrize("told", [{}, {"bypass_actors": "none"}, {"bypass_actors": ["anybody"]}])
def test_a_rule_set_that_hides_its_bypasses_is_not_trusted(
    library: Library, told: dict[str, Any]
) -> None:
    scenario = changed(
        f"/repos/{ORG}/app/rulesets/7?includes_parents=true",
        {"id": 7, "enforcement": "active", **told},
    )
    found = read(scenario, library, ["scm-branch-protected"], organization(), ignore=IGNORE)
    assert verdicts(found, "scm-branch-protected")["app"] == "unknown"


def test_a_bare_not_found_is_a_refusal(library: Library) -> None:
    scenario = changed(f"/repos/{ORG}/web/branches/main/protection", {"message": "Not Found"}, 404)
    found = read(scenario, library, ["scm-branch-protected"], organization(), ignore=IGNORE)
    assert verdicts(found, "scm-branch-protected")["web"] == "unknown"


NO_APP = {
    "message": "You must authenticate with an installation access token"
    " in order to list repositories for an installation."
}


def installed(body: Any, status: int = 200) -> Scenario:
    url = "https://api.github.com/installation/repositories"
    row = replace(
        SCENARIO.recordings[0], file="installation", url=url, headers={}, body=body, status=status
    )
    return replace(SCENARIO, recordings=(*SCENARIO.recordings, row))


def reasons(found: Read, check: str) -> list[str]:
    (result,) = [result for result in found.assessment.results if result.check == check]
    return [one.reason for one in result.findings if "the listing may be incomplete" in one.reason]


def open_for(
    library: Library, scenario: Scenario, counted: dict[str, int], check: str
) -> list[str]:
    return reasons(read(scenario, library, [check], organization(counted), ignore=IGNORE), check)


@pytest.mark.parametrize("check", ["scm-branch-protected", "scm-merged-changes-reviewed"])
@pytest.mark.parametrize(
    ("counted", "scenario", "why"),
    [
        (
            {},
            installed(NO_APP, 403),
            "GitHub does not show this token the number of private repositories",
        ),
        (
            {"public_repos": 0},
            installed({"repository_selection": "selected"}),
            "the app is not installed on all",
        ),
        ({}, installed({"total_count": 3}), "the app is not installed on all"),
        ({}, installed({"message": "Not Found"}, 404), "404 Not Found"),
        ({"public_repos": 0, "total_private_repos": 4}, installed(NO_APP, 403), "3 listed, but"),
        (
            {"public_repos": 1, "total_private_repos": 2},
            installed(NO_APP, 403),
            "counts 1 public and 2 private",
        ),
    ],
)
def test_repositories_that_may_be_hidden_are_unknown(
    library: Library, check: str, counted: dict[str, int], scenario: Scenario, why: str
) -> None:
    (reason,) = open_for(library, scenario, counted, check)
    assert why in reason


@pytest.mark.parametrize(
    ("counted", "scenario"),
    [
        ({"public_repos": 0, "total_private_repos": 3}, SCENARIO),
        ({"public_repos": 0, "total_private_repos": 2}, SCENARIO),  # one was made in between
        ({}, installed({"repository_selection": "all"})),
        ({"public_repos": 0, "total_private_repos": 4}, installed({"repository_selection": "all"})),
    ],
)
def test_repositories_that_cannot_be_hidden_are_all_of_them(
    library: Library, counted: dict[str, int], scenario: Scenario
) -> None:
    assert open_for(library, scenario, counted, "scm-branch-protected") == []


def test_members_who_may_be_hidden_are_unknown(library: Library) -> None:
    refused = changed(
        f"/orgs/{ORG}/outside_collaborators", {"message": "Must have admin rights"}, 403
    )
    found = read(
        refused,
        library,
        ["scm-member-second-factor", "scm-owners-listed"],
        organization(),
        ignore=IGNORE,
    )
    (reason,) = reasons(found, "scm-member-second-factor")
    assert "orgs/list-outside-collaborators denied" in reason
    assert verdicts(found, "scm-owners-listed") == {ORG: "unknown"}
