"""One place catches whatever is raised; the edge of the command line is the only other."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

PACKAGE = Path(__file__).parents[2] / "scanner"
BROAD = {"Exception", "BaseException"}
BOUNDARIES = {"client/boundary.py", "cli/__init__.py"}


def _catches_all(node: ast.AST) -> bool:
    """Whether a handler takes everything and keeps it; one that raises it again only watches."""
    if not isinstance(node, ast.ExceptHandler):
        return False
    names = (
        {one.id for one in ast.walk(node.type) if isinstance(one, ast.Name)} if node.type else BROAD
    )
    return bool(names & BROAD) and not isinstance(node.body[-1], ast.Raise)


def _suppresses_all(node: ast.AST) -> bool:
    if not isinstance(node, ast.Call) or not ast.unparse(node.func).endswith("suppress"):
        return False
    return any(isinstance(one, ast.Name) and one.id in BROAD for one in node.args)


def _broad() -> Iterator[str]:
    for path in PACKAGE.rglob("*.py"):
        nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
        if any(_catches_all(node) or _suppresses_all(node) for node in nodes):
            yield path.relative_to(PACKAGE).as_posix()


def test_nothing_else_catches_broadly() -> None:
    assert set(_broad()) == BOUNDARIES
