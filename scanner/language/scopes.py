"""What is known at one place of an expression: the names, and the guards that were passed on the way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from scanner.language.tree import Binary, Call, Has, Literal, Logic, Node, Unary, text
from scanner.language.types import Type

Fact = tuple[str, str, int]
"""`("has", path, 0)`, `("in", key and map, 0)`, or `("size", list, least)`."""

NO_FACTS: Final[frozenset[Fact]] = frozenset()
_MIRRORED: Final = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}
_NEGATED: Final = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "==": "!=", "!=": "=="}


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """The names in force and their types, with the facts that hold wherever this code runs."""

    names: Mapping[str, Type]
    facts: frozenset[Fact] = NO_FACTS

    def with_name(self, name: str, kind: Type) -> Scope:
        """This scope inside a macro over items of a type."""
        return replace(self, names={**self.names, name: kind})

    def knowing(self, facts: frozenset[Fact]) -> Scope:
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
        return max(
            (least for kind, path, least in self.facts if kind == "size" and path == of), default=0
        )


def facts(condition: Node, *, holds: bool) -> frozenset[Fact]:
    """What is known once a condition was found true, or false."""
    match condition:
        case Unary(operator="!", operand=operand):
            return facts(operand, holds=not holds)
        case Logic(operator=operator, terms=terms):
            found = [facts(term, holds=holds) for term in terms]
            united = (operator == "&&") == holds
            return (
                frozenset().union(*found)
                if united
                else frozenset(found[0]).intersection(*found[1:])
            )
        case Has(member=member) if holds:
            return frozenset({("has", text(member), 0)})
        case Binary(operator="in", left=key, right=right) if holds:
            return frozenset({("in", f"{text(key)} in {text(right)}", 0)})
        case Binary(operator=operator, left=left, right=right) if operator in _MIRRORED:
            return _sizes(operator if holds else _NEGATED[operator], left, right)
        case _:
            return NO_FACTS


def _sizes(operator: str, left: Node, right: Node) -> frozenset[Fact]:
    if isinstance(left, Literal):
        operator, left, right = _MIRRORED[operator], right, left
    if not (
        isinstance(left, Call)
        and left.function == "size"
        and left.arguments
        and isinstance(right, Literal)
    ):
        return NO_FACTS
    bound = right.value
    if type(bound) is not int:
        return NO_FACTS
    least = {">": bound + 1, ">=": bound, "==": bound, "!=": 1 if bound == 0 else 0}.get(
        operator, 0
    )
    return frozenset({("size", text(left.arguments[0]), least)}) if least > 0 else NO_FACTS
