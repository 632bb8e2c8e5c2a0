"""Reports the mistakes in an expression, each at its position in the text and with a hint."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

Position = tuple[int, int]
"""Line and column in an expression, from 1."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class ExpressionError:
    """One mistake in an expression: line and column from 1, what is wrong, and what to do."""

    line: int
    column: int
    message: str
    hint: str = ""

    def __str__(self) -> str:
        text = f"{self.line}:{self.column}: {self.message}"
        if self.hint:
            text += f"\n  hint: {self.hint}"
        return text


class ExpressionErrors(Exception):  # noqa: N818
    """An expression that cannot be used, with every mistake found in it."""

    def __init__(self, errors: Sequence[ExpressionError]) -> None:
        self.errors = tuple(sorted(set(errors)))
        super().__init__("\n".join(map(str, self.errors)))


def fault(at: Position, message: str, hint: str = "") -> ExpressionErrors:
    """The exception for a single mistake at a position."""
    line, column = at
    error = ExpressionError(line=line, column=column, message=message, hint=hint)
    return ExpressionErrors([error])
