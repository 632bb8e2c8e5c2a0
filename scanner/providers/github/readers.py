"""Reads what GitHub needs several dependent calls for: the protection of a release branch, its
rules in force, and who bypasses them.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import Any, Final, TypeGuard

from scanner.core.reading.context import ReadContext
from scanner.model.answers import Answer, Call, State
from scanner.model.values import ABSENT, Absent, OpenList, Unreadable
from scanner.providers.github.connections import nodes, text

_BRANCH_RULES: Final = "github:repos/get-branch-rules"
_RULESET: Final = "github:repos/get-repo-ruleset"
_PROTECTION: Final = "github:repos/get-branch-protection"
_ALLOWANCES: Final = "github:graphql/branch-protection"
_NOT_PROTECTED: Final = "404 Branch not protected"
_NO_BRANCH: Final = "404 Branch not found"
_NO_PLAN: Final = "403 Upgrade to GitHub Pro or make this repository public to enable this feature."

Rule = dict[str, Any]
Bypass = list[str] | Unreadable
"""Actors who may bypass a ruleset, each as `<actor type>:<actor id>`."""


def branch_rules(
    context: ReadContext,
) -> Generator[Call, Answer, list[Rule] | Absent | Unreadable]:
    """The rules in force for a release branch, each with `bypassed_by`: `<actor
    type>:<actor id>`.
    """
    repository = _repository(context)
    if isinstance(repository, Unreadable):
        return repository
    path, branch = repository
    answer = yield Call(
        operation=_BRANCH_RULES,
        region="",
        params={**path, "branch": branch, "per_page": 100},
        items=("items",),
        absent_on=(_NO_PLAN,),
    )
    if answer.state is State.ABSENT:
        return ABSENT
    rules = _rules_in(answer)
    if isinstance(rules, Unreadable):
        return rules
    # Rules of one ruleset share their bypass list: it is requested once for each ruleset.
    bypass_by_ruleset: dict[int, Bypass] = {}
    found: list[Rule] = []
    for rule in rules:
        ruleset = rule.get("ruleset_id")
        bypassed_by: Bypass = Unreadable("a rule does not name its ruleset")
        if type(ruleset) is int:
            if ruleset not in bypass_by_ruleset:
                bypass_by_ruleset[ruleset] = yield from _bypass(path, ruleset)
            bypassed_by = bypass_by_ruleset[ruleset]
        found.append({**rule, "bypassed_by": bypassed_by})
    return found


def branch_protection(
    context: ReadContext,
) -> Generator[Call, Answer, dict[str, Any] | Unreadable]:
    """Whether a release branch `exists`, its `classic` protection without rulesets, and who may
    force-push, or pass by reviews, in spite of it.
    """
    branch = _repository(context)
    if isinstance(branch, Unreadable):
        return branch
    path, name = branch
    params = {**path, "branch": name}
    absent_on = (_NOT_PROTECTED, _NO_BRANCH, _NO_PLAN)
    answer = yield Call(operation=_PROTECTION, region="", params=params, absent_on=absent_on)
    if answer.state is State.ABSENT:
        return {"exists": _exists(answer, context.it)}
    if answer.state is not State.OK or not isinstance(answer.data, Mapping):
        return answer.unread
    classic = answer.data
    if classic.get("enabled") is False:
        return Unreadable(f"{_PROTECTION} returned a protection that is not enabled")
    answer = yield Call(
        operation=_ALLOWANCES,
        region="",
        params={
            "owner": context.account,
            "name": path["repo"],
            "ref": f"refs/heads/{name}",
        },
    )
    # REST says that everybody may force-push, or nobody; those who are named are in GraphQL alone.
    return {
        "exists": True,
        "classic": classic,
        "force_pushers": _allowed(answer, "bypassForcePushAllowances"),
        "review_bypassers": _allowed(answer, "bypassPullRequestAllowances"),
    }


def _exists(answer: Answer, branch: Mapping[str, Any]) -> bool | Unreadable:
    """Whether a branch without protection is there: a repository without commits has no branch."""
    if answer.code != _NO_BRANCH:
        return True
    if branch["default"]:
        return False
    return Unreadable(f"{branch['repository']} has no branch {branch['branch']}")


def _allowed(answer: Answer, connection: str) -> list[Any] | Unreadable:
    """Who is named in one list of the classic protection, as `user:`, `team:` or `app:` and the
    name.
    """
    if answer.state is not State.OK:
        return answer.unread
    rule = answer.data
    for step in ("data", "repository", "ref", "branchProtectionRule"):
        rule = rule.get(step) if isinstance(rule, Mapping) else None
    if not isinstance(rule, Mapping):
        # REST has just returned a protection, which GraphQL hides from who may not edit it.
        return Unreadable(f"{_ALLOWANCES} returned no branchProtectionRule")
    rows = nodes(rule, connection)
    found = [_actor(row) for row in rows]
    if isinstance(rows, OpenList):
        return OpenList(found, rows.reason)
    return found


def _actor(row: object) -> str | Unreadable:
    kind = text(row, "actor", "__typename")
    member = "login" if kind == "User" else "slug"
    name = text(row, "actor", member)
    if isinstance(kind, Unreadable) or isinstance(name, Unreadable):
        return Unreadable(f"{_ALLOWANCES} does not name one of those who are let through")
    return f"{kind.lower()}:{name}"


def _repository(context: ReadContext) -> tuple[Mapping[str, str], str] | Unreadable:
    """The path parameters of the listed branch's repository, and the branch."""
    if not isinstance(context.it, Mapping):
        return Unreadable("a branch is of no repository")
    path = {"owner": context.account, "repo": context.it["repository"]}
    return path, context.it["branch"]


def _rules_in(answer: Answer) -> list[Mapping[str, Any]] | Unreadable:
    if answer.state not in (State.OK, State.EMPTY):
        return answer.unread
    rules = answer.data.get("items") if isinstance(answer.data, Mapping) else None
    if not _is_list_of_mappings(rules):
        return Unreadable(f"{_BRANCH_RULES} returned no list of rules")
    return rules


def _bypass(path: Mapping[str, str], ruleset: int) -> Generator[Call, Answer, Bypass]:
    """Who may bypass a ruleset; unreadable where the token may not see it."""
    # Rulesets of the organization apply to its repositories: they are among the parents.
    params = {**path, "ruleset_id": ruleset, "includes_parents": True}
    answer = yield Call(operation=_RULESET, region="", params=params)
    if answer.state is not State.OK or not isinstance(answer.data, Mapping):
        return answer.unread
    if answer.data.get("enforcement") != "active":
        # Only rules in force are listed: two answers of GitHub contradict each other.
        return Unreadable(f"{_RULESET} did not return that ruleset {ruleset} is active")
    actors = answer.data.get("bypass_actors")
    # GitHub leaves the list out for those who may not edit the ruleset: silence is not "nobody".
    if not _is_list_of_mappings(actors):
        return Unreadable(f"{_RULESET} did not return who may bypass the ruleset")
    return [f"{actor.get('actor_type')}:{actor.get('actor_id')}" for actor in actors]


def _is_list_of_mappings(value: object) -> TypeGuard[list[Mapping[str, Any]]]:
    return isinstance(value, list) and all(isinstance(item, Mapping) for item in value)
