"""Operators on run-time values: each gives a value, or an Unreadable when an operand is unread or does not fit."""

from __future__ import annotations

import operator
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final

from scanner.language.functions import INT_LIMIT
from scanner.language.unread import as_unread, merge, name_of
from scanner.model.values import ABSENT, OpenList, Unreadable

Operation = Callable[[Any, Any], Any]

_SCALARS: Final = frozenset({bool, int, float, str, datetime, timedelta})
_ORDERED: Final = frozenset({int, float, datetime, timedelta})


def mismatch(symbol: str, *operands: object) -> Unreadable:
    """Why an operator cannot be applied: its unread operands, or their types."""
    unread = [as_unread(one, symbol) for one in operands if _is_open(one)]
    if unread:
        return merge(unread)
    return Unreadable(f"'{symbol}' does not apply to {' and '.join(map(name_of, operands))}")


def _is_open(value: object) -> bool:
    return isinstance(value, Unreadable | OpenList) or value is ABSENT or value is None


def equal(left: Any, right: Any) -> bool | Unreadable:
    """`==` of two values of one type; an unread part leaves it open unless another part differs."""
    kind = type(left)
    if kind is type(right):
        if kind in _SCALARS:
            return bool(left == right)
        if kind is list:
            return _equal_lists(left, right)
        if kind is dict:
            return _equal_maps(left, right)
    return mismatch("==", left, right)


def _equal_lists(left: list[Any], right: list[Any]) -> bool | Unreadable:
    if len(left) != len(right):
        return False
    return _together([equal(one, other) for one, other in zip(left, right, strict=True)])


def _equal_maps(left: dict[str, Any], right: dict[str, Any]) -> bool | Unreadable:
    if left.keys() != right.keys():
        return False
    return _together([equal(value, right[key]) for key, value in left.items()])


def _together(outcomes: list[bool | Unreadable]) -> bool | Unreadable:
    if any(outcome is False for outcome in outcomes):
        return False
    unread = [outcome for outcome in outcomes if isinstance(outcome, Unreadable)]
    return merge(unread) if unread else True


def unequal(left: Any, right: Any) -> bool | Unreadable:
    """`!=`, the denial of `==`."""
    outcome = equal(left, right)
    return outcome if isinstance(outcome, Unreadable) else not outcome


def member_of(item: Any, container: Any) -> bool | Unreadable:
    """`in` over a list or a map."""
    if type(container) is dict and type(item) is str:
        return _has_key(item, container)
    return listed_in(item, container)


def listed_in(item: Any, container: Any) -> bool | Unreadable:
    """`in` over a list: an item found settles it; one that is not found stays open if anything was not read."""
    if not isinstance(container, list) or _is_open(item):
        return mismatch("in", item, container)
    unread = [container.rest] if type(container) is OpenList else []
    for one in container:
        outcome = equal(item, one)
        if outcome is True:
            return True
        if outcome is not False:
            unread.append(outcome)
    return merge(unread) if unread else False


def _has_key(key: str, container: dict[str, Any]) -> bool | Unreadable:
    value = container.get(key, container)
    if value is ABSENT or value is None:
        return as_unread(value, f"'{key}' in")
    return value is not container


def ordering(symbol: str, compare: Operation) -> Operation:
    """`<`, `<=`, `>` or `>=` on numbers, moments and durations of one type."""

    def apply(left: Any, right: Any) -> Any:
        if type(left) is type(right) and type(left) in _ORDERED:
            return compare(left, right)
        return mismatch(symbol, left, right)

    return apply


def arithmetic(symbol: str, allowed: dict[tuple[type, type], Operation]) -> Operation:
    """An arithmetic operator, by the types of its operands."""

    def apply(left: Any, right: Any) -> Any:
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
    return fitting(quotient if (left < 0) == (right < 0) else -quotient)


def modulo(left: int, right: int) -> int:
    """The remainder of `divide`: it has the sign of the dividend."""
    rest = abs(left) % abs(right)
    if left == -INT_LIMIT and right == -1:
        raise OverflowError("the number does not fit into 64 bits")
    return -rest if left < 0 else rest


def negate(value: Any) -> Any:
    """`-` before a number."""
    if type(value) is float or (type(value) is int and value != -INT_LIMIT):
        return -value
    return mismatch("-", value)


def _int(run: Callable[[int, int], int]) -> Operation:
    return lambda left, right: fitting(run(left, right))


_MOMENTS: Final = ((datetime, timedelta), (timedelta, datetime), (timedelta, timedelta))
OPERATIONS: Final[dict[str, Operation]] = {
    "==": equal,
    "!=": unequal,
    "in": member_of,
    "<": ordering("<", operator.lt),
    "<=": ordering("<=", operator.le),
    ">": ordering(">", operator.gt),
    ">=": ordering(">=", operator.ge),
    "+": arithmetic(
        "+",
        {
            (int, int): _int(operator.add),
            **{(kind, kind): operator.add for kind in (float, str, list)},
            **dict.fromkeys(_MOMENTS, operator.add),
        },
    ),
    "-": arithmetic(
        "-",
        {
            (int, int): _int(operator.sub),
            **{(kind, kind): operator.sub for kind in (float, datetime, timedelta)},
            (datetime, timedelta): operator.sub,
        },
    ),
    "*": arithmetic("*", {(int, int): _int(operator.mul), (float, float): operator.mul}),
    "/": arithmetic("/", {(int, int): divide, (float, float): operator.truediv}),
    "%": arithmetic("%", {(int, int): modulo}),
}
