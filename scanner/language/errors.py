"""Reports the mistakes in an expression, each at its position in the text and with a hint."""

from __future__ import annotations

import difflib
import heapq
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

Position = tuple[int, int]
"""Line and column in an expression, from 1."""

_MOST_SHOWN: Final = 12
"""Known words that a hint lists completely."""
_NEAREST: Final = 4
"""Words that a hint names where there are more."""
_STEM: Final = 6
"""Letters of a part that another word must share."""
_PARTS: Final = re.compile(r"[a-z0-9]+")


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


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A hint that names the closest known word, all words where they are few, or the nearest."""
    words = sorted(set(known))
    close = difflib.get_close_matches(word, words, n=1, cutoff=0.6)
    if close:
        return f"did you mean '{close[0]}'?"
    if not words:
        return ""
    if len(words) <= _MOST_SHOWN:
        return f"there is {', '.join(words)}"
    return f"the nearest are {', '.join(_nearest(word, words))}"


def _nearest(word: str, words: Sequence[str]) -> list[str]:
    """The words that share most parts with a word, and of these the most similar ones."""
    wanted = word.lower()
    parts = _PARTS.findall(wanted)
    matcher = difflib.SequenceMatcher(b=wanted, autojunk=False)

    def closeness(known: str) -> tuple[int, float]:
        lower = known.lower()
        matcher.set_seq1(lower)
        # A letter or two lie in every word; by its beginning `versioning` finds `versioned`.
        shared = sum(len(part) for part in parts if len(part) > 2 and part[:_STEM] in lower)
        return shared, matcher.ratio()

    return heapq.nlargest(_NEAREST, words, key=closeness)
