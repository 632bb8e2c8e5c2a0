"""Finds arguments in the blocks that the configuration of a plan writes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def expression_at(arguments: Any, path: Sequence[str | int]) -> Mapping[str, Any]:
    """The references of the argument at a path; empty where blocks cannot be told apart."""
    expression = arguments
    for step in path:
        if isinstance(expression, Mapping) and "references" in expression:
            return expression
        if isinstance(expression, Mapping):
            expression = expression.get(step) if isinstance(step, str) else None
        elif isinstance(expression, list) and len(expression) == 1 and isinstance(step, int):
            # Blocks of a set have no order: only a single one is certainly the one that is meant.
            expression = expression[0]
        else:
            return {}
    return expression if isinstance(expression, Mapping) else {}


def leaves_unset(arguments: Any, values: Any, path: Sequence[str | int]) -> bool:
    """Whether it is certain that no block sets the argument at a path; `values` are the planned.

    The configuration leaves dynamic blocks out: only where there are as many blocks as values is
    it known what each of them writes.
    """
    blocks: list[Any] | None = [arguments]
    for at, step in enumerate(path[:-1]):
        if isinstance(step, str):
            blocks = _inner(blocks, step, _at(values, path[: at + 1]))
    return blocks is not None and not any(path[-1] in block for block in blocks)


def _inner(blocks: list[Any] | None, name: str, planned: Any) -> list[Any] | None:
    """The blocks of a name within some blocks; None: they are not all that there are."""
    found: list[Any] = []
    for block in blocks or ():
        below = block.get(name)
        is_whole = isinstance(below, list) and isinstance(planned, list)
        if not is_whole or len(below) != len(planned) or not all(map(_is_block, below)):
            return None
        found.extend(below)
    return found if blocks else None


def _is_block(expression: Any) -> bool:
    is_leaf = isinstance(expression, Mapping) and "references" in expression
    return isinstance(expression, Mapping) and not is_leaf


def _at(values: Any, path: Sequence[str | int]) -> Any:
    for step in path:
        if isinstance(step, int):
            values = values[step] if isinstance(values, list) and step < len(values) else None
        else:
            values = values.get(step) if isinstance(values, Mapping) else None
    return values
