"""Splits an expression into tokens, and refuses every character that belongs to none."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from scanner.language.errors import ExpressionErrors, Position, fault

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
    r"""\\(?:x([0-9a-fA-F]{2})|X([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})"""
    r"""|([abfnrtv\\?"'`]))|\\"""
)
_SHORT: Final = {
    "a": "\a",
    "b": "\b",
    "f": "\f",
    "n": "\n",
    "r": "\r",
    "t": "\t",
    "v": "\v",
}
_REFUSED: Final = {
    "=": "compare with '=='",
    "&": "write '&&'",
    "|": "write '||'",
    "{": "maps and messages cannot be written here",
    "'": "the string has no end on this line",
    '"': "the string has no end on this line",
}


class Token(NamedTuple):
    """One word of an expression: its kind, its value, and its position.

    A tuple, because a library has tens of thousands.
    """

    kind: str
    """`name`, `int`, `double`, `string`, `mark` or `end`."""
    text: str
    value: str | int | float
    at: Position


def tokens(source: str) -> list[Token]:
    """The tokens of an expression, closed by one of kind `end`.

    Raises ExpressionErrors at the first character that belongs to no token.
    """
    if len(source) > LONGEST_SOURCE:
        raise fault(
            (1, 1),
            f"the expression is longer than {LONGEST_SOURCE} characters",
            "split it into attributes",
        )
    found: list[Token] = []
    position = line_start = 0
    line = 1
    match_at = _TOKEN.match
    while position < len(source):
        at = (line, position - line_start + 1)
        match = match_at(source, position)
        if match is None:
            raise _refuse(source[position], at)
        text = match[0]
        kind = match.lastgroup
        position = match.end()
        if kind == "name" or kind == "mark":
            found.append(Token(kind, text, text, at))
        elif kind == "space":
            line_breaks = text.count("\n")
            if line_breaks:
                line += line_breaks
                line_start = position - len(text) + text.rindex("\n") + 1
        else:
            following = source[position : position + 1]
            found.append(_literal(kind or "", text, following, at))
    found.append(Token("end", "", "", (line, position - line_start + 1)))
    return found


def _refuse(character: str, at: Position) -> ExpressionErrors:
    hint = _REFUSED.get(character, "an expression is ASCII; other characters belong inside strings")
    return fault(at, f"unexpected character {character!r}", hint)


def _literal(kind: str, text: str, following: str, at: Position) -> Token:
    """The token of a string or a number; `following` is the character behind it."""
    if kind == "string":
        _refuse_triple_quotes(text, following, at)
        return Token("string", text, _unescape(text[1:-1], at), at)
    if kind == "raw":
        _refuse_triple_quotes(text[1:], following, at)
        if text[-2] == "\\":
            raise fault(
                at,
                "a raw string cannot end with a backslash",
                "write an ordinary string, with \\\\ for one",
            )
        return Token("string", text, text[2:-1], at)
    if kind == "bytes":
        raise fault(at, "byte strings are not part of the language", "write an ordinary string")
    if kind not in ("int", "double"):
        raise AssertionError(f"no token is called {kind}")
    # `22u` and `5m` are two tokens to a lexer that stops at the digits, and a mistake to everyone
    # else.
    if following and (following.isalnum() or following == "_"):
        raise fault(
            at,
            f"{text + following!r} is not a number",
            "write the number without a suffix",
        )
    return Token(kind, text, _number(kind, text), at)


def _refuse_triple_quotes(quoted: str, following: str, at: Position) -> None:
    # Two quotes and a third behind them: CEL would read on over line breaks, up to three more.
    if len(quoted) == 2 and following in ("'", '"'):
        raise fault(at, "triple quotes are not part of the language", "write one pair of quotes")


def _number(kind: str, text: str) -> int | float:
    if kind == "double":
        return float(text)
    if text.startswith("0x"):
        return int(text, 16)
    return int(text)


def _unescape(body: str, at: Position) -> str:
    """The text of a string literal; `at` is the position of its opening quote."""

    def replacement(match: re.Match[str]) -> str:
        line, column = at
        position = (line, column + 1 + match.start())
        *code_points, short = match.groups()
        digits = next(filter(None, code_points), None)
        if digits is not None:
            code = int(digits, 16)
            # Half of a surrogate pair is no character, and could not be written out again.
            if code > 0x10FFFF or 0xD800 <= code <= 0xDFFF:
                raise fault(position, f"{match[0]!r} is not a character")
            return chr(code)
        if short is None:
            raise fault(
                position,
                "unknown escape in a string",
                r"use \n \t \\ \' \" \xhh \uhhhh, or a raw string r'…'",
            )
        return _SHORT.get(short, short)

    return _ESCAPE.sub(replacement, body)
