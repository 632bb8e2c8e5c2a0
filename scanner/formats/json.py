"""Renders the JSON result, `tscan.result/1`: the same evidence and library give the same bytes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from io import StringIO
from json import JSONEncoder
from typing import Final, TextIO

from scanner.core.judging.baseline import is_new_failure
from scanner.core.judging.links import Links
from scanner.formats import Report
from scanner.model.attestations import AttestationResult
from scanner.model.controls import Clause
from scanner.model.findings import (
    CheckResult,
    ControlResult,
    Counts,
    CoverageRow,
    CriterionResult,
    Finding,
    InventoryRead,
    Population,
    UnassessedType,
    Verdict,
)
from scanner.model.library import Library
from scanner.model.waivers import SCOPES, WaiverResult
from scanner.rendering.dataclass_json import to_json
from scanner.rendering.sanitize import Json, json_value

SCHEMA: Final = "tscan.result/1"

Members = dict[str, Json]
"""A JSON object, its members in the order in which they are written."""

_encode: Final = JSONEncoder(allow_nan=False).encode


def render(report: Report) -> str:
    """One JSON document; ASCII, so that no name from a cloud can act on a terminal."""
    # A million findings: each row is text as soon as it is made, and none is kept beside the text.
    text = StringIO()
    _write(_members(report), text)
    return text.getvalue()


def written(values: Mapping[str, Json]) -> str:
    """A document as text, one row of each list a line: `diff` and `grep` work by lines."""
    text = StringIO()
    _write(values.items(), text)
    return text.getvalue()


def _write(members: Iterable[tuple[str, Json]], text: TextIO) -> None:
    before = "{\n"
    for name, value in members:
        text.write(f'{before}  "{name}": ')
        if isinstance(value, list | Iterator):
            _write_rows(iter(value), text)
        else:
            text.write(_encode(value))
        before = ",\n"
    text.write("\n}\n")


def _write_rows(rows: Iterator[Json], text: TextIO) -> None:
    before = "[\n    "
    empty = True
    for row in rows:
        text.write(before + _encode(row))
        before = ",\n    "
        empty = False
    text.write("[]" if empty else "\n  ]")


def document(report: Report) -> Members:
    """The result as JSON values, in the order in which it is written."""
    return {
        name: list(value) if isinstance(value, Iterator) else value
        for name, value in _members(report)
    }


def finding_rows(report: Report, findings: Iterable[Finding]) -> Iterator[Members]:
    """Findings as they stand in the result, in this order."""
    links = links_in_scope(report)
    for finding in findings:
        yield _finding(finding, report, links)


def links_in_scope(report: Report) -> Links:
    """The links to the criteria that the report shows."""
    shown = {(result.framework, result.id) for result in report.assessment.criteria}
    return Links(report.library, shown)


def _members(report: Report) -> Iterator[tuple[str, Json]]:
    """The members of the result; those that are iterators are lists.

    Rows are sorted, not as they were read: which answer came first depends on the network.
    """
    assessment = report.assessment
    library = report.library
    coverage = sorted(assessment.coverage, key=_coverage_order)
    controls = sorted(assessment.controls, key=lambda control: control.id)
    yield "schema", SCHEMA
    yield "scan", _scan(report)
    yield "coverage", map(_coverage, coverage)
    yield "populations", (_population(row, library) for row in assessment.populations)
    yield "unassessed", (_unassessed(one) for one in assessment.unassessed)
    yield "inventories", (_inventory(one) for one in assessment.inventories)
    yield "not_asked", _not_asked(assessment.results)
    yield "findings", finding_rows(report, sorted(assessment.findings, key=_finding_order))
    yield "controls", (_control(control, library) for control in controls)
    yield "criteria", (_criterion(criterion, library) for criterion in assessment.criteria)
    yield "waivers", map(_waiver, assessment.waivers)
    yield "attestations", map(_attestation, assessment.attestations)
    yield "summary", _summary(report)


def _finding_order(finding: Finding) -> tuple[str, str, str, str]:
    resource = finding.resource
    return (finding.check, resource.target, resource.region, resource.id)


def _coverage_order(row: CoverageRow) -> tuple[str, str, str]:
    return (row.target, row.operation, row.region)


def _scan(report: Report) -> Members:
    assessment = report.assessment
    callers = [
        {"id": caller.id, "account": caller.account, "detail": json_value(caller.detail)}
        for caller in assessment.callers
    ]
    return {
        "id": assessment.id,
        "started": assessment.started,
        "finished": assessment.finished,
        "version": assessment.version,
        "pack_sha256": assessment.pack_sha256,
        "params": json_value(assessment.params),
        "callers": callers,
        "targets": [json_value(target) for target in assessment.targets],
        "notes": list(assessment.notes),
    }


def _coverage(row: CoverageRow) -> Members:
    members: Members = {
        "target": row.target,
        "region": row.region,
        "operation": row.operation,
        "state": row.state.value,
        "answers": row.answers,
        "items": row.items,
        "unanswered": row.unanswered,
    }
    # Left out where they say nothing: most calls were answered, and were made one by one.
    for name in ("reason", "waiver", "stood_for"):
        value = getattr(row, name)
        if value:
            members[name] = value
    return members


def _population(row: Population, library: Library) -> Members:
    counts: list[Members] = []
    for source in row.counts:
        count: Members = {"by": source.by, "means": source.means}
        # A source that gave no number is written without one: 0 would be an answer.
        if source.number is not None:
            count["number"] = source.number
        counts.append(count)
    members: Members = {
        "target": row.target,
        "kind": row.kind,
        "region": row.region,
        "listed": row.listed,
        "whole": row.whole,
        "counts": counts,
    }
    kind = library.kinds.get(row.kind)
    if kind is not None and kind.does_not_list:
        members["does_not_list"] = [
            {"what": hole.what, "why": hole.why} for hole in kind.does_not_list
        ]
    return members


def _unassessed(row: UnassessedType) -> Members:
    return {"target": row.target, "type": row.type, "count": row.count, "by": list(row.by)}


def _inventory(row: InventoryRead) -> Members:
    members: Members = {
        "target": row.target,
        "region": row.region,
        "inventory": row.inventory,
        "counts": row.counts,
        "state": row.state.value,
    }
    if row.reason:
        members["reason"] = row.reason
    return members


def _not_asked(results: Iterable[CheckResult]) -> Iterator[Members]:
    """Checks that had nobody to ask in a target that was read whole, and why."""
    for result in sorted(results, key=lambda result: (result.check, result.target)):
        # Two facts, beside the third that is no row here: a population that was not read.
        if result.empty:
            yield {"check": result.check, "target": result.target, "why": "none there"}
        elif result.none_in_scope:
            yield {
                "check": result.check,
                "target": result.target,
                "why": "none in scope",
                "left_out": result.left_out,
            }


def _finding(finding: Finding, report: Report, links: Links) -> Members:
    resource = finding.resource
    check = report.library.checks[finding.check]
    members: Members = {
        "check": finding.check,
        "title": check.title,
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
        "why": check.why,
        "fix": check.fix,
        "controls": links.controls_of(finding.check),
        "criteria": links.criteria_of(finding.check),
        "first_seen": report.first_seen(finding),
    }
    if report.baseline is not None and finding.verdict is Verdict.FAIL:
        members["new"] = is_new_failure(finding, report.baseline)
    # An empty gap stands for a cause that is no call: `scanner.model.values.OTHER`.
    unread = [call for call in finding.gaps if call]
    if unread:
        members["unread"] = unread
    if finding.without_waiver is not None:
        members["waiver"] = finding.waiver
        members["without_waiver"] = finding.without_waiver.value
    return members


def _control(result: ControlResult, library: Library) -> Members:
    control = library.controls[result.id]
    return {
        "id": result.id,
        "title": control.title,
        "statement": control.statement,
        "status": result.status.value,
        "reasons": list(result.reasons),
        "clauses": [_clause(clause) for clause in control.clauses],
        "does_not_prove": control.does_not_prove,
        "when_empty": {"status": control.when_empty.value, "why": control.when_empty_why},
        "checks": [
            {"id": link.id, "role": link.role.value, "deviation": link.deviation}
            for link in control.checks
        ],
        "attestations": list(control.attestations),
        "counts": _counts(result.counts),
    }


def _clause(clause: Clause) -> Members:
    return {
        "says": clause.says,
        "checks": list(clause.checks),
        "attestations": list(clause.attestations),
        "elsewhere": [
            {"cloud": one.cloud, "attestations": list(one.attestations), "why": one.why}
            for one in clause.elsewhere
        ],
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


def _criterion(result: CriterionResult, library: Library) -> Members:
    framework = library.frameworks[result.framework]
    criterion = next(one for one in framework.criteria if one.id == result.id)
    return {
        "framework": result.framework,
        "id": result.id,
        "category": criterion.category,
        "title": criterion.title,
        "status": result.status.value,
        "evidence_complete": result.evidence_complete,
        "failing": result.failing,
        "controls": [{"id": name, "role": _role(name, result)} for name in result.controls],
    }


def _role(control: str, result: CriterionResult) -> str:
    if control in result.primary:
        return "primary"
    return "supporting"


def _waiver(result: WaiverResult) -> Members:
    waiver = result.waiver
    # The name that the waiver's file gives its scope; each class of scope has one.
    (kind,) = [name for name, scope in SCOPES.items() if isinstance(waiver.scope, scope)]
    committed = ""
    if waiver.committed:
        committed = waiver.committed.isoformat()
    return {
        "id": waiver.id,
        "accepts": {"kind": kind, **to_json(waiver.scope)},
        "reason": waiver.reason,
        "approver": waiver.approver,
        "author": waiver.author,
        "compensating": waiver.compensating,
        "opened": waiver.opened.isoformat(),
        "committed": committed,
        "expires": waiver.expires.isoformat(),
        "standing": result.standing.value,
        "why": result.why,
        "findings": result.accepts,
    }


def _attestation(result: AttestationResult) -> Members:
    attestation = result.attestation
    covers = (attestation.covers_from, attestation.covers_to)
    return {
        "id": attestation.id,
        "control": attestation.control,
        "statement": attestation.statement,
        "by": attestation.by,
        "dated": attestation.dated.isoformat(),
        "valid_until": attestation.valid_until.isoformat(),
        "covers": [day.isoformat() for day in covers if day],
        "evidence": [to_json(proof) for proof in attestation.evidence],
        "current": result.current,
        "why": result.why,
    }


def _summary(report: Report) -> Members:
    assessment = report.assessment
    verdicts = Counter(finding.verdict for finding in assessment.findings)
    members: Members = {
        # Every verdict is written, also with 0: a consumer must see that none was forgotten.
        "findings": {verdict.value: verdicts[verdict] for verdict in Verdict},
        "scoped_out": sum(result.scoped_out for result in assessment.results),
        "controls": _tally(control.status.value for control in assessment.controls),
        "criteria": _tally(criterion.status.value for criterion in assessment.criteria),
        "fail_on": report.fail_on.value,
        # A consumer of exit code 0 must see whether all checks were asked for.
        "selected": assessment.asked is not None,
        "exit_code": report.exit_code,
    }
    if report.baseline is not None:
        since = dict(sorted(report.baseline.since.items()))
        members["new"] = {"failures": len(report.new_failures), "since": json_value(since)}
    return members


def _tally(words: Iterable[str]) -> dict[str, int]:
    return dict(sorted(Counter(words).items()))
