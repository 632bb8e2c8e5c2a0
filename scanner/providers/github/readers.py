"""Readers of GitHub: sequences of calls that a declaration cannot say."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import Any, Final

from scanner.core.reading.context import ReadContext
from scanner.model.answers import Answer, Call, State
from scanner.model.values import ABSENT, Unreadable

_RULES: Final = "github:repos/get-branch-rules"
_RULESET: Final = "github:repos/get-repo-ruleset"
_NO_PLAN: Final = "403 Upgrade to GitHub Pro or make this repository public to enable this feature."


def branch_rules(context: ReadContext) -> Generator[Call, Answer, Any]:
    """The rules in force for a repository's default branch, each with `bypassed_by`: `<actor type>:<actor id>`."""
    it = context.it
    if (
        not isinstance(it, Mapping)
        or not isinstance(it.get("name"), str)
        or not isinstance(it.get("default_branch"), str)
    ):
        return Unreadable("a repository has no name or no default branch")
    place = {"owner": context.account, "repo": it["name"]}
    answer = yield Call(
        operation=_RULES,
        region="",
        params={**place, "branch": it["default_branch"], "per_page": 100},
        items=("items",),
        absent_on=(_NO_PLAN,),
    )
    if answer.state is State.ABSENT:
        return ABSENT
    if answer.state not in (State.OK, State.EMPTY):
        return answer.unread
    rules = answer.data.get("items") if isinstance(answer.data, Mapping) else None
    if not isinstance(rules, list) or not all(isinstance(rule, Mapping) for rule in rules):
        return Unreadable(f"{_RULES} gave no list of rules")
    bypasses: dict[Any, Any] = {}
    for number in dict.fromkeys(rule.get("ruleset_id") for rule in rules):
        bypasses[number] = yield from _bypass(place, number)
    return [{**rule, "bypassed_by": bypasses[rule.get("ruleset_id")]} for rule in rules]


def _bypass(place: Mapping[str, str], number: Any) -> Generator[Call, Answer, Any]:
    """Who may pass by a rule set; unread where the token may not see it."""
    if type(number) is not int:
        return Unreadable("a rule names no rule set")
    answer = yield Call(
        operation=_RULESET,
        region="",
        params={**place, "ruleset_id": number, "includes_parents": True},
    )
    if answer.state is not State.OK or not isinstance(answer.data, Mapping):
        return answer.unread
    actors = answer.data.get("bypass_actors")
    if not isinstance(actors, list) or not all(isinstance(actor, Mapping) for actor in actors):
        # GitHub leaves the list out for those who may not edit the rule set.
        return Unreadable(f"{_RULESET} did not show who may pass by it")
    return [f"{actor.get('actor_type')}:{actor.get('actor_id')}" for actor in actors]
