"""Tests on the fields of a JSON event, and the search for an event that answers them as wanted."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from itertools import product, starmap
from math import inf, nextafter
from typing import Any, Final, TypeAlias

from scanner.matching.formula import Literal
from scanner.matching.texts import TextPattern, UndecidedError, find_text, literal

_COMPARE: Final = {
    "=": operator.eq,
    "<": operator.lt,
    ">": operator.gt,
    "<=": operator.le,
    ">=": operator.ge,
}


class Missing:
    """The type of `MISSING`: the event has no such field."""

    __slots__ = ()


MISSING: Final = Missing()


@dataclass(frozen=True, slots=True)
class Reading:
    """One of the ways to read what the documentation leaves open."""

    missing_differs: bool
    """Whether a field that is missing or null is different from any value."""
    converts: bool
    """Whether 5 and "5", or true and "true", are the same value."""
    unmodeled_holds: bool
    """Whether a test of items of arrays, or of fields by wildcard, holds."""


READINGS: Final = tuple(starmap(Reading, product((False, True), repeat=3)))


@dataclass(frozen=True, slots=True)
class TextIs:
    """The field is a text that the pattern matches."""

    pattern: TextPattern
    written: str


@dataclass(frozen=True, slots=True)
class NumberIs:
    """The field is a number that compares as wanted."""

    operator: str
    number: float
    written: str


@dataclass(frozen=True, slots=True)
class Differs:
    """The field has a value other than this."""

    than: TextIs | NumberIs


@dataclass(frozen=True, slots=True)
class Exists:
    """The field is there, even if it is null."""


@dataclass(frozen=True, slots=True)
class Is:
    """The field is true, false or null."""

    value: bool | None


@dataclass(frozen=True, slots=True)
class Unmodeled:
    """A test that the documentation has and this module does not follow."""

    written: str


Test: TypeAlias = TextIs | NumberIs | Differs | Exists | Is | Unmodeled
Tests: TypeAlias = "frozenset[tuple[Test, bool]]"


def holds(test: Test, value: Any, reading: Reading) -> bool:
    """Whether a test holds of a value that is no text; an object is {}.

    Texts are compared by patterns, all tests of a field at once.
    """
    if isinstance(test, Exists):
        return value is not MISSING
    if isinstance(test, Is):
        return value is test.value
    if isinstance(test, Differs):
        if value is MISSING or value is None:
            return reading.missing_differs
        return not holds(test.than, value, reading)
    if isinstance(test, NumberIs):
        return _number_holds(test, value)
    if isinstance(test, TextIs):
        return _text_holds(test, value, reading)
    return reading.unmodeled_holds


def _text_holds(test: TextIs, value: Any, reading: Reading) -> bool:
    if reading.converts and isinstance(value, bool | int | float):
        return test.pattern.matches(written(value))
    return False


def _number_holds(test: NumberIs, value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    compare: Callable[[float, float], bool] = _COMPARE[test.operator]
    return compare(value, test.number)


def written(value: float) -> str:
    """A number or a bool as JSON writes it."""
    if isinstance(value, bool):
        return str(value).lower()
    if value == int(value):
        return str(int(value))
    return repr(value)


def find_event(literals: Iterable[Literal], reading: Reading) -> dict[str, Any] | None:
    """An event for which every literal is as wanted; None: there is none."""
    tests: dict[tuple[str, ...], set[tuple[Test, bool]]] = {}
    for atom, wanted in literals:
        tests.setdefault(atom.path, set()).add((atom.test, wanted))
    frozen = {path: frozenset(found) for path, found in tests.items()}
    # Tests of no field in particular are those that no event decides.
    if not _all_hold(frozen.pop((), frozenset()), MISSING, reading):
        return None
    event = _find_object(frozen, (), _names_below(frozen, ()), reading)
    if event is None:
        return None
    found_event: dict[str, Any] = event.content
    return found_event


@dataclass(frozen=True, slots=True)
class _Found:
    """A value that was found, which may be null or missing."""

    content: Any


def _find_value(
    tests: dict[tuple[str, ...], Tests],
    path: tuple[str, ...],
    reading: Reading,
) -> _Found | None:
    """A value of a field, with what is below it."""
    own = tests.get(path, frozenset())
    names = _names_below(tests, path)
    if names and _all_hold(own, {}, reading):
        # Whatever is true of missing fields is true of an object without them.
        return _find_object(tests, path, names, reading)
    # Where the field is no object, nothing below it is there.
    for below, found_tests in tests.items():
        is_below = len(below) > len(path) and below[: len(path)] == path
        if is_below and not _all_hold(found_tests, MISSING, reading):
            return None
    return _find_scalar(own, reading)


def _find_object(
    tests: dict[tuple[str, ...], Tests],
    path: tuple[str, ...],
    names: Iterable[str],
    reading: Reading,
) -> _Found | None:
    fields: dict[str, Any] = {}
    for name in names:
        found = _find_value(tests, (*path, name), reading)
        if found is None:
            return None
        if found.content is not MISSING:
            fields[name] = found.content
    return _Found(fields)


def _names_below(tests: dict[tuple[str, ...], Tests], path: tuple[str, ...]) -> list[str]:
    depth = len(path)
    return sorted({found[depth] for found in tests if len(found) > depth and found[:depth] == path})


@lru_cache(maxsize=16_384)
def _find_scalar(tests: Tests, reading: Reading) -> _Found | None:
    text = _find_string(tests, reading)
    if text is not None:
        return _Found(text)
    candidates: tuple[Any, ...] = (MISSING, None, True, False, *_numbers(tests), {})
    for value in candidates:
        if _all_hold(tests, value, reading):
            return _Found(value)
    if reading.converts and _is_range_of_texts(tests):
        raise UndecidedError("whether numbers of a range are written as a text is not compared")
    return None


def _all_hold(tests: Tests, value: Any, reading: Reading) -> bool:
    return all(holds(test, value, reading) is wanted for test, wanted in tests)


def _inner(test: Test) -> Test:
    return test.than if isinstance(test, Differs) else test


def _numbers(tests: Tests) -> Iterable[float]:
    """Numbers that stand for all: those that are named, and one behind each and before each."""
    for test, _ in tests:
        inner = _inner(test)
        if isinstance(inner, NumberIs):
            named = inner.number
            yield from (named, nextafter(named, inf), nextafter(named, -inf))


def _is_range_of_texts(tests: Tests) -> bool:
    """Whether a number must be above or below another, and be written in some way or not be."""
    inner = [_inner(test) for test, _ in tests]
    is_range = any(isinstance(one, NumberIs) and one.operator != "=" for one in inner)
    return is_range and any(isinstance(one, TextIs) for one in inner)


def _find_string(tests: Tests, reading: Reading) -> str | None:
    wanted: set[TextPattern] = set()
    unwanted: set[TextPattern] = set()
    for test, positive in tests:
        differs = isinstance(test, Differs)
        pattern = _pattern_of(_inner(test), reading)
        if pattern is None:
            if holds(test, "", reading) is not positive:
                return None
        elif positive != differs:
            wanted.add(pattern)
        else:
            unwanted.add(pattern)
    return find_text(frozenset(wanted), frozenset(unwanted))


def _pattern_of(test: Test, reading: Reading) -> TextPattern | None:
    """The texts for which a test holds; None: it holds of all texts or of none."""
    if isinstance(test, TextIs):
        return test.pattern
    if isinstance(test, NumberIs) and reading.converts and test.operator == "=":
        return literal(test.written)
    return None
