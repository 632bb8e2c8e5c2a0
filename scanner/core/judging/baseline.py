"""Tells new failures from those that an earlier scan has already."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from scanner.model.findings import Assessment, Finding, Verdict

FailureKey = tuple[str, str, str, str]
"""Target, check, region and resource."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """What failed in earlier scans, to which a scan is compared."""

    failing: frozenset[FailureKey]
    since: Mapping[str, str]
    """By target, the end of the scan that it is compared with.

    A target that is not named has none, and all its failures are new.
    """

    def has(self, finding: Finding) -> bool:
        """Whether a finding failed already."""
        return failure_key(finding) in self.failing


def failure_key(finding: Finding) -> FailureKey:
    """What makes two findings of different scans the same."""
    resource = finding.resource
    return (resource.target, finding.check, resource.region, resource.id)


def failures_of(assessment: Assessment) -> frozenset[FailureKey]:
    """The failures of an assessment."""
    failing = [one for one in assessment.findings if one.verdict is Verdict.FAIL]
    return frozenset(map(failure_key, failing))


def is_new_failure(finding: Finding, baseline: Baseline | None) -> bool:
    """Whether a finding fails and did not fail in the baseline; without one, whether it fails.

    What was unknown, waived or not judged in the baseline, and fails now, is new.
    """
    if finding.verdict is not Verdict.FAIL:
        return False
    return baseline is None or not baseline.has(finding)
