"""Decides what filter patterns of terms, and of fields between spaces, match of JSON events.

A pattern of terms looks for texts in the whole message: `"AccessDenied"`, `-term` (without it),
`?one ?other` (any of them), `%expression%`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from scanner.matching.formula import Literal
from scanner.matching.json_values import TextIs
from scanner.matching.log_syntax import FilterSyntaxError, regular_expression, unquoted
from scanner.matching.texts import TextPattern, UndecidedError, wildcard

_TERM: Final = re.compile(
    r"""\s*(?P<sign>[?-]?)(?:(?P<quoted>"(?:[^"\\]|\\["\\])*")
    |(?P<regex>%(?:[^%\\]|\\.)+%)|(?P<word>\w+))(?=\s|$)""",
    re.VERBOSE | re.ASCII,
)
_SAFE: Final = re.compile(r'[^"\\\x00-\x1f\x7f-\U0010ffff]+')
"""Texts that JSON writes as they are."""
_UNNAMED: Final = re.compile(r"\w+|\.\.\.", re.ASCII)


@dataclass(frozen=True, slots=True)
class Term:
    """One term of a pattern: `-` must not be in the message, `?` is one of several."""

    sign: str
    """Empty for a term that must be in the message."""
    text: str
    expression: TextPattern | None

    def is_in(self, message: str) -> bool:
        """Whether the message holds the term."""
        if self.expression is not None:
            return self.expression.matches(message)
        return self.text in message


def parse_terms(text: str) -> tuple[Term, ...]:
    """The terms of a pattern; none: it matches every event."""
    terms: list[Term] = []
    offset = 0
    while text[offset:].strip():
        match = _TERM.match(text, offset)
        if match is None:
            start = len(text) - len(text[offset:].lstrip())
            hint = "terms with other characters than letters, digits and _ stand in double quotes"
            raise FilterSyntaxError(hint, start)
        kind = str(match.lastgroup)
        content = unquoted(kind, match[kind])
        expression = None
        if kind == "regex":
            expression = regular_expression(content, match.start(kind) + 1)
        terms.append(Term(match["sign"], content, expression))
        offset = match.end()
    signs = {term.sign for term in terms}
    if "?" in signs and signs != {"?"}:
        raise UndecidedError("the filter mixes ?terms with others, whose meaning is not documented")
    return tuple(terms)


def missed_message(
    terms: Sequence[Term],
    literals: Iterable[Literal],
    event: dict[str, Any],
) -> dict[str, Any] | None:
    """An event like the given one that the terms do not match; None: each has what they want.

    `literals` are what is known of every such event. Raises UndecidedError.
    """
    certain = _certain_texts(literals)
    message = json.dumps(event, separators=(",", ":"))
    if terms and terms[0].sign == "?":
        return _missed_by_all(terms, certain, event, message)
    for term in terms:
        if term.sign == "-":
            return _with_text(event, term)
    return _missed_by_one(terms, certain, event, message)


def _missed_by_one(
    terms: Sequence[Term],
    certain: Sequence[str],
    event: dict[str, Any],
    message: str,
) -> dict[str, Any] | None:
    """The event, where it lacks one of the terms; None: each event holds all."""
    lacking = [term for term in terms if not _is_certain(term, certain)]
    if not lacking:
        return None
    if all(term.is_in(message) for term in lacking):
        raise UndecidedError(_depends(lacking[0]))
    return event


def _missed_by_all(
    terms: Sequence[Term],
    certain: Sequence[str],
    event: dict[str, Any],
    message: str,
) -> dict[str, Any] | None:
    """The event, where it holds none of the terms; None: each event holds one."""
    if any(_is_certain(term, certain) for term in terms):
        return None
    for term in terms:
        if term.is_in(message):
            raise UndecidedError(_depends(term))
    return event


def _depends(term: Term) -> str:
    return f"whether all events hold {term.text!r} depends on how they are written"


def _certain_texts(literals: Iterable[Literal]) -> list[str]:
    """Texts that each event with these literals has in its message: values, and names of fields."""
    texts: list[str] = []
    for atom, wanted in literals:
        if not (wanted and isinstance(atom.test, TextIs)):
            continue
        texts.extend(atom.path)
        # What a regular expression spells is no part of the texts that it matches.
        if atom.test.pattern == wildcard(atom.test.written):
            texts.extend(atom.test.written.split("*"))
    return texts


def _is_certain(term: Term, texts: Iterable[str]) -> bool:
    if term.expression is not None or not _SAFE.fullmatch(term.text):
        return False
    return any(term.text in text for text in texts)


def _with_text(event: dict[str, Any], term: Term) -> dict[str, Any]:
    """The event with one more field that holds a term."""
    name = "note"
    while name in event:
        name += "_"
    longer = {**event, name: term.text}
    if not term.is_in(json.dumps(longer, separators=(",", ":"))):
        raise UndecidedError(_depends(term))
    return longer


def check_delimited(text: str) -> None:
    """Refuse a pattern of fields between spaces: a JSON event has no such fields.

    One that matches every message, such as `[...]`, is taken. Raises UndecidedError.
    """
    names = [part.strip() for part in text[1:-1].split(",")]
    if not text.endswith("]") or not all(names):
        raise FilterSyntaxError("a pattern of fields is written [name, name = value, ...]", 0)
    is_any = names.count("...") == 1 and len(names) <= 2
    if not is_any or not all(map(_UNNAMED.fullmatch, names)):
        raise UndecidedError("the filter counts fields between spaces, which JSON events lack")
