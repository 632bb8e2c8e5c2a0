"""Read the parts of a validated document: compile its expressions and collect its problems."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from yaml import ScalarNode

from scanner.content.documents import Document
from scanner.content.positions import position_of
from scanner.errors import Problem
from scanner.language import ExpressionErrors, compile_expression
from scanner.language.errors import did_you_mean
from scanner.language.types import Type, unify
from scanner.model.expressions import Explained, Expression

Steps = tuple[str | int, ...]


class Unusable:
    """Stands for an expression with mistakes: loading fails, so that it is never evaluated."""

    source = ""
    paths: frozenset[tuple[str, ...]] = frozenset()

    def evaluate(self, scope: Mapping[str, object]) -> object:
        raise AssertionError("an expression with mistakes is never evaluated")

    def explain(self, scope: Mapping[str, object]) -> Explained:
        raise AssertionError("an expression with mistakes is never evaluated")


def suggest(word: str, known: Iterable[str]) -> str:
    """A hint that names the closest known words."""
    return did_you_mean(word, known)


@dataclass(frozen=True, slots=True)
class DocumentReader:
    """One validated document, and the list that its problems are added to."""

    document: Document
    problems: list[Problem]

    @property
    def data(self) -> Any:
        """The document's data, of the shape that its schema demands."""
        return self.document.data

    def wrong(
        self,
        path: Steps,
        message: str,
        hint: str = "",
        *,
        key: bool = False,
    ) -> None:
        """Add a problem with the value at a path, or with its key."""
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
        """Compile the expression at a path; add its mistakes at their places in the file.

        `want` is the type of its result, guarded at evaluation. `fits` only refuses an expression
        that could never be of this type. `raw` is for expressions over raw answers, whose members
        need no guard against absence.
        """
        try:
            program = compile_expression(text.rstrip(), names, want=want, raw=raw)
        except ExpressionErrors as errors:
            self._add_mistakes(path, errors)
            return Unusable()
        if fits is not None and unify(program.type, fits) is None:
            self.wrong(path, f"the expression is {program.type}, not {fits}")
        return program

    def _add_mistakes(self, path: Steps, errors: ExpressionErrors) -> None:
        # The text of the node, not its value: folds and escapes move columns.
        node = self.document.node(path)
        for error in errors.errors:
            line, column = self.document.position(path)
            if isinstance(node, ScalarNode):
                text = self.document.text
                line, column = position_of(text, node, error.line, error.column)
            problem = Problem(self.document.path, line, column, error.message, error.hint)
            self.problems.append(problem)
