"""Checks the types of the operators between two operands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from scanner.language.scopes import Scope
from scanner.language.tree import Binary
from scanner.language.types import (
    BOOL,
    DOUBLE,
    DURATION,
    DYN,
    INT,
    STRING,
    TIMESTAMP,
    ListType,
    MapType,
    Type,
    comparable,
    unify,
)

if TYPE_CHECKING:
    from scanner.language.checker import Checker

_ORDERED: Final = (INT, DOUBLE, TIMESTAMP, DURATION)
_Operands = tuple[str, Type, Type]
_ARITHMETIC: Final[dict[_Operands, Type]] = {
    ("+", INT, INT): INT,
    ("-", INT, INT): INT,
    ("*", INT, INT): INT,
    ("/", INT, INT): INT,
    ("%", INT, INT): INT,
    ("+", DOUBLE, DOUBLE): DOUBLE,
    ("-", DOUBLE, DOUBLE): DOUBLE,
    ("*", DOUBLE, DOUBLE): DOUBLE,
    ("/", DOUBLE, DOUBLE): DOUBLE,
    ("+", STRING, STRING): STRING,
    ("+", TIMESTAMP, DURATION): TIMESTAMP,
    ("+", DURATION, TIMESTAMP): TIMESTAMP,
    ("+", DURATION, DURATION): DURATION,
    ("-", TIMESTAMP, TIMESTAMP): DURATION,
    ("-", TIMESTAMP, DURATION): TIMESTAMP,
    ("-", DURATION, DURATION): DURATION,
}


def check_binary(checker: Checker, node: Binary, scope: Scope) -> Type:
    """The type of an operator's result, by the types of its operands."""
    left = checker.check(node.left, scope)
    right = checker.check(node.right, scope)
    if node.operator == "in":
        return _membership(checker, node, left, right)
    if node.operator in ("==", "!="):
        return _equality(checker, node, left, right)
    if node.operator in ("<", "<=", ">", ">="):
        return _order(checker, node, left, right)
    return _arithmetic(checker, node, left, right)


def _membership(checker: Checker, node: Binary, left: Type, right: Type) -> Type:
    if isinstance(right, MapType):
        if left not in (STRING, DYN):
            checker.error(node.at, f"a key is string, not {left}")
    elif isinstance(right, ListType):
        if unify(left, right.item) is None:
            hint = _conversion(left, right.item)
            checker.error(node.at, f"{left} is never in {right}", hint)
        elif not comparable(left):
            hint = "compare its fields inside exists()"
            checker.error(node.at, f"{left} cannot be compared", hint)
    elif right is not DYN:
        hint = ""
        if right is STRING:
            hint = "for a part of a text: text.contains('part')"
        checker.error(node.at, f"'in' needs a list or a map on its right, not {right}", hint)
    return BOOL


def _equality(checker: Checker, node: Binary, left: Type, right: Type) -> Type:
    # CEL would give false at run time, and `!=` would then always pass.
    if unify(left, right) is None:
        hint = _conversion(left, right)
        checker.error(node.at, f"{left} and {right} are never equal", hint)
    elif not (comparable(left) and comparable(right)):
        checker.error(node.at, f"{left} cannot be compared", "compare its fields")
    return BOOL


def _conversion(left: Type, right: Type) -> str:
    if {left, right} == {STRING, INT}:
        return "convert one side: int('22') or string(22)"
    if {left, right} == {DOUBLE, INT}:
        return "write 1.0, or convert with double(…)"
    if {left, right} == {STRING, TIMESTAMP}:
        return "convert with timestamp('2026-01-31T12:00:00Z')"
    return ""


def _order(checker: Checker, node: Binary, left: Type, right: Type) -> Type:
    for side in (left, right):
        if side in (*_ORDERED, DYN):
            continue
        hint = ""
        if side is STRING:
            # 'TLSv1_2016' >= 'TLSv1.2_2021' is true in every CEL.
            hint = "compare with a list of allowed values: x in ['a', 'b']"
        checker.error(node.at, f"{side} has no order", hint)
        return BOOL
    if unify(left, right) is None:
        hint = _conversion(left, right)
        checker.error(node.at, f"{left} and {right} cannot be ordered", hint)
    return BOOL


def _arithmetic(checker: Checker, node: Binary, left: Type, right: Type) -> Type:
    if DYN in (left, right):
        return DYN
    are_lists = isinstance(left, ListType) and isinstance(right, ListType)
    if are_lists and node.operator == "+":
        joined = unify(left, right)
        if joined is None:
            return checker.error(node.at, f"{left} and {right} cannot be joined")
        return joined
    found = _ARITHMETIC.get((node.operator, left, right))
    if found is not None:
        return found
    message = f"'{node.operator}' does not apply to {left} and {right}"
    hint = _conversion(left, right)
    return checker.error(node.at, message, hint)
