"""Applies the operators to run-time values.

Each gives a value, or an Unreadable when an operand is unread or does not fit.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any, Final

from scanner.language.functions import INT_LIMIT
from scanner.language.unread import as_unread, is_unread, merge, reasons_of, type_name
from scanner.model.values import ABSENT, AtLeast, OpenList, Symbol, Unreadable

Operation = Callable[[Any, Any], object]
Overloads = dict[tuple[type, type], Operation]
"""What an arithmetic operator does, by the exact classes of its operands."""
Truth = bool | Unreadable
"""Kleene's three values: true, false, and why neither is known."""

_List = list[object]
_Map = dict[str, object]
_SCALARS: Final = frozenset({bool, int, float, str, datetime, timedelta})
_ORDERED: Final = frozenset({int, float, datetime, timedelta})


def mismatch(symbol: str, *operands: object) -> Unreadable:
    """Why an operator cannot be applied: its unread operands, or their types."""
    unread = reasons_of(operands, symbol)
    if unread:
        return merge(unread)
    types = " and ".join(map(type_name, operands))
    return Unreadable(f"'{symbol}' does not apply to {types}")


def equal(left: object, right: object) -> Truth:
    """`==` of two values of one type; an unread part leaves it open unless another part differs."""
    kind = type(left)
    # Values of two types are never compared: Python calls 1 and True, or 1 and 1.0, equal, and CEL
    # does not.
    if kind is type(right):
        if kind in _SCALARS:
            return left == right
        if type(left) is list and type(right) is list:
            return _equal_lists(left, right)
        if type(left) is dict and type(right) is dict:
            return _equal_maps(left, right)
    known = _known_unread(left, right)
    return mismatch("==", left, right) if known is None else known


def _known_unread(left: object, right: object) -> bool | None:
    """What is known of `==` although a value is not: None, nothing."""
    if isinstance(left, Symbol) and isinstance(right, Symbol):
        is_same = (left.owner, left.attribute) == (right.owner, right.attribute)
        return True if is_same else None
    if _differs(left, right) or _differs(right, left):
        return False
    return None


def _differs(one: object, other: object) -> bool:
    """Whether a value that is not known is certainly not another one."""
    if isinstance(one, AtLeast):
        return type(other) is int and other < one.minimum
    # A value that is there, as `has()` finds it, is not the text for none.
    return isinstance(one, Unreadable) and one.present and other == ""


def _equal_lists(left: _List, right: _List) -> Truth:
    if len(left) != len(right):
        return False
    return _all_equal(map(equal, left, right))


def _equal_maps(left: _Map, right: _Map) -> Truth:
    if left.keys() != right.keys():
        return False
    outcomes = (equal(value, right[key]) for key, value in left.items())
    return _all_equal(outcomes)


def _all_equal(outcomes: Iterable[Truth]) -> Truth:
    """One part that differs settles it; otherwise an unread part leaves it open."""
    unread: list[Unreadable] = []
    for outcome in outcomes:
        if outcome is False:
            return False
        if isinstance(outcome, Unreadable):
            unread.append(outcome)
    if unread:
        return merge(unread)
    return True


def unequal(left: object, right: object) -> Truth:
    """`!=`, the negation of `==`."""
    outcome = equal(left, right)
    if isinstance(outcome, Unreadable):
        return outcome
    return not outcome


def member_of(item: object, container: object) -> Truth:
    """`in` over a list or a map."""
    if type(container) is dict and type(item) is str:
        return _has_key(item, container)
    return listed_in(item, container)


def listed_in(item: object, container: object) -> Truth:
    """`in` over a list: an item found settles it; otherwise an unread one leaves it open."""
    if not isinstance(container, list) or is_unread(item):
        return mismatch("in", item, container)
    unread: list[Unreadable] = []
    if isinstance(container, OpenList):
        unread.append(container.rest)
    for candidate in container:
        outcome = equal(item, candidate)
        if outcome is True:
            return True
        if isinstance(outcome, Unreadable):
            unread.append(outcome)
    if unread:
        return merge(unread)
    return False


def _has_key(key: str, container: _Map) -> Truth:
    if key not in container:
        return False
    value = container[key]
    if value is ABSENT or value is None:
        return as_unread(value, f"'{key}' in")
    return True


_MIRRORED: Final = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}


def _known_order(symbol: str, left: object, right: object) -> bool | None:
    """What is known of the order of a size that is not known itself: None, nothing."""
    if isinstance(right, AtLeast):
        symbol, left, right = _MIRRORED[symbol], right, left
    if not isinstance(left, AtLeast) or type(right) is not int:
        return None
    exceeds = left.minimum > right
    reaches = left.minimum >= right
    known = {
        ">": (exceeds, True),
        ">=": (reaches, True),
        "<": (reaches, False),
        "<=": (exceeds, False),
    }
    is_known, outcome = known[symbol]
    return outcome if is_known else None


def ordering(symbol: str, compare: Operation) -> Operation:
    """`<`, `<=`, `>` or `>=` on numbers, timestamps and durations of one type."""

    def apply(left: object, right: object) -> object:
        if type(left) is type(right) and type(left) in _ORDERED:
            return compare(left, right)
        known = _known_order(symbol, left, right)
        return mismatch(symbol, left, right) if known is None else known

    return apply


def arithmetic(symbol: str, allowed: Overloads) -> Operation:
    """An arithmetic operator, by the types of its operands."""

    def apply(left: object, right: object) -> object:
        run = allowed.get((type(left), type(right)))
        if run is None:
            return mismatch(symbol, left, right)
        try:
            return run(left, right)
        except (OverflowError, ZeroDivisionError) as error:
            return Unreadable(f"'{symbol}' failed: {error}")

    return apply


def fitting(value: int) -> int:
    """An integer that fits into 64 bits; OverflowError otherwise."""
    if not -INT_LIMIT <= value < INT_LIMIT:
        raise OverflowError("the number does not fit into 64 bits")
    return value


def divide(left: int, right: int) -> int:
    """Integer division that cuts towards zero."""
    quotient = abs(left) // abs(right)
    if (left < 0) != (right < 0):
        quotient = -quotient
    return fitting(quotient)


def modulo(left: int, right: int) -> int:
    """The remainder of `divide`: it has the sign of the dividend."""
    rest = abs(left) % abs(right)
    # The quotient does not fit, and CEL fails on it although the remainder would.
    if left == -INT_LIMIT and right == -1:
        raise OverflowError("the number does not fit into 64 bits")
    if left < 0:
        return -rest
    return rest


def negate(value: object) -> float | int | Unreadable:
    """`-` before a number."""
    if type(value) is float:
        return -value
    # The lowest integer has no positive counterpart in 64 bits.
    if type(value) is int and value != -INT_LIMIT:
        return -value
    return mismatch("-", value)


def _int(run: Callable[[int, int], int]) -> Operation:
    return lambda left, right: fitting(run(left, right))


_SUMS: Final[Overloads] = {
    (int, int): _int(operator.add),
    (float, float): operator.add,
    (str, str): operator.add,
    (list, list): operator.add,
    (datetime, timedelta): operator.add,
    (timedelta, datetime): operator.add,
    (timedelta, timedelta): operator.add,
}
_DIFFERENCES: Final[Overloads] = {
    (int, int): _int(operator.sub),
    (float, float): operator.sub,
    (datetime, datetime): operator.sub,
    (datetime, timedelta): operator.sub,
    (timedelta, timedelta): operator.sub,
}
_PRODUCTS: Final[Overloads] = {
    (int, int): _int(operator.mul),
    (float, float): operator.mul,
}
_QUOTIENTS: Final[Overloads] = {
    (int, int): divide,
    (float, float): operator.truediv,
}
OPERATIONS: Final[dict[str, Operation]] = {
    "==": equal,
    "!=": unequal,
    "in": member_of,
    "<": ordering("<", operator.lt),
    "<=": ordering("<=", operator.le),
    ">": ordering(">", operator.gt),
    ">=": ordering(">=", operator.ge),
    "+": arithmetic("+", _SUMS),
    "-": arithmetic("-", _DIFFERENCES),
    "*": arithmetic("*", _PRODUCTS),
    "/": arithmetic("/", _QUOTIENTS),
    "%": arithmetic("%", {(int, int): modulo}),
}
