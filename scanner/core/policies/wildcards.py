"""Compares patterns with `*` and `?` as policies write them, in bounded time."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

_WILDCARDS: Final = frozenset("*?")


def covers(pattern: str, target: str) -> bool:
    """Whether `pattern` matches every text that `target`, itself a pattern, matches.

    A `*` of the target is matched only by a `*`, a `?` by either. The greedy walk with one point
    of return is at worst the product of the lengths, which `document` bounds; a backtracking
    engine would be exponential.
    """
    pattern, target = _canonical(pattern), _canonical(target)
    position = target_position = 0
    star, resume = -1, 0
    while target_position < len(target):
        letter = pattern[position : position + 1]
        wanted = target[target_position]
        if letter == "*":
            star, resume = position, target_position
            position += 1
        elif letter == wanted or (letter == "?" and wanted != "*"):
            position += 1
            target_position += 1
        elif star >= 0:
            # Let the last `*` take one more letter, and try again behind it.
            resume += 1
            position, target_position = star + 1, resume
        else:
            return False
    return all(letter == "*" for letter in pattern[position:])


def covered_by_any(patterns: Iterable[str], target: str) -> bool:
    """Whether one of the patterns covers the target."""
    # AWS's own ReadOnlyAccess has a thousand patterns: most differ in their first letter.
    first = ("*", "?", target[:1])
    return any(pattern[:1] in first and covers(pattern, target) for pattern in patterns)


def apart(one: str, other: str) -> bool:
    """Whether two patterns certainly share no text: their literal beginnings differ."""
    left, right = _literal_prefix(one), _literal_prefix(other)
    if left == one and right == other:
        return one != other
    shared = min(len(left), len(right))
    return left[:shared] != right[:shared]


def has_wildcard(text: str) -> bool:
    """Whether a text holds a wildcard or a policy variable, so that it does not name one thing."""
    return not _WILDCARDS.isdisjoint(text) or "${" in text


def _literal_prefix(pattern: str) -> str:
    end = len(pattern)
    for mark in ("*", "?", "${"):
        position = pattern.find(mark, 0, end)
        if position >= 0:
            end = position
    return pattern[:end]


def _canonical(pattern: str) -> str:
    """The same pattern with each run of wildcards written as its `?`s and then one `*`."""
    if "**" not in pattern and "*?" not in pattern:
        return pattern
    out: list[str] = []
    star = False
    for letter in pattern:
        if letter == "*":
            star = True
            continue
        if star and letter != "?":
            out.append("*")
            star = False
        out.append(letter)
    if star:
        out.append("*")
    return "".join(out)
