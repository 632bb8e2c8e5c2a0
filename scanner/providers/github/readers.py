"""Reads what GitHub needs several dependent calls for: the rules in force for a default branch and
who bypasses them.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import Any, Final, TypeGuard

from scanner.core.reading.context import ReadContext
from scanner.model.answers import Answer, Call, State
from scanner.model.values import ABSENT, Absent, Unreadable

_BRANCH_RULES: Final = "github:repos/get-branch-rules"
_RULESET: Final = "github:repos/get-repo-ruleset"
_NO_PLAN: Final = "403 Upgrade to GitHub Pro or make this repository public to enable this feature."

Rule = dict[str, Any]
Bypass = list[str] | Unreadable
"""Actors who may bypass a ruleset, each as `<actor type>:<actor id>`."""


def branch_rules(
    context: ReadContext,
) -> Generator[Call, Answer, list[Rule] | Absent | Unreadable]:
    """The rules in force for a repository's default branch, each with `bypassed_by`: `<actor
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
    bypass_by_ruleset: dict[object, Bypass] = {}
    for rule in rules:
        ruleset = rule.get("ruleset_id")
        if ruleset not in bypass_by_ruleset:
            bypass_by_ruleset[ruleset] = yield from _bypass(path, ruleset)
    found: list[Rule] = []
    for rule in rules:
        bypassed_by = bypass_by_ruleset[rule.get("ruleset_id")]
        found.append({**rule, "bypassed_by": bypassed_by})
    return found


def _repository(context: ReadContext) -> tuple[Mapping[str, str], str] | Unreadable:
    """The path parameters of the listed repository, and its default branch."""
    unknown = Unreadable("a repository has no name or no default branch")
    if not isinstance(context.it, Mapping):
        return unknown
    name = context.it.get("name")
    branch = context.it.get("default_branch")
    if not isinstance(name, str) or not isinstance(branch, str):
        return unknown
    path = {"owner": context.account, "repo": name}
    return path, branch


def _rules_in(answer: Answer) -> list[Mapping[str, Any]] | Unreadable:
    if answer.state not in (State.OK, State.EMPTY):
        return answer.unread
    rules = answer.data.get("items") if isinstance(answer.data, Mapping) else None
    if not _is_list_of_mappings(rules):
        return Unreadable(f"{_BRANCH_RULES} returned no list of rules")
    return rules


def _bypass(path: Mapping[str, str], ruleset: object) -> Generator[Call, Answer, Bypass]:
    """Who may bypass a ruleset; unreadable where the token may not see it."""
    if type(ruleset) is not int:
        return Unreadable("a rule does not name its ruleset")
    # Rulesets of the organization apply to its repositories: they are among the parents.
    params = {**path, "ruleset_id": ruleset, "includes_parents": True}
    answer = yield Call(operation=_RULESET, region="", params=params)
    if answer.state is not State.OK or not isinstance(answer.data, Mapping):
        return answer.unread
    actors = answer.data.get("bypass_actors")
    # GitHub leaves the list out for those who may not edit the ruleset: silence is not "nobody".
    if not _is_list_of_mappings(actors):
        return Unreadable(f"{_RULESET} did not return who may bypass the ruleset")
    return [f"{actor.get('actor_type')}:{actor.get('actor_id')}" for actor in actors]


def _is_list_of_mappings(value: object) -> TypeGuard[list[Mapping[str, Any]]]:
    return isinstance(value, list) and all(isinstance(item, Mapping) for item in value)
