"""Makes small faults in an expression, on its tree, which the examples of a check should notice."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from scanner.language.errors import Position
from scanner.language.parser import parse
from scanner.language.tree import (
    Binary,
    Call,
    Has,
    Index,
    ListLiteral,
    Literal,
    Logic,
    Macro,
    Member,
    Name,
    Node,
    Ternary,
    Unary,
    text,
)

_FLIPS: Final = {
    "==": ("!=",),
    "!=": ("==",),
    "<": ("<=", ">="),
    "<=": ("<", ">"),
    ">": (">=", "<="),
    ">=": (">", "<"),
    "+": ("-",),
    "-": ("+",),
}
_MACROS: Final = {"all": "exists", "exists": "all", "exists_one": "exists"}


_FIELDS: Final[Mapping[type, tuple[str, ...]]] = {
    Literal: (),
    Name: (),
    Has: (),
    Member: ("operand",),
    Unary: ("operand",),
    Index: ("operand", "index"),
    Binary: ("left", "right"),
    Macro: ("range", "body"),
    Ternary: ("condition", "then", "otherwise"),
    Logic: ("terms",),
    Call: ("arguments",),
    ListLiteral: ("items",),
}
"""The fields that hold the parts of a node; the member of has() is a name and not a part."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """One expression with one fault."""

    at: Position
    """Line and column of the fault in the expression, from 1."""
    fault: str
    """In words: `a <= b becomes a < b`, `without self.enabled`."""
    source: str
    """The whole expression with the fault, in canonical form; it need not be well typed."""


@dataclass(frozen=True, slots=True)
class _Fault:
    site: Node
    words: str
    tree: Node
    """The whole expression, or the part of it that is searched, with the fault in it."""


def mutants(source: str) -> Iterator[Mutant]:
    """Every expression that is one fault away, each once."""
    tree = parse(source)
    seen = {text(tree)}
    for fault in _faults(tree, truth=True):
        written = text(fault.tree)
        if written not in seen:
            seen.add(written)
            yield Mutant(at=fault.site.at, fault=fault.words, source=written)


def _faults(node: Node, *, truth: bool) -> Iterator[_Fault]:
    """The faults in a node and below it; `truth`: a bool is wanted in place of the node."""
    for words, changed in _changes(node):
        yield _Fault(node, words, changed)
    if truth and _deniable(node):
        denied = Unary(at=node.at, operator="!", operand=node)
        yield _Fault(node, f"{text(node)} is denied", denied)
    for part in _parts(node):
        for fault in _faults(part.node, truth=part.truth):
            faulty = part.within(node, fault.tree)
            yield _Fault(fault.site, fault.words, faulty)


def _deniable(node: Node) -> bool:
    """Whether `!` before it is a fault of its own.

    Operators that flip, and `!` itself, have faults that mean the same.
    """
    match node:
        case Unary(operator="!") | Literal() | Logic() | Ternary():
            return False
        case Binary(operator=operator):
            return operator == "in"
        case _:
            return True


def _changes(node: Node) -> Iterator[tuple[str, Node]]:
    """What may wrongly take the place of one node."""
    match node:
        case Literal(value=value):
            for other in _others(value):
                yield _becomes(node, replace(node, value=other))
        case Binary(operator=operator):
            for flipped in _FLIPS.get(operator, ()):
                yield _becomes(node, replace(node, operator=flipped))
        case Logic():
            yield from _logic(node)
        case Unary(operator="!", operand=operand):
            yield _becomes(node, operand)
        case Macro(kind=kind) if kind in _MACROS:
            yield f"{kind} becomes {_MACROS[kind]}", replace(node, kind=_MACROS[kind])
        case Ternary(then=then, otherwise=otherwise):
            yield "the branches of ?: are swapped", replace(node, then=otherwise, otherwise=then)
        case _:
            return


def _becomes(before: Node, after: Node) -> tuple[str, Node]:
    return f"{text(before)} becomes {text(after)}", after


def _logic(node: Logic) -> Iterator[tuple[str, Node]]:
    other = "||" if node.operator == "&&" else "&&"
    yield f"{node.operator} becomes {other}", replace(node, operator=other)
    for number, term in enumerate(node.terms):
        others = list(node.terms)
        del others[number]
        shorter: Node = replace(node, terms=tuple(others))
        if len(others) == 1:
            shorter = others[0]
        yield f"without {text(term)}", shorter


def _others(value: bool | int | float | str) -> Iterator[bool | int | float | str]:
    if isinstance(value, bool):
        yield not value
    elif isinstance(value, str):
        yield value + "~"
    else:
        yield value + 1
        yield value - 1


@dataclass(frozen=True, slots=True)
class _Part:
    """A part of a node: the field that holds it, and whether a bool is wanted there."""

    node: Node
    field: str
    position: int | None = None
    truth: bool = False

    def within(self, whole: Node, new: Node) -> Node:
        """The whole with another node in this place."""
        changed: Any = new
        if self.position is not None:
            parts: list[Node] = list(getattr(whole, self.field))
            parts[self.position] = new
            changed = tuple(parts)
        fields: dict[str, Any] = {self.field: changed}
        return replace(whole, **fields)


def _parts(node: Node) -> Iterator[_Part]:
    for field in _FIELDS[type(node)]:
        part = getattr(node, field)
        truth = _wants_truth(node, field)
        if isinstance(part, tuple):
            for position, item in enumerate(part):
                yield _Part(item, field, position, truth)
        else:
            yield _Part(part, field, truth=truth)


def _wants_truth(node: Node, field: str) -> bool:
    # The operand of `!` is a bool too, but negating it twice is the fault of leaving `!` out.
    match node:
        case Logic():
            return True
        case Macro(kind=kind):
            return field == "body" and kind != "map"
        case _:
            return field == "condition"
