"""The careful evaluator: a tree becomes closures that know three truth values and keep the reasons.

A closure takes the environment (names and loop variables by name) and gives a value or an Unreadable. It is
the reference for the fast path, the only path for raw answers, and what explanations are made from.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

from scanner.language.functions import FUNCTIONS
from scanner.language.macros import BUDGET, macro
from scanner.language.patterns import matcher
from scanner.language.run_time_operators import OPERATIONS, listed_in, negate
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
from scanner.language.unread import CLASSES, Reader, as_unread, merge, reader
from scanner.model.values import ABSENT, OpenList, Unreadable

Environment = dict[str, Any]
Closure = Callable[[Environment], Any]

_FAILURES: Final = (ValueError, TypeError, OverflowError, ZeroDivisionError)

__all__ = ["BUDGET", "Closure", "Closures", "Environment"]


class Closures:
    """The closures of one checked tree, by node."""

    def __init__(
        self, types: dict[Node, Type], roots: frozenset[str], *, raw: bool = False
    ) -> None:
        self.types = types
        self.raw = raw
        self._roots = roots
        self._built: dict[Node, Closure] = {}

    def of(self, node: Node) -> Closure:
        """The closure that evaluates a node."""
        closure = self._built.get(node)
        if closure is None:
            closure = self._built[node] = _BUILDERS[type(node)](self, node)
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


def _member(closures: Closures, node: Member) -> Closure:
    operand, name, path = closures.of(node.operand), node.name, text(node)
    raw = closures.types[node.operand] is DYN
    read = reader(closures.types[node], path)
    unread = Unreadable(f"{path} is missing" if raw else f"{path} was not read", missing=raw)

    def member(env: Environment) -> Any:
        record = operand(env)
        if type(record) is dict:
            return read(record.get(name, unread))
        return as_unread(record, f".{name}")

    return member


def _has(closures: Closures, node: Has) -> Closure:
    member = node.member
    operand, name, path = closures.of(member.operand), member.name, text(member)
    raw = closures.types[member.operand] is DYN
    read = reader(closures.types[member], path)
    unread = Unreadable(f"{path} was not read")

    def has(env: Environment) -> Any:
        record = operand(env)
        if type(record) is not dict:
            record = as_unread(record, f".{name}")
            return False if raw and record.missing else record
        value = record.get(name, ABSENT if raw else unread)
        if value is ABSENT:
            return False
        value = read(value)
        if isinstance(value, Unreadable):
            return False if raw and value.missing else value
        return True

    return has


def _index(closures: Closures, node: Index) -> Closure:
    operand, index, path = closures.of(node.operand), closures.of(node.index), text(node)
    raw = closures.raw or closures.types[node.operand] is DYN
    read = reader(closures.types[node], path)
    unread = Unreadable(f"{path} is missing" if raw else f"{path} was not read", missing=raw)

    def at(env: Environment) -> Any:
        container, key = operand(env), index(env)
        if type(container) is list and type(key) is int:
            return read(container[key]) if 0 <= key < len(container) else unread
        if type(container) is dict and type(key) is str:
            return read(container.get(key, unread))
        opened = [as_unread(one, "[]") for one in (container, key) if _is_unread(one)]
        return merge(opened) if opened else Unreadable(f"{path} does not apply")

    return at


def _is_unread(value: object) -> bool:
    return isinstance(value, Unreadable | OpenList) or value is ABSENT or value is None


def _unary(closures: Closures, node: Unary) -> Closure:
    operand = closures.of(node.operand)
    if node.operator == "-":
        return lambda env: negate(operand(env))

    def invert(env: Environment) -> Any:
        value = operand(env)
        return not value if value is True or value is False else as_unread(value, "'!'")

    return invert


def _logic(closures: Closures, node: Logic) -> Closure:
    terms = tuple(closures.of(term) for term in node.terms)
    settling = node.operator == "||"
    neutral = not settling
    doing = f"'{node.operator}'"

    def settle(env: Environment) -> Any:
        unread: list[Unreadable] = []
        for term in terms:
            value = term(env)
            if value is settling:
                return settling
            if value is not neutral:
                unread.append(as_unread(value, doing))
        return merge(unread) if unread else neutral

    return settle


def _ternary(closures: Closures, node: Ternary) -> Closure:
    condition, then, otherwise = map(closures.of, (node.condition, node.then, node.otherwise))

    def choose(env: Environment) -> Any:
        value = condition(env)
        if value is True:
            return then(env)
        return otherwise(env) if value is False else as_unread(value, "'?'")

    return choose


def _list(closures: Closures, node: ListLiteral) -> Closure:
    items = tuple(closures.of(item) for item in node.items)

    def build(env: Environment) -> Any:
        values = [item(env) for item in items]
        unread = [as_unread(value, "[]") for value in values if isinstance(value, Unreadable)]
        return merge(unread) if unread else values

    return build


def _binary(closures: Closures, node: Binary) -> Closure:
    apply, left, right = OPERATIONS[node.operator], closures.of(node.left), closures.of(node.right)
    if node.operator == "in" and closures.types[node.right] is DYN:
        apply = listed_in  # a raw mapping may stand where a list was meant, so a key that it lacks means nothing
    return lambda env: apply(left(env), right(env))


def _macro(closures: Closures, node: Macro) -> Closure:
    item = item_reader(closures, node)
    keys = isinstance(closures.types[node.range], MapType)
    return macro(
        node.kind, node.variable, closures.of(node.range), item, closures.of(node.body), keys=keys
    )


def item_reader(closures: Closures, node: Macro) -> Reader:
    """The check on each item that a macro goes over."""
    over = closures.types[node.range]
    if isinstance(over, ListType):
        return reader(over.item, f"{text(node.range)}[]")
    return reader(DYN, f"{text(node.range)}[]")


def _call(closures: Closures, node: Call) -> Closure:
    arguments = tuple(closures.of(argument) for argument in node.arguments)
    function = FUNCTIONS[node.function]
    name = function.name
    run: Callable[..., Any] = function.run
    if name == "matches":
        search = matcher(pattern_of(node))
        run = lambda subject, _: search(subject)  # noqa: E731
    allowed = {tuple(map(_class_of, overload.parameters)) for overload in function.overloads}
    if name == "size" and closures.types[node.arguments[0]] is DYN:
        # A raw mapping may stand where a list was meant, so its size means nothing.
        allowed.discard((dict,))

    def call(env: Environment) -> Any:
        values = [argument(env) for argument in arguments]
        if tuple(map(type, values)) not in allowed:
            return _refuse(name, values)
        try:
            return run(*values)
        except _FAILURES as error:
            return _failed(name, values, error)

    return call


def _class_of(kind: Type) -> type:
    if isinstance(kind, ListType):
        return list
    return dict if isinstance(kind, MapType | RecordType) else CLASSES[kind]


def _refuse(name: str, values: list[Any]) -> Unreadable:
    unread = [as_unread(value, f"{name}()") for value in values if _is_unread(value)]
    return merge(unread) if unread else as_unread(values[0], f"{name}()")


def _failed(name: str, values: Iterable[Any], error: Exception) -> Unreadable:
    items = [one for value in values if isinstance(value, list) for one in value if _is_unread(one)]
    return (
        merge([as_unread(one, f"{name}()") for one in items])
        if items
        else Unreadable(f"{name}(): {error}")
    )


_BUILDERS: Final[dict[type, Callable[[Closures, Any], Closure]]] = {
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
