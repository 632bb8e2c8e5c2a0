"""Tokens of an expression: the only characters that reach the parser."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from scanner.language.errors import fault

LONGEST_SOURCE: Final = 4_000

_TOKEN: Final = re.compile(
    r"""(?P<space>[ \t\r\n]+|//[^\n]*)
    |(?P<raw>[rR](?:'[^'\r\n]*'|"[^"\r\n]*"))
    |(?P<bytes>[bB][rR]?['"])
    |(?P<string>'(?:[^'\\\r\n]|\\[^\r\n])*'|"(?:[^"\\\r\n]|\\[^\r\n])*")
    |(?P<double>[0-9]+\.[0-9]+(?:[eE][+-]?[0-9]+)?|[0-9]+[eE][+-]?[0-9]+)
    |(?P<int>0x[0-9a-fA-F]+|[0-9]+)
    |(?P<name>[A-Za-z_][A-Za-z0-9_]*)
    |(?P<mark>&&|\|\||==|!=|<=|>=|[-+*/%<>!?:.,()\[\]])""",
    re.VERBOSE | re.ASCII,
)
_ESCAPE: Final = re.compile(
    r"""\\(?:x([0-9a-fA-F]{2})|X([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([abfnrtv\\?"'`]))|\\"""
)
_SHORT: Final = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_REFUSED: Final = {
    "=": "compare with '=='",
    "&": "write '&&'",
    "|": "write '||'",
    "{": "maps and messages cannot be written here",
    "'": "the string has no end on this line",
    '"': "the string has no end on this line",
}


class Token(NamedTuple):
    """One word of an expression: its kind, its value, and where it stands. A tuple: a library has tens of thousands."""

    kind: str
    """`name`, `int`, `double`, `string`, `mark` or `end`."""
    text: str
    value: str | int | float
    at: tuple[int, int]


def tokens(source: str) -> list[Token]:
    """The tokens of an expression, closed by one of kind `end`; ExpressionErrors on anything unusual."""
    if len(source) > LONGEST_SOURCE:
        raise fault(
            (1, 1),
            f"the expression is longer than {LONGEST_SOURCE} characters",
            "split it into attributes",
        )
    found: list[Token] = []
    position, line, start, length, match_at = 0, 1, 0, len(source), _TOKEN.match
    while position < length:
        at = (line, position - start + 1)
        match = match_at(source, position)
        if match is None:
            raise _refuse(source[position], at)
        text, kind, position = match[0], match.lastgroup, match.end()
        if kind == "name" or kind == "mark":
            found.append(Token(kind, text, text, at))
        elif kind != "space":
            found.append(_token(kind or "", text, source[position : position + 1], at))
        elif "\n" in text:
            line += text.count("\n")
            start = position - len(text) + text.rindex("\n") + 1
    found.append(Token("end", "", "", (line, position - start + 1)))
    return found


def _refuse(character: str, at: tuple[int, int]) -> Exception:
    hint = _REFUSED.get(
        character, "an expression is written in ASCII; other characters stand inside strings"
    )
    return fault(at, f"unexpected character {character!r}", hint)


def _token(kind: str, text: str, following: str, at: tuple[int, int]) -> Token:
    if kind == "bytes":
        raise fault(at, "byte strings are not part of the language", "write an ordinary string")
    if kind in ("string", "raw"):
        if following and following in "'\"" and len(text) - (kind == "raw") == 2:
            raise fault(
                at, "triple quotes are not part of the language", "write one pair of quotes"
            )
        if kind == "raw" and text[-2] == "\\":
            raise fault(
                at,
                "a raw string cannot end with a backslash",
                "write an ordinary string, with \\\\ for one",
            )
        value = text[2:-1] if kind == "raw" else _unescape(text[1:-1], at)
        return Token("string", text, value, at)
    if kind in ("int", "double"):
        if following and (following.isalnum() or following == "_"):
            raise fault(
                at,
                f"{text + following!r} is not a number",
                "unsigned numbers and units are not written",
            )
        return Token(kind, text, _number(kind, text), at)
    raise AssertionError(f"no token is called {kind}")


def _number(kind: str, text: str) -> int | float:
    if kind == "double":
        return float(text)
    return int(text, 16) if text.startswith("0x") else int(text)


def _unescape(body: str, at: tuple[int, int]) -> str:
    def one(match: re.Match[str]) -> str:
        digits = match[1] or match[2] or match[3] or match[4]
        if digits:
            code = int(digits, 16)
            if code > 0x10FFFF or 0xD800 <= code <= 0xDFFF:
                raise fault((at[0], at[1] + 1 + match.start()), f"{match[0]!r} is not a character")
            return chr(code)
        if match[5] is None:
            where = (at[0], at[1] + 1 + match.start())
            raise fault(
                where,
                "unknown escape in a string",
                r"use \n \t \\ \' \" \xhh \uhhhh, or a raw string r'…'",
            )
        return _SHORT.get(match[5], match[5])

    return _ESCAPE.sub(one, body)
