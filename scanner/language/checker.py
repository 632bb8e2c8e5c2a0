"""Checks the types of a tree: every part gets its type, every mistake its position and a hint."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from scanner.language.calls import check_call
from scanner.language.errors import ExpressionError, Position
from scanner.language.operators import check_binary
from scanner.language.scopes import NodeTypes, Scope, facts
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
from scanner.language.types import (
    BOOL,
    DOUBLE,
    DYN,
    INT,
    NOTHING,
    STRING,
    ListType,
    MapType,
    RecordType,
    Type,
    unify,
)
from scanner.words import did_you_mean, plural

_LITERALS: Final[dict[type, Type]] = {
    bool: BOOL,
    int: INT,
    float: DOUBLE,
    str: STRING,
}


class Checker:
    """One pass over one tree: `types` and `errors` are its results."""

    def __init__(self, *, raw: bool = False) -> None:
        self.raw = raw
        """Whether optional members need no guard: over raw answers they are unread, and
        `missing`."""
        self.types: NodeTypes = {}
        self.errors: list[ExpressionError] = []

    def error(self, at: Position, message: str, hint: str = "") -> Type:
        """Note a mistake; what is written there counts as `dyn` from then on."""
        # `dyn` fits everywhere, so that one mistake is not reported again by every node around it.
        line, column = at
        mistake = ExpressionError(line=line, column=column, message=message, hint=hint)
        self.errors.append(mistake)
        return DYN

    def check(self, node: Node, scope: Scope) -> Type:
        """The type of a node within a scope."""
        found = _CHECKS[type(node)](self, node, scope)
        self.types[node] = found
        return found

    def expect(self, node: Node, scope: Scope, wanted: Type, role: str) -> None:
        """Check a node, and note a mistake unless it has a type."""
        found = self.check(node, scope)
        if found in (wanted, DYN):
            return
        hint = ""
        if wanted is BOOL and isinstance(node, Name | Member | Index):
            hint = f"compare it, as in {text(node)} == …"
        self.error(node.at, f"{role} is {found}, not {wanted}", hint)


def _literal(checker: Checker, node: Literal, scope: Scope) -> Type:
    return _LITERALS[type(node.value)]


def _name(checker: Checker, node: Name, scope: Scope) -> Type:
    if node.name in scope.names:
        return scope.names[node.name]
    hint = did_you_mean(node.name, scope.names)
    return checker.error(node.at, f"unknown name '{node.name}'", hint)


def _member(checker: Checker, node: Member, scope: Scope, *, guarded: bool = False) -> Type:
    """`guarded`: the member of has(), which tests for its presence."""
    operand = checker.check(node.operand, scope)
    if operand is DYN:
        return DYN
    if isinstance(operand, MapType):
        if not guarded:
            key = f"'{node.name}'"
            _require_key(checker, node.at, scope, key=key, of=text(node.operand))
        return operand.value
    if isinstance(operand, RecordType):
        return _field(checker, node, scope, operand, guarded=guarded)
    hint = ""
    if node.name in ("size", "length"):
        hint = f"for its length, write size({text(node.operand)})"
    return checker.error(node.at, f"{operand} has no fields", hint)


def _field(
    checker: Checker, node: Member, scope: Scope, record: RecordType, *, guarded: bool
) -> Type:
    field = record.fields.get(node.name)
    if field is None:
        hint = did_you_mean(node.name, record.fields)
        return checker.error(node.at, f"{record} has no attribute '{node.name}'", hint)
    path = text(node)
    needs_guard = field.optional and not checker.raw and not guarded
    if needs_guard and not scope.has(path):
        checker.error(node.at, f"'{path}' may be absent", f"guard it: has({path}) && …")
    return field.type


def _require_key(checker: Checker, at: Position, scope: Scope, *, key: str, of: str) -> None:
    """Note a mistake unless a guard has shown that a map holds the key."""
    if not checker.raw and not scope.holds_key(key, of):
        checker.error(at, f"{of} may lack the key {key}", f"guard it: {key} in {of} && …")


def _has(checker: Checker, node: Has, scope: Scope) -> Type:
    member = node.member
    checker.types[member] = _member(checker, member, scope, guarded=True)
    operand = checker.types[member.operand]
    if isinstance(operand, MapType):
        checker.error(
            node.at,
            "has() takes a field of a record",
            f"write '{member.name}' in {text(member.operand)}",
        )
    if isinstance(operand, RecordType):
        field = operand.fields.get(member.name)
        # A guard that is always true hides that `!has(…)` never holds.
        if field is not None and not field.optional:
            checker.error(
                node.at,
                f"'{text(member)}' is always there",
                "leave has() out; only fields marked ? need it",
            )
    return BOOL


def _index(checker: Checker, node: Index, scope: Scope) -> Type:
    operand = checker.check(node.operand, scope)
    index = checker.check(node.index, scope)
    of = text(node.operand)
    key = text(node.index)
    if operand is DYN:
        if index not in (INT, STRING, DYN):
            checker.error(node.index.at, f"an index is int or string, not {index}")
        return DYN
    if isinstance(operand, MapType):
        if index not in (STRING, DYN):
            checker.error(node.index.at, f"a key is string, not {index}")
        else:
            _require_key(checker, node.index.at, scope, key=key, of=of)
        return operand.value
    if not isinstance(operand, ListType):
        return checker.error(node.at, f"{operand} cannot be indexed", "lists and maps can")
    _list_index(checker, node, scope, index)
    return operand.item


def _list_index(checker: Checker, node: Index, scope: Scope, index: Type) -> None:
    of = text(node.operand)
    if index not in (INT, DYN):
        checker.error(node.index.at, f"an index is int, not {index}")
        return
    if checker.raw:
        return
    # A computed index cannot be compared with a guard such as size(list) > 1.
    position = None
    if isinstance(node.index, Literal):
        position = node.index.value
    if type(position) is not int or position < 0:
        checker.error(
            node.index.at,
            "the index of a list must be a literal number",
            f"write a number, or use {of}.exists(x, …)",
        )
    elif scope.least_size(of) <= position:
        checker.error(
            node.at,
            f"{of} may have fewer than {plural(position + 1, 'item')}",
            f"guard it: size({of}) > {position} && …",
        )


def _unary(checker: Checker, node: Unary, scope: Scope) -> Type:
    if node.operator == "!":
        # Only `!` of a bool is accepted: a text or a list has no truth here.
        checker.expect(node.operand, scope, BOOL, "the operand of '!'")
        return BOOL
    found = checker.check(node.operand, scope)
    if found not in (INT, DOUBLE, DYN):
        return checker.error(node.at, f"'-' does not apply to {found}")
    return found


def _logic(checker: Checker, node: Logic, scope: Scope) -> Type:
    for term in node.terms:
        checker.expect(term, scope, BOOL, f"an operand of '{node.operator}'")
        # A later term is evaluated only where the earlier ones were true (&&), or false (||).
        scope = scope.knowing(facts(term, holds=node.operator == "&&"))
    return BOOL


def _ternary(checker: Checker, node: Ternary, scope: Scope) -> Type:
    checker.expect(node.condition, scope, BOOL, "the condition of '?'")
    where_true = scope.knowing(facts(node.condition, holds=True))
    where_false = scope.knowing(facts(node.condition, holds=False))
    then = checker.check(node.then, where_true)
    otherwise = checker.check(node.otherwise, where_false)
    both = unify(then, otherwise)
    if both is None:
        return checker.error(node.at, f"the branches differ: {then} and {otherwise}")
    return both


def _list(checker: Checker, node: ListLiteral, scope: Scope) -> Type:
    item: Type = NOTHING
    for part in node.items:
        found = checker.check(part, scope)
        both = unify(item, found)
        if both is None:
            checker.error(part.at, f"a list has items of one type: {found} follows {item}")
        else:
            item = both
    return ListType(item)


def _macro(checker: Checker, node: Macro, scope: Scope) -> Type:
    over = checker.check(node.range, scope)
    item = _items(checker, node, over)
    if node.variable in scope.names:
        checker.error(
            node.at, f"'{node.variable}' already has a meaning here", "choose another loop variable"
        )
    inner = scope.with_name(node.variable, item)
    if isinstance(over, MapType):
        # The macro goes over the keys that the map has, so `map[key]` in its body needs no guard.
        own_key = f"{node.variable} in {text(node.range)}"
        inner = inner.knowing(frozenset({("in", own_key, 0)}))
    if node.kind == "map":
        return ListType(checker.check(node.body, inner))
    checker.expect(node.body, inner, BOOL, f"the condition of {node.kind}()")
    if node.kind == "filter":
        return ListType(item)
    return BOOL


def _items(checker: Checker, node: Macro, over: Type) -> Type:
    """The type of a macro's loop variable."""
    if isinstance(over, ListType) and over.item is not NOTHING:
        return over.item
    if isinstance(over, ListType):
        return DYN
    if isinstance(over, MapType):
        return STRING
    if over is DYN:
        return DYN
    return checker.error(node.at, f"{node.kind}() takes a list, not {over}")


_Check = Callable[[Checker, Any, Scope], Type]
_CHECKS: Final[Mapping[type, _Check]] = {
    Literal: _literal,
    Name: _name,
    Member: _member,
    Has: _has,
    Index: _index,
    Unary: _unary,
    Logic: _logic,
    Ternary: _ternary,
    ListLiteral: _list,
    Macro: _macro,
    Binary: check_binary,
    Call: check_call,
}
