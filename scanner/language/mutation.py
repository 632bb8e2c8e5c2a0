"""Small faults in an expression, made on its tree: what tests of the expression should notice."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Final

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """One expression with one fault."""

    at: tuple[int, int]
    """Line and column of the fault in the expression, from 1."""
    before: str
    after: str
    source: str
    """The whole expression with the fault, in canonical form; it need not be well typed."""


def mutants(source: str) -> Iterator[Mutant]:
    """Every expression that is one fault away, each once."""
    tree = parse(source)
    seen = {text(tree)}
    for site, changed, whole in _faults(tree, truth=True, build=lambda node: node):
        written = text(whole)
        if written not in seen:
            seen.add(written)
            yield Mutant(at=site.at, before=text(site), after=text(changed), source=written)


_Fault = tuple[Node, Node, Node]
"""The place, what stands there instead, and the whole tree with it."""
_Build = Callable[[Node], Node]


def _faults(node: Node, *, truth: bool, build: _Build) -> Iterator[_Fault]:
    """The faults in a node and below it; `truth` says that the node stands where a yes or no is wanted."""
    for changed in _changes(node):
        yield node, changed, build(changed)
    if truth and _deniable(node):
        denied = Unary(at=node.at, operator="!", operand=node)
        yield node, denied, build(denied)
    for part, asked, place in _parts(node):
        yield from _faults(part, truth=asked, build=lambda inner, place=place: build(place(inner)))


def _deniable(node: Node) -> bool:
    """Whether `!` before it is a fault of its own: other operators that flip, and `!` itself, have theirs."""
    match node:
        case Unary(operator="!") | Literal() | Logic() | Ternary():
            return False
        case Binary(operator=operator):
            return operator == "in"
        case _:
            return True


def _changes(node: Node) -> Iterator[Node]:
    """What may stand wrongly in the place of one node."""
    match node:
        case Literal(value=value):
            yield from (replace(node, value=other) for other in _others(value))
        case Binary(operator=operator):
            yield from (replace(node, operator=other) for other in _FLIPS.get(operator, ()))
        case Logic(operator=operator, terms=terms):
            yield replace(node, operator="||" if operator == "&&" else "&&")
            for number in range(len(terms)):
                left = (*terms[:number], *terms[number + 1 :])
                yield left[0] if len(left) == 1 else replace(node, terms=left)
        case Unary(operator="!", operand=operand):
            yield operand
        case Macro(kind=kind) if kind in _MACROS:
            yield replace(node, kind=_MACROS[kind])
        case Ternary(then=then, otherwise=otherwise):
            yield replace(node, then=otherwise, otherwise=then)
        case _:
            return


def _others(value: bool | int | float | str) -> Iterator[bool | int | float | str]:
    if isinstance(value, bool):
        yield not value
    elif isinstance(value, str):
        yield value + "~"
    else:
        yield value + 1
        yield value - 1


def _parts(node: Node) -> Iterator[tuple[Node, bool, _Build]]:
    """The parts of a node: each with whether it stands for a yes or no, and how the node is built with another."""
    match node:
        case Member(operand=operand):
            yield operand, False, lambda new: replace(node, operand=new)
        case Unary(operator=operator, operand=operand):
            yield operand, operator == "!", lambda new: replace(node, operand=new)
        case Index(operand=operand, index=index):
            yield operand, False, lambda new: replace(node, operand=new)
            yield index, False, lambda new: replace(node, index=new)
        case Binary(left=left, right=right):
            yield left, False, lambda new: replace(node, left=new)
            yield right, False, lambda new: replace(node, right=new)
        case Macro():
            yield node.range, False, lambda new: replace(node, range=new)
            yield node.body, node.kind != "map", lambda new: replace(node, body=new)
        case Ternary():
            yield node.condition, True, lambda new: replace(node, condition=new)
            yield node.then, False, lambda new: replace(node, then=new)
            yield node.otherwise, False, lambda new: replace(node, otherwise=new)
        case _:
            yield from _listed(node)


def _listed(node: Node) -> Iterator[tuple[Node, bool, _Build]]:
    match node:
        case Logic(terms=parts):
            for number, part in enumerate(parts):
                yield part, True, lambda new, n=number: replace(node, terms=_with(node.terms, n, new))
        case Call(arguments=parts):
            for number, part in enumerate(parts):
                yield part, False, lambda new, n=number: replace(node, arguments=_with(node.arguments, n, new))
        case ListLiteral(items=parts):
            for number, part in enumerate(parts):
                yield part, False, lambda new, n=number: replace(node, items=_with(node.items, n, new))
        case Literal() | Name() | Has():
            return
        case _:
            raise AssertionError(f"no parts are known of {type(node).__name__}")


def _with(parts: tuple[Node, ...], number: int, new: Node) -> tuple[Node, ...]:
    return (*parts[:number], new, *parts[number + 1 :])
