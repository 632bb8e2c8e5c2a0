"""Decides whether some text satisfies a set of text patterns at once, and finds such a text.

A pattern is a union of sequences of characters, some of them optional or repeated. That is enough
for literals, prefixes, wildcards, and regular expressions without groups.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Final

MOST_STATES: Final = 20_000
"""States that one search visits; beyond, the question stays open."""


class UndecidedError(ValueError):
    """A question that the documented rules, or the budget of the search, leave open."""


@dataclass(frozen=True, slots=True)
class Characters:
    """A set of characters, or all characters but these."""

    letters: frozenset[str]
    negated: bool = False

    def __contains__(self, letter: str) -> bool:
        return (letter in self.letters) != self.negated


ANY: Final = Characters(frozenset(), negated=True)


@dataclass(frozen=True, slots=True)
class Item:
    """One character of a sequence: of which set, and whether it may be absent or repeated."""

    characters: Characters
    optional: bool = False
    repeated: bool = False


ANY_TEXT: Final = Item(ANY, optional=True, repeated=True)


@dataclass(frozen=True)
class TextPattern:
    """A set of texts: those that one of the sequences matches from end to end."""

    sequences: tuple[tuple[Item, ...], ...]

    @cached_property
    def start(self) -> tuple[int, ...]:
        """Where reading begins: for each sequence, its possible positions as bits."""
        return tuple(_skip_optional(sequence, 1) for sequence in self.sequences)

    def after(self, positions: tuple[int, ...], letter: str) -> tuple[int, ...]:
        """The positions behind one more character."""
        moved: list[int] = []
        for sequence, bits in zip(self.sequences, positions, strict=True):
            reached = 0
            for index, item in enumerate(sequence):
                if bits >> index & 1 and letter in item.characters:
                    reached |= 1 << (index + 1)
                    if item.repeated:
                        reached |= 1 << index
            moved.append(_skip_optional(sequence, reached))
        return tuple(moved)

    def is_complete(self, positions: tuple[int, ...]) -> bool:
        """Whether one sequence may end here."""
        pairs = zip(self.sequences, positions, strict=True)
        return any(bits >> len(sequence) & 1 for sequence, bits in pairs)

    @cached_property
    def literal(self) -> str | None:
        """The only text of the pattern, where it has one."""
        if len(self.sequences) != 1:
            return None
        letters: list[str] = []
        for item in self.sequences[0]:
            single = len(item.characters.letters) == 1 and not item.characters.negated
            if item.optional or item.repeated or not single:
                return None
            letters.extend(item.characters.letters)
        return "".join(letters)

    def matches(self, text: str) -> bool:
        """Whether the pattern matches the whole text."""
        if self.literal is not None:
            return text == self.literal
        positions = self.start
        for letter in text:
            positions = self.after(positions, letter)
        return self.is_complete(positions)


def _skip_optional(sequence: tuple[Item, ...], bits: int) -> int:
    """The positions, and those behind items that may be absent."""
    for index, item in enumerate(sequence):
        if item.optional and bits >> index & 1:
            bits |= 1 << (index + 1)
    return bits


@lru_cache(maxsize=4096)
def wildcard(text: str) -> TextPattern:
    """The texts that a pattern matches whose `*` stands for any characters."""
    items: list[Item] = []
    for letter in text:
        if letter == "*":
            items.append(ANY_TEXT)
        else:
            items.append(Item(Characters(frozenset(letter))))
    return TextPattern((tuple(items),))


def literal(text: str) -> TextPattern:
    """One text; a `*` in it is a character like any other."""
    return TextPattern((_letters(text),))


def starts_with(text: str) -> TextPattern:
    """The texts that begin with a text."""
    return TextPattern(((*_letters(text), ANY_TEXT),))


def ends_with(text: str) -> TextPattern:
    """The texts that end with a text."""
    return TextPattern(((ANY_TEXT, *_letters(text)),))


def _letters(text: str) -> tuple[Item, ...]:
    return tuple(Item(Characters(frozenset(letter))) for letter in text)


@lru_cache(maxsize=16_384)
def find_text(
    wanted: frozenset[TextPattern],
    unwanted: frozenset[TextPattern],
) -> str | None:
    """A shortest text that all wanted patterns match and no unwanted one; None: there is none."""
    for pattern in wanted:
        if pattern.literal is not None:
            return _checked(pattern.literal, wanted, unwanted)
    return _search(list(wanted), list(unwanted))


def _search(wanted: list[TextPattern], unwanted: list[TextPattern]) -> str | None:
    """Breadth first over what all patterns have read of a text, character by character."""
    patterns = wanted + unwanted
    alphabet = _representatives(patterns)
    start = tuple(pattern.start for pattern in patterns)
    seen = {start}
    queue = deque([(start, "")])
    while queue:
        states, text = queue.popleft()
        if _is_found(patterns, states, len(wanted)):
            return text
        for letter in alphabet:
            moved = tuple(map(_after, patterns, states, letter * len(patterns)))
            # Where a wanted pattern has no position left, no longer text matches it.
            if moved not in seen and all(map(any, moved[: len(wanted)])):
                seen.add(moved)
                queue.append((moved, text + letter))
        if len(seen) > MOST_STATES:
            raise UndecidedError("the text patterns are too complex to compare")
    return None


def _after(pattern: TextPattern, positions: tuple[int, ...], letter: str) -> tuple[int, ...]:
    return pattern.after(positions, letter)


def _checked(
    text: str,
    wanted: Iterable[TextPattern],
    unwanted: Iterable[TextPattern],
) -> str | None:
    if not all(pattern.matches(text) for pattern in wanted):
        return None
    if any(pattern.matches(text) for pattern in unwanted):
        return None
    return text


def _is_found(
    patterns: Sequence[TextPattern],
    states: Sequence[tuple[int, ...]],
    wanted: int,
) -> bool:
    """Whether the first patterns, the wanted ones, may end here, and none of the others."""
    complete = list(map(TextPattern.is_complete, patterns, states))
    return all(complete[:wanted]) and not any(complete[wanted:])


def _representatives(patterns: Iterable[TextPattern]) -> list[str]:
    """One character of each group that no pattern tells apart, and one that none of them names."""
    classes: set[Characters] = set()
    for pattern in patterns:
        for sequence in pattern.sequences:
            classes.update(item.characters for item in sequence)
    ordered = sorted(classes, key=lambda kind: (kind.negated, sorted(kind.letters)))
    named = set().union(*(kind.letters for kind in classes))
    # The first character that is not named stands for all others.
    other = next(chr(code) for code in range(ord("a"), 0x10FFFF) if chr(code) not in named)
    groups: dict[tuple[bool, ...], str] = {}
    for letter in (other, *sorted(named)):
        membership = tuple(letter in kind for kind in ordered)
        groups.setdefault(membership, letter)
    return list(groups.values())
