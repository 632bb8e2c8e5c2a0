"""Mutation tests of content: a fault in a condition must change what the check says of one of its own examples."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from scanner.content.examples import example_scope, verdict_of
from scanner.content.parameters import params_type
from scanner.language import BOOL, TIMESTAMP, ExpressionErrors, Program, Type, compile_expression
from scanner.language.mutation import Mutant, mutants
from scanner.model.checks import Check
from scanner.model.library import Library


@dataclass(frozen=True, slots=True, kw_only=True)
class Survivor:
    """A fault that no example notices."""

    condition: str
    """`where` or `pass_when`."""
    mutant: Mutant


@dataclass(frozen=True, slots=True, kw_only=True)
class MutationResult:
    """How many faults of one check its examples notice; faults that do not compile are not counted."""

    check: str
    total: int
    survivors: tuple[Survivor, ...]

    @property
    def killed(self) -> int:
        """Faults that at least one example notices."""
        return self.total - len(self.survivors)


def mutate(check: Check, library: Library) -> MutationResult:
    """Every fault of a check's conditions, held against its examples."""
    names: dict[str, Type] = {
        "self": library.kinds[check.kind].type,
        "params": params_type(library.parameters),
        "now": TIMESTAMP,
    }
    scopes = [example_scope(check, example, library) for example in check.examples]
    expected = [verdict_of(check, scope) for scope in scopes]
    total = 0
    survivors = []
    for condition, mutant, faulty in _faulty(check, names):
        total += 1
        if all(
            verdict_of(faulty, scope) == verdict
            for scope, verdict in zip(scopes, expected, strict=True)
        ):
            survivors.append(Survivor(condition=condition, mutant=mutant))
    return MutationResult(check=check.id, total=total, survivors=tuple(survivors))


def _faulty(check: Check, names: Mapping[str, Type]) -> Iterator[tuple[str, Mutant, Check]]:
    """The check with each fault that compiles."""
    for mutant in mutants(check.pass_when.source):
        if program := _compiled(mutant, names):
            yield "pass_when", mutant, replace(check, pass_when=_Slow(program))
    for mutant in mutants(check.where.source) if check.where is not None else ():
        if program := _compiled(mutant, names):
            yield "where", mutant, replace(check, where=_Slow(program))


def _compiled(mutant: Mutant, names: Mapping[str, Type]) -> Program | None:
    try:
        return compile_expression(mutant.source, names, want=BOOL)
    except ExpressionErrors:
        return None


class _Slow:
    """A program that is only walked: making fast code for three examples would cost more than it saves."""

    __slots__ = ("_program", "evaluate", "explain", "paths", "source")

    def __init__(self, program: Program) -> None:
        self.source: str = program.source
        self.paths: frozenset[tuple[str, ...]] = program.paths
        self.evaluate: Any = program.evaluate_slowly
        self.explain: Any = program.explain
