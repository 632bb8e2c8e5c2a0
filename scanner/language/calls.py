"""Checks the types of function calls, and the literals that a function can only fail on."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from scanner.language.functions import FUNCTIONS, Function, accepts, to_duration, to_timestamp
from scanner.language.parser import MACROS
from scanner.language.patterns import PatternError, matcher
from scanner.language.scopes import Scope
from scanner.language.tree import Call, Literal, Node
from scanner.language.types import DYN, ListType, Type
from scanner.matching import FilterSyntaxError, parse_json_pattern
from scanner.words import did_you_mean

if TYPE_CHECKING:
    from scanner.language.checker import Checker


def check_call(checker: Checker, node: Call, scope: Scope) -> Type:
    """The type of a call's result, by the types of its arguments."""
    arguments = [checker.check(argument, scope) for argument in node.arguments]
    function = FUNCTIONS.get(node.function)
    if function is None:
        hint = did_you_mean(node.function, {*FUNCTIONS, *MACROS, "has"})
        return checker.error(node.at, f"unknown function '{node.function}'", hint)
    allowed = function.plain
    if node.method:
        allowed = function.method
    if not allowed:
        return checker.error(
            node.at, f"wrong form of '{function.name}'", f"write {function.example}"
        )
    result = _result(function, arguments)
    if result is None:
        given = ", ".join(map(str, arguments)) or "nothing"
        hint = f"write {function.example}"
        if function.name == "contains" and isinstance(arguments[0], ListType):
            hint = "for an item of a list: item in list"
        return checker.error(node.at, f"'{function.name}' does not apply to ({given})", hint)
    _check_literals(checker, node)
    return result


def _result(function: Function, arguments: list[Type]) -> Type | None:
    """The type of the result; None where no overload takes the arguments.

    It is `dyn` where a raw argument leaves several overloads with different results.
    """
    results = {
        overload.result
        for overload in function.overloads
        if len(overload.parameters) == len(arguments)
        and all(map(accepts, overload.parameters, arguments))
    }
    if not results:
        return None
    if len(results) == 1:
        return results.pop()
    return DYN


def _check_literals(checker: Checker, node: Call) -> None:
    """Refuse at load what could only ever be unreadable."""
    if node.function == "matches":
        _check_pattern(checker, node.arguments[1])
        return
    if node.function in _EVENTS_LAST:
        _check_events(checker, node.arguments[-1])
        return
    convert = _CONVERSIONS.get(node.function)
    if convert is None or not isinstance(node.arguments[0], Literal):
        return
    literal = node.arguments[0]
    try:
        convert(str(literal.value))
    except (ValueError, OverflowError) as error:
        checker.error(literal.at, str(error))


_CONVERSIONS: Final[dict[str, Callable[[str], object]]] = {
    "timestamp": to_timestamp,
    "duration": to_duration,
}


_EVENTS_LAST: Final = ("filterCovers", "selectorsCover")
"""The functions whose last argument is a set of events."""


def _check_events(checker: Checker, events: Node) -> None:
    # A set that is made of parameters or attributes is checked where the condition is evaluated.
    if not (isinstance(events, Literal) and isinstance(events.value, str)):
        return
    try:
        parse_json_pattern(events.value)
    except FilterSyntaxError as error:
        line, column = events.at
        checker.error((line, column + 1 + error.offset), str(error))


def _check_pattern(checker: Checker, pattern: Node) -> None:
    # A pattern out of the data could not be checked here, and whoever writes the data would choose
    # it.
    if not (isinstance(pattern, Literal) and isinstance(pattern.value, str)):
        checker.error(
            pattern.at,
            "a pattern must be a literal, as in text.matches('^prod-')",
            "compare with == or startsWith",
        )
        return
    try:
        matcher(pattern.value)
    except PatternError as error:
        line, column = pattern.at
        checker.error(
            (line, column + 1 + error.offset),
            f"in the pattern: {error}",
            f"the pattern is {pattern.value}",
        )
