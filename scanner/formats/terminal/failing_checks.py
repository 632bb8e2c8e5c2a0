"""Groups failing findings by check, and says what is wrong with one of its resources."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from scanner.formats import Report
from scanner.formats.terminal.tally import by_check
from scanner.model.checks import Check
from scanner.model.findings import Finding, Verdict
from scanner.rendering.observed import observed_values, unmet_value


@dataclass(frozen=True, slots=True, kw_only=True)
class FailingCheck:
    """A check with its failing findings."""

    check: Check
    findings: list[Finding]
    evaluated: int
    """Findings of the check in all, whatever their verdict."""

    @property
    def order(self) -> tuple[int, str]:
        """The most severe first."""
        return (-self.check.severity.rank, self.check.id)


def failing_checks(report: Report) -> Iterator[FailingCheck]:
    """Every check with a failing finding, in order of id."""
    for name, results in by_check(report.assessment.results).items():
        findings: list[Finding] = []
        for result in results:
            findings += result.findings
        failed = [finding for finding in findings if finding.verdict is Verdict.FAIL]
        if failed:
            check = report.library.checks[name]
            yield FailingCheck(check=check, findings=failed, evaluated=len(findings))


def sentence(finding: Finding, report: Report) -> str:
    """What is wrong, with the resource named in it; empty where the check does not say it."""
    text = report.failure(finding)
    # A sentence about the account names no resource.
    if text and "{name}" not in report.library.checks[finding.check].fails:
        return f"{resource_name(finding)}: {text}"
    return text


def resource_name(finding: Finding) -> str:
    """What people call the resource."""
    return finding.resource.name or finding.resource.id


def examples(entry: FailingCheck, report: Report) -> tuple[str, ...]:
    """The first failing resource in one sentence, the fullest first: with a value, without it."""
    finding = entry.findings[0]
    said = sentence(finding, report)
    if not said:
        values = observed_values(finding)
        said = f"{resource_name(finding)}: {'; '.join(values) or finding.reason}"
    elif value := unmet_value(finding):
        return (*_with_others(f"{said} ({value})", entry), *_with_others(said, entry))
    return _with_others(said, entry)


def _with_others(text: str, entry: FailingCheck) -> tuple[str, ...]:
    """`…, and 4 more`, then the text alone."""
    more = len(entry.findings) - 1
    if not more:
        return (text,)
    return (f"{text}, and {more} more", text)
