"""Patterns with `*` and `?` as policies write them: matching and containment, never by a regular expression."""

from __future__ import annotations

from typing import Final

_WILD: Final = frozenset("*?")


def covers(pattern: str, target: str) -> bool:
    """Whether every text that `target` (itself a pattern) stands for is one that `pattern` stands for.

    A `*` of the target is matched only by a `*`, a `?` by either. The greedy walk with one point of return is
    at worst the product of the lengths, which `document` bounds; a backtracking engine would be exponential.
    """
    pattern, target = _canonical(pattern), _canonical(target)
    at = here = 0
    star, resume = -1, 0
    while here < len(target):
        if at < len(pattern) and pattern[at] == "*":
            star, resume = at, here
            at += 1
        elif at < len(pattern) and (
            pattern[at] == target[here] or (pattern[at] == "?" and target[here] != "*")
        ):
            at += 1
            here += 1
        elif star >= 0:
            resume += 1
            at, here = star + 1, resume
        else:
            return False
    return all(letter == "*" for letter in pattern[at:])


def apart(one: str, other: str) -> bool:
    """Whether two patterns certainly share no text: their literal beginnings differ."""
    left, right = _literal(one), _literal(other)
    if left == one and right == other:
        return one != other
    shared = min(len(left), len(right))
    return left[:shared] != right[:shared]


def wild(text: str) -> bool:
    """Whether a text holds a wildcard or a policy variable, so that it does not name one thing."""
    return not _WILD.isdisjoint(text) or "${" in text


def _literal(pattern: str) -> str:
    ends = [
        place for place in (pattern.find("*"), pattern.find("?"), pattern.find("${")) if place >= 0
    ]
    return pattern[: min(ends)] if ends else pattern


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
    return "".join(out) + ("*" if star else "")
