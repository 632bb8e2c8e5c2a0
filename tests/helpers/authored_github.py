"""An organization at GitHub, *authored*: responses written by hand after GitHub's documentation,
none recorded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from scanner.model.config import TargetConfig
from tests.recordings.collecting import Pointed
from tests.recordings.replay import Opening
from tests.recordings.store import Recording, Scenario

ORG: Final = "acme"
_API: Final = "https://api.github.com"
_PR: Final = "2025-12-20T12:00:00Z"
IGNORE: Final = frozenset({"since", "per_page"})
"""Arguments that say how much is wanted at a time."""


def get(path: str, body: Any, status: int = 200, **headers: str) -> Recording:
    """A response of the REST interface."""
    return Recording(
        file=path,
        method="GET",
        url=_API + path,
        status=status,
        headers=headers,
        body=body,
        recorded="authored",
    )


def _member(login: str) -> dict[str, Any]:
    return {"login": login, "html_url": f"https://github.com/{login}", "type": "User"}


def repository(name: str, *, archived: bool = False) -> dict[str, Any]:
    """A private repository."""
    url = f"https://github.com/{ORG}/{name}"
    return {
        "name": name,
        "html_url": url,
        "archived": archived,
        "default_branch": "main",
        "private": True,
    }


def commits_of(
    repository: str,
    nodes: list[Any],
    *,
    branch: str = "main",
    cursor: str = "",
    further: str = "",
) -> Recording:
    """One page of the commits of a branch."""
    page = {"hasNextPage": bool(further), "endCursor": further or "last"}
    history = {"pageInfo": page, "nodes": nodes}
    query = f"owner={ORG}&name={repository}&branch=refs/heads/{branch}"
    if cursor:
        query += f"&cursor={cursor}"
    return Recording(
        file=f"commits of {repository} {cursor}".strip(),
        method="POST",
        url=f"{_API}/graphql?{query}",
        status=200,
        headers={},
        body={"data": {"repository": {"isEmpty": False, "ref": {"target": {"history": history}}}}},
        recorded="authored",
    )


def actor(login: str | None) -> dict[str, Any]:
    """The author or committer of a commit; None: an address that belongs to no account."""
    if login is not None and login.endswith("[bot]"):
        return {"name": login, "user": None}
    return {"name": login or "Somebody", "user": {"login": login} if login else None}


def proposed(oid: str, author: str | None, **more: Any) -> dict[str, Any]:
    """A commit that a pull request proposes."""
    commit = {
        "oid": oid,
        "authoredDate": more.pop("written", f"written {oid}"),
        "messageHeadline": "Change",
        "author": actor(author),
        "committer": actor(more.pop("committer", author)),
        "signature": None,
    }
    return {"commit": {**commit, **more}}


SIGNED: Final = {"isValid": True, "wasSignedByGitHub": True}


def commit(
    oid: str, author: str | None, *requests: Mapping[str, Any], **more: Any
) -> dict[str, Any]:
    """A commit of a release branch; `co_authors` and `committer` by login."""
    authors = [actor(author), *map(actor, more.pop("co_authors", ()))]
    row = {
        "oid": oid,
        "commitUrl": f"https://github.com/{ORG}/app/commit/{oid}",
        "committedDate": _PR,
        "authoredDate": more.pop("written", f"written {oid}"),
        "author": actor(author),
        "committer": actor(more.pop("committer", author)),
        "authors": _whole(authors),
        "parents": {"totalCount": 1},
        "signature": None,
        "associatedPullRequests": _whole(list(requests)),
    }
    return {**row, **more}


def _whole(rows: list[Any]) -> dict[str, Any]:
    """A connection with all its nodes."""
    return {"pageInfo": {"hasNextPage": False}, "nodes": rows}


def review(by: str, commit: str, state: str = "APPROVED", **more: Any) -> dict[str, Any]:
    """A review of a person who may write, an hour before the merge."""
    kind = more.pop("kind", "User")
    row = {
        "state": state,
        "submittedAt": more.pop("at", "2025-12-20T11:00:00Z"),
        "authorCanPushToRepository": True,
        "author": {"__typename": kind, "login": by},
        "commit": {"oid": commit},
    }
    return {**row, **more}


def request(
    number: int,
    author: str,
    commits: Sequence[Mapping[str, Any]] = (),
    reviews: Sequence[Mapping[str, Any]] = (),
    **more: Any,
) -> dict[str, Any]:
    """A merged pull request."""
    row = {
        "number": number,
        "merged": True,
        "mergedAt": _PR,
        "baseRefName": "main",
        "headRefOid": f"head{number}",
        "author": {"__typename": more.pop("kind", "User"), "login": author},
        "mergeCommit": None,
        "commits": _whole(list(commits)),
        "reviews": _whole(list(reviews)),
    }
    return {**row, **more}


def allowances(repository: str, force_pushers: list[str]) -> Recording:
    """Who may force-push to the protected default branch, and who may pass by reviews: nobody."""
    allowed = [{"actor": {"__typename": "User", "login": login}} for login in force_pushers]
    rule = {
        "bypassForcePushAllowances": _whole(allowed),
        "bypassPullRequestAllowances": _whole([]),
    }
    return Recording(
        file=f"allowances of {repository}",
        method="POST",
        url=f"{_API}/graphql?owner={ORG}&name={repository}&ref=refs/heads/main",
        status=200,
        headers={},
        body={"data": {"repository": {"ref": {"branchProtectionRule": rule}}}},
        recorded="authored",
    )


_RULE: Final = {
    "type": "pull_request",
    "ruleset_id": 7,
    "ruleset_source": ORG,
    "ruleset_source_type": "Organization",
    "parameters": {"required_approving_review_count": 1},
}
_PROTECTION: Final = {
    "required_pull_request_reviews": {"required_approving_review_count": 2},
    "enforce_admins": {"enabled": False},
    "required_status_checks": {"strict": True, "contexts": ["test"]},
    "allow_force_pushes": {"enabled": False},
    "allow_deletions": {"enabled": False},
}

COUNTED: Final = {"public_repos": 0, "total_private_repos": 3}
"""What an owner is told of the organization's repositories."""
SCENARIO: Final = Scenario(
    cloud="github",
    name="authored",
    recordings=(
        get(
            f"/orgs/{ORG}/members",
            [_member("ann"), _member("ben")],
            link=f'<{_API}/orgs/{ORG}/members?page=2>; rel="next"',
        ),
        get(f"/orgs/{ORG}/members?page=2", [_member("cat")]),
        get(f"/orgs/{ORG}/members?role=admin", [_member("ann")]),
        get(f"/orgs/{ORG}/members?filter=2fa_disabled", [_member("cat")]),
        get(f"/orgs/{ORG}/outside_collaborators", [_member("zoe")]),
        get(
            f"/orgs/{ORG}/repos?type=all",
            [repository("app"), repository("old", archived=True), repository("web")],
        ),
        get(f"/repos/{ORG}/app/branches/main/protection", {"message": "Branch not protected"}, 404),
        get(f"/repos/{ORG}/old/branches/main/protection", {"message": "Branch not protected"}, 404),
        get(f"/repos/{ORG}/web/branches/main/protection", _PROTECTION),
        allowances("web", ["eve"]),
        get(f"/repos/{ORG}/app/rules/branches/main", [_RULE]),
        get(f"/repos/{ORG}/old/rules/branches/main", []),
        get(f"/repos/{ORG}/web/rules/branches/main", []),
        get(
            f"/repos/{ORG}/app/rulesets/7?includes_parents=true",
            {"id": 7, "enforcement": "active", "bypass_actors": []},
        ),
        commits_of(
            "app",
            [
                commit(
                    "a1",
                    "ann",
                    request(1, "ann", [proposed("a1", "ann")], [review("ben", "head1")]),
                )
            ],
            further="next",
        ),
        commits_of(
            "app",
            [
                commit("a2", "ann"),
                commit(
                    "a3",
                    "cat",
                    request(
                        3,
                        "cat",
                        [proposed("a3", "cat")],
                        [review("cat", "head3"), review("ben", "older")],
                    ),
                ),
            ],
            cursor="next",
        ),
        commits_of("old", [commit("o1", "eve")]),
        commits_of(
            "web",
            [
                commit(
                    "w1",
                    None,
                    request(4, "ann", [proposed("w1", None)], [review("ben", "head4")]),
                )
            ],
        ),
    ),
)


def organization(counted: Mapping[str, int] = COUNTED) -> Pointed:
    """The organization, and the response by which it is opened, with what it tells of its
    repositories."""
    body = {"login": ORG, "name": "Acme", "two_factor_requirement_enabled": True, **counted}
    config = TargetConfig(
        cloud="github",
        settings={"id": ORG},
        params={"approved_github_owners": ["ann"], "approved_github_guests": []},
    )
    return config, (Opening(path=f"/orgs/{ORG}", body=body),)
