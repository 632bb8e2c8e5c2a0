"""Who wrote, who approved, how it was merged and when: every combination has the verdict that an
independent rule over the situation gives."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

import pytest

from scanner.model.library import Library
from tests.helpers.authored_github import (
    IGNORE,
    ORG,
    SIGNED,
    commit,
    commits_of,
    get,
    organization,
    proposed,
    repository,
    request,
    review,
)
from tests.recordings.collecting import read
from tests.recordings.store import Scenario

REVIEWED = "scm-merged-changes-reviewed"
COVERED = "scm-approval-covers-merge"

APP, QUEUE = "renovate[bot]", "github-merge-queue[bot]"
BEFORE, AFTER = "2025-12-20T11:00:00Z", "2025-12-20T12:00:01Z"
EARLIER, LATER = "2025-12-20T10:00:00Z", "2025-12-20T11:30:00Z"

AUTHORS = ("ann", "ben", None, APP)
COMMITTERS = ("", "ben")
"""Who put the commit into its final form; empty: the author."""
CO_AUTHORS = ((), ("ben",))
WAYS = ("merge", "merge by hand", "merge queue", "squash", "rebase", "fast-forward")
TIMES = ("before", "before the last push", "after")
APPROVALS: dict[str, tuple[dict[str, Any], ...]] = {
    "nobody": (),
    "reviewer": ({"by": "ben"},),
    "opener": ({"by": "ann"},),
    "app": ({"by": "linter", "kind": "Bot"},),
    "stranger": ({"by": "eve", "authorCanPushToRepository": False},),
    "dismissed": ({"by": "ben", "state": "DISMISSED"},),
    "taken back": ({"by": "ben", "at": EARLIER}, {"by": "ben", "state": "CHANGES_REQUESTED"}),
    "given at last": ({"by": "ben", "state": "CHANGES_REQUESTED", "at": EARLIER}, {"by": "ben"}),
    "another objects": ({"by": "ben"}, {"by": "cat", "state": "CHANGES_REQUESTED"}),
    "stranger objects": (
        {"by": "ben"},
        {"by": "eve", "state": "CHANGES_REQUESTED", "authorCanPushToRepository": False},
    ),
}
APPROVED_BY = {
    "reviewer": "ben",
    "opener": "ann",
    "given at last": "ben",
    "another objects": "ben",
    "stranger objects": "ben",
}
"""Whose approval GitHub's page shows, where it shows one."""


@dataclass(frozen=True, slots=True)
class Situation:
    """One pull request of one commit, and how it came to the branch."""

    number: int
    author: str | None
    committer: str
    co_authors: tuple[str, ...]
    way: str
    approval: str
    time: str

    @property
    def opener(self) -> str:
        """An app opens its own requests; those of people are Ann's."""
        return APP if self.author == APP else "ann"


def situations() -> Iterator[Situation]:
    """All combinations."""
    axes = product(AUTHORS, COMMITTERS, CO_AUTHORS, WAYS, APPROVALS, TIMES)
    for number, axis in enumerate(axes):
        yield Situation(number, *axis)


# -- what GitHub returns --------------------------------------------------------------------------


def landed(one: Situation) -> list[dict[str, Any]]:
    """The commits that a situation leaves on the branch: the change first, and its merge."""
    change = f"c{one.number}"
    committer = one.committer or one.author
    source = proposed(change, one.author, committer=committer)
    of = request(
        one.number,
        one.opener.removesuffix("[bot]"),
        [source],
        [review(**given) for given in reviews(one)],
        kind="Bot" if one.opener == APP else "User",
    )
    about = {"co_authors": one.co_authors}
    if one.way == "fast-forward":
        return [commit(change, one.author, of, committer=committer, **about)]
    result = f"r{one.number}"
    of["mergeCommit"] = {"oid": result}
    if one.way == "squash":
        return [commit(result, one.author, of, committer="web-flow", signature=SIGNED, **about)]
    if one.way == "rebase":
        # The reviewer presses the button, and is the committer of what GitHub rebased.
        written = f"written {change}"
        return [commit(result, one.author, of, committer="ben", written=written, **about)]
    merge: dict[str, Any] = {"parents": {"totalCount": 2}}
    if one.way in ("merge", "merge queue"):
        merge |= {"committer": "web-flow", "signature": SIGNED}
    presses = QUEUE if one.way == "merge queue" else "ben"
    return [
        commit(change, one.author, of, committer=committer, **about),
        commit(result, presses, of, **merge),
    ]


def reviews(one: Situation) -> Iterator[dict[str, Any]]:
    """The reviews of a situation, shifted to its time."""
    for given in APPROVALS[one.approval]:
        of = "older" if one.time == "before the last push" else f"head{one.number}"
        row = {"commit": of, **given}
        if one.time == "after":
            row["at"] = AFTER
        yield row


# -- the independent rule -------------------------------------------------------------------------


def hands(one: Situation, *, merge: bool) -> set[str | None]:
    """Everybody whose hands were on a landed commit; None: somebody unknown."""
    if merge:
        by_hand = {"ben"} if one.way == "merge by hand" else set()
        return {one.opener, *by_hand}
    return {one.opener, one.author, one.committer or one.author, *one.co_authors}


def expected(one: Situation, *, merge: bool) -> str:
    """The verdict on a landed commit."""
    approver = APPROVED_BY.get(one.approval)
    if one.time == "after" or approver is None or one.approval == "another objects":
        return "fail"
    return independent(approver, hands(one, merge=merge))


def expected_cover(one: Situation, *, merge: bool) -> str:
    """The verdict on the last push; an objection is another check's."""
    approver = APPROVED_BY.get(one.approval)
    if one.time != "before" or approver is None:
        return "fail"
    return independent(approver, hands(one, merge=merge))


def independent(approver: str, writers: set[str | None]) -> str:
    """Whether somebody else approved: unknown, if an unknown writer may be the same person."""
    if approver in writers:
        return "fail"
    return "unknown" if None in writers else "pass"


# -- the table ------------------------------------------------------------------------------------


def branch_of(nodes: list[Any]) -> Scenario:
    """One repository with these commits."""
    listing = get(f"/orgs/{ORG}/repos?type=all", [repository("app")])
    return Scenario(cloud="github", name="reviews", recordings=(listing, commits_of("app", nodes)))


def judged(library: Library, nodes: list[Any]) -> dict[str, dict[str, str]]:
    """Verdicts by check and commit."""
    target = organization({"public_repos": 0, "total_private_repos": 1})
    found = read(branch_of(nodes), library, [REVIEWED, COVERED], target, ignore=IGNORE)
    verdicts: dict[str, dict[str, str]] = {REVIEWED: {}, COVERED: {}}
    for result in found.assessment.results:
        for finding in result.findings:
            verdicts[result.check][finding.resource.name] = finding.verdict.value
    return verdicts


@pytest.fixture(scope="module")
def table(library: Library) -> dict[str, dict[str, str]]:
    """What every situation is judged as, read as one branch."""
    nodes: list[Any] = []
    for one in situations():
        nodes.extend(landed(one))
    return judged(library, nodes)


@pytest.mark.parametrize(("check", "rule"), [(REVIEWED, expected), (COVERED, expected_cover)])
def test_every_situation_has_the_verdict_of_the_rule(
    table: dict[str, dict[str, str]], check: str, rule: Any
) -> None:
    wrong: list[str] = []
    seen: Counter[str] = Counter()
    for one in situations():
        for node in landed(one):
            merge = node["parents"]["totalCount"] > 1
            right = rule(one, merge=merge)
            seen[right] += 1
            if table[check][node["oid"]] != right:
                wrong.append(f"{one}, merge {merge}: {right}, not {table[check][node['oid']]}")
    assert wrong == []
    assert min(seen[verdict] for verdict in ("pass", "fail", "unknown")) >= 20
