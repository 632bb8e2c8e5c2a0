"""Counts the findings behind a criterion: tested, failing and unread, each check once."""

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
        """Whether there is no finding at all."""
        return not (self.tested or self.unread)


def tally(results: Iterable[CheckResult]) -> Tally:
    """The sum over results."""
    tested = failing = unread = 0
    for result in results:
        # Waived findings were tested; unknown ones were not.
        unknown = result.count(Verdict.UNKNOWN)
        tested += len(result.findings) - unknown
        failing += result.count(Verdict.FAIL)
        unread += unknown
    return Tally(tested=tested, failing=failing, unread=unread)


def criterion_tally(
    criterion: CriterionResult, library: Library, results: Mapping[str, tuple[CheckResult, ...]]
) -> Tally:
    """The sum over the distinct checks that evidence the primary controls of a criterion."""
    # A set, for a check that evidences two controls of the criterion must not count twice.
    checks: set[str] = set()
    for name in criterion.primary:
        links = library.controls[name].checks
        checks.update(link.id for link in links if link.role is Role.EVIDENCES)
    found: list[CheckResult] = []
    for check in checks:
        found += results.get(check, ())
    return tally(found)


def by_check(results: Iterable[CheckResult]) -> dict[str, tuple[CheckResult, ...]]:
    """Results of all targets by check."""
    found: dict[str, tuple[CheckResult, ...]] = {}
    for result in results:
        found[result.check] = (*found.get(result.check, ()), result)
    return found
