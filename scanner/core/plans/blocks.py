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
    blocks: list[Any] = [arguments]
    for at, step in enumerate(path):
        if isinstance(step, int):
            continue
        if not all(_is_block(block) for block in blocks):
            return False
        if at == len(path) - 1:
            return not any(step in block for block in blocks)
        planned = _at(values, path[: at + 1])
        inner: list[Any] = []
        for block in blocks:
            below = block.get(step)
            if not (isinstance(below, list) and isinstance(planned, list)):
                return False
            if len(below) != len(planned):
                return False
            inner.extend(below)
        blocks = inner
    return False


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
