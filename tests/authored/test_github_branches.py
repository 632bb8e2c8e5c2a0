"""Release branches, their protection, and accounts that an enterprise manages, from authored
responses."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from scanner.model.library import Library
from tests.helpers.authored_github import (
    IGNORE,
    ORG,
    SIGNED,
    allowances,
    commit,
    commits_of,
    get,
    organization,
    proposed,
    repository,
    request,
    review,
)
from tests.recordings.collecting import Pointed, Read, read
from tests.recordings.store import Recording, Scenario

KEPT, PROTECTED = "scm-branch-history-kept", "scm-branch-protected"
TESTED, REVIEWED = "scm-branch-tests-required", "scm-merged-changes-reviewed"
STRICT = {
    "enforce_admins": {"enabled": True},
    "allow_force_pushes": {"enabled": False},
    "allow_deletions": {"enabled": False},
    "required_pull_request_reviews": {"required_approving_review_count": 1},
}


def pointed(*release_branches: str, **about: Any) -> Pointed:
    """The organization with one repository, and what is released beside its default branch."""
    counted = {"public_repos": 0, "total_private_repos": 1, **about}
    config, opening = organization(counted)
    params = {**config.params, "release_branches": list(release_branches)}
    return replace(config, params=params), opening


def judged(
    library: Library, check: str, target: Pointed, *recordings: Recording
) -> dict[str, tuple[str, str]]:
    """Verdict and reason by name."""
    listing = get(f"/orgs/{ORG}/repos?type=all", [repository("app")])
    scenario = Scenario(cloud="github", name="branches", recordings=(listing, *recordings))
    found: Read = read(scenario, library, [check], target, ignore=IGNORE)
    findings = [one for result in found.assessment.results for one in result.findings]
    return {one.resource.name: (one.verdict.value, one.reason) for one in findings}


def protection(body: dict[str, Any], branch: str = "main", status: int = 200) -> Recording:
    """The classic protection of a branch."""
    return get(f"/repos/{ORG}/app/branches/{branch}/protection", body, status)


def rules(*rows: dict[str, Any], branch: str = "main") -> Recording:
    """The rules of a branch."""
    found = [{"ruleset_id": 7, **row} for row in rows]
    return get(f"/repos/{ORG}/app/rules/branches/{branch}", found)


def bypasses(*actors: dict[str, Any]) -> Recording:
    """Who may bypass the ruleset."""
    path = f"/repos/{ORG}/app/rulesets/7?includes_parents=true"
    return get(path, {"id": 7, "enforcement": "active", "bypass_actors": list(actors)})


# -- protection -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("force_pushers", "said"),
    [([], "pass"), (["eve"], "fail"), (None, "unknown")],
)
def test_named_people_who_may_force_push_are_read(
    library: Library, force_pushers: list[str] | None, said: str
) -> None:
    named = [] if force_pushers is None else [allowances("app", force_pushers)]
    found = judged(library, KEPT, pointed(), protection(STRICT), rules(), *named)
    assert found["app"][0] == said


def test_protection_that_graphql_hides_is_not_trusted(library: Library) -> None:
    named = allowances("app", [])
    hidden = replace(named, body={"data": {"repository": {"ref": {}}}})
    found = judged(library, KEPT, pointed(), protection(STRICT), rules(), hidden)
    assert "no branchProtectionRule" in found["app"][1]


@pytest.mark.parametrize(
    ("classic", "rule", "said"),
    [
        ({"allow_force_pushes": {"enabled": True}}, "non_fast_forward", "pass"),
        ({"allow_force_pushes": {"enabled": True}}, "deletion", "fail"),
        ({"allow_deletions": {"enabled": True}}, "deletion", "pass"),
        ({"allow_deletions": {"enabled": True}}, "non_fast_forward", "fail"),
    ],
)
def test_protection_and_rulesets_hold_together(
    library: Library, classic: dict[str, Any], rule: str, said: str
) -> None:
    answers = (
        protection({**STRICT, **classic}),
        rules({"type": rule}),
        bypasses(),
        allowances("app", []),
    )
    assert judged(library, KEPT, pointed(), *answers)["app"][0] == said


@pytest.mark.parametrize(
    ("workflows", "actors", "said"),
    [
        ([{"path": ".github/workflows/ci.yml"}], [], "pass"),
        ([], [], "fail"),
        (
            [{"path": ".github/workflows/ci.yml"}],
            [{"actor_type": "Team", "actor_id": 5}],
            "fail",
        ),
    ],
)
def test_a_workflow_that_a_ruleset_requires_is_a_test(
    library: Library, workflows: list[Any], actors: list[Any], said: str
) -> None:
    rule = {"type": "workflows", "parameters": {"workflows": workflows}}
    missing = protection({"message": "Branch not protected"}, status=404)
    found = judged(library, TESTED, pointed(), missing, rules(rule), bypasses(*actors))
    assert found["app"][0] == said


@pytest.mark.parametrize(
    ("enforcement", "said"), [("active", "pass"), ("evaluate", "unknown"), (None, "unknown")]
)
def test_a_rule_of_a_ruleset_that_is_not_active_is_unknown(
    library: Library, enforcement: str | None, said: str
) -> None:
    ruleset = replace(bypasses(), body={**bypasses().body, "enforcement": enforcement})
    in_force = rules({"type": "non_fast_forward"}, {"type": "deletion"})
    missing = protection({"message": "Branch not protected"}, status=404)
    assert judged(library, KEPT, pointed(), missing, in_force, ruleset)["app"][0] == said


@pytest.mark.parametrize("ruleset", [None, "7", {}, [7], True])
def test_a_rule_without_its_ruleset_is_unknown(library: Library, ruleset: object) -> None:
    nameless = {"ruleset_id": ruleset}
    in_force = rules({"type": "non_fast_forward", **nameless}, {"type": "deletion", **nameless})
    missing = protection({"message": "Branch not protected"}, status=404)
    verdict, reason = judged(library, KEPT, pointed(), missing, in_force)["app"]
    assert (verdict, reason) == ("unknown", "a rule does not name its ruleset")


def test_a_repository_without_commits_is_not_asked_about(library: Library) -> None:
    missing = protection({"message": "Branch not found"}, status=404)
    empty = commits_of("app", [])
    nothing = replace(empty, body={"data": {"repository": {"isEmpty": True}}})
    assert "app" not in judged(library, PROTECTED, pointed(), missing, rules())
    assert judged(library, REVIEWED, pointed(), nothing) == {}


# -- release branches -----------------------------------------------------------------------------


def test_every_release_branch_needs_its_own_protection(library: Library) -> None:
    found = judged(
        library,
        PROTECTED,
        pointed("app:release", "app:main"),
        protection(STRICT),
        allowances("app", []),
        rules(),
        protection({"message": "Branch not protected"}, "release", 404),
        rules(branch="release"),
    )
    assert {name: verdict for name, (verdict, _) in found.items()} == {
        "app": "pass",
        "app:release": "fail",
    }


def test_commits_of_every_release_branch_are_judged_by_merges_into_it(library: Library) -> None:
    def change(oid: str, base: str) -> dict[str, Any]:
        of = request(1, "ann", [proposed(oid, "ann")], [review("ben", "h")], baseRefName=base)
        return commit(oid, "ann", of)

    found = judged(
        library,
        REVIEWED,
        pointed("app:release"),
        commits_of("app", [change("m", "main"), change("x", "release")]),
        commits_of("app", [change("r", "release"), change("y", "main")], branch="release"),
    )
    said = {name: verdict for name, (verdict, _) in found.items()}
    assert said == {"m": "pass", "x": "fail", "r": "pass", "y": "fail"}


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        ("ap:release", "release_branches names ap:release, which is not in a listed repository"),
        ("app", "release_branches names app:, which is not in a listed repository"),
    ],
)
def test_a_release_branch_that_is_misspelled_is_unknown(
    library: Library, entry: str, reason: str
) -> None:
    answers = protection(STRICT), allowances("app", []), rules()
    found = judged(library, PROTECTED, pointed(entry), *answers)
    assert [why for verdict, why in found.values() if verdict == "unknown" and reason in why]


def test_a_release_branch_that_is_not_there_is_unknown(library: Library) -> None:
    missing = protection({"message": "Branch not found"}, "release", 404)
    answers = protection(STRICT), allowances("app", []), rules(), rules(branch="release"), missing
    found = judged(library, PROTECTED, pointed("app:release"), *answers)
    assert found["app:release"] == ("unknown", "app has no branch release")
    empty = commits_of("app", [], branch="release")
    absent = replace(empty, body={"data": {"repository": {"isEmpty": True}}})
    found = judged(library, REVIEWED, pointed("app:release"), commits_of("app", []), absent)
    assert ["app has no branch release" in why for _, why in found.values()] == [True]


@pytest.mark.parametrize("body", [{"isEmpty": False}, {}])
def test_a_default_branch_that_is_missing_is_a_gap(library: Library, body: dict[str, Any]) -> None:
    answer = replace(commits_of("app", []), body={"data": {"repository": {"name": "app", **body}}})
    found = judged(library, REVIEWED, pointed(), answer)
    assert ["app has no branch main" in why for _, why in found.values()] == [True]


# -- who wrote ------------------------------------------------------------------------------------


def verdict_on(library: Library, node: dict[str, Any]) -> tuple[str, str]:
    """The verdict on one commit."""
    (found,) = judged(library, REVIEWED, pointed(), commits_of("app", [node])).values()
    return found


def merged(reviews: list[Any], commits: list[Any], **about: Any) -> dict[str, Any]:
    """A commit of the default branch that a request of Ann brought."""
    of = request(1, "ann", commits, reviews, mergeCommit={"oid": "r"})
    return commit("r", about.pop("author", "ann"), of, **about)


def test_the_reviewer_who_updates_the_branch_on_github_may_have_solved_conflicts(
    library: Library,
) -> None:
    update = proposed(
        "u", "ben", committer="web-flow", messageHeadline="Merge branch 'main'", signature=SIGNED
    )
    squash = {"committer": "web-flow", "signature": SIGNED}
    changes = [proposed("c", "ann"), update]
    verdict, reason = verdict_on(library, merged([review("ben", "u")], changes, **squash))
    assert (verdict, "conflicts can be solved by hand" in reason) == ("unknown", True)
    assert verdict_on(library, merged([review("cat", "u")], changes, **squash))[0] == "pass"
    of = request(1, "ann", changes, [review("ben", "u")])
    landed = commit("u", "ben", of, committer="web-flow", signature=SIGNED)
    assert verdict_on(library, {**landed, "parents": {"totalCount": 2}})[0] == "unknown"


def test_a_merge_that_github_has_not_signed_may_be_made_by_hand(library: Library) -> None:
    merge = {"author": "ben", "committer": "web-flow", "parents": {"totalCount": 2}}
    changes = [proposed("c", "ann")]
    verdict, reason = verdict_on(library, merged([review("ben", "c")], changes, **merge))
    assert (verdict, "GitHub has not signed" in reason) == ("unknown", True)
    assert verdict_on(library, merged([review("cat", "c")], changes, **merge))[0] == "pass"


def test_a_proposed_commit_without_a_date_may_be_what_was_rebased(library: Library) -> None:
    other = proposed("b", "ben")
    changes = [proposed("c", "ann", written="d"), other]
    rebased = merged([review("ben", "c")], changes, written="d")
    assert verdict_on(library, rebased)[0] == "pass"
    del other["commit"]["authoredDate"]
    assert verdict_on(library, rebased)[0] == "fail"


def test_whoever_is_named_beside_the_author_of_a_merge_by_hand_wrote_it(library: Library) -> None:
    merge = {"author": "cat", "parents": {"totalCount": 2}, "co_authors": ("ben",)}
    changes = [proposed("c", "ann")]
    assert verdict_on(library, merged([review("ben", "c")], changes, **merge))[0] == "fail"
    assert verdict_on(library, merged([review("dan", "c")], changes, **merge))[0] == "pass"


def test_a_merge_commit_that_is_not_the_result_is_somebodys_work(library: Library) -> None:
    of = request(1, "ann", [proposed("c", "ann")], [review("ben", "c")], mergeCommit={"oid": "x"})
    merge = {"committer": "web-flow", "signature": SIGNED, "parents": {"totalCount": 2}}
    assert verdict_on(library, commit("r", "ben", of, **merge))[0] == "fail"


@pytest.mark.parametrize(
    ("kind", "signature", "said"),
    [("Bot", None, "pass"), ("User", SIGNED, "pass"), ("User", None, "unknown")],
)
def test_an_app_is_believed_if_github_signed_or_it_opened_the_request(
    library: Library, kind: str, signature: Any, said: str
) -> None:
    opener = "renovate" if kind == "Bot" else "ann"
    change = proposed("r", "renovate[bot]", signature=signature)
    of = request(1, opener, [change], [review("ben", "r")], kind=kind)
    assert verdict_on(library, commit("r", "renovate[bot]", of, signature=signature))[0] == said


def cut_off(rows: list[Any]) -> dict[str, Any]:
    """A connection that has more nodes than were returned."""
    return {"pageInfo": {"hasNextPage": True}, "nodes": rows}


@pytest.mark.parametrize(
    "more",
    [
        {"associatedPullRequests": cut_off([])},
        {"authors": cut_off([])},
    ],
)
def test_what_is_cut_off_of_a_commit_is_unknown(library: Library, more: dict[str, Any]) -> None:
    node = merged([review("ben", "c")], [proposed("c", "ann")])
    assert verdict_on(library, node)[0] == "pass"
    assert verdict_on(library, {**node, **more})[0] == "unknown"


@pytest.mark.parametrize("connection", ["commits", "reviews"])
def test_what_is_cut_off_of_a_request_is_unknown(library: Library, connection: str) -> None:
    changes, reviews = [proposed("c", "ann")], [review("ben", "c")]
    rows = {"commits": changes, "reviews": reviews}
    of = {**request(1, "ann", changes, reviews), connection: cut_off(rows[connection])}
    assert verdict_on(library, commit("r", "ann", of))[0] == "unknown"


@pytest.mark.parametrize(
    ("state", "at", "said"),
    [
        ("CHANGES_REQUESTED", "2025-12-20T12:00:01Z", "pass"),  # after the merge
        ("CHANGES_REQUESTED", "2025-12-20T12:00:00Z", "fail"),
        ("CHANGES_REQUESTED", "2025-12-20T11:00:00Z", "fail"),  # at once: the one listed last
        ("APPROVED", "2025-12-20T12:00:00Z", "pass"),
    ],
)
def test_the_last_word_before_the_merge_counts(
    library: Library, state: str, at: str, said: str
) -> None:
    reviews = [review("ben", "c"), review("ben", "c", state, at=at)]
    assert verdict_on(library, merged(reviews, [proposed("c", "ann")]))[0] == said
    if at == "2025-12-20T11:00:00Z":
        swapped = merged(reviews[::-1], [proposed("c", "ann")])
        assert verdict_on(library, swapped)[0] == "pass"


def test_an_approval_at_the_moment_of_the_merge_counts(library: Library) -> None:
    node = merged([review("ben", "c", at="2025-12-20T12:00:00Z")], [proposed("c", "ann")])
    assert verdict_on(library, node)[0] == "pass"


def test_an_approval_may_be_taken_back_in_what_was_cut_off(library: Library) -> None:
    reviews = [review("ben", "head1")]
    of = {**request(1, "ann", [proposed("c", "ann")], reviews), "reviews": cut_off(reviews)}
    page = commits_of("app", [commit("r", "ann", of)])
    found = judged(library, "scm-approval-covers-merge", pointed(), page)
    assert found["r"][0] == "unknown"


def test_a_reviewer_of_a_type_that_is_not_known_is_unknown(library: Library) -> None:
    node = merged([review("ben", "c", kind="Agent")], [proposed("c", "ann")])
    verdict, reason = verdict_on(library, node)
    assert (verdict, "type that is not known: Agent" in reason) == ("unknown", True)


# -- accounts that an enterprise manages ----------------------------------------------------------


@pytest.mark.parametrize(
    ("logins", "required", "said"),
    [
        (["ann_acme", "ben_acme"], False, "unknown"),
        (["ann_acme", "ben"], False, "fail"),
        (["ann", "ben"], False, "fail"),
        ([], False, "unknown"),
        (["ann"], True, "pass"),
    ],
)
def test_the_switch_says_nothing_where_an_enterprise_manages_accounts(
    library: Library, logins: list[str], required: bool, said: str
) -> None:
    members = get(f"/orgs/{ORG}/members", [{"login": login} for login in logins])
    target = pointed(two_factor_requirement_enabled=required)
    found = judged(library, "scm-org-mfa-and-members", target, members)
    assert found[ORG][0] == said


def test_the_list_says_nothing_of_an_account_that_an_enterprise_manages(library: Library) -> None:
    people = [
        {"login": login, "html_url": f"https://github.com/{login}"}
        for login in ("ann_acme", "ben", "cat")
    ]
    answers = (
        get(f"/orgs/{ORG}/members", people),
        get(f"/orgs/{ORG}/members?filter=2fa_disabled", [people[2]]),
        get(f"/orgs/{ORG}/outside_collaborators", []),
    )
    found = judged(library, "scm-member-second-factor", pointed(), *answers)
    said = {name: verdict for name, (verdict, _) in found.items()}
    assert said == {"ann_acme": "unknown", "ben": "pass", "cat": "fail"}
