"""What was tested, fails and is unread behind a criterion: each check counted once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from scanner.model.controls import Role
from scanner.model.findings import CheckResult, CriterionResult, Verdict
from scanner.model.library import Library


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """Findings behind a row of the matrix."""

    tested: int = 0
    """Findings that were decided: pass, fail or waived."""
    failing: int = 0
    unread: int = 0

    @property
    def silent(self) -> bool:
        """Whether no scan said anything here."""
        return not (self.tested or self.unread)


def tally(results: Iterable[CheckResult]) -> Tally:
    """The sum over results."""
    tested = failing = unread = 0
    for result in results:
        unknown = result.count(Verdict.UNKNOWN)
        tested += len(result.findings) - unknown
        failing += result.count(Verdict.FAIL)
        unread += unknown
    return Tally(tested=tested, failing=failing, unread=unread)


def criterion_tally(
    criterion: CriterionResult, library: Library, results: Mapping[str, tuple[CheckResult, ...]]
) -> Tally:
    """The sum over the distinct checks that evidence the primary controls of a criterion."""
    checks = {
        link.id
        for name in criterion.primary
        for link in library.controls[name].checks
        if link.role is Role.EVIDENCES
    }
    return tally(result for check in sorted(checks) for result in results.get(check, ()))


def by_check(results: Iterable[CheckResult]) -> dict[str, tuple[CheckResult, ...]]:
    """Results of all targets by check."""
    found: dict[str, tuple[CheckResult, ...]] = {}
    for result in results:
        found[result.check] = (*found.get(result.check, ()), result)
    return found
