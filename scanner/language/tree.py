"""Defines the syntax tree of an expression: what was written, before any types."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from scanner.language.errors import Position

# Nodes are compared by identity (`eq=False`): they are the keys of the type table, and two that are
# written alike may differ in type, within two macros for example.


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Literal:
    """A value written in the expression."""

    at: Position
    value: bool | int | float | str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Name:
    """A declared name or a loop variable."""

    at: Position
    name: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Member:
    """A field of a record, or a key of a map written as a field."""

    at: Position
    operand: Node
    name: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Index:
    """An item of a list by number, or of a map by key."""

    at: Position
    operand: Node
    index: Node


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Call:
    """A function applied to arguments; of a method, the first is the one before the dot."""

    at: Position
    function: str
    arguments: tuple[Node, ...]
    method: bool


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Unary:
    """`!` or `-` before an operand."""

    at: Position
    operator: str
    operand: Node


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Logic:
    """A chain of `&&` or of `||`."""

    at: Position
    operator: str
    terms: tuple[Node, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Binary:
    """Any other operator between two operands."""

    at: Position
    operator: str
    left: Node
    right: Node


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ternary:
    """`condition ? then : otherwise`."""

    at: Position
    condition: Node
    then: Node
    otherwise: Node


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ListLiteral:
    """A list written in the expression."""

    at: Position
    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Macro:
    """`all`, `exists`, `exists_one`, `filter` or `map` over a list or the keys of a map."""

    at: Position
    kind: str
    range: Node
    variable: str
    body: Node


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Has:
    """`has(a.b)`: whether the field was there."""

    at: Position
    member: Member


Node = (
    Literal
    | Name
    | Member
    | Index
    | Call
    | Unary
    | Logic
    | Binary
    | Ternary
    | ListLiteral
    | Macro
    | Has
)


Nodes = tuple[Node, ...]


def children(node: Node) -> Nodes:
    """The parts of a node, in the order in which they are written."""
    return _PARTS[type(node)](node)


_PARTS: Final[dict[type, Callable[[Any], Nodes]]] = {
    Literal: lambda node: (),
    Name: lambda node: (),
    Member: lambda node: (node.operand,),
    Unary: lambda node: (node.operand,),
    Has: lambda node: (node.member,),
    Index: lambda node: (node.operand, node.index),
    Binary: lambda node: (node.left, node.right),
    Macro: lambda node: (node.range, node.body),
    Call: lambda node: node.arguments,
    Logic: lambda node: node.terms,
    ListLiteral: lambda node: node.items,
    Ternary: lambda node: (node.condition, node.then, node.otherwise),
}


def text(node: Node) -> str:
    """The source of a node, written in one canonical way."""
    parts = [text(part) for part in children(node)]
    match node:
        case Literal(value=value):
            return _literal(value)
        case Name(name=name):
            return name
        case Member(name=name):
            return f"{parts[0]}.{name}"
        case Has():
            return f"has({parts[0]})"
        case Index():
            return f"{parts[0]}[{parts[1]}]"
        case _:
            return _compound(node, parts)


def pattern_of(call: Call) -> str:
    """The pattern written in a call of matches(); the checker has refused anything but a string."""
    pattern = call.arguments[1]
    if isinstance(pattern, Literal):
        return str(pattern.value)
    return ""


_ESCAPED: Final = str.maketrans({"\\": "\\\\", "'": "\\'", "\n": "\\n"})


def _literal(value: bool | int | float | str) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return f"'{value.translate(_ESCAPED)}'"
    return repr(value)


def _compound(node: Node, parts: list[str]) -> str:
    match node:
        case Call(function=name, method=True):
            return f"{parts[0]}.{name}({', '.join(parts[1:])})"
        case Call(function=name):
            return f"{name}({', '.join(parts)})"
        case Unary(operator=operator):
            return f"{operator}({parts[0]})"
        case Logic(operator=operator) | Binary(operator=operator):
            return "(" + f" {operator} ".join(parts) + ")"
        case Ternary():
            return f"({parts[0]} ? {parts[1]} : {parts[2]})"
        case Macro(kind=kind, variable=variable):
            return f"{parts[0]}.{kind}({variable}, {parts[1]})"
        case _:
            return "[" + ", ".join(parts) + "]"
