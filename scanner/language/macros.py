"""The macros over lists, on three truth values and on lists that were only read in part."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, Final

from scanner.language.unread import BudgetExceededError, Reader, as_unread, merge
from scanner.model.values import OpenList, Unreadable

BUDGET: Final = "#budget"
"""The entry of the environment that holds how many steps are left; no name can be spelled this way."""

Closure = Callable[[dict[str, Any]], Any]
_LISTS: Final = frozenset({list, OpenList})
_MAPS: Final = frozenset({dict})


def macro(
    kind: str, variable: str, over: Closure, item: Reader, body: Closure, *, keys: bool
) -> Closure:
    """The closure of a macro: its list (or, where `keys`, its map), the check on each item, and its body."""
    allowed = _MAPS if keys else _LISTS

    def each(values: Any, env: dict[str, Any]) -> Iterator[tuple[Any, Any]]:
        for value in list(values):
            env[BUDGET] -= 1
            if env[BUDGET] < 0:
                raise BudgetExceededError
            env[variable] = value = item(value)
            yield value, body(env)

    collect = _COLLECTORS[kind]

    def run(env: dict[str, Any]) -> Any:
        values = over(env)
        if type(values) not in allowed:
            return as_unread(values, f"{kind}()")
        return collect(each(values, env), values.rest if type(values) is OpenList else None)

    return run


Outcomes = Iterator[tuple[Any, Any]]


def _quantify(outcomes: Outcomes, rest: Unreadable | None, *, stop: bool) -> Any:
    unread: list[Unreadable] = []
    go_on = not stop
    for _, outcome in outcomes:
        if outcome is stop:
            return stop
        if outcome is not go_on:
            unread.append(as_unread(outcome, "the condition"))
    if rest is not None:
        unread.append(rest)
    return merge(unread) if unread else go_on


def _all(outcomes: Outcomes, rest: Unreadable | None) -> Any:
    return _quantify(outcomes, rest, stop=False)


def _exists(outcomes: Outcomes, rest: Unreadable | None) -> Any:
    return _quantify(outcomes, rest, stop=True)


def _filter(outcomes: Outcomes, rest: Unreadable | None) -> Any:
    unread = [] if rest is None else [rest]
    kept: list[Any] = []
    for value, outcome in outcomes:
        if outcome is True:
            kept.append(value)
        elif outcome is not False:
            unread.append(as_unread(outcome, "the condition"))
    return merge(unread) if unread else kept


def _exists_one(outcomes: Outcomes, rest: Unreadable | None) -> Any:
    kept = _filter(outcomes, rest)
    return kept if isinstance(kept, Unreadable) else len(kept) == 1


def _map(outcomes: Outcomes, rest: Unreadable | None) -> Any:
    made: list[Any] = []
    unread: list[Unreadable] = []
    for _, outcome in outcomes:
        if isinstance(outcome, Unreadable):
            unread.append(outcome)
        made.append(outcome)
    if unread:
        return replace(merge(unread), missing=False)
    return made if rest is None else OpenList(made, rest.reason, rest.gaps)


_COLLECTORS: Final[dict[str, Callable[[Outcomes, Unreadable | None], Any]]] = {
    "all": _all,
    "exists": _exists,
    "filter": _filter,
    "exists_one": _exists_one,
    "map": _map,
}
