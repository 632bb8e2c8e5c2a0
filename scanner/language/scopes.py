"""Tracks what is known at each place of an expression: its names, and the guards before it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from scanner.language.tree import Binary, Call, Has, Literal, Logic, Node, Unary, text
from scanner.language.types import Type

NodeTypes = dict[Node, Type]
"""The type of each node of a checked tree."""
Fact = tuple[str, str, int]
"""`("has", path, 0)`, `("in", key and map, 0)`, or `("size", list, least)`."""
Facts = frozenset[Fact]

NO_FACTS: Final[Facts] = frozenset()
_MIRRORED: Final = {
    "<": ">",
    "<=": ">=",
    ">": "<",
    ">=": "<=",
    "==": "==",
    "!=": "!=",
}
_NEGATED: Final = {
    "<": ">=",
    "<=": ">",
    ">": "<=",
    ">=": "<",
    "==": "!=",
    "!=": "==",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """The names in force and their types, with the facts that hold wherever this code runs."""

    names: Mapping[str, Type]
    facts: Facts = NO_FACTS

    def with_name(self, name: str, kind: Type) -> Scope:
        """This scope inside a macro over items of a type."""
        return replace(self, names={**self.names, name: kind})

    def knowing(self, facts: Facts) -> Scope:
        """This scope behind a guard."""
        return replace(self, facts=self.facts | facts)

    def has(self, path: str) -> bool:
        """Whether an optional field is known to be there."""
        return ("has", path, 0) in self.facts

    def holds_key(self, key: str, of: str) -> bool:
        """Whether a map is known to hold a key."""
        return ("in", f"{key} in {of}", 0) in self.facts

    def least_size(self, of: str) -> int:
        """The number of items that a list is known to have at least."""
        known = 0
        for kind, path, least in self.facts:
            if kind == "size" and path == of:
                known = max(known, least)
        return known


def facts(condition: Node, *, holds: bool) -> Facts:
    """What is known once a condition was found true, or false."""
    match condition:
        case Unary(operator="!", operand=operand):
            return facts(operand, holds=not holds)
        case Logic(operator=operator, terms=terms):
            found = [facts(term, holds=holds) for term in terms]
            # All terms of a true && are true, and all terms of a false || are false. Of a true ||
            # or a false && it is not known which term made it so: only facts of all terms hold.
            united = (operator == "&&") == holds
            if united:
                return NO_FACTS.union(*found)
            return found[0].intersection(*found[1:])
        case Has(member=member) if holds:
            return frozenset({("has", text(member), 0)})
        case Binary(operator="in", left=key, right=right) if holds:
            return frozenset({("in", f"{text(key)} in {text(right)}", 0)})
        case Binary(operator=operator, left=left, right=right) if operator in _MIRRORED:
            if not holds:
                operator = _NEGATED[operator]
            return _size_facts(operator, left, right)
        case _:
            return NO_FACTS


def _size_facts(operator: str, left: Node, right: Node) -> Facts:
    """The least size of a list that a comparison such as `size(list) > 1` shows."""
    if isinstance(left, Literal):
        operator, left, right = _MIRRORED[operator], right, left
    if not isinstance(left, Call) or left.function != "size":
        return NO_FACTS
    if not isinstance(right, Literal) or not left.arguments:
        return NO_FACTS
    bound = right.value
    # A bool is an int to isinstance.
    if type(bound) is not int:
        return NO_FACTS
    least = _least_size(operator, bound)
    if least <= 0:
        return NO_FACTS
    measured = text(left.arguments[0])
    return frozenset({("size", measured, least)})


def _least_size(operator: str, bound: int) -> int:
    if operator == ">":
        return bound + 1
    if operator in (">=", "=="):
        return bound
    if operator == "!=" and bound == 0:
        return 1
    return 0
