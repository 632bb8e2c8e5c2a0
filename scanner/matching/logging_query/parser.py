"""Parses a query of Cloud Logging.

The rules are those of "Logging query language" in Google's documentation: NOT (or a minus) binds
closest, then OR, then AND, which may be left out; a comparison may have alternatives in
parentheses, `field:("a" OR "b")`; a value without a field is searched for everywhere.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from scanner.matching.formula import And, Not, Or
from scanner.matching.logging_query.tokens import QueryError, Token, tokens

Path = tuple[str, ...]

_OPERATORS: Final = frozenset({"=", "!=", ":", "=~", "!~", ">", "<", ">=", "<="})
_NEGATED: Final = frozenset({"!=", "!~"})
_WORDS: Final = frozenset({"AND", "OR", "NOT"})
_DEEPEST: Final = 50


@dataclass(frozen=True, slots=True)
class Comparison:
    """A field compared with a value."""

    path: Path
    operator: str
    """As it is written; `exists` for `field:*`."""
    value: str
    at: int
    """Offset in the query."""


@dataclass(frozen=True, slots=True)
class Search:
    """A value that some field contains."""

    value: str


@dataclass(frozen=True, slots=True)
class LogId:
    """The log of the entry, by the id that `log_id()` takes."""

    value: str


Node = And | Or | Not | Comparison | Search | LogId


@lru_cache(maxsize=1024)
def parse(query: str) -> Node:
    """The tree of a query; QueryError, with line and column, where the grammar does not take it."""
    parser = _Parser(query)
    tree = parser.conjunction(parser.restriction)
    parser.expect_end()
    return tree


class _Parser:
    """Reads tokens from the left; each method reads one rule of the grammar."""

    def __init__(self, query: str) -> None:
        self._query = query
        self._tokens = tuple(tokens(query))
        self._next = 0
        self._depth = 0

    def conjunction(self, primary: Callable[[], Node]) -> Node:
        """Alternatives that all hold, with or without AND between them."""
        parts: list[Node] = []
        while not self._ends():
            if parts and self._word("AND"):
                self._next += 1
            parts.append(self._alternatives(primary))
        return parts[0] if len(parts) == 1 else And(tuple(parts))

    def expect_end(self) -> None:
        """Nothing is left, such as a parenthesis that nobody opened."""
        if self._next < len(self._tokens):
            raise self._error("unexpected ')'")

    def restriction(self) -> Node:
        """A comparison, a function, a value, or a query in parentheses."""
        if self._symbol("("):
            return self._parenthesized(self.restriction)
        token = self._chain("a field or a value")
        following = self._peek()
        if following is None or following.symbol not in {*_OPERATORS, "("}:
            return Search(self._value_of(token))
        if following.symbol != "(":
            return self._comparison(token)
        # `name (x)` with a space is two restrictions.
        if following.start == token.end and token.word:
            return self._function(token)
        return Search(self._value_of(token))

    def _alternatives(self, primary: Callable[[], Node]) -> Node:
        parts = [self._negation(primary)]
        while self._word("OR"):
            self._next += 1
            parts.append(self._negation(primary))
        return parts[0] if len(parts) == 1 else Or(tuple(parts))

    def _negation(self, primary: Callable[[], Node]) -> Node:
        negated = False
        while self._word("NOT") or self._symbol("-"):
            negated = not negated
            self._next += 1
        part = primary()
        return Not(part) if negated else part

    def _parenthesized(self, primary: Callable[[], Node]) -> Node:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise self._error("nested too deeply")
        self._next += 1
        if self._symbol(")"):
            raise self._error("nothing in parentheses")
        inner = self.conjunction(primary)
        if not self._symbol(")"):
            raise self._error("')' is missing")
        self._next += 1
        self._depth -= 1
        return inner

    def _comparison(self, field: Token) -> Node:
        operator = self._tokens[self._next].symbol
        self._next += 1
        # A name in quotes alone may be one segment with dots, or a path: Google does not say.
        if field.quoted == (True,):
            raise self._error("a field in quotes is not supported", field)

        def compared() -> Node:
            if self._symbol("("):
                return self._parenthesized(compared)
            return self._compared(field, operator)

        if not self._symbol("("):
            return self._compared(field, operator)
        # `!= ("a" OR "b")` reads as "neither" and, spread out, as "anything".
        if operator in _NEGATED:
            raise self._error(f"several values after '{operator}' are not supported")
        return self._parenthesized(compared)

    def _compared(self, field: Token, operator: str) -> Comparison:
        sign = ""
        if self._symbol("-"):
            sign = "-"
            self._next += 1
        token = self._chain("a value")
        value = sign + self._value_of(token)
        if sign and not token.word[:1].isdigit():
            raise self._error("a value is missing", token)
        if token.word == "NULL_VALUE":
            raise self._error("NULL_VALUE is not supported", token)
        if "*" in token.word:
            if operator != ":" or value != "*":
                raise self._error("a star outside quotes must stand alone after ':'", token)
            return Comparison(field.parts, "exists", "", field.start)
        return Comparison(field.parts, operator, value, field.start)

    def _function(self, name: Token) -> Node:
        if name.word.lower() != "log_id":
            raise self._error(f"{name.word}() is not supported", name)
        self._next += 1
        value = self._value_of(self._chain("the id of a log"))
        if not self._symbol(")"):
            raise self._error("')' is missing")
        self._next += 1
        return LogId(value)

    def _chain(self, wanted: str) -> Token:
        token = self._peek()
        if token is None or token.symbol or token.word in _WORDS:
            raise self._error(f"{wanted} is missing")
        self._next += 1
        return token

    def _value_of(self, token: Token) -> str:
        if len(token.parts) > 1 and any(token.quoted):
            raise self._error("quote the whole value or nothing", token)
        return ".".join(token.parts)

    def _peek(self) -> Token | None:
        if self._next < len(self._tokens):
            return self._tokens[self._next]
        return None

    def _ends(self) -> bool:
        return self._peek() is None or self._symbol(")")

    def _symbol(self, symbol: str) -> bool:
        token = self._peek()
        return token is not None and token.symbol == symbol

    def _word(self, word: str) -> bool:
        token = self._peek()
        return token is not None and token.word == word

    def _error(self, message: str, token: Token | None = None) -> QueryError:
        found = token or self._peek()
        offset = len(self._query) if found is None else found.start
        return QueryError(message, self._query, offset)
