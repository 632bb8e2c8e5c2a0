"""Splits a query of Cloud Logging into tokens."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

LONGEST_QUERY: Final = 20_000
"""Characters; Logging takes no more."""

_STRING: Final = r'"(?:[^"\\]|\\.)*"'
_TEXT: Final = r"[\w@%/*+~$][\w@%/*+~$-]*"
_PART: Final = re.compile(rf"{_STRING}|{_TEXT}", re.DOTALL)
_SPACE: Final = re.compile(r"(?:\s+|--[^\n]*)+")
_CHAIN: Final = re.compile(rf"(?:{_STRING}|{_TEXT})(?:\.(?:{_STRING}|{_TEXT}))*", re.DOTALL)
_SYMBOL: Final = re.compile(r"!=|!~|=~|>=|<=|[=><:()-]")
_SIMPLE_ESCAPES: Final = {
    "a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v",
}  # fmt: skip
_ESCAPE: Final = re.compile(r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|([0-7]{3})|(.))", re.DOTALL)


class QueryError(ValueError):
    """A query that the grammar does not take, or that is not judged, with the place in it."""

    def __init__(self, message: str, query: str, offset: int) -> None:
        line = query.count("\n", 0, offset) + 1
        column = offset - (query.rfind("\n", 0, offset) + 1) + 1
        super().__init__(f"query {line}:{column}: {message}")


@dataclass(frozen=True, slots=True)
class Token:
    """A symbol, or a chain of texts with dots between them; `resource.type` is one."""

    symbol: str
    """Empty for a chain."""
    parts: tuple[str, ...]
    quoted: tuple[bool, ...]
    start: int
    end: int

    @property
    def word(self) -> str:
        """The text of a chain without quotes; empty for anything else."""
        if any(self.quoted):
            return ""
        return ".".join(self.parts)


def tokens(query: str) -> Iterator[Token]:
    """The tokens of a query; QueryError where it has a character that begins none."""
    if len(query) > LONGEST_QUERY:
        raise QueryError(f"longer than {LONGEST_QUERY} characters", query, LONGEST_QUERY)
    offset = 0
    while offset < len(query):
        if space := _SPACE.match(query, offset):
            offset = space.end()
        elif chain := _CHAIN.match(query, offset):
            yield _chain(chain, query)
            offset = chain.end()
        elif symbol := _SYMBOL.match(query, offset):
            yield Token(symbol[0], (), (), offset, symbol.end())
            offset = symbol.end()
        else:
            raise QueryError(f"unexpected {query[offset]!r}", query, offset)


def _chain(found: re.Match[str], query: str) -> Token:
    parts: list[str] = []
    quoted: list[bool] = []
    for part in _PART.finditer(query, found.start(), found.end()):
        is_quoted = part[0].startswith('"')
        quoted.append(is_quoted)
        parts.append(_unescaped(part[0][1:-1]) if is_quoted else part[0])
    return Token("", tuple(parts), tuple(quoted), found.start(), found.end())


def _unescaped(text: str) -> str:
    return _ESCAPE.sub(_escaped_character, text)


def _escaped_character(found: re.Match[str]) -> str:
    hexadecimal, unicode, octal, other = found.groups()
    if other is not None:
        # A backslash before anything else stays: patterns have their own escapes (`\.`, `\d`).
        if other in ('"', "\\"):
            return other
        return _SIMPLE_ESCAPES.get(other, found[0])
    if octal is not None:
        return chr(int(octal, 8))
    return chr(int(hexadecimal or unicode, 16))
