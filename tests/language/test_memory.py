"""Expressions have a budget of memory as well as of steps, on the fast and on the careful path."""

from __future__ import annotations

import pytest

from scanner.language.program import OVER_MEMORY, compile_expression
from scanner.language.types import BOOL, STRING, ListType
from scanner.model.values import Unreadable

NAMES = {"text": STRING, "texts": ListType(STRING), "lists": ListType(ListType(STRING))}
SCOPE = {"text": "x" * 500, "texts": ["x" * 500] * 30, "lists": [["x"] * 500] * 30}
TWICE = ".map(x, x + x)"
GROWING = [
    f"[text]{TWICE * 25} == texts",
    f"[texts]{TWICE * 25} == lists",
    f"texts{'.map(t, texts.join(t))' * 6} == texts",
    f"[texts]{'.map(x, [x, x].flatten())' * 25} == lists",
    "(text + text + text + text).split('x') == texts",
    "texts.map(t, t.upperAscii() + t.lowerAscii()) == texts",
    "(text + text + text).contains('y')",
    "lists.map(l, l + l).flatten() == texts",
]


@pytest.mark.parametrize("source", GROWING)
def test_what_grows_is_stopped_on_both_paths(source: str) -> None:
    program = compile_expression(source, NAMES, want=BOOL, memory=1000)
    for outcome in (program.evaluate(SCOPE), program.evaluate_slowly(SCOPE)):
        assert outcome is OVER_MEMORY
    explained = program.explain(SCOPE)
    assert explained.reason == OVER_MEMORY.reason


@pytest.mark.parametrize("source", GROWING[4:])
def test_what_fits_is_decided_alike(source: str) -> None:
    program = compile_expression(source, NAMES, want=BOOL)
    outcome = program.evaluate(SCOPE)
    assert not isinstance(outcome, Unreadable)
    assert program.evaluate_slowly(SCOPE) is outcome


def test_the_usual_budget_stops_doubling() -> None:
    program = compile_expression(GROWING[0], NAMES, want=BOOL)
    assert program.evaluate(SCOPE) is OVER_MEMORY
