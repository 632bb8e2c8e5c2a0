"""Compiles the text of an expression into a `Program` that evaluates and explains it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from scanner.language.checker import Checker
from scanner.language.compiler import SLOW, FastPath, compile_fast
from scanner.language.errors import ExpressionErrors
from scanner.language.evaluator import BUDGET, MEMORY, Closures, Environment
from scanner.language.explanation import Explainer, Explanation
from scanner.language.functions import DEFAULT_MEMORY
from scanner.language.member_chains import compile_chain
from scanner.language.parser import parse
from scanner.language.paths import paths_of
from scanner.language.scopes import NodeTypes, Scope
from scanner.language.tree import Node
from scanner.language.types import NOTHING, Type, unify
from scanner.language.unread import BudgetExceededError, MemoryExceededError, reader
from scanner.model.values import Unreadable

DEFAULT_BUDGET: Final = 1_000_000
OVER_BUDGET: Final = Unreadable("iteration budget exceeded")
OVER_MEMORY: Final = Unreadable("memory budget exceeded")
TOO_DEEP: Final = Unreadable("the data is nested too deeply")

# What the generated code may raise on data that is not as declared: the careful evaluator then
# finds the reason.
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
"""The values of the declared names."""


class Program:
    """A checked expression, which can be evaluated any number of times."""

    __slots__ = (
        "_budget",
        "_closures",
        "_fast",
        "_memory",
        "_result",
        "_tree",
        "paths",
        "source",
        "type",
    )

    def __init__(
        self,
        source: str,
        tree: Node,
        checker: Checker,
        *,
        roots: frozenset[str],
        want: Type | None,
        budget: int,
        memory: int,
    ) -> None:
        self.source: Final = source
        """The text of the expression."""
        found = checker.types[tree]
        self.type: Final = want or found
        """The type of the result."""
        self.paths: Final = paths_of(tree, checker.types)
        """Every path that may be read; items of lists are `[]`."""
        self._tree = tree
        self._closures = Closures(checker.types, roots, raw=checker.raw)
        # A raw result is checked once more, against the type that is wanted of it.
        self._result = None if self.type == found else reader(self.type, "the result")
        self._budget = budget
        self._memory = memory
        # Compiled at the first evaluation: most programs of a library are never evaluated in a
        # scan.
        self._fast: FastPath = self._compile_then_run

    @property
    def tree(self) -> Node:
        """The syntax tree."""
        return self._tree

    @property
    def types(self) -> NodeTypes:
        """The type of each node of the tree."""
        return self._closures.types

    def evaluate(self, scope: Scoped) -> object:
        """The value, or an Unreadable, for declared names bound by a scope."""
        try:
            outcome = self._fast(scope, self._budget)
        except _FAST_FAILURES:
            outcome = SLOW
        if outcome is SLOW:
            return self.evaluate_slowly(scope)
        return outcome

    def evaluate_slowly(self, scope: Scoped) -> object:
        """The same by the careful evaluator alone."""
        return self._evaluate_in(self._environment(scope))

    def explain(self, scope: Scoped) -> Explanation:
        """The outcome with the reasons that left it open and the values that decided it."""
        env = self._environment(scope)
        outcome = self._evaluate_in(env)
        reason = ""
        if isinstance(outcome, Unreadable):
            reason = outcome.reason
        known: dict[Node, object] = {}
        if self._result is None and outcome not in (OVER_BUDGET, OVER_MEMORY, TOO_DEEP):
            known[self._tree] = outcome
        # In an environment of its own: the evaluation has used up the budget and bound loop
        # variables.
        explainer = Explainer(self._closures, self._environment(scope), known)
        observed = explainer.observe(self._tree)
        return Explanation(outcome=outcome, reason=reason, observed=observed)

    def _environment(self, scope: Scoped) -> Environment:
        return {**scope, BUDGET: self._budget, MEMORY: self._memory}

    def _evaluate_in(self, env: Environment) -> object:
        try:
            outcome = self._closures.of(self._tree)(env)
        except MemoryExceededError:
            return OVER_MEMORY
        except BudgetExceededError:
            return OVER_BUDGET
        except RecursionError:
            return TOO_DEEP
        if self._result is None:
            return outcome
        return self._result(outcome)

    def _compile_then_run(self, scope: Scoped, budget: int) -> object:
        types = self._closures.types
        fast = compile_chain(self._tree, types, self.type)
        if fast is None:
            fast = compile_fast(self._tree, types, raw=self._closures.raw, memory=self._memory)
        self._fast = fast
        return fast(scope, budget)

    def __repr__(self) -> str:
        return f"Program({self.source!r})"


def compile_expression(
    source: str,
    names: Mapping[str, Type],
    *,
    want: Type | None = None,
    raw: bool = False,
    budget: int = DEFAULT_BUDGET,
    memory: int = DEFAULT_MEMORY,
) -> Program:
    """The program of an expression over declared names; ExpressionErrors with every mistake found.

    `raw` is for expressions over raw answers: an index or an optional member needs no guard, and
    where there is nothing the outcome is an Unreadable that is `missing`. `budget` is the number
    of macro steps in one evaluation, `memory` that of the characters and items that it makes.
    """
    tree = parse(source)
    checker = Checker(raw=raw)
    found = checker.check(tree, Scope(names=names))
    fits = want is None or (found is not NOTHING and unify(found, want) is not None)
    if not fits and not checker.errors:
        checker.error(tree.at, f"the expression is {found}, not {want}")
    if checker.errors:
        raise ExpressionErrors(checker.errors)
    return Program(
        source, tree, checker, roots=frozenset(names), want=want, budget=budget, memory=memory
    )
