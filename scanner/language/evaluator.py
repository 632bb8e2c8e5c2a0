"""Evaluates a checked tree on three truth values (Kleene's), and keeps the reasons of what was
not read.

Each node becomes a closure that takes the environment (names and loop variables by name) and
gives a value or an Unreadable. This careful evaluator is the reference for the fast path, the
only path for raw answers, and what explanations are made from.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any, Final

from scanner.language.functions import FUNCTIONS, Function, lower_ascii
from scanner.language.macros import BUDGET, MEMORY, Closure, Environment, charge, macro
from scanner.language.patterns import matcher
from scanner.language.run_time_operators import OPERATIONS, listed_in, mismatch, negate
from scanner.language.scopes import NodeTypes
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
    pattern_of,
    text,
)
from scanner.language.types import DYN, ListType, MapType, RecordType, Type
from scanner.language.unread import CLASSES, Reader, as_unread, merge, reader, reasons_of
from scanner.model.values import ABSENT, AtLeast, OpenList, Symbol, Unreadable

_FAILURES: Final = (ValueError, TypeError, OverflowError, ZeroDivisionError)

__all__ = ["BUDGET", "MEMORY", "Closure", "Closures", "Environment"]


class Closures:
    """The closures of one checked tree, by node."""

    def __init__(self, types: NodeTypes, roots: frozenset[str], *, raw: bool = False) -> None:
        self.types = types
        self.raw = raw
        self._roots = roots
        self._built: dict[Node, Closure] = {}

    def of(self, node: Node) -> Closure:
        """The closure that evaluates a node."""
        closure = self._built.get(node)
        if closure is None:
            build = _BUILDERS[type(node)]
            closure = build(self, node)
            self._built[node] = closure
        return closure

    def is_root(self, name: str) -> bool:
        """Whether a name is declared, rather than a loop variable."""
        return name in self._roots


def _literal(closures: Closures, node: Literal) -> Closure:
    value = node.value
    return lambda env: value


def _name(closures: Closures, node: Name) -> Closure:
    name = node.name
    if not closures.is_root(name):
        return lambda env: env[name]
    read = reader(closures.types[node], name)
    unread = Unreadable(f"{name} was not given")
    return lambda env: read(env.get(name, unread))


def _not_there(path: str, *, raw: bool) -> Unreadable:
    """The value of a member that a container lacks.

    A raw answer that was read whole lacks it for certain, so it is missing. A declared attribute
    that is not there was never read: an absent one would be ABSENT.
    """
    if raw:
        return Unreadable(f"{path} is missing", missing=True)
    return Unreadable(f"{path} was not read")


def _member(closures: Closures, node: Member) -> Closure:
    operand = closures.of(node.operand)
    name, path = node.name, text(node)
    read = reader(closures.types[node], path)
    not_there = _not_there(path, raw=closures.types[node.operand] is DYN)

    def member(env: Environment) -> object:
        record = operand(env)
        if type(record) is dict:
            return read(record.get(name, not_there))
        return as_unread(record, f".{name}")

    return member


def _has(closures: Closures, node: Has) -> Closure:
    member = node.member
    operand = closures.of(member.operand)
    name, path = member.name, text(member)
    read = reader(closures.types[member], path)
    raw = closures.types[member.operand] is DYN
    # What a raw answer lacks is absent; what a record lacks was not read, and leaves has() open.
    default = ABSENT if raw else _not_there(path, raw=False)

    def has(env: Environment) -> object:
        record = operand(env)
        if type(record) is not dict:
            return _has_not(as_unread(record, f".{name}"), raw=raw)
        value = record.get(name, default)
        if value is ABSENT:
            return False
        value = read(value)
        if isinstance(value, Unreadable):
            return value.present or _has_not(value, raw=raw)
        return True

    return has


def _has_not(unread: Unreadable, *, raw: bool) -> object:
    """`has()` of something unread: false only where a raw answer, read whole, lacks it."""
    if raw and unread.missing:
        return False
    return unread


def _index(closures: Closures, node: Index) -> Closure:
    operand = closures.of(node.operand)
    index = closures.of(node.index)
    path = text(node)
    read = reader(closures.types[node], path)
    is_raw = closures.raw or closures.types[node.operand] is DYN
    not_there = _not_there(path, raw=is_raw)

    def at(env: Environment) -> object:
        container = operand(env)
        key = index(env)
        if type(container) is list and type(key) is int:
            # Not from the end: CEL has no negative index.
            if 0 <= key < len(container):
                return read(container[key])
            return not_there
        if type(container) is dict and type(key) is str:
            return read(container.get(key, not_there))
        # An open list has items that were read, but at unknown positions: others may precede them.
        unread = reasons_of((container, key), "[]")
        if unread:
            return merge(unread)
        return Unreadable(f"{path} does not apply")

    return at


def _unary(closures: Closures, node: Unary) -> Closure:
    operand = closures.of(node.operand)
    if node.operator == "-":
        return lambda env: negate(operand(env))

    def invert(env: Environment) -> object:
        value = operand(env)
        if value is True or value is False:
            return not value
        return as_unread(value, "'!'")

    return invert


def _logic(closures: Closures, node: Logic) -> Closure:
    terms = tuple(closures.of(term) for term in node.terms)
    settling = node.operator == "||"
    neutral = not settling
    doing = f"'{node.operator}'"

    def settle(env: Environment) -> object:
        unread: list[Unreadable] = []
        for term in terms:
            value = term(env)
            if value is settling:
                return settling
            if value is not neutral:
                # A later term may still settle it, so the first unread one does not end the search.
                unread.append(as_unread(value, doing))
        if unread:
            return merge(unread)
        return neutral

    return settle


def _ternary(closures: Closures, node: Ternary) -> Closure:
    condition = closures.of(node.condition)
    then = closures.of(node.then)
    otherwise = closures.of(node.otherwise)

    def choose(env: Environment) -> object:
        value = condition(env)
        if value is True:
            return then(env)
        if value is False:
            return otherwise(env)
        return as_unread(value, "'?'")

    return choose


def _list(closures: Closures, node: ListLiteral) -> Closure:
    items = tuple(closures.of(item) for item in node.items)

    def build(env: Environment) -> object:
        values = [item(env) for item in items]
        # A symbol is one value, so that the list has as many items as without it.
        unread = [
            value
            for value in values
            if isinstance(value, Unreadable) and not isinstance(value, Symbol)
        ]
        if unread:
            return merge(unread)
        charge(env, len(values))
        return values

    return build


def _binary(closures: Closures, node: Binary) -> Closure:
    apply = OPERATIONS[node.operator]
    left = closures.of(node.left)
    right = closures.of(node.right)
    if node.operator == "in" and closures.types[node.right] is DYN:
        # A raw answer may hold a mapping in place of a list, so a key that it lacks means nothing.
        apply = listed_in
    if node.operator != "+":
        return lambda env: apply(left(env), right(env))

    def plus(env: Environment) -> object:
        first, second = left(env), right(env)
        if isinstance(first, OpenList) or isinstance(second, OpenList):
            return _open_sum(first, second)
        if isinstance(first, Unreadable) != isinstance(second, Unreadable):
            return _open_sum(first, second)
        if isinstance(first, str | list) and isinstance(second, str | list):
            charge(env, len(first) + len(second))
        return apply(first, second)

    return plus


def _open_sum(first: object, second: object) -> object:
    """`+` where a side was not read whole: a list and what is not known give an open list."""
    known: list[object] = []
    rests: list[Unreadable] = []
    for side in (first, second):
        if isinstance(side, Unreadable) and not side.missing:
            rests.append(side)
        elif isinstance(side, list):
            known += side
            rests += [side.rest] if isinstance(side, OpenList) else []
        else:
            return mismatch("+", first, second)
    why = merge(rests)
    return OpenList(known, why.reason, why.gaps)


def _macro(closures: Closures, node: Macro) -> Closure:
    return macro(
        node.kind,
        node.variable,
        over=closures.of(node.range),
        item=item_reader(closures, node),
        body=closures.of(node.body),
        keys=isinstance(closures.types[node.range], MapType),
    )


def item_reader(closures: Closures, node: Macro) -> Reader:
    """The check on each item that a macro goes over."""
    over = closures.types[node.range]
    item = over.item if isinstance(over, ListType) else DYN
    return reader(item, f"{text(node.range)}[]")


def _call(closures: Closures, node: Call) -> Closure:
    arguments = tuple(closures.of(argument) for argument in node.arguments)
    function = FUNCTIONS[node.function]
    name = function.name
    run = _implementation(node, function)
    allowed = _allowed_classes(function)
    cost, certain = function.cost, function.certain
    if name == "size" and closures.types[node.arguments[0]] is DYN:
        # A raw answer may hold a mapping in place of a list, so its size means nothing.
        allowed.discard((dict,))

    def call(env: Environment) -> object:
        values = [argument(env) for argument in arguments]
        part = values[0] if certain and isinstance(values[0], OpenList) else None
        if part is not None:
            values[0] = list(part)
        if tuple(map(type, values)) not in allowed:
            return _refuse(name, values)
        if cost is not None:
            charge(env, cost(*values))
        try:
            result: Any = run(*values)
        except _FAILURES as error:
            return _failed(name, values, error)
        return result if part is None else OpenList(result[:certain], part.reason, part.gaps)

    return call


def _implementation(node: Call, function: Function) -> Callable[..., object]:
    if function.name != "matches":
        return function.run
    search = matcher(pattern_of(node))
    return lambda subject, pattern: search(subject)


def _allowed_classes(function: Function) -> set[tuple[type, ...]]:
    """The exact classes of arguments that a function takes.

    A bool is no int, and an OpenList no list: of what was read in part, no function knows the
    result.
    """
    allowed: set[tuple[type, ...]] = set()
    for overload in function.overloads:
        allowed.add(tuple(map(_class_of, overload.parameters)))
    return allowed


def _class_of(kind: Type) -> type:
    if isinstance(kind, ListType):
        return list
    if isinstance(kind, MapType | RecordType):
        return dict
    return CLASSES[kind]


def _lowered(symbol: Symbol) -> Symbol:
    """A value that is known after apply, in small letters: still one value, and of one resource."""
    if symbol.attribute.startswith("lowerAscii("):
        return symbol
    attribute = f"lowerAscii({symbol.attribute})"
    return replace(symbol, attribute=attribute, value=lower_ascii(symbol.value), document=None)


def _refuse(name: str, values: list[object]) -> Unreadable:
    if name == "lowerAscii" and isinstance(values[0], Symbol):
        return _lowered(values[0])
    if name == "size" and isinstance(values[0], OpenList):
        of = values[0]
        return AtLeast(of.reason, gaps=of.gaps, minimum=len(of))
    unread = reasons_of(values, f"{name}()")
    if unread:
        return merge(unread)
    return as_unread(values[0], f"{name}()")


def _failed(name: str, values: Iterable[object], error: Exception) -> Unreadable:
    """Why a function failed: unread items of its lists, or else its own reason."""
    unread: list[Unreadable] = []
    for value in values:
        if isinstance(value, list):
            unread += reasons_of(value, f"{name}()")
    if unread:
        return merge(unread)
    return Unreadable(f"{name}(): {error}")


_Builder = Callable[[Closures, Any], Closure]
_BUILDERS: Final[dict[type, _Builder]] = {
    Literal: _literal,
    Name: _name,
    Member: _member,
    Has: _has,
    Index: _index,
    Unary: _unary,
    Logic: _logic,
    Ternary: _ternary,
    ListLiteral: _list,
    Binary: _binary,
    Macro: _macro,
    Call: _call,
}
