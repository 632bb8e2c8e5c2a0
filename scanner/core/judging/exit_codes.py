"""The exit code of an assessment: what a pipeline acts on."""

from __future__ import annotations

from scanner.errors import EXIT_CLEAN, EXIT_FAILING, EXIT_UNREAD
from scanner.model.answers import Target
from scanner.model.checks import Severity
from scanner.model.findings import Assessment, CoverageRow, Verdict
from scanner.model.library import Library


def exit_code(assessment: Assessment, library: Library, fail_on: Severity) -> int:
    """1: something at or above `fail_on` fails; 3: nothing does, but not everything could be said; else 0."""
    counting = frozenset(severity for severity in Severity if severity.rank >= fail_on.rank)
    judged = [finding for finding in assessment.findings if finding.severity in counting]
    if any(finding.verdict is Verdict.FAIL for finding in judged):
        return EXIT_FAILING
    unsaid = any(finding.verdict is Verdict.UNKNOWN for finding in judged)
    if (
        unsaid
        or gaps(assessment)
        or open_targets(assessment)
        or not_run(assessment, library, fail_on)
    ):
        return EXIT_UNREAD
    return EXIT_CLEAN


def gaps(assessment: Assessment) -> tuple[CoverageRow, ...]:
    """What was meant to be read, was not read whole, and is not accepted by a waiver."""
    return tuple(
        row
        for row in assessment.coverage
        if (not row.state.whole or row.unanswered) and not row.waiver
    )


def open_targets(assessment: Assessment) -> tuple[str, ...]:
    """Targets whose list of regions is not whole, or of which there is no evidence at all: something was not seen.

    A target that refused to be entered has that refusal in its coverage.
    """
    covered = {row.target for row in assessment.coverage}
    return tuple(
        str(target["id"])
        for target in assessment.targets
        if target["regions_open"] or (target["unentered"] and target["id"] not in covered)
    )


def open_regions(assessment: Assessment) -> tuple[str, ...]:
    """Targets whose list of regions is not whole."""
    return tuple(str(target["id"]) for target in assessment.targets if target["regions_open"])


def not_run(assessment: Assessment, library: Library, fail_on: Severity) -> tuple[str, ...]:
    """Checks at or above `fail_on` that concern a target and were not asked of it: running fewer improves nothing."""
    asked = {(result.check, result.target) for result in assessment.results}
    targets = [Target(target["id"]) for target in assessment.targets]
    return tuple(
        sorted(
            name
            for name in library.checks
            if any(
                library.cloud(name) == target.cloud and (name, target) not in asked
                for target in targets
            )
            and library.checks[name].severity.rank >= fail_on.rank
        )
    )
