"""Reports on plans with the findings that a test names: what the formats of plans render."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from scanner.formats.plans import PlanView
from scanner.model.checks import Severity
from scanner.model.findings import Finding, ResourceRef, Verdict
from scanner.model.library import Library
from scanner.model.plan_findings import PlanChange, PlanFinding, PlanReport, SourceLocation
from tests.helpers import reference_scan
from tests.helpers.reference_scan import check

OPEN_PORT = "aws-example-open-port"
NO_BACKUP = "aws-example-no-backup"
UNTAGGED = "aws-example-untagged"
_VERDICTS = {
    PlanChange.WORSE: (Verdict.PASS, Verdict.FAIL),
    PlanChange.WEAKENED: (Verdict.PASS, Verdict.UNKNOWN),
    PlanChange.OPEN: (None, Verdict.UNKNOWN),
    PlanChange.ALREADY: (Verdict.FAIL, Verdict.FAIL),
    PlanChange.BETTER: (Verdict.FAIL, Verdict.PASS),
    PlanChange.REMOVED: (Verdict.FAIL, None),
    PlanChange.SAME: (Verdict.PASS, Verdict.PASS),
}


def plan_library() -> Library:
    """Three checks, of severity critical, medium and low."""
    checks = [
        check(OPEN_PORT, "Groups open no port", Severity.CRITICAL),
        check(NO_BACKUP, "Volumes have a backup", Severity.MEDIUM),
        check(UNTAGGED, "Buckets have an owner's tag", Severity.LOW),
    ]
    return replace(reference_scan.LIBRARY, checks={one.id: one for one in checks})


LIBRARY = plan_library()


def plan_finding(
    address: str,
    change: PlanChange = PlanChange.WORSE,
    *,
    check: str = OPEN_PORT,
    location: SourceLocation | None = None,
    waiver: str = "",
    reason: str = "",
) -> PlanFinding:
    """What a plan does to one check on the resource at an address."""
    before, after = _VERDICTS[change]
    found = LIBRARY.checks[check]
    ref = ResourceRef(kind=found.kind, id=address, name=address, target="terraform:t", region="")
    return PlanFinding(
        check=check,
        title=found.title,
        severity=found.severity,
        kind=found.kind,
        address=address,
        name=address,
        change=change,
        before=before,
        after=after,
        finding=Finding(
            check=check,
            verdict=after or Verdict.FAIL,
            severity=found.severity,
            resource=ref,
            reason=reason,
        ),
        location=location,
        waiver=waiver,
    )


def plan_view(findings: Iterable[PlanFinding], **more: Any) -> PlanView:
    """What a format renders of these findings."""
    report = PlanReport(
        target=more.pop("target", "terraform:infra"),
        names=("plan.json",),
        findings=tuple(findings),
        notes=more.pop("notes", ()),
        resources={"aws_security_group": 3},
        unmapped=more.pop("unmapped", {}),
        not_asked=(),
        params={},
    )
    return PlanView(report=report, library=LIBRARY, **more)


def at(file: str, line: int, *calls: str, last: int = 0, note: str = "") -> SourceLocation:
    """A place in the configuration."""
    return SourceLocation(file=file, line=line, last=last or line, calls=calls, note=note)
