"""How the code reads: limits that keep a packed line or a packed function from coming back."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Final

import pytest
from radon.complexity import cc_visit

from tests.conftest import ROOT

MOST_COMPLEX: Final = 10
"""By radon, which counts comprehensions and boolean operators beside branches."""
WIDEST: Final = 100
COMPREHENSIONS: Final = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
SOURCES: Final = sorted((ROOT / "scanner").rglob("*.py"))


def complex_functions(text: str) -> Iterator[str]:
    """Functions and methods beyond the limit, closures included."""
    for block in cc_visit(text):
        if block.letter in "FM" and block.complexity > MOST_COMPLEX:
            yield f"line {block.lineno}: {block.name} has complexity {block.complexity}"


def wide_lines(text: str) -> Iterator[str]:
    """Lines that do not fit beside another file on a screen."""
    for number, line in enumerate(text.splitlines(), 1):
        if len(line) > WIDEST:
            yield f"line {number}: {len(line)} columns"


def nested_comprehensions(text: str) -> Iterator[str]:
    """Comprehensions with two loops, or with another comprehension inside."""
    for node in ast.walk(ast.parse(text)):
        if not isinstance(node, COMPREHENSIONS):
            continue
        below = (one for one in ast.walk(node) if one is not node)
        if len(node.generators) > 1 or any(isinstance(one, COMPREHENSIONS) for one in below):
            yield f"line {node.lineno}: a comprehension within a comprehension"


LIMITS: Final = (complex_functions, wide_lines, nested_comprehensions)


@pytest.mark.parametrize("limit", LIMITS, ids=lambda limit: limit.__name__)
def test_every_source_file_keeps_the_limit(limit: object) -> None:
    assert callable(limit)
    assert SOURCES
    beyond = [
        f"{path.relative_to(ROOT)}: {fault}"
        for path in SOURCES
        for fault in limit(path.read_text(encoding="utf-8"))
    ]
    assert beyond == []


@pytest.mark.parametrize(
    ("limit", "text"),
    [
        (complex_functions, "def f(a):\n    return " + " or ".join("a" * 12) + "\n"),
        (wide_lines, "x = 1  # " + "-" * WIDEST + "\n"),
        (nested_comprehensions, "x = [a for b in c for a in b]\n"),
        (nested_comprehensions, "x = [[a for a in b] for b in c]\n"),
    ],
)
def test_the_limits_see_what_they_are_for(limit: object, text: str) -> None:
    assert callable(limit)
    assert len(list(limit(text))) == 1
