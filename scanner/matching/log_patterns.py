"""Parses CloudWatch Logs filter patterns for JSON events: comparisons of fields, &&, ||, ( )."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from scanner.matching.formula import And, Atom, Formula, Not, Or
from scanner.matching.json_values import Differs, Exists, Is, NumberIs, TextIs, Unmodeled
from scanner.matching.log_syntax import (
    LONGEST,
    NUMBER,
    FilterSyntaxError,
    Token,
    regular_expression,
    tokens_of,
)
from scanner.matching.texts import wildcard

_DEEPEST: Final = 50
_COMPARISONS: Final = ("=", "!=", "<", ">", "<=", ">=")
_VALUES: Final = ("quoted", "regex", "word")
_CONSTANTS: Final = {"TRUE": True, "FALSE": False, "NULL": None}


@lru_cache(maxsize=4096)
def parse_json_pattern(text: str) -> Formula:
    """The formula that a JSON pattern stands for; FilterSyntaxError where it is none."""
    if len(text) > LONGEST * 4:
        raise FilterSyntaxError(f"the filter is longer than {LONGEST} characters", LONGEST)
    return _Parser(tokens_of(text)).pattern()


class _Parser:
    """Recursive descent; `&&` binds more tightly than `||`."""

    def __init__(self, tokens: list[Token]) -> None:
        self._tokens = tokens
        self._index = 0
        self._depth = 0

    def pattern(self) -> Formula:
        self._expect("{")
        formula = self._alternatives()
        self._expect("}")
        self._expect("")
        return formula

    @property
    def _next(self) -> Token:
        return self._tokens[self._index]

    def _take(self) -> Token:
        token = self._next
        self._index += 1
        return token

    def _fail(self, wanted: str) -> FilterSyntaxError:
        found = self._next.text or "the end"
        return FilterSyntaxError(f"expected {wanted}, found {found!r}", self._next.offset)

    def _is_sign(self, text: str) -> bool:
        return self._next.kind == "sign" and self._next.text == text

    def _expect(self, sign: str) -> None:
        if not self._is_sign(sign) and not (sign == "" and self._next.kind == "end"):
            raise self._fail(f"{sign!r}" if sign else "the end")
        self._index += 1

    def _alternatives(self) -> Formula:
        parts = [self._conditions()]
        while self._is_sign("||"):
            self._index += 1
            parts.append(self._conditions())
        return Or(tuple(parts))

    def _conditions(self) -> Formula:
        parts = [self._condition()]
        while self._is_sign("&&"):
            self._index += 1
            parts.append(self._condition())
        return And(tuple(parts))

    def _condition(self) -> Formula:
        if not self._is_sign("("):
            return self._comparison()
        self._depth += 1
        if self._depth > _DEEPEST:
            raise self._fail("fewer parentheses")
        self._index += 1
        formula = self._alternatives()
        self._expect(")")
        self._depth -= 1
        return formula

    def _comparison(self) -> Formula:
        if self._next.kind != "selector":
            raise self._fail("a field such as $.eventName")
        selector = self._take()
        formula = self._test(tuple(selector.text.split(".")[1:]))
        # Which items of arrays exist depends on each other, and a wildcard names many fields.
        if "[" in selector.text or "*" in selector.text:
            return Atom((), Unmodeled(selector.text))
        return formula

    def _test(self, path: tuple[str, ...]) -> Formula:
        first = self._next
        if first.kind == "sign" and first.text in _COMPARISONS:
            self._index += 1
            return Atom(path, self._value(first.text))
        if self._take_words("EXISTS"):
            return Atom(path, Exists())
        if self._take_words("NOT", "EXISTS"):
            return Not(Atom(path, Exists()))
        for name, value in _CONSTANTS.items():
            if self._take_words("IS", name):
                return Atom(path, Is(value))
        raise self._fail("a comparison")

    def _take_words(self, *words: str) -> bool:
        """Whether these words come next; they are then read."""
        found = self._tokens[self._index : self._index + len(words)]
        if [(token.kind, token.text) for token in found] != [("word", word) for word in words]:
            return False
        self._index += len(words)
        return True

    def _value(self, operator: str) -> TextIs | NumberIs | Differs:
        if self._next.kind not in _VALUES:
            raise self._fail("a value")
        token = self._take()
        is_number = token.kind == "word" and NUMBER.fullmatch(token.text)
        if operator not in ("=", "!=") and not is_number:
            self._index -= 1
            raise self._fail("a number")
        if is_number:
            compared = operator.replace("!=", "=")
            test: TextIs | NumberIs = NumberIs(compared, float(token.text), token.text)
        elif token.kind == "regex":
            pattern = regular_expression(token.text, token.offset + 1)
            test = TextIs(pattern, token.text)
        else:
            test = TextIs(wildcard(token.text), token.text)
        if operator == "!=":
            return Differs(test)
        return test
