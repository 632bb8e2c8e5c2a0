"""An organization at GitHub, *authored*: responses written by hand after GitHub's documentation,
none recorded."""

from __future__ import annotations

from collections.abc import Mapping
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


def _get(path: str, body: Any, status: int = 200, **headers: str) -> Recording:
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


def _repository(name: str, *, archived: bool = False) -> dict[str, Any]:
    url = f"https://github.com/{ORG}/{name}"
    return {
        "name": name,
        "html_url": url,
        "archived": archived,
        "default_branch": "main",
        "private": True,
    }


def _commits(
    repository: str, nodes: list[Any], *, cursor: str = "", further: str = ""
) -> Recording:
    page = {"hasNextPage": bool(further), "endCursor": further or "last"}
    history = {"pageInfo": page, "nodes": nodes}
    query = f"owner={ORG}&name={repository}&branch=refs/heads/main" + (
        f"&cursor={cursor}" if cursor else ""
    )
    return Recording(
        file=f"commits of {repository} {cursor}".strip(),
        method="POST",
        url=f"{_API}/graphql?{query}",
        status=200,
        headers={},
        body={"data": {"repository": {"ref": {"target": {"history": history}}}}},
        recorded="authored",
    )


def _commit(oid: str, author: str | None, *requests: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "oid": oid,
        "commitUrl": f"https://github.com/{ORG}/app/commit/{oid}",
        "committedDate": _PR,
        "author": {"user": {"login": author} if author else None},
        "associatedPullRequests": {"nodes": list(requests)},
    }


def _request(number: int, author: str, *approvals: tuple[str, str]) -> dict[str, Any]:
    """A merged pull request; approvals are of who, of which commit."""
    return {
        "number": number,
        "merged": True,
        "mergedAt": _PR,
        "baseRefName": "main",
        "headRefOid": f"head{number}",
        "author": {"login": author},
        "reviews": {
            "nodes": [
                {
                    "submittedAt": "2025-12-20T11:00:00Z",
                    "author": {"login": who},
                    "commit": {"oid": commit},
                }
                for who, commit in approvals
            ]
        },
    }


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
        _get(
            f"/orgs/{ORG}/members",
            [_member("ann"), _member("ben")],
            link=f'<{_API}/orgs/{ORG}/members?page=2>; rel="next"',
        ),
        _get(f"/orgs/{ORG}/members?page=2", [_member("cat")]),
        _get(f"/orgs/{ORG}/members?role=admin", [_member("ann")]),
        _get(f"/orgs/{ORG}/members?filter=2fa_disabled", [_member("cat")]),
        _get(f"/orgs/{ORG}/outside_collaborators", [_member("zoe")]),
        _get(
            f"/orgs/{ORG}/repos?type=all",
            [_repository("app"), _repository("old", archived=True), _repository("web")],
        ),
        _get(
            f"/repos/{ORG}/app/branches/main/protection", {"message": "Branch not protected"}, 404
        ),
        _get(
            f"/repos/{ORG}/old/branches/main/protection", {"message": "Branch not protected"}, 404
        ),
        _get(f"/repos/{ORG}/web/branches/main/protection", _PROTECTION),
        _get(f"/repos/{ORG}/app/rules/branches/main", [_RULE]),
        _get(f"/repos/{ORG}/old/rules/branches/main", []),
        _get(f"/repos/{ORG}/web/rules/branches/main", []),
        _get(
            f"/repos/{ORG}/app/rulesets/7?includes_parents=true",
            {"id": 7, "enforcement": "active", "bypass_actors": []},
        ),
        _commits(
            "app", [_commit("a1", "ann", _request(1, "ann", ("ben", "head1")))], further="next"
        ),
        _commits(
            "app",
            [
                _commit("a2", "ann"),
                _commit("a3", "cat", _request(3, "cat", ("cat", "head3"), ("ben", "older"))),
            ],
            cursor="next",
        ),
        _commits("old", []),
        _commits("web", [_commit("w1", None, _request(4, "ann", ("ben", "head4")))]),
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
