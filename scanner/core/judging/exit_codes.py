"""Decides the exit code of an assessment: what a pipeline acts on."""

from __future__ import annotations

from collections.abc import Iterator

from scanner.core.judging.baseline import Baseline, is_new_failure
from scanner.errors import EXIT_CLEAN, EXIT_FAILING, EXIT_UNREAD
from scanner.model.answers import Target
from scanner.model.checks import Severity
from scanner.model.findings import Assessment, CoverageRow, Verdict
from scanner.model.library import Library


def exit_code(
    assessment: Assessment,
    library: Library,
    fail_on: Severity,
    baseline: Baseline | None = None,
) -> int:
    """1: a finding of severity `fail_on` or higher fails; 3: none does, but not all was read; 0.

    With a baseline, only a failure that it lacks gives 1.
    """
    deciding = [one for one in assessment.findings if one.severity.rank >= fail_on.rank]
    verdicts = {finding.verdict for finding in deciding}
    if any(is_new_failure(finding, baseline) for finding in deciding):
        return EXIT_FAILING
    # Also what was unknown in the baseline: a new failure may be behind it.
    if Verdict.UNKNOWN in verdicts:
        return EXIT_UNREAD
    if _is_unread(assessment):
        return EXIT_UNREAD
    # A check that nobody left out on purpose was missed (docs/decisions/0042).
    if not_run(assessment, library, fail_on):
        return EXIT_UNREAD
    return EXIT_CLEAN


def _is_unread(assessment: Assessment) -> bool:
    if gaps(assessment) or open_targets(assessment):
        return True
    # Vacuous truth: a selection of which nothing concerns these targets was not judged.
    return is_empty_selection(assessment)


def is_empty_selection(assessment: Assessment) -> bool:
    """Whether checks were selected of which none concerns the targets."""
    return assessment.asked is not None and not assessment.results


def gaps(assessment: Assessment) -> tuple[CoverageRow, ...]:
    """Coverage that is incomplete and that no waiver accepts."""
    return tuple(row for row in assessment.coverage if _is_gap(row))


def _is_gap(row: CoverageRow) -> bool:
    complete = row.state.whole and not row.unanswered
    return not complete and not row.waiver


def open_targets(assessment: Assessment) -> tuple[str, ...]:
    """Targets with an incomplete list of regions, or without any evidence.

    A target that refused the connection has that refusal in its coverage.
    """
    covered = {row.target for row in assessment.coverage}
    found: list[str] = []
    for target in assessment.targets:
        no_evidence = target["unentered"] and target["id"] not in covered
        if target["regions_open"] or no_evidence:
            found.append(str(target["id"]))
    return tuple(found)


def open_regions(assessment: Assessment) -> tuple[str, ...]:
    """Targets with an incomplete list of regions."""
    found = [target for target in assessment.targets if target["regions_open"]]
    return tuple(str(target["id"]) for target in found)


def not_run(
    assessment: Assessment,
    library: Library,
    fail_on: Severity,
) -> tuple[str, ...]:
    """Checks of severity `fail_on` or higher that were not run in a target they apply to.

    Of a selection, only those that were selected.
    """
    return tuple(sorted(_not_run(assessment, library, fail_on)))


def _expected(assessment: Assessment, library: Library) -> Iterator[str]:
    """The checks that should have run."""
    for name in library.checks:
        if assessment.asked is None or name in assessment.asked:
            yield name


def _not_run(
    assessment: Assessment,
    library: Library,
    fail_on: Severity,
) -> Iterator[str]:
    ran: set[tuple[str, str]] = set()
    for result in assessment.results:
        ran.add((result.check, result.target))
    targets = [Target(target["id"]) for target in assessment.targets]
    for name in _expected(assessment, library):
        cloud = library.cloud(name)
        concerned = [target for target in targets if target.cloud == cloud]
        if all((name, target) in ran for target in concerned):
            continue
        # The severity comes last: only looking it up makes the library read the check's file.
        if library.checks[name].severity.rank >= fail_on.rank:
            yield name
