"""Ranks checks by the words of a search."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from scanner.model.checks import Check

_WEIGHTS: Final[Mapping[str, int]] = {
    "title": 16,
    "keywords": 12,
    "id": 8,
    "fails": 4,
    "why": 1,
}
"""How much a word counts by where it stands; a whole word counts twice as much as a beginning."""


def ranked(checks: Iterable[Check], search: str) -> list[Check]:
    """The checks that have every word of a search, the best first.

    A word is found at the beginning of a word: `encrypt` finds `encryption`, and `eks` not `weeks`.
    """
    words = search.casefold().split()
    found: list[tuple[int, int, str, Check]] = []
    for check in checks:
        score = _score(check, words)
        if score:
            found.append((-score, -check.severity.rank, check.id, check))
    return [check for *_, check in sorted(found, key=lambda entry: entry[:3])]


def _score(check: Check, words: Sequence[str]) -> int:
    """How well a check fits; 0 where it lacks a word."""
    texts = dict(_texts(check))
    scores = [_word_score(word, texts) for word in words]
    if not all(scores):
        return 0
    # Words that stand beside each other in the title are the name of something: OS Login.
    if re.search(_beginning(" ".join(words)), texts["title"]):
        return sum(scores) + _WEIGHTS["title"]
    return sum(scores)


def _texts(check: Check) -> Iterator[tuple[str, str]]:
    """What is searched, by the keys of the weights."""
    yield "title", check.title.casefold()
    yield "keywords", " ".join(check.keywords).casefold()
    yield "id", check.id
    yield "fails", check.fails.casefold()
    yield "why", " ".join(check.why.casefold().split())


def _word_score(word: str, texts: Mapping[str, str]) -> int:
    best = 0
    beginning = _beginning(word)
    for name, text in texts.items():
        if re.search(rf"{beginning}(?![a-z0-9])", text):
            best = max(best, 2 * _WEIGHTS[name])
        elif re.search(beginning, text):
            best = max(best, _WEIGHTS[name])
    return best


def _beginning(word: str) -> str:
    """A pattern for a word where a word of the text begins."""
    return rf"(?<![a-z0-9]){re.escape(word)}"
