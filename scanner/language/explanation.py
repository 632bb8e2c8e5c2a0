"""Explains an evaluation by the values that decided it, each with its path in the data."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from scanner.language.evaluator import Closures, Environment, item_reader
from scanner.language.tree import (
    Has,
    Index,
    Literal,
    Logic,
    Macro,
    Member,
    Name,
    Node,
    Ternary,
    children,
    text,
)
from scanner.language.unread import BudgetExceededError
from scanner.model.values import ABSENT, OpenList, Unreadable

MOST_OBSERVED: Final = 20

Origins = dict[str, str]
"""The concrete path that each loop variable is bound to at the moment."""
Item = tuple[object, str]
"""An item of a list or map, and the path that it came from."""
Values = dict[Node, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """One value: `self.rules[9].cidrs[1]` = `0.0.0.0/0`; an Unreadable when it was not read."""

    path: str
    value: object


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """An outcome, why it stayed open, and the values behind it."""

    outcome: object
    """What `evaluate` gives."""
    reason: str
    """For an Unreadable outcome, the reasons of the values that left it open; else empty."""
    observed: tuple[Observation, ...]
    """The values that decided the outcome, at most 20, each place once."""


class Explainer:
    """A walk down one tree along the parts that decided its outcome, on one environment."""

    def __init__(self, closures: Closures, env: Environment, known: Values) -> None:
        self._closures = closures
        self._env = env
        self._known = dict(known)
        """Values of nodes, while no loop variable changes."""
        self._found: dict[str, object] = {}

    def observe(self, tree: Node) -> tuple[Observation, ...]:
        """The values that decided the outcome of a tree."""
        # The outcome was decided without this walk, so one that runs out of steps shows what it has
        # found.
        with suppress(BudgetExceededError, RecursionError):
            self._visit(tree, {})
        found = self._found.items()
        return tuple(Observation(path=path, value=value) for path, value in found)

    def _value(self, node: Node) -> object:
        if node not in self._known:
            evaluate = self._closures.of(node)
            self._known[node] = evaluate(self._env)
        return self._known[node]

    def _each(self, node: Macro, items: Iterable[Item]) -> Iterator[Item]:
        """The items of a macro, each bound to its variable while it is examined."""
        read = item_reader(self._closures, node)
        outside = self._known
        for value, origin in items:
            # What was known of a node holds for the item before only.
            self._known = {}
            item = self._env[node.variable] = read(value)
            yield item, origin
        self._known = outside

    def _note(self, path: str, value: object) -> None:
        if len(self._found) < MOST_OBSERVED:
            self._found.setdefault(path, value)

    def _visit(self, node: Node, origins: Origins) -> None:
        if len(self._found) < MOST_OBSERVED:
            visit = _VISITS.get(type(node), Explainer._strict)
            visit(self, node, origins)

    def _path(self, node: Node, origins: Origins) -> str:
        match node:
            case Name(name=name):
                return origins.get(name, name)
            case Member(operand=operand, name=name):
                return f"{self._path(operand, origins)}.{name}"
            case Index(operand=operand, index=index):
                key = self._value(index)
                return f"{self._path(operand, origins)}[{key!r}]"
            case _:
                return text(node)

    def _leaf(self, node: Name | Member | Index, origins: Origins) -> None:
        """Note a value; one that could not be reached is noted where the way ended."""
        value = self._value(node)
        if isinstance(node, Member | Index) and isinstance(value, Unreadable):
            # Noted where the way ended: of `self.a.b` with an unread `a`, it is `self.a` that
            # people must look at.
            before = self._value(node.operand)
            if isinstance(before, Unreadable) or before is ABSENT:
                self._visit(node.operand, origins)
                return
        if isinstance(node, Index) and not isinstance(node.index, Literal):
            self._visit(node.index, origins)
        path = self._path(node, origins)
        self._note_value(path, value)

    def _note_value(self, path: str, value: object) -> None:
        if isinstance(value, OpenList):
            self._note(path, value.rest)
        elif isinstance(value, list | dict) and not _is_short(value):
            self._note(f"size({path})", len(value))
        else:
            self._note(path, value)

    def _has(self, node: Has, origins: Origins) -> None:
        outcome = self._value(node)
        if outcome is False:
            path = self._path(node.member, origins)
            self._note(path, ABSENT)
        else:
            self._leaf(node.member, origins)

    def _strict(self, node: Node, origins: Origins) -> None:
        """Visit the operands; when the outcome is open, only those that were not read, if any."""
        parts = children(node)
        # Beside an operand that was not read, the values of the others explain nothing.
        if isinstance(self._value(node), Unreadable):
            open_parts = [part for part in parts if _is_open(self._value(part))]
            parts = tuple(open_parts) or parts
        for part in parts:
            self._visit(part, origins)

    def _logic(self, node: Logic, origins: Origins) -> None:
        outcome = self._value(node)
        # A settled outcome is shown by the terms that settled it, an open one by those that left it
        # open.
        neutral = node.operator == "&&"
        for term in node.terms:
            value = self._value(term)
            if isinstance(outcome, Unreadable):
                had_a_part = value is not neutral
            else:
                had_a_part = value is outcome
            if had_a_part:
                self._visit(term, origins)

    def _ternary(self, node: Ternary, origins: Origins) -> None:
        condition = self._value(node.condition)
        if condition is True:
            self._visit(node.then, origins)
        elif condition is False:
            self._visit(node.otherwise, origins)
        self._visit(node.condition, origins)

    def _macro(self, node: Macro, origins: Origins) -> None:
        outcome = self._value(node)
        values = self._value(node.range)
        if not isinstance(values, list | dict):
            self._visit(node.range, origins)
            return
        items = list(self._items(node.range, origins))
        if isinstance(outcome, Unreadable) and isinstance(values, OpenList):
            path = self._path(node.range, origins)
            self._note(path, values.rest)
        elif not items:
            # `all` of nothing is true and `exists` of nothing is false: the empty list itself
            # decided it.
            self._visit(node.range, origins)
            return
        for _, origin in self._each(node, items):
            body = self._value(node.body)
            if _decides(node.kind, outcome, body):
                inner = {**origins, node.variable: origin}
                self._visit(node.body, inner)

    def _items(self, node: Node, origins: Origins) -> Iterator[Item]:
        """The items of a list, each with the path that it came from."""
        # An item that filter() or map() made has no path of its own: people look for it in the list
        # below.
        if isinstance(node, Macro) and node.kind in ("filter", "map"):
            yield from self._derived(node, origins)
            return
        path = self._path(node, origins)
        values = self._value(node)
        if isinstance(values, dict):
            for key in values:
                yield key, f"{path}.{key}"
        elif isinstance(values, list):
            for position, value in enumerate(values):
                yield value, f"{path}[{position}]"

    def _derived(self, node: Macro, origins: Origins) -> Iterator[Item]:
        items = list(self._items(node.range, origins))
        for item, origin in self._each(node, items):
            outcome = self._value(node.body)
            if node.kind == "map":
                inner = {**origins, node.variable: origin}
                yield outcome, self._path(node.body, inner)
            elif outcome is True:
                yield item, origin


def _is_open(value: object) -> bool:
    return isinstance(value, Unreadable | OpenList)


def _is_short(value: list[object] | dict[str, object]) -> bool:
    """Whether a list or map can be shown whole; of any other its size is shown."""
    if len(value) > MOST_OBSERVED:
        return False
    if isinstance(value, dict):
        value = list(value.values())
    return not any(isinstance(part, list | dict) for part in value)


def _decides(kind: str, outcome: object, body: object) -> bool:
    """Whether an item's outcome had a part in the outcome of the macro."""
    if isinstance(outcome, Unreadable):
        return not isinstance(body, bool)
    if kind == "map":
        return True
    if kind in ("filter", "exists_one"):
        return body is True
    return body is outcome


_Visit = Callable[[Explainer, Any, Origins], None]
_VISITS: Final[dict[type, _Visit]] = {
    Literal: lambda explainer, node, origins: None,
    Name: Explainer._leaf,
    Member: Explainer._leaf,
    Index: Explainer._leaf,
    Has: Explainer._has,
    Logic: Explainer._logic,
    Ternary: Explainer._ternary,
    Macro: Explainer._macro,
}
