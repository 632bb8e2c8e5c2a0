"""Reads the text of a CloudWatch Logs filter pattern, token by token.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from string import ascii_letters, digits
from typing import Final

from scanner.matching.texts import ANY_TEXT, Characters, Item, TextPattern

LONGEST: Final = 1_024
"""Characters of a filter pattern that CloudWatch Logs takes."""

_TOKEN: Final = re.compile(
    r"""(?P<space>\s+)
    |(?P<quoted>"(?:[^"\\]|\\["\\])*")
    |(?P<regex>%(?:[^%\\]|\\.)+%)
    |(?P<selector>\$(?:\.(?:[\w-]+|\*)|\[(?:[0-9]+|\*)\])+)
    |(?P<sign>&&|\|\||!=|<=|>=|[(){}=<>])
    |(?P<word>[\w.*:/@+-]+)""",
    re.VERBOSE | re.ASCII,
)
NUMBER: Final = re.compile(r"[+-]?[0-9]{1,30}(\.[0-9]{1,30})?([eE][+-]?[0-9]{1,2})?", re.ASCII)
_REPETITION: Final = re.compile(r"\{([0-9]{1,3})(,[0-9]{0,3})?\}", re.ASCII)
_MOST_REPEATS: Final = 100
_WORD_LETTERS: Final = frozenset(ascii_letters + digits + "_")
_CLASSES: Final = {
    "d": Characters(frozenset(digits)),
    "D": Characters(frozenset(digits), negated=True),
    "w": Characters(_WORD_LETTERS),
    "W": Characters(_WORD_LETTERS, negated=True),
    "s": Characters(frozenset(" \t\n\r\f\v")),
    "S": Characters(frozenset(" \t\n\r\f\v"), negated=True),
}
_PLAIN: Final = frozenset(ascii_letters + digits + ":_#=@/;,-")
_OPERATORS: Final = frozenset("^$?[]{}|\\*+.")


class FilterSyntaxError(ValueError):
    """A filter that the documented grammar does not take, and where."""

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(f"the filter does not parse at character {offset + 1}: {message}")
        self.offset = offset


@dataclass(frozen=True, slots=True)
class Token:
    """One token: its kind, its text without quotes, and its offset from 0."""

    kind: str
    text: str
    offset: int


def tokens_of(text: str) -> list[Token]:
    """The tokens of a JSON pattern, and one that marks the end."""
    found: list[Token] = []
    offset = 0
    while offset < len(text):
        match = _TOKEN.match(text, offset)
        if match is None:
            raise FilterSyntaxError(f"unexpected {text[offset]!r}", offset)
        kind = str(match.lastgroup)
        if kind != "space":
            found.append(Token(kind, unquoted(kind, match[0]), offset))
        offset = match.end()
    found.append(Token("end", "", offset))
    return found


def unquoted(kind: str, text: str) -> str:
    """The text of a token without its quotes or percent signs."""
    if kind == "quoted":
        return text[1:-1].replace('\\"', '"').replace("\\\\", "\\")
    if kind == "regex":
        return text[1:-1]
    return text


def regular_expression(text: str, offset: int) -> TextPattern:
    """The texts in which a regular expression of filter patterns matches somewhere."""
    return _Expression(text, offset).read()


class _Expression:
    """One pass over a regular expression: no groups, so alternatives of sequences."""

    def __init__(self, text: str, offset: int) -> None:
        self._text = text
        self._offset = offset
        self._at = 0

    def read(self) -> TextPattern:
        sequences: list[tuple[Item, ...]] = []
        while True:
            sequences.append(self._sequence())
            if self._at >= len(self._text):
                return TextPattern(tuple(sequences))
            self._at += 1

    def _sequence(self) -> tuple[Item, ...]:
        """The items up to the next `|`, with any text where they are not anchored."""
        items: list[Item] = [ANY_TEXT]
        if self._peek() == "^":
            self._at += 1
            items = []
        while self._peek() not in ("", "|"):
            if self._peek() == "$" and self._peek(1) in ("", "|"):
                self._at += 1
                return tuple(items)
            items.extend(self._repeated(self._characters()))
        return (*items, ANY_TEXT)

    def _peek(self, ahead: int = 0) -> str:
        return self._text[self._at + ahead : self._at + ahead + 1]

    def _fail(self, message: str) -> FilterSyntaxError:
        return FilterSyntaxError(message, self._offset + self._at)

    def _take(self) -> str:
        letter = self._peek()
        if not letter:
            raise self._fail("the regular expression ends too early")
        self._at += 1
        return letter

    def _characters(self) -> Characters:
        letter = self._take()
        if letter == "\\":
            return self._escaped()
        if letter == "[":
            return self._bracket()
        if letter == ".":
            return Characters(frozenset("\n"), negated=True)
        if letter not in _PLAIN:
            self._at -= 1
            raise self._fail(f"{letter!r} is not supported here in a regular expression")
        return Characters(frozenset(letter))

    def _escaped(self) -> Characters:
        letter = self._take()
        if letter in _CLASSES:
            return _CLASSES[letter]
        if letter in _PLAIN | _OPERATORS and not letter.isalnum():
            return Characters(frozenset(letter))
        self._at -= 1
        raise self._fail(f"'\\{letter}' is not supported in a regular expression")

    def _bracket(self) -> Characters:
        negated = self._peek() == "^"
        self._at += negated
        letters: set[str] = set()
        while self._peek() != "]":
            low = self._bracket_letters()
            if self._peek() == "-" and self._peek(1) != "]":
                self._at += 1
                low = self._range(low, self._bracket_letters())
            letters |= low
        self._at += 1
        if not letters:
            raise self._fail("a class of characters is empty")
        return Characters(frozenset(letters), negated)

    def _range(self, low: frozenset[str], high: frozenset[str]) -> frozenset[str]:
        if len(low) != 1 or len(high) != 1:
            raise self._fail("a class of characters ends no range")
        (first,), (last,) = low, high
        if first > last:
            raise self._fail("a range of characters runs upwards")
        return frozenset(map(chr, range(ord(first), ord(last) + 1)))

    def _bracket_letters(self) -> frozenset[str]:
        letter = self._take()
        if letter == "\\":
            escaped = self._escaped()
            if escaped.negated:
                raise self._fail("a negated class inside a class is not supported")
            return escaped.letters
        if letter not in _PLAIN | set(".$*+?|{}"):
            self._at -= 1
            raise self._fail(f"{letter!r} is not supported in a class of characters")
        return frozenset(letter)

    def _repeated(self, characters: Characters) -> list[Item]:
        sign = self._peek()
        if sign == "{":
            return self._counted(characters)
        if sign not in ("?", "*", "+"):
            return [Item(characters)]
        self._at += 1
        if self._peek() in ("?", "*", "+", "{"):
            raise self._fail("a repetition cannot be repeated")
        return [Item(characters, optional=sign in "?*", repeated=sign in "*+")]

    def _counted(self, characters: Characters) -> list[Item]:
        match = _REPETITION.match(self._text, self._at)
        if match is None:
            raise self._fail("'{' begins a repetition such as {2} or {2,5}")
        least = int(match[1])
        upper = match[2] or f",{least}"
        most = int(upper[1:] or least)
        if not least <= most <= _MOST_REPEATS:
            raise self._fail(f"a repetition counts up, to {_MOST_REPEATS} at most")
        self._at = match.end()
        items = [Item(characters)] * least + [Item(characters, optional=True)] * (most - least)
        if upper == ",":
            items.append(Item(characters, optional=True, repeated=True))
        return items
