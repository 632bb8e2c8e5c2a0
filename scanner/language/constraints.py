"""Derives what a condition wants of single values, where it says so by a simple comparison."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from scanner.language.program import Program
from scanner.language.tree import (
    Binary,
    Call,
    ListLiteral,
    Literal,
    Logic,
    Member,
    Name,
    Node,
    Unary,
)
from scanner.model.expressions import Expression

Scalar = bool | int | float | str

_MIRRORED: Final = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}
_OPPOSITE: Final = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "==": "!=", "!=": "=="}


@dataclass(frozen=True, slots=True, kw_only=True)
class Constraint:
    """One value, and what it must be for the condition to be true: `self.days` `>=` `params.min`.

    It is necessary, not sufficient: other parts of the condition may want more.
    """

    path: str
    operator: str
    """`==`, `!=`, `<`, `<=`, `>`, `>=` or `in`."""
    value: Scalar | tuple[Scalar, ...] | None = None
    """A literal; for `in` several; None where a parameter has it."""
    parameter: str = ""
    """`params.min`, where the value is the entity's."""
    of_size: bool = False
    """Whether it is about the number of items, not about the value itself."""


def constraints(expression: Expression) -> tuple[Constraint, ...]:
    """What each value must be for the expression to be true; nothing where that depends on others.

    Only terms that must all hold are looked at: of `a || b` neither is wanted by itself.
    """
    if not isinstance(expression, Program):
        return ()
    return tuple(_necessary(expression.tree, wanted=True))


def _necessary(node: Node, *, wanted: bool) -> Iterator[Constraint]:
    """The constraints of a node that must be true, or with `wanted` false must be false."""
    match node:
        # `!(a || b)` wants that both are false: with the negation, `||` joins what must all hold.
        case Logic(operator=operator, terms=terms) if (operator == "&&") is wanted:
            for term in terms:
                yield from _necessary(term, wanted=wanted)
        case Unary(operator="!", operand=operand):
            yield from _necessary(operand, wanted=not wanted)
        case Member():
            path = _path(node, "self")
            if path:
                yield Constraint(path=path, operator="==", value=wanted)
        case Binary():
            yield from _comparison(node, wanted=wanted)


def _comparison(node: Binary, *, wanted: bool) -> Iterator[Constraint]:
    operator = node.operator
    if operator == "in":
        yield from _membership(node, wanted=wanted)
        return
    if operator not in _MIRRORED:
        return
    left, right = node.left, node.right
    if _subject(left) is None:
        left, right, operator = right, left, _MIRRORED[operator]
    if not wanted:
        operator = _OPPOSITE[operator]
    subject = _subject(left)
    if subject is None:
        return
    path, of_size = subject
    parameter = _path(right, "params")
    value = _scalar(right)
    if parameter or value is not None:
        yield Constraint(
            path=path, operator=operator, value=value, parameter=parameter, of_size=of_size
        )


def _membership(node: Binary, *, wanted: bool) -> Iterator[Constraint]:
    path = _path(node.left, "self")
    # What a value must not be is a list that nobody can act on.
    if not path or not wanted or not isinstance(node.right, ListLiteral):
        return
    values = [_scalar(item) for item in node.right.items]
    known = tuple(value for value in values if value is not None)
    if len(known) == len(values):
        yield Constraint(path=path, operator="in", value=known)


def _subject(node: Node) -> tuple[str, bool] | None:
    """The path that a side of a comparison is about, and whether it is about its size."""
    of_size = False
    if isinstance(node, Call) and node.function == "size" and len(node.arguments) == 1:
        node, of_size = node.arguments[0], True
    path = _path(node, "self")
    if not path:
        return None
    return path, of_size


def _path(node: Node, root: str) -> str:
    """`self.a.b` of a chain of members that begins at a name; else empty."""
    names: list[str] = []
    while isinstance(node, Member):
        names.append(node.name)
        node = node.operand
    if not isinstance(node, Name) or node.name != root or not names:
        return ""
    return ".".join([root, *reversed(names)])


def _scalar(node: Node) -> Scalar | None:
    if isinstance(node, Literal):
        return node.value
    if isinstance(node, Unary) and node.operator == "-":
        number = _scalar(node.operand)
        if isinstance(number, int | float):
            return -number
    return None
