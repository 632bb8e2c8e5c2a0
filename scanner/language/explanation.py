"""Explains an evaluation by the values that decided it, each with its path in the data."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Final

from scanner.language.evaluator import Closures, Environment, item_reader
from scanner.language.tree import (
    Binary,
    Has,
    Index,
    Literal,
    Logic,
    Macro,
    Member,
    Name,
    Node,
    Ternary,
    Unary,
    children,
    text,
)
from scanner.language.unread import BudgetExceededError
from scanner.language.wanted import demand
from scanner.model.values import ABSENT, OpenList, Unreadable, Wanted

MOST_OBSERVED: Final = 20
_MOST_ALTERNATIVES: Final = 2
_PARAMETERS: Final = "params."
_NAMING: Final = ("name", "id")
"""Fields of a record that name it among others."""

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
    label: str = ""
    """The path for people: `self.rules[ssh].cidrs` has the item's own name, not its number."""
    wanted: tuple[Wanted, ...] = ()
    """What comparisons wanted the value to be: one of these."""


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
        self._found: dict[str, Observation] = {}
        self._labels: dict[str, str] = {}
        """The label of each item's path."""
        self._goal: bool | None = True
        """What the outcome of the node that is visited should have been; None: not known."""
        self._demands: dict[Node, Wanted] = {}
        """What the comparison that is visited wanted its operand to be."""

    def observe(self, tree: Node) -> tuple[Observation, ...]:
        """The values that decided the outcome of a tree."""
        # The outcome was decided without this walk, so one that runs out of steps shows what it has
        # found.
        with suppress(BudgetExceededError, RecursionError):
            self._visit(tree, {})
        return tuple(self._found.values())

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

    def _note(
        self, path: str, value: object, wanted: Wanted | None = None, *, size: bool = False
    ) -> None:
        label = self._label(path)
        if size:
            path, label = f"size({path})", f"size({label})"
        if path.startswith(_PARAMETERS):
            # What was wanted of the values beside it is no demand on the parameter.
            wanted = None
        found = self._found.get(path)
        if found is None and len(self._found) == MOST_OBSERVED:
            return
        if found is None:
            found = Observation(path=path, value=value, label=label)
        # One value may be compared twice: `self.days == 0 || self.days >= 365`.
        if wanted is not None and wanted not in found.wanted:
            found = replace(found, wanted=(*found.wanted, wanted))
        self._found[path] = found

    def _label(self, path: str) -> str:
        """The path with the names of items in place of their numbers."""
        # The innermost item first: its label holds those of the items around it.
        end = path.rfind("]")
        while end >= 0:
            label = self._labels.get(path[: end + 1])
            if label is not None:
                return label + path[end + 1 :]
            end = path.rfind("]", 0, end)
        return path

    def _visit_for(self, goal: bool | None, nodes: Iterable[Node], origins: Origins) -> None:
        """Visit parts whose outcome should have been `goal`."""
        before = self._goal
        self._goal = goal
        for node in nodes:
            self._visit(node, origins)
        self._goal = before

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
        wanted = self._demands.get(node)
        # A condition of its own: `self.encrypted` is false, and should have been true.
        if wanted is None and isinstance(value, bool) and self._goal is not value:
            wanted = _wanted_bool(self._goal)
        self._note_value(self._path(node, origins), value, wanted)

    def _note_value(self, path: str, value: object, wanted: Wanted | None) -> None:
        if isinstance(value, OpenList):
            self._note(path, value.rest)
        elif isinstance(value, list | dict) and not _is_short(value):
            self._note(path, len(value), wanted, size=True)
        else:
            self._note(path, value, wanted)

    def _has(self, node: Has, origins: Origins) -> None:
        outcome = self._value(node)
        if outcome is False:
            path = self._path(node.member, origins)
            wanted = Wanted("present") if self._goal is True else None
            self._note(path, ABSENT, wanted)
        else:
            self._visit_for(None, [node.member], origins)

    def _unary(self, node: Unary, origins: Origins) -> None:
        goal = self._goal
        if node.operator != "!" or goal is None:
            self._strict(node, origins)
        else:
            self._visit_for(not goal, [node.operand], origins)

    def _binary(self, node: Binary, origins: Origins) -> None:
        goal = self._goal
        found = None
        if goal is not None and self._value(node) is (not goal):
            found = demand(node, self._value, goal=goal)
        if found is not None:
            self._demands[found.subject] = found.wanted
        self._strict(node, origins)
        if found is not None:
            del self._demands[found.subject]

    def _strict(self, node: Node, origins: Origins) -> None:
        """Visit the operands; when the outcome is open, only those that were not read, if any."""
        parts = children(node)
        # Beside an operand that was not read, the values of the others explain nothing.
        if isinstance(self._value(node), Unreadable):
            open_parts = [part for part in parts if _is_open(self._value(part))]
            parts = tuple(open_parts) or parts
        self._visit_for(None, parts, origins)

    def _logic(self, node: Logic, origins: Origins) -> None:
        outcome = self._value(node)
        # A settled outcome is shown by the terms that settled it, an open one by those that left it
        # open.
        neutral = node.operator == "&&"
        deciding: list[Node] = []
        for term in node.terms:
            value = self._value(term)
            if isinstance(outcome, Unreadable):
                had_a_part = value is not neutral
            else:
                had_a_part = value is outcome
            if had_a_part:
                deciding.append(term)
        # Of many alternatives, such as the ways in which a rule is harmless, none was wanted.
        alternatives = neutral is not self._goal and len(deciding) > _MOST_ALTERNATIVES
        self._visit_for(None if alternatives else self._goal, deciding, origins)

    def _ternary(self, node: Ternary, origins: Origins) -> None:
        condition = self._value(node.condition)
        if condition is True:
            self._visit(node.then, origins)
        elif condition is False:
            self._visit(node.otherwise, origins)
        self._visit_for(None, [node.condition], origins)

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
                goal = self._goal if node.kind in ("all", "exists") else None
                self._visit_for(goal, [node.body], inner)

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
            label = self._label(path)
            for position, value in enumerate(values):
                origin = f"{path}[{position}]"
                self._labels[origin] = label + _item_label(position, value)
                yield value, origin

    def _derived(self, node: Macro, origins: Origins) -> Iterator[Item]:
        items = list(self._items(node.range, origins))
        for item, origin in self._each(node, items):
            outcome = self._value(node.body)
            if node.kind == "map":
                inner = {**origins, node.variable: origin}
                yield outcome, self._path(node.body, inner)
            elif outcome is True:
                yield item, origin


def _item_label(position: int, item: object) -> str:
    """The name of a record in a list, or else its number; a plain value needs neither."""
    if not isinstance(item, dict):
        return ""
    names = [item[field] for field in _NAMING if isinstance(item.get(field), str)]
    name = names[0] if names else str(position)
    return f"[{name}]"


def _wanted_bool(goal: bool | None) -> Wanted | None:
    return None if goal is None else Wanted("{}", goal)


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
    Unary: Explainer._unary,
    Binary: Explainer._binary,
    Logic: Explainer._logic,
    Ternary: Explainer._ternary,
    Macro: Explainer._macro,
}
