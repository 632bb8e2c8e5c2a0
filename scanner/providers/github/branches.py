"""Lists the branches that are released from, and their commits with the reviews of these."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from datetime import timedelta
from typing import Any, Final

from scanner.core.reading.context import ReadContext
from scanner.model.answers import Answer, Call, State
from scanner.model.values import OpenList, Unreadable
from scanner.providers.github.connections import flag
from scanner.providers.github.reviews import with_reviews

REPOSITORIES: Final = "github:repos/list-for-org"
_COMMITS: Final = "github:graphql/branch-commits"
_HISTORY: Final = "data.repository.ref.target.history.nodes"

Rows = list[Any] | Unreadable
Listing = Generator[Call, Answer, Rows]


def repositories_call(organization: str) -> Call:
    """The call that lists the repositories of an organization."""
    return Call(
        operation=REPOSITORIES,
        region="",
        params={"org": organization, "type": "all", "per_page": 100},
        items=("items",),
    )


def release_branches(context: ReadContext) -> Listing:
    """The default branch of each repository, and the branches that `release_branches` names."""
    answer = yield repositories_call(context.account)
    repositories = rows_in(answer, "items")
    if isinstance(repositories, Unreadable):
        return repositories
    named = _named_branches(context.params.get("release_branches", ()))
    found: list[Any] = []
    for repository in repositories:
        found.extend(_branches_of(repository, named))
    if isinstance(repositories, OpenList):
        return OpenList(found, repositories.reason, repositories.gaps)
    listed = {row.get("repository") for row in found if isinstance(row, Mapping)}
    for name, branches in named.items():
        # A name that is misspelled must not pass for a branch without commits.
        if name not in listed or "" in branches:
            entry = f"{name}:{branches[0]}"
            reason = f"release_branches names {entry}, which is not in a listed repository"
            return OpenList(found, reason)
    return found


def _named_branches(entries: Any) -> dict[str, list[str]]:
    """The branches that the parameter names, by repository."""
    named: dict[str, list[str]] = {}
    for entry in entries:
        repository, _, branch = entry.partition(":")
        named.setdefault(repository, []).append(branch)
    return named


def _branches_of(repository: Any, named: Mapping[str, list[str]]) -> Iterator[Any]:
    """A row for each branch of one repository, its default branch first."""
    if not isinstance(repository, Mapping):
        yield Unreadable(f"{REPOSITORIES} returned no repository")
        return
    name = repository.get("name")
    default = repository.get("default_branch")
    if not isinstance(name, str) or not isinstance(default, str):
        yield Unreadable("a repository has no name or no default branch")
        return
    url = repository.get("html_url")
    about = {"repository": name, "archived": repository.get("archived")}
    yield {**about, "branch": default, "default": True, "url": url, "name": name}
    for branch in dict.fromkeys(named.get(name, ())):
        if branch not in ("", default):
            address = f"{url}/tree/{branch}"
            label = f"{name}:{branch}"
            yield {**about, "branch": branch, "default": False, "url": address, "name": label}


def release_commits(context: ReadContext) -> Listing:
    """The commits of one release branch since the window began, with the reviews of each."""
    branch = context.parent
    if isinstance(branch, Unreadable):
        return branch
    since = context.started - timedelta(days=context.params["merge_window_days"])
    answer = yield Call(
        operation=_COMMITS,
        region="",
        params={
            "owner": context.account,
            "name": branch["repository"],
            "branch": f"refs/heads/{branch['branch']}",
            "since": since.strftime("%Y-%m-%dT%H:%M:%SZ"),
        },
        items=(_HISTORY,),
    )
    repository = _repository(answer)
    if isinstance(repository, Unreadable):
        return repository
    if "ref" not in repository:
        return _without_branch(branch, repository)
    commits = rows_in(answer, _HISTORY)
    if isinstance(commits, Unreadable):
        return commits
    return _with_branch(commits, branch)


def _with_branch(commits: list[Any], branch: Mapping[str, Any]) -> list[Any]:
    found: list[Any] = []
    for commit in commits:
        if isinstance(commit, Mapping):
            found.append(with_reviews(commit))
        else:
            found.append(Unreadable(f"{_COMMITS} returned no commit"))
    if isinstance(commits, OpenList):
        return OpenList(found, commits.reason, commits.gaps)
    return found


def _repository(answer: Answer) -> Mapping[str, Any] | Unreadable:
    if answer.state not in (State.OK, State.EMPTY, State.PARTIAL):
        return answer.unread
    if isinstance(answer.data, Mapping):
        data = answer.data.get("data")
        repository = data.get("repository") if isinstance(data, Mapping) else None
        if isinstance(repository, Mapping):
            return repository
    return Unreadable(f"{_COMMITS} returned no repository")


def _without_branch(branch: Mapping[str, Any], repository: Mapping[str, Any]) -> Rows:
    """No commits, where the repository has none at all; a branch that is not there is a gap."""
    if branch["default"] and flag(repository, "isEmpty") is True:
        return []
    return Unreadable(f"{branch['repository']} has no branch {branch['branch']}")


def rows_in(answer: Answer, path: str) -> Rows:
    """The list at a dotted path of an answer; an open list where pages are missing."""
    if answer.state not in (State.OK, State.EMPTY, State.PARTIAL):
        return answer.unread
    found: Any = answer.data
    for step in path.split("."):
        found = found.get(step) if isinstance(found, Mapping) else None
    if not isinstance(found, list):
        return Unreadable(f"{answer.call.operation} returned no list")
    if answer.state is State.PARTIAL:
        return OpenList(found, answer.reason, answer.unread.gaps)
    return found
