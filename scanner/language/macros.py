"""Evaluates the macros over lists, on three truth values and on lists that were read in part."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, Final

from scanner.language.unread import (
    BudgetExceededError,
    MemoryExceededError,
    Reader,
    as_unread,
    merge,
)
from scanner.model.values import OpenList, Symbol, Unreadable

BUDGET: Final = "#budget"
"""The entry of the environment that holds how many steps are left; no name can be spelled this
way."""

MEMORY: Final = "#memory"
"""The same for the characters and items that may still be made."""

Environment = dict[str, Any]
"""The values of names and loop variables, and the budget."""
Closure = Callable[[Environment], object]
Outcomes = Iterator[tuple[object, object]]
"""Each item with what the body gives for it."""
Items = list[object] | Unreadable
Rest = Unreadable | None
"""What was not read of the list; None where it was read whole."""

# The exact classes a macro goes over. A raw mapping is not among the lists: `{}` where a list was
# meant would make `all` vacuously true.
_LISTS: Final[frozenset[type]] = frozenset({list, OpenList})
_MAPS: Final[frozenset[type]] = frozenset({dict})


def charge(env: Environment, size: int) -> None:
    """Take what a text or list needs, before it is made; MemoryExceededError where it is too much.

    Texts double with each `map(x, x + x)`: thirty of them would fill any memory in thirty steps.
    """
    env[MEMORY] -= size
    if env[MEMORY] < 0:
        raise MemoryExceededError


def macro(
    kind: str, variable: str, over: Closure, item: Reader, body: Closure, *, keys: bool
) -> Closure:
    """The closure of a macro over a list or, where `keys`, over the keys of a map.

    `item` checks each item before `body` sees it.
    """
    allowed = _MAPS if keys else _LISTS
    collect = _COLLECTORS[kind]

    def outcomes(values: Any, env: Environment) -> Outcomes:
        for value in list(values):
            # Nested macros multiply: without a budget a check could run for hours over one
            # resource.
            env[BUDGET] -= 1
            if env[BUDGET] < 0:
                raise BudgetExceededError
            env[variable] = value = item(value)
            yield value, body(env)

    def run(env: Environment) -> object:
        values = over(env)
        if type(values) not in allowed:
            return as_unread(values, f"{kind}()")
        rest = values.rest if isinstance(values, OpenList) else None
        return collect(outcomes(values, env), rest)

    return run


def _quantify(outcomes: Outcomes, rest: Rest, *, stop: bool) -> object:
    """One item whose outcome is `stop` settles the question; anything unread leaves it open."""
    unread: list[Unreadable] = []
    go_on = not stop
    for _, outcome in outcomes:
        if outcome is stop:
            return stop
        if outcome is not go_on:
            unread.append(as_unread(outcome, "the condition"))
    if rest is not None:
        unread.append(rest)
    if unread:
        return merge(unread)
    return go_on


def _all(outcomes: Outcomes, rest: Rest) -> object:
    return _quantify(outcomes, rest, stop=False)


def _exists(outcomes: Outcomes, rest: Rest) -> object:
    return _quantify(outcomes, rest, stop=True)


def _filter(outcomes: Outcomes, rest: Rest) -> Items:
    kept: list[object] = []
    unread: list[Unreadable] = []
    if rest is not None:
        unread.append(rest)
    for value, outcome in outcomes:
        if outcome is True:
            kept.append(value)
        elif outcome is not False:
            unread.append(as_unread(outcome, "the condition"))
    if not unread:
        return kept
    merged = merge(unread)
    # What is certainly in the list stays known.
    return OpenList(kept, merged.reason, merged.gaps) if kept else merged


def _exists_one(outcomes: Outcomes, rest: Rest) -> bool | Unreadable:
    kept = _filter(outcomes, rest)
    if isinstance(kept, OpenList):
        # Two are not one, whatever else there is.
        return kept.rest if len(kept) == 1 else False
    if isinstance(kept, Unreadable):
        return kept
    return len(kept) == 1


def _map(outcomes: Outcomes, rest: Rest) -> Items:
    made: list[object] = []
    unread: list[Unreadable] = []
    for _, outcome in outcomes:
        # A symbol is one value, so that the list has as many items as without it.
        if isinstance(outcome, Unreadable) and not isinstance(outcome, Symbol):
            unread.append(outcome)
        made.append(outcome)
    if unread:
        # The list is not missing where one of its items lacks a member: an `absent:` must not speak
        # for all of them.
        return replace(merge(unread), missing=False)
    if rest is None:
        return made
    return OpenList(made, rest.reason, rest.gaps)


_Collector = Callable[[Outcomes, Rest], object]
_COLLECTORS: Final[dict[str, _Collector]] = {
    "all": _all,
    "exists": _exists,
    "filter": _filter,
    "exists_one": _exists_one,
    "map": _map,
}
