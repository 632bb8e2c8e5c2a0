"""Renders the report on a plan as JSON: one object, `tscan.plan/1`."""

from __future__ import annotations

import json
from typing import Any, Final

from scanner.formats.plans import PlanView
from scanner.model.plan_findings import PlanChange, PlanFinding
from scanner.rendering.sanitize import json_value

SCHEMA: Final = "tscan.plan/1"


def render(view: PlanView) -> str:
    """The report on a plan, indented and with sorted keys."""
    report = view.report
    document = {
        "schema": SCHEMA,
        "target": report.target,
        "plans": list(report.names),
        "exit_code": view.exit_code,
        "counts": {change.value: report.count(change) for change in PlanChange},
        "notes": list(report.notes),
        "resources": dict(report.resources),
        "not_evaluated": dict(report.unmapped),
        "not_asked": list(report.not_asked),
        "findings": [
            _finding(view, one) for one in report.findings if one.change is not PlanChange.SAME
        ],
    }
    return json.dumps(document, indent=2, sort_keys=True) + "\n"


def _finding(view: PlanView, finding: PlanFinding) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "check": finding.check,
        "title": finding.title,
        "severity": finding.severity.value,
        "kind": finding.kind,
        "address": finding.address,
        "name": finding.name,
        "change": finding.change.value,
        "before": None if finding.before is None else finding.before.value,
        "after": None if finding.after is None else finding.after.value,
        "sentence": view.sentence(finding),
        "reason": finding.finding.reason,
        "observed": [
            {"path": one.path, "value": json_value(one.value)} for one in finding.finding.observed
        ],
    }
    if finding.location is not None:
        location = finding.location
        shown["location"] = {
            "file": location.file,
            "line": location.line,
            "last_line": location.last,
            "calls": list(location.calls),
            "note": location.note,
        }
    if finding.waiver:
        shown["waiver"] = finding.waiver
    if finding.expired_waiver:
        shown["expired_waiver"] = finding.expired_waiver
    return shown
