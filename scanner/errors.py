"""Errors that a person can act on, and the exit code that each one means."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

EXIT_CLEAN: Final = 0
EXIT_FAILING: Final = 1
EXIT_MISUSE: Final = 2
EXIT_UNREAD: Final = 3


class TscanError(Exception):
    """An expected failure: one line that says what is wrong, and a hint that says what to do."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        if not self.hint:
            return self.message
        return f"{self.message}\n  hint: {self.hint}"


class NotConnectedError(TscanError):
    """A configured target that could not be connected, by what its provider answered.

    Where other targets are read, it is a gap and they are committed; alone it is the error.
    """


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One mistake in a file that a person wrote, at its position (lines and columns from 1)."""

    path: str
    line: int
    column: int
    message: str
    hint: str = ""

    def __str__(self) -> str:
        text = f"{self.path}:{self.line}:{self.column}: {self.message}"
        if not self.hint:
            return text
        return f"{text}\n  hint: {self.hint}"


class ContentError(TscanError):
    """Content that cannot be used: every problem found, not only the first."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("\n".join(str(problem) for problem in sorted(problems)))
        self.problems = tuple(sorted(problems))
