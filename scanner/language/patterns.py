"""Regular expressions without backtracking: the part of RE2 that checks need, read into a small tree.

A class is a set of character ranges; every repetition is bounded or a loop, so that matching takes
time proportional to the text. `\\d \\w \\s` are ASCII, `.` is anything but a newline, and `$` is the very end.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

LONGEST_PATTERN: Final = 1_000
MOST_REPEATS: Final = 200
MOST_POSITIONS: Final = 1_000
_DEEPEST: Final = 30
_LAST: Final = 0x10FFFF

Ranges = tuple[tuple[int, int], ...]

_CLASSES: Final[dict[str, Ranges]] = {
    "d": ((48, 57),),
    "w": ((48, 57), (65, 90), (95, 95), (97, 122)),
    "s": ((9, 10), (12, 13), (32, 32)),
}
_CONTROLS: Final = {"n": 10, "t": 9, "r": 13, "f": 12, "v": 11, "a": 7}
_BOUNDS: Final = re.compile(r"\{([0-9]{1,4})(,([0-9]{0,4}))?\}", re.ASCII)


class PatternError(ValueError):
    """A pattern outside the language, and the offset (from 0) at which it leaves it."""

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(message)
        self.offset = offset


@dataclass(frozen=True, slots=True, eq=False)
class One:
    """One character out of a set of ranges."""

    ranges: Ranges


@dataclass(frozen=True, slots=True, eq=False)
class Sequence:
    """Parts that follow each other; none of them is the empty text."""

    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Choice:
    """Alternatives."""

    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Repeat:
    """A part at least `least` and at most `most` times; None is without end."""

    part: Part
    least: int
    most: int | None


@dataclass(frozen=True, slots=True, eq=False)
class Edge:
    """`^` or `$`: the start or the end of the text."""

    mark: str


Part = One | Sequence | Choice | Repeat | Edge


def inverted(ranges: Ranges) -> Ranges:
    """The ranges of all characters outside some ranges."""
    found: list[tuple[int, int]] = []
    start = 0
    for low, high in merged(ranges):
        if low > start:
            found.append((start, low - 1))
        start = high + 1
    if start <= _LAST:
        found.append((start, _LAST))
    return tuple(found)


def merged(ranges: Ranges) -> Ranges:
    """The same characters as sorted ranges that neither overlap nor touch."""
    found: list[tuple[int, int]] = []
    for low, high in sorted(ranges):
        if found and low <= found[-1][1] + 1:
            found[-1] = (found[-1][0], max(high, found[-1][1]))
        else:
            found.append((low, high))
    return tuple(found)


def read_pattern(pattern: str) -> Part:
    """The tree of a pattern; PatternError where it leaves the language."""
    if len(pattern) > LONGEST_PATTERN:
        raise PatternError(f"the pattern is longer than {LONGEST_PATTERN} characters", 0)
    reader = _Reader(pattern)
    part = reader.choice(0)
    if reader.offset < len(pattern):
        raise PatternError("unexpected ')'", reader.offset)
    if _positions(part) > MOST_POSITIONS:
        raise PatternError("the pattern repeats too much", 0)
    return part


def _positions(part: Part) -> int:
    match part:
        case Sequence(parts=parts) | Choice(parts=parts):
            return 1 + sum(map(_positions, parts))
        case Repeat(part=inner, least=least, most=most):
            return 1 + _positions(inner) * max(1, least + 1 if most is None else most)
        case _:
            return 1


class _Reader:
    """A recursive-descent reader of one pattern."""

    def __init__(self, pattern: str) -> None:
        self._pattern = pattern
        self.offset = 0

    def _fail(self, message: str, back: int = 0) -> PatternError:
        return PatternError(message, self.offset - back)

    def _peek(self) -> str:
        return self._pattern[self.offset : self.offset + 1]

    def _take(self) -> str:
        character = self._peek()
        if not character:
            raise self._fail("the pattern ends too early")
        self.offset += 1
        return character

    def choice(self, depth: int) -> Part:
        if depth > _DEEPEST:
            raise self._fail("the pattern is nested too deeply")
        parts = [self._sequence(depth)]
        while self._peek() == "|":
            self.offset += 1
            parts.append(self._sequence(depth))
        return parts[0] if len(parts) == 1 else Choice(tuple(parts))

    def _sequence(self, depth: int) -> Part:
        parts: list[Part] = []
        while self._peek() not in ("", "|", ")"):
            parts.append(self._repeated(self._atom(depth)))
        return Sequence(tuple(parts))

    def _repeated(self, part: Part) -> Part:
        bounds = self._bounds()
        if bounds is None:
            return part
        if isinstance(part, Edge):
            raise self._fail("an edge cannot be repeated", 1)
        if self._peek() == "?":
            self.offset += 1
        if self._peek() in ("*", "+", "?") or _BOUNDS.match(self._pattern, self.offset):
            raise self._fail("a repetition cannot be repeated")
        return Repeat(part, *bounds)

    def _bounds(self) -> tuple[int, int | None] | None:
        simple: dict[str, tuple[int, int | None]] = {"*": (0, None), "+": (1, None), "?": (0, 1)}
        if self._peek() in simple:
            return simple[self._take()]
        if self._peek() != "{":
            return None
        match = _BOUNDS.match(self._pattern, self.offset)
        if match is None:
            raise self._fail(
                "'{' begins a repetition such as {2} or {2,5}; write \\{ for the character"
            )
        least = int(match[1])
        most = (int(match[3]) if match[3] else None) if match[2] else least
        if max(least, most or 0) > MOST_REPEATS or (most is not None and most < least):
            raise self._fail(f"a repetition goes up, and to {MOST_REPEATS} at most")
        self.offset = match.end()
        return least, most

    def _atom(self, depth: int) -> Part:
        character = self._take()
        if character == "(":
            return self._group(depth)
        if character == "[":
            return One(self._set())
        if character == ".":
            return One(inverted(((10, 10),)))
        if character in "^$":
            return Edge(character)
        if character in "*+?{":
            raise self._fail(f"nothing stands before '{character}'", 1)
        if character == "\\":
            return One(self._escape())
        return One(((ord(character), ord(character)),))

    def _group(self, depth: int) -> Part:
        if self._peek() == "?":
            if not self._pattern.startswith("?:", self.offset):
                raise self._fail(
                    "flags, names, lookaround and backreferences are not part of the language", 1
                )
            self.offset += 2
        part = self.choice(depth + 1)
        if self._peek() != ")":
            raise self._fail("a group is not closed")
        self.offset += 1
        return part

    def _escape(self) -> Ranges:
        character = self._take()
        if character.lower() in _CLASSES:
            ranges = _CLASSES[character.lower()]
            return ranges if character.islower() else inverted(ranges)
        if character in _CONTROLS:
            return ((_CONTROLS[character], _CONTROLS[character]),)
        if character == "x":
            return self._hexadecimal()
        if character.isascii() and not character.isalnum() and character != "_":
            return ((ord(character), ord(character)),)
        raise self._fail(f"'\\{character}' is not part of the language", 2)

    def _hexadecimal(self) -> Ranges:
        digits = self._pattern[self.offset : self.offset + 2]
        if not re.fullmatch("[0-9a-fA-F]{2}", digits):
            raise self._fail("two hexadecimal digits follow \\x")
        self.offset += 2
        return ((int(digits, 16), int(digits, 16)),)

    def _set(self) -> Ranges:
        negated = self._peek() == "^"
        self.offset += negated
        found: list[tuple[int, int]] = []
        first = True
        while first or self._peek() != "]":
            found.extend(self._item())
            first = False
        self.offset += 1
        return inverted(tuple(found)) if negated else merged(tuple(found))

    def _item(self) -> Ranges:
        if self._pattern.startswith("[:", self.offset):
            raise self._fail("named classes are not part of the language; write the ranges")
        low = self._end()
        if self._peek() != "-" or self._pattern[self.offset + 1 : self.offset + 2] in ("", "]"):
            return low
        if len(low) != 1 or low[0][0] != low[0][1]:
            raise self._fail("a range begins with one character")
        self.offset += 1
        high = self._end()
        if len(high) != 1 or high[0][0] != high[0][1] or high[0][0] < low[0][0]:
            raise self._fail("a range ends with one later character")
        return ((low[0][0], high[0][0]),)

    def _end(self) -> Ranges:
        character = self._take()
        return self._escape() if character == "\\" else ((ord(character), ord(character)),)
