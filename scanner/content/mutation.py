"""Mutation-test a check: every fault in its conditions must change a verdict on its examples."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from scanner.content.examples import example_scope, verdict_of
from scanner.content.parameters import params_type
from scanner.language import BOOL, TIMESTAMP, ExpressionErrors, Program, Type, compile_expression
from scanner.language.mutation import Mutant, mutants
from scanner.model.checks import Check
from scanner.model.expressions import Explained
from scanner.model.library import Library


@dataclass(frozen=True, slots=True, kw_only=True)
class Survivor:
    """A fault that no example detects."""

    condition: str
    """`where` or `pass_when`."""
    mutant: Mutant


@dataclass(frozen=True, slots=True, kw_only=True)
class MutationResult:
    """How many faults of one check its examples detect; faults that do not compile are left out."""

    check: str
    total: int
    survivors: tuple[Survivor, ...]

    @property
    def killed(self) -> int:
        """Faults that at least one example detects."""
        return self.total - len(self.survivors)


def mutate(check: Check, library: Library) -> MutationResult:
    """Evaluate the examples of a check with each fault of its conditions."""
    names: dict[str, Type] = {
        "self": library.kinds[check.kind].type,
        "params": params_type(library.parameters),
        "now": TIMESTAMP,
    }
    scopes = [example_scope(check, example, library) for example in check.examples]
    expected = [verdict_of(check, scope) for scope in scopes]
    total = 0
    survivors: list[Survivor] = []
    for condition, mutant, faulty in _faulty_checks(check, names):
        total += 1
        verdicts = (verdict_of(faulty, scope) for scope in scopes)
        if all(mine == theirs for mine, theirs in zip(verdicts, expected, strict=True)):
            survivors.append(Survivor(condition=condition, mutant=mutant))
    return MutationResult(
        check=check.id,
        total=total,
        survivors=tuple(survivors),
    )


def _faulty_checks(check: Check, names: Mapping[str, Type]) -> Iterator[tuple[str, Mutant, Check]]:
    """The check with each fault that compiles."""
    # A mutant that does not compile would never be committed: it proves nothing about examples.
    for mutant in mutants(check.pass_when.source):
        program = _compiled(mutant, names)
        if program is not None:
            yield "pass_when", mutant, replace(check, pass_when=_SlowProgram(program))
    if check.where is None:
        return
    for mutant in mutants(check.where.source):
        program = _compiled(mutant, names)
        if program is not None:
            yield "where", mutant, replace(check, where=_SlowProgram(program))


def _compiled(mutant: Mutant, names: Mapping[str, Type]) -> Program | None:
    try:
        return compile_expression(mutant.source, names, want=BOOL)
    except ExpressionErrors:
        return None


class _SlowProgram:
    """An interpreted program: generating code for three examples costs more than it saves."""

    __slots__ = ("_program", "evaluate", "explain", "paths", "source")

    def __init__(self, program: Program) -> None:
        self.source: str = program.source
        self.paths: frozenset[tuple[str, ...]] = program.paths
        self.evaluate: Callable[[Mapping[str, object]], object] = program.evaluate_slowly
        self.explain: Callable[[Mapping[str, object]], Explained] = program.explain
