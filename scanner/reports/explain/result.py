"""Adds to an explanation what the newest scans show, and which resources to mend first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from scanner.core.judging.criteria import deviating_controls, deviation_count, evidence_state
from scanner.core.judging.links import Links
from scanner.formats import Report
from scanner.formats.totals import status_counts
from scanner.model.checks import Severity
from scanner.model.findings import CriterionResult, Finding, Status, Verdict
from scanner.rendering.fix_command import fix_command
from scanner.rendering.sanitize import sanitized, shortened
from scanner.reports.explain.model import (
    Explanation,
    FailingCheck,
    Failure,
    Link,
    Mend,
    Result,
    Scan,
)
from scanner.reports.explain.subjects import (
    Named,
    NamedCriterion,
    NamedOperation,
    NamedResource,
    Subject,
)
from scanner.words import plural

ResourceKey = tuple[str, str, str]
"""Target, region and id."""

_OBSERVED: Final = 3
"""Values that are shown of a failing resource."""


def with_result(
    explanation: Explanation,
    subject: Subject,
    report: Report,
    scans: Sequence[Scan],
    most: int | None = None,
) -> Explanation:
    """The explanation with what a report on some scans says of its subject.

    `most` limits the resources to mend; None: all.
    """
    return replace(
        explanation,
        rests_on=tuple(_with_status(link, report) for link in explanation.rests_on),
        used_by=tuple(_with_status(link, report) for link in explanation.used_by),
        result=_result(subject, report, scans, most),
    )


def _result(subject: Subject, report: Report, scans: Sequence[Scan], most: int | None) -> Result:
    findings = list(_findings_of(subject, report))
    counts = Counter(finding.verdict for finding in findings)
    by_resource = _failing_by_resource(findings)
    status, notes = _status(subject, report)
    return Result(
        scans=tuple(scans),
        status=status,
        counts={verdict.value: counts[verdict] for verdict in Verdict},
        notes=(*notes, *_unknown_reasons(findings)),
        failing=tuple(_failing_checks(findings, report)),
        failing_resources=len(by_resource),
        mend=tuple(_mend(found, report) for found in _worst_first(by_resource)[:most]),
    )


def _findings_of(subject: Subject, report: Report) -> Iterator[Finding]:
    """The findings that decide what is shown of a subject."""
    if isinstance(subject, NamedResource):
        yield from subject.findings
        return
    checks = set(_checks_of(subject, report))
    for finding in report.assessment.findings:
        if finding.check in checks:
            yield finding


def _checks_of(subject: Subject, report: Report) -> Collection[str]:
    links = Links(report.library)
    match subject:
        case NamedCriterion():
            return links.criterion_checks(subject.criterion)
        case Named(type="check"):
            return (subject.id,)
        case Named(type="control"):
            return links.deciding_checks(report.library.controls[subject.id])
    return ()


# -- statuses --------------------------------------------------------------------------------------


def _status(subject: Subject, report: Report) -> tuple[str, Sequence[str]]:
    """The status of a control or criterion with its reasons; of others what is known of them."""
    match subject:
        case NamedCriterion():
            return _criterion_status(subject, report)
        case Named(type="control"):
            for control in report.assessment.controls:
                if control.id == subject.id:
                    return control.status.value, control.reasons
        case Named(type="manual control"):
            return _attestation_status(subject.id, report)
        case Named(type="parameter"):
            return "", list(_values_used(subject.id, report))
        case NamedOperation():
            return "", list(_coverage(subject, report))
    return "", ()


def _criterion_status(subject: NamedCriterion, report: Report) -> tuple[str, Sequence[str]]:
    for criterion in report.assessment.criteria:
        same = (criterion.framework, criterion.id) == (subject.framework.id, subject.criterion.id)
        if same:
            statuses = {control.id: control.status for control in report.assessment.controls}
            deviating = deviation_count(criterion, statuses)
            text = f"evidence {evidence_state(criterion)}, {deviating}"
            return text, list(_criterion_notes(criterion, report))
    return "", ("not in the categories in scope",)


def _criterion_word(name: str, report: Report) -> str:
    """A criterion in a word: whether a control deviates, else whether its evidence is complete."""
    statuses = {control.id: control.status for control in report.assessment.controls}
    for criterion in report.assessment.criteria:
        if criterion.id == name:
            if deviating_controls(criterion, statuses):
                return "deviating"
            return evidence_state(criterion)
    return ""


def _criterion_notes(criterion: CriterionResult, report: Report) -> Iterator[str]:
    statuses = {control.id: control.status for control in report.assessment.controls}
    found = [statuses[name] for name in criterion.primary if name in statuses]
    yield f"{plural(len(criterion.primary), 'primary control')}: {status_counts(found)}"


def _attestation_status(name: str, report: Report) -> tuple[str, Sequence[str]]:
    notes: list[str] = []
    current = False
    for result in report.assessment.attestations:
        attestation = result.attestation
        if attestation.control != name:
            continue
        current = current or result.current
        state = result.why or f"current until {attestation.valid_until}"
        notes.append(f"attestation {attestation.id} by {attestation.by}: {state}")
    if current:
        return "attested", notes
    return Status.NEEDS_EVIDENCE.value, notes or ["no attestation is given"]


def _values_used(name: str, report: Report) -> Iterator[str]:
    """The values that the scans were judged by, where they are not the default."""
    for target, values in report.assessment.params["set"].items():
        if name in values:
            yield f"the scan of {target} was judged by {shortened(values[name])}"


def _coverage(subject: NamedOperation, report: Report) -> Iterator[str]:
    """What became of the calls, one line for each target and state."""
    regions: dict[tuple[str, str, str], list[str]] = {}
    for row in report.assessment.coverage:
        if row.operation in subject.operations:
            key = (row.target, row.operation, f"{row.state.value} {row.reason}".strip())
            regions.setdefault(key, []).append(row.region or "global")
    for (target, operation, state), where in regions.items():
        yield f"{operation} in {target}: {state} ({', '.join(sorted(where))})"
    if not regions:
        yield "not called in this scan"


def _with_status(link: Link, report: Report) -> Link:
    """The link with the newest status of what it leads to."""
    status = link.status
    if link.type == "control":
        status = _first(one.status for one in report.assessment.controls if one.id == link.id)
    elif link.type in ("criterion", "objective"):
        status = _criterion_word(link.id, report)
    elif link.type == "check" and not status:
        status = _check_status(link.id, report)
    elif link.type == "manual control":
        status, _ = _attestation_status(link.id, report)
    return replace(link, status=status)


def _first(statuses: Iterable[Status]) -> str:
    for status in statuses:
        return status.value
    return ""


def _check_status(check: str, report: Report) -> str:
    """`4 of 9 fail`; `not run` where the check has no result."""
    results = [result for result in report.assessment.results if result.check == check]
    if not results:
        return _why_not_run(check, report)
    counts: Counter[Verdict] = Counter()
    for result in results:
        counts.update(finding.verdict for finding in result.findings)
    total = sum(counts.values())
    for verdict in (Verdict.FAIL, Verdict.UNKNOWN, Verdict.WAIVED):
        if counts[verdict]:
            return f"{verdict.value} {counts[verdict]} of {total}"
    if not total:
        return "nothing to check"
    return f"pass {total} of {total}"


def _why_not_run(check: str, report: Report) -> str:
    clouds = {str(target["id"]).partition(":")[0] for target in report.assessment.targets}
    if check in report.library.checks and report.library.cloud(check) not in clouds:
        return "not in scope"
    return "not run"


# -- what fails ------------------------------------------------------------------------------------


def _failing_checks(findings: Iterable[Finding], report: Report) -> list[FailingCheck]:
    """Failing checks, the most severe first, then that with the most failing resources."""
    failing: Counter[str] = Counter()
    total: Counter[str] = Counter()
    for finding in findings:
        total[finding.check] += 1
        if finding.verdict is Verdict.FAIL:
            failing[finding.check] += 1
    found: list[FailingCheck] = []
    for name, count in failing.items():
        check = report.library.checks[name]
        found.append(
            FailingCheck(
                id=name,
                title=check.title,
                severity=check.severity.value,
                failing=count,
                resources=total[name],
            )
        )
    return sorted(found, key=_check_order)


def _check_order(check: FailingCheck) -> tuple[int, int, str]:
    return (-Severity(check.severity).rank, -check.failing, check.id)


def _failing_by_resource(findings: Iterable[Finding]) -> dict[ResourceKey, list[Finding]]:
    by_resource: dict[ResourceKey, list[Finding]] = {}
    for finding in findings:
        if finding.verdict is Verdict.FAIL:
            resource = finding.resource
            key = (resource.target, resource.region, resource.id)
            by_resource.setdefault(key, []).append(finding)
    return by_resource


def _worst_first(by_resource: Mapping[ResourceKey, list[Finding]]) -> list[list[Finding]]:
    """Failing findings by resource: severe before many, many before few."""
    ordered = sorted(by_resource.items(), key=lambda entry: (_weight(entry[1]), entry[0]))
    return [findings for _, findings in ordered]


def _weight(findings: Iterable[Finding]) -> tuple[int, ...]:
    """Failures by severity, critical first, negative: the worst resource is sorted first."""
    counts = Counter(finding.severity for finding in findings)
    return tuple(-counts[severity] for severity in reversed(Severity))


def _mend(findings: Sequence[Finding], report: Report) -> Mend:
    ordered = sorted(findings, key=lambda one: (-one.severity.rank, one.check))
    resource = ordered[0].resource
    return Mend(
        resource=resource.id,
        name=resource.name or resource.id,
        kind=resource.kind,
        target=resource.target,
        region=resource.region,
        failures=tuple(_failure(finding, report) for finding in ordered),
    )


def _failure(finding: Finding, report: Report) -> Failure:
    check = report.library.checks[finding.check]
    sentence = report.failure(finding)
    return Failure(
        check=check.id,
        severity=check.severity.value,
        sentence=sentence or f"not met: {check.title}",
        observed=_observed(finding),
        fix=tuple(line.rstrip() for line in check.fix.splitlines() if line.strip()),
        command=fix_command(check.fix),
        first_seen=report.first_seen(finding),
    )


def _observed(finding: Finding) -> str:
    values: list[str] = []
    for item in finding.observed:
        if item.path.startswith("self."):
            path = sanitized(item.path).removeprefix("self.")
            values.append(f"{path} = {shortened(item.value)}")
    return ", ".join(values[:_OBSERVED])


def _unknown_reasons(findings: Iterable[Finding]) -> Iterator[str]:
    """Why findings are unknown, the reason of most of them first."""
    reasons = Counter(finding.reason for finding in findings if finding.verdict is Verdict.UNKNOWN)
    for reason, count in reasons.most_common():
        yield f"{count} unknown: {reason}"
