"""A compiled expression, and the way from a text to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from scanner.language.checker import Checker
from scanner.language.compiler import SLOW, compile_fast
from scanner.language.errors import ExpressionErrors
from scanner.language.evaluator import BUDGET, Closures, Environment
from scanner.language.explanation import Explainer, Explanation
from scanner.language.member_chains import compile_chain
from scanner.language.parser import parse
from scanner.language.paths import paths_of
from scanner.language.scopes import Scope
from scanner.language.tree import Node
from scanner.language.types import NOTHING, Type, unify
from scanner.language.unread import BudgetExceededError, reader
from scanner.model.values import Unreadable

DEFAULT_BUDGET: Final = 1_000_000
OVER_BUDGET: Final = Unreadable("iteration budget exceeded")
TOO_DEEP: Final = Unreadable("the data is nested too deeply")

_FAST_FAILURES: Final = (
    KeyError,
    TypeError,
    AttributeError,
    ValueError,
    IndexError,
    OverflowError,
    ZeroDivisionError,
    ArithmeticError,
    RecursionError,
)
Scoped = Mapping[str, object]


class Program:
    """A checked expression that can be evaluated any number of times; it keeps no state between evaluations."""

    __slots__ = ("_budget", "_closures", "_fast", "_result", "_tree", "paths", "source", "type")

    def __init__(
        self,
        source: str,
        tree: Node,
        checker: Checker,
        *,
        roots: frozenset[str],
        want: Type | None,
        budget: int,
    ) -> None:
        self.source: Final = source
        """The text of the expression."""
        self.type: Final = checker.types[tree] if want is None else want
        """The type of the result."""
        self.paths: Final = paths_of(tree, checker.types)
        """Every path that may be read; items of lists are `[]`."""
        self._tree = tree
        self._closures = Closures(checker.types, roots, raw=checker.raw)
        self._result = reader(self.type, "the result") if self.type != checker.types[tree] else None
        self._budget = budget
        self._fast: Callable[[Any, int], Any] = self._compile_then_run

    def evaluate(self, scope: Scoped) -> object:
        """The value, or an Unreadable, for declared names bound by a scope."""
        try:
            outcome = self._fast(scope, self._budget)
        except _FAST_FAILURES:
            outcome = SLOW
        return self.evaluate_slowly(scope) if outcome is SLOW else outcome

    def evaluate_slowly(self, scope: Scoped) -> object:
        """The same by the careful evaluator alone."""
        return self._judge(self._environment(scope))

    def explain(self, scope: Scoped) -> Explanation:
        """The outcome with the reasons that left it open and the values that decided it."""
        env = self._environment(scope)
        outcome = self._judge(env)
        reason = outcome.reason if isinstance(outcome, Unreadable) else ""
        known = {} if self._result or outcome in (OVER_BUDGET, TOO_DEEP) else {self._tree: outcome}
        observed = Explainer(self._closures, self._environment(scope), known).observe(self._tree)
        return Explanation(outcome=outcome, reason=reason, observed=observed)

    def _environment(self, scope: Scoped) -> Environment:
        return {**scope, BUDGET: self._budget}

    def _judge(self, env: Environment) -> object:
        try:
            outcome = self._closures.of(self._tree)(env)
        except BudgetExceededError:
            return OVER_BUDGET
        except RecursionError:
            return TOO_DEEP
        return outcome if self._result is None else self._result(outcome)

    def _compile_then_run(self, scope: Scoped, budget: int) -> Any:
        types = self._closures.types
        self._fast = compile_chain(self._tree, types, self.type) or compile_fast(
            self._tree, types, raw=self._closures.raw
        )
        return self._fast(scope, budget)

    def __repr__(self) -> str:
        return f"Program({self.source!r})"


def compile_expression(
    source: str,
    names: Mapping[str, Type],
    *,
    want: Type | None = None,
    raw: bool = False,
    budget: int = DEFAULT_BUDGET,
) -> Program:
    """The program of an expression over declared names; ExpressionErrors with every mistake found.

    `raw` is for expressions over raw answers: an index or an optional member needs no guard, and where there is
    nothing the outcome is an Unreadable that is `missing`. `budget` is the number of macro steps in one evaluation.
    """
    tree = parse(source)
    checker = Checker(raw=raw)
    found = checker.check(tree, Scope(names=names))
    if (
        want is not None
        and not checker.errors
        and (unify(found, want) is None or (found is NOTHING))
    ):
        checker.error(tree.at, f"the expression is {found}, not {want}", "")
    if checker.errors:
        raise ExpressionErrors(checker.errors)
    return Program(source, tree, checker, roots=frozenset(names), want=want, budget=budget)
