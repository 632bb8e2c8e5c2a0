"""Finds what a condition wanted a value to be, where it compares one value with another."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from scanner.language.tree import Binary, Call, Index, Member, Name, Node
from scanner.model.values import ABSENT, Unreadable, Wanted

_PARAMETERS: Final = "params"
_MIRRORED: Final = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}
"""The operator that says the same with its sides exchanged."""
_OPPOSITES: Final = {
    "<": ">=",
    "<=": ">",
    ">": "<=",
    ">=": "<",
    "==": "!=",
    "!=": "==",
    "in": "not in",
}
"""The operator that holds where another does not."""
_WORDS: Final = {
    "==": "{}",
    "!=": "not {}",
    ">=": "at least {}",
    ">": "more than {}",
    "<=": "at most {}",
    "<": "less than {}",
    "in": "one of {}",
    "not in": "none of {}",
}
_SIZE_WORDS: Final = {("==", 0): "empty", ("!=", 0): "not empty", (">", 0): "not empty"}
_EMPTY_WORDS: Final = {"==": "empty", "!=": "not empty"}

Evaluate = Callable[[Node], object]


@dataclass(frozen=True, slots=True)
class Demand:
    """The value that a comparison is about, and what it should have been."""

    subject: Node
    wanted: Wanted


def demand(node: Binary, value_of: Evaluate, *, goal: bool) -> Demand | None:
    """What a comparison wanted, so that its outcome would be `goal`; None where it is not simple.

    Simple is a value of the resource beside a literal, a parameter or another value.
    """
    if node.operator == "in" and not _is_value(node.left):
        return _membership(node, value_of, goal=goal)
    sides = _sides(node)
    if sides is None:
        return None
    subject, operator, other = sides
    if not goal:
        operator = _OPPOSITES[operator]
    limit = value_of(other)
    # What was compared with something unread wanted nothing that could be named.
    if isinstance(limit, Unreadable) or limit is ABSENT:
        return None
    # Nothing is one of none: a parameter that lists exceptions is empty.
    if limit == [] and operator in ("in", "not in"):
        return None
    return _compared(subject, operator, limit)


def _sides(node: Binary) -> tuple[Node, str, Node] | None:
    """What is compared, how, and with what; the resource's value first."""
    operator = node.operator
    if operator not in _OPPOSITES:
        return None
    if _is_subject(node.left):
        return node.left, operator, node.right
    if _is_subject(node.right) and operator in _MIRRORED:
        return node.right, _MIRRORED[operator], node.left
    return None


def _compared(subject: Node, operator: str, limit: object) -> Demand | None:
    words = _WORDS[operator]
    if isinstance(subject, Call):
        # `size(self.roles) == 0`: shown is the list, so that it should have been empty.
        number = limit if isinstance(limit, int) else -1
        if (operator, number) not in _SIZE_WORDS:
            return None
        return Demand(subject.arguments[0], Wanted(_SIZE_WORDS[operator, number]))
    if isinstance(subject, Binary):
        # `now - self.created <= days(90)`: shown is the time, and wanted is its age.
        return Demand(subject.right, Wanted(f"{words} ago", limit))
    if limit in ("", []) and operator in _EMPTY_WORDS:
        return Demand(subject, Wanted(_EMPTY_WORDS[operator]))
    return Demand(subject, Wanted(words, limit))


def _membership(node: Binary, value_of: Evaluate, *, goal: bool) -> Demand | None:
    """`'ALL' in self.categories`: the list should have held the item, or should not have."""
    if not _is_value(node.right):
        return None
    words = "with {}" if goal else "without {}"
    return Demand(node.right, Wanted(words, value_of(node.left)))


def _is_subject(node: Node) -> bool:
    """Whether people can be shown a value for this node: itself, a size, or an age."""
    match node:
        case Call(function="size", arguments=arguments):
            return _is_value(arguments[0])
        case Binary(operator="-", left=Name(name="now"), right=right):
            return _is_value(right)
    return _is_value(node)


def _is_value(node: Node) -> bool:
    return isinstance(node, Name | Member | Index) and not _is_parameter(node)


def _is_parameter(node: Node) -> bool:
    while isinstance(node, Member | Index):
        node = node.operand
    return isinstance(node, Name) and node.name in (_PARAMETERS, "now")
