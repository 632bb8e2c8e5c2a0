"""The JSON result, `tscan.result/1`: the same evidence and library give the same bytes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from json import JSONEncoder
from typing import Any, Final

from scanner.formats import Report
from scanner.model.attestations import AttestationResult
from scanner.model.findings import (
    ControlResult,
    Counts,
    CoverageRow,
    CriterionResult,
    Finding,
    Population,
    Verdict,
)
from scanner.model.library import Library
from scanner.model.waivers import SCOPES, WaiverResult
from scanner.rendering.dataclass_json import to_plain
from scanner.rendering.sanitize import json_value

SCHEMA: Final = "tscan.result/1"
_text: Final = JSONEncoder(allow_nan=False).encode


def render(report: Report) -> str:
    """One JSON document, as `written`; ASCII, so that no name from a cloud can act on a terminal."""
    return written(document(report))


def written(values: Mapping[str, Any]) -> str:
    """A document as text, a row to a line."""
    members = [f'  "{name}": {_member(value)}' for name, value in values.items()]
    return "{\n" + ",\n".join(members) + "\n}\n"


def _member(value: Any) -> str:
    """A list with each of its rows on a line of its own, which `diff` and `grep` can read; else the value."""
    if not isinstance(value, list) or not value:
        return _text(value)
    return "[\n    " + ",\n    ".join(map(_text, value)) + "\n  ]"


def document(report: Report) -> dict[str, Any]:
    """The result as JSON values, in the order in which it is written."""
    assessment, library = report.assessment, report.library
    evidenced = _controls_of_checks(library)
    findings = sorted(assessment.findings, key=_finding_order)
    coverage = sorted(assessment.coverage, key=lambda row: (row.target, row.operation, row.region))
    controls = sorted(assessment.controls, key=lambda control: control.id)
    return {
        "schema": SCHEMA,
        "scan": _scan(report),
        "coverage": [_coverage(row) for row in coverage],
        "populations": [_population(row) for row in assessment.populations],
        "findings": [_finding(finding, evidenced.get(finding.check, [])) for finding in findings],
        "controls": [_control(control, library) for control in controls],
        "criteria": [_criterion(criterion, library) for criterion in assessment.criteria],
        "waivers": [_waiver(one) for one in assessment.waivers],
        "attestations": [_attestation(one) for one in assessment.attestations],
        "summary": _summary(report),
    }


def _finding_order(finding: Finding) -> tuple[str, str, str, str]:
    resource = finding.resource
    return (finding.check, resource.target, resource.region, resource.id)


def _scan(report: Report) -> dict[str, Any]:
    assessment = report.assessment
    return {
        "id": assessment.id,
        "started": assessment.started,
        "finished": assessment.finished,
        "version": assessment.version,
        "pack_sha256": assessment.pack_sha256,
        "params": json_value(assessment.params),
        "callers": [
            {"id": caller.id, "account": caller.account, "detail": json_value(caller.detail)}
            for caller in assessment.callers
        ],
        "targets": [json_value(target) for target in assessment.targets],
        "notes": list(assessment.notes),
    }


def _coverage(row: CoverageRow) -> dict[str, Any]:
    written: dict[str, Any] = {
        "target": row.target,
        "region": row.region,
        "operation": row.operation,
        "state": row.state.value,
        "answers": row.answers,
        "items": row.items,
        "unanswered": row.unanswered,
    }
    for name in ("reason", "waiver", "stood_for"):
        if getattr(row, name):
            written[name] = getattr(row, name)
    return written


def _population(row: Population) -> dict[str, Any]:
    written: dict[str, Any] = {
        "target": row.target,
        "kind": row.kind,
        "region": row.region,
        "listed": row.listed,
        "whole": row.whole,
    }
    counts = [
        {"by": one.by, "means": one.means} | ({} if one.number is None else {"number": one.number})
        for one in row.counts
    ]
    return written | {"counts": counts}


def _finding(finding: Finding, controls: list[str]) -> dict[str, Any]:
    resource = finding.resource
    written: dict[str, Any] = {
        "check": finding.check,
        "verdict": finding.verdict.value,
        "severity": finding.severity.value,
        "resource": {
            "kind": resource.kind,
            "id": resource.id,
            "name": resource.name,
            "target": resource.target,
            "region": resource.region,
        },
        "reason": finding.reason,
        "observed": [
            {"path": item.path, "value": json_value(item.value)} for item in finding.observed
        ],
        "controls": controls,
    }
    unread = [place for place in finding.gaps if place]
    if unread:
        written["unread"] = unread
    if finding.without_waiver is not None:
        written |= {"waiver": finding.waiver, "without_waiver": finding.without_waiver.value}
    return written


def _control(result: ControlResult, library: Library) -> dict[str, Any]:
    control = library.controls[result.id]
    return {
        "id": result.id,
        "title": control.title,
        "statement": control.statement,
        "status": result.status.value,
        "reasons": list(result.reasons),
        "checks": [{"id": link.id, "role": link.role.value} for link in control.checks],
        "attestations": list(control.attestations),
        "counts": _counts(result.counts),
    }


def _counts(counts: Counts) -> dict[str, int]:
    return {
        "pass": counts.passed,
        "fail": counts.failed,
        "unknown": counts.unknown,
        "waived": counts.waived,
        "resources": counts.resources,
        "scoped_out": counts.scoped_out,
    }


def _criterion(result: CriterionResult, library: Library) -> dict[str, Any]:
    known = {criterion.id: criterion for criterion in library.frameworks[result.framework].criteria}
    return {
        "framework": result.framework,
        "id": result.id,
        "category": known[result.id].category,
        "title": known[result.id].title,
        "status": result.status.value,
        "evidence_complete": result.evidence_complete,
        "failing": result.failing,
        "controls": [
            {"id": name, "role": "primary" if name in result.primary else "supporting"}
            for name in result.controls
        ],
    }


def _waiver(one: WaiverResult) -> dict[str, Any]:
    waiver = one.waiver
    (kind,) = [name for name, scope in SCOPES.items() if isinstance(waiver.scope, scope)]
    return {
        "id": waiver.id,
        "accepts": {"kind": kind, **to_plain(waiver.scope)},
        "reason": waiver.reason,
        "approver": waiver.approver,
        "author": waiver.author,
        "compensating": waiver.compensating,
        "opened": waiver.opened.isoformat(),
        "committed": waiver.committed.isoformat() if waiver.committed else "",
        "expires": waiver.expires.isoformat(),
        "standing": one.standing.value,
        "why": one.why,
        "findings": one.accepts,
    }


def _attestation(one: AttestationResult) -> dict[str, Any]:
    said = one.attestation
    return {
        "id": said.id,
        "control": said.control,
        "statement": said.statement,
        "by": said.by,
        "dated": said.dated.isoformat(),
        "valid_until": said.valid_until.isoformat(),
        "covers": [day.isoformat() for day in (said.covers_from, said.covers_to) if day],
        "evidence": [to_plain(proof) for proof in said.evidence],
        "current": one.current,
        "why": one.why,
    }


def _summary(report: Report) -> dict[str, Any]:
    assessment = report.assessment
    verdicts = Counter(finding.verdict for finding in assessment.findings)
    return {
        "findings": {verdict.value: verdicts[verdict] for verdict in Verdict},
        "scoped_out": sum(result.scoped_out for result in assessment.results),
        "controls": _tally(control.status.value for control in assessment.controls),
        "criteria": _tally(criterion.status.value for criterion in assessment.criteria),
        "fail_on": report.fail_on.value,
        "exit_code": report.exit_code,
    }


def _tally(words: Any) -> Mapping[str, int]:
    return dict(sorted(Counter(words).items()))


def _controls_of_checks(library: Library) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for control in sorted(library.controls):
        for link in library.controls[control].checks:
            found.setdefault(link.id, []).append(control)
    return found
