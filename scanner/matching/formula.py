"""Searches for an assignment that makes a formula of and, or, not true."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from scanner.matching.texts import UndecidedError

MOST_STEPS: Final = 20_000
"""Steps of one search; beyond, the question stays open."""


@dataclass(frozen=True, slots=True)
class And:
    """True where every part is; without parts, always."""

    parts: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """True where a part is; without parts, never."""

    parts: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """True where the part is not."""

    part: Any


@dataclass(frozen=True, slots=True)
class Atom:
    """A test of one field of an event."""

    path: tuple[str, ...]
    test: Any


Formula: TypeAlias = And | Or | Not | Atom
Literal: TypeAlias = "tuple[Atom, bool]"
"""An atom, and whether it is to hold."""
Solution: TypeAlias = "tuple[tuple[Literal, ...], dict[str, Any]]"
_Plain: TypeAlias = "And | Or | Literal"
Feasible: TypeAlias = "Callable[[tuple[Literal, ...]], dict[str, Any] | None]"
"""Gives an event for which all literals are as wanted, or None."""


class Search:
    """Walks the ways to make a formula true, and leaves each as soon as no event can follow it."""

    def __init__(self, feasible: Feasible) -> None:
        self._feasible = feasible
        self._steps = 0

    def solutions(self, formula: Formula) -> Iterator[Solution]:
        """The ways to make the formula true: the literals, and an event for them."""
        yield from self._walk([_without_not(formula, wanted=True)], ())

    def _walk(self, pending: list[_Plain], literals: tuple[Literal, ...]) -> Iterator[Solution]:
        self._steps += 1
        if self._steps > MOST_STEPS:
            raise UndecidedError("the filter has too many alternatives to compare")
        choices: list[Or] = []
        while pending:
            formula = pending.pop()
            if isinstance(formula, And):
                pending.extend(formula.parts)
            elif isinstance(formula, Or):
                choices.append(formula)
            else:
                literals = (*literals, formula)
        event = self._feasible(literals)
        if event is None:
            return
        if not choices:
            yield literals, event
            return
        # Choices come last: what is certain rules most of them out.
        choice = choices.pop()
        for part in choice.parts:
            yield from self._walk([*choices, part], literals)


def _without_not(formula: Formula, *, wanted: bool) -> _Plain:
    """The formula, or its negation, of and, or and literals alone."""
    if isinstance(formula, Atom):
        return (formula, wanted)
    if isinstance(formula, Not):
        return _without_not(formula.part, wanted=not wanted)
    parts = tuple(_without_not(part, wanted=wanted) for part in formula.parts)
    if isinstance(formula, And) == wanted:
        return And(parts)
    return Or(parts)
