"""A document while it is read: its data, and the problems found so far."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from scanner.content.documents import Document
from scanner.content.positions import position_of
from scanner.errors import Problem
from scanner.language import ExpressionErrors, compile_expression
from scanner.language.errors import did_you_mean
from scanner.language.types import Type, unify
from scanner.model.expressions import Explained, Expression

Steps = tuple[str | int, ...]


class Unusable:
    """Stands where an expression has mistakes; loading fails, so that it is never evaluated."""

    source = ""
    paths: frozenset[tuple[str, ...]] = frozenset()

    def evaluate(self, scope: Mapping[str, object]) -> object:
        raise AssertionError("an expression with mistakes is never evaluated")

    def explain(self, scope: Mapping[str, object]) -> Explained:
        raise AssertionError("an expression with mistakes is never evaluated")


def suggest(word: str, known: Iterable[str]) -> str:
    """A hint that names the closest known word; all of them only where they are few."""
    hint = did_you_mean(word, known)
    return "" if hint.endswith("…") else hint


@dataclass(frozen=True, slots=True)
class DocumentReader:
    """One document, and where its problems go."""

    document: Document
    problems: list[Problem]

    @property
    def data(self) -> Any:
        """The document's data, of the right shape."""
        return self.document.data

    def wrong(self, path: Steps, message: str, hint: str = "", *, key: bool = False) -> None:
        """Note a mistake in the value at a path, or in its key."""
        self.problems.append(self.document.problem(path, message, hint, key=key))

    def expression(
        self,
        path: Steps,
        text: str,
        names: Mapping[str, Type],
        *,
        want: Type | None = None,
        fits: Type | None = None,
        raw: bool = False,
    ) -> Expression:
        """The expression at a path, compiled; its mistakes are noted at their places in the file.

        `want` is the type of its result, guarded when it is evaluated; `fits` only refuses what never could be it.
        `raw` is for expressions over raw answers, where what may be missing needs no guard.
        """
        try:
            program = compile_expression(text.rstrip(), names, want=want, raw=raw)
            if fits is not None and unify(program.type, fits) is None:
                self.wrong(path, f"the expression is {program.type}, not {fits}")
            return program
        except ExpressionErrors as errors:
            node = self.document.node(path)
            for error in errors.errors:
                line, column = position_of(self.document.text, node, error.line, error.column)
                self.problems.append(
                    Problem(self.document.path, line, column, error.message, error.hint)
                )
            return Unusable()
