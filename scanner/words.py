"""Words that messages share: plural nouns, and the known names nearest to an unknown one."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

_CLOSE: Final = 0.6
"""Similarity from which one known name alone is suggested."""
_ALL_SHOWN: Final = 12
"""So many known names are all listed; of more, the nearest are."""
_NEAREST_SHOWN: Final = 3
_JSON_TYPES: Final[dict[type, str]] = {
    bool: "true or false",
    dict: "a mapping",
    float: "a number",
    int: "a number",
    list: "a list",
    str: "a string",
    type(None): "null",
}
_BETWEEN_WORDS: Final = re.compile(r"[\W_]+")


def plural(count: int, noun: str, several: str = "") -> str:
    """`1 finding`, `2 findings`; `several` is the plural of a noun that does not just take an s."""
    if count == 1:
        return f"{count} {noun}"
    return f"{count} {several or noun + 's'}"


def amount(number: float, noun: str) -> str:
    """`1 day`, `22 hours`, `1.9 days`: to a tenth, which is left out where it is none."""
    text = f"{number:.1f}".removesuffix(".0")
    if text == "1":
        return f"1 {noun}"
    return f"{text} {noun}s"


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A hint for an unknown name: the one that it resembles, all known ones, or the nearest.

    Empty where nothing is known.
    """
    names = sorted(set(known))
    close = closest(word, names)
    if close:
        return f"did you mean '{close}'?"
    if not names:
        return ""
    if len(names) <= _ALL_SHOWN:
        return f"known: {', '.join(names)}"
    return f"nearest of {len(names)}: {', '.join(nearest(word, names))}"


def described(value: object) -> str:
    """The JSON type of a value, as a noun: `a mapping`, `a list`, `a string`."""
    return _JSON_TYPES.get(type(value), type(value).__name__)


def closest(word: str, known: Iterable[str]) -> str:
    """The known name that a word is probably meant to be; empty where none resembles it."""
    # Imported here: only a message about a mistake needs it.
    from difflib import get_close_matches

    # `cc6.1x` is nearer to CC6.1 than to P6.1: people do not type capitals.
    folded = {name.casefold(): name for name in sorted(set(known), reverse=True)}
    close = get_close_matches(word.casefold(), sorted(folded), n=1, cutoff=_CLOSE)
    return folded[close[0]] if close else ""


def nearest(word: str, known: Iterable[str], count: int = _NEAREST_SHOWN) -> list[str]:
    """The known names that share most with a word, the nearest first."""
    from difflib import SequenceMatcher

    word = word.casefold()
    parts = _parts(word)

    def distance(name: str) -> tuple[int, float, str]:
        # A whole word in common says more than scattered letters: `mfa` is in `root-mfa-enabled`.
        shared = sum(part in name.casefold() for part in parts)
        similarity = SequenceMatcher(None, word, name.casefold()).ratio()
        return (-shared, -similarity, name)

    return sorted(known, key=distance)[:count]


def _parts(word: str) -> list[str]:
    """The words that a name is made of; one letter is in almost every name, and counts as none."""
    return [part for part in _BETWEEN_WORDS.split(word) if len(part) > 1]
