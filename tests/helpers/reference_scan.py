"""The reference scan: one small assessment in which every status, verdict and kind of gap occurs
once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from scanner.formats import Report, Source
from scanner.model.answers import Caller, State
from scanner.model.checks import Check, IfEmpty, Severity
from scanner.model.controls import (
    CheckLink,
    Control,
    ControlLink,
    Criterion,
    Framework,
    ManualControl,
    Role,
    WhenEmpty,
)
from scanner.model.findings import (
    Assessment,
    CheckResult,
    ControlResult,
    Counts,
    CoverageRow,
    CriterionResult,
    Finding,
    Observation,
    ResourceRef,
    Status,
    Verdict,
)
from scanner.model.library import Library
from scanner.model.values import ABSENT, OpenList, Unreadable
from tests.helpers import reference_people as people

TARGET = "aws:123456789012"
REFUSED = "s3:GetBucketVersioning denied in eu-west-1 (AccessDenied)"


class Condition:
    """A condition of which only the source is looked at."""

    source = "self.ok"
    paths: frozenset[tuple[str, ...]] = frozenset({("ok",)})

    def evaluate(self, scope: Any) -> object:
        raise NotImplementedError

    def explain(self, scope: Any) -> Any:
        raise NotImplementedError


def check(name: str, title: str, severity: Severity, fix: str = "Turn it on.\n") -> Check:
    """A check with nothing unusual about it."""
    return Check(
        id=name,
        title=title,
        severity=severity,
        kind="aws.s3.bucket",
        where=None,
        scope=None,
        if_empty=IfEmpty.NOT_APPLICABLE,
        if_none_in_scope=IfEmpty.NOT_APPLICABLE,
        pass_when=Condition(),
        why="Because it matters.",
        fix=fix,
        refs=(),
        examples=(),
        path=f"checks/aws/s3/{name}.yaml",
    )


def control(name: str, title: str, *checks: str) -> Control:
    """A control that these checks evidence."""
    return Control(
        id=name,
        title=title,
        statement=f"{title}, always.",
        category="Logical access",
        nature="preventive, automated",
        frequency="continuous",
        modes=("setting",),
        checks=tuple(
            CheckLink(id=item, role=Role.EVIDENCES, why="It shows it.") for item in checks
        ),
        attestations=() if checks else ("MC-01",),
        must_have=(),
        lacking=(),
        when_empty=WhenEmpty.NOT_APPLICABLE,
        when_empty_why="",
        when_none_in_scope=WhenEmpty.NOT_APPLICABLE,
        population="Every bucket.",
        deviation="each",
        grace="none",
        does_not_prove="",
        why="It serves.",
        path="",
    )


FIX = """Console: Bucket, Permissions, Bucket policy.
CLI: aws s3api put-bucket-policy --bucket NAME --policy file://tls.json

Terraform: aws_s3_bucket_policy with a Deny on aws:SecureTransport false.
Then read it again.
"""
CHECKS = {
    item.id: item
    for item in (
        check("aws-s3-bucket-tls-only", "Buckets refuse requests without TLS", Severity.HIGH, FIX),
        check(
            "aws-s3-bucket-versioned", "Buckets keep earlier versions of objects", Severity.MEDIUM
        ),
        check("aws-iam-root-mfa", "The root user signs in with a second factor", Severity.CRITICAL),
        check("aws-kms-key-rotation-enabled", "Customer keys are rotated every year", Severity.LOW),
        check("aws-sqs-queue-encrypted", "Queues are encrypted", Severity.MEDIUM),
    )
}
CONTROLS = {
    item.id: item
    for item in (
        control("ACC-01", "Root is locked away", "aws-iam-root-mfa"),
        control("BCK-01", "Earlier versions are kept", "aws-s3-bucket-versioned"),
        control("ENC-01", "Keys are rotated", "aws-kms-key-rotation-enabled"),
        control("NET-01", "Traffic is encrypted", "aws-s3-bucket-tls-only"),
        control("INC-01", "Incidents are handled"),
        control("ORG-01", "People accept the code of conduct"),
        control("VEN-01", "Queues are encrypted", "aws-sqs-queue-encrypted"),
    )
}
CRITERIA = {
    "CC1.1": (
        "Security",
        "Ethics and integrity set by leadership and followed",
        ("ORG-01",),
        Status.NEEDS_EVIDENCE,
    ),
    "CC1.2": (
        "Security",
        "Board oversees control, apart from management",
        ("ORG-01",),
        Status.NEEDS_EVIDENCE,
    ),
    "CC6.1": (
        "Security",
        "Logical access",
        ("ACC-01", "ENC-01"),
        Status.FAIL,
    ),
    "CC6.6": ("Security", "System boundary", ("ACC-01",), Status.PASS),
    "CC6.7": (
        "Security",
        "Data in transit",
        ("NET-01",),
        Status.FAIL,
    ),
    "CC7.3": ("Security", "Triage of security events", ("INC-01",), Status.NO_OCCURRENCE),
    "CC9.1": ("Security", "Business disruption risk", ("VEN-01",), Status.ACCEPTED),
    "A1.2": ("Availability", "Backup and recovery", ("BCK-01",), Status.NOT_SHOWN),
    "A1.3": ("Availability", "Recovery tests", ("INC-01",), Status.NOT_APPLICABLE),
    "P1.1": (
        "Privacy",
        "Privacy notice given and kept current",
        ("ORG-01",),
        Status.NEEDS_EVIDENCE,
    ),
}
LIBRARY = Library(
    kinds={},
    checks=CHECKS,
    parameters={},
    controls=CONTROLS,
    manual={
        "MC-01": ManualControl(
            id="MC-01",
            control="Staff accept the code of conduct",
            evidence="Signed acceptances",
            frequency="annual",
            owner="HR lead",
            policy="code-of-conduct",
        )
    },
    frameworks={
        "soc2-2017": Framework(
            id="soc2-2017",
            title="SOC 2 Trust Services Criteria (2017, points of focus 2022)",
            criteria=tuple(
                Criterion(
                    id=name,
                    category=category,
                    title=title,
                    evidence="partly",
                    controls=tuple(
                        ControlLink(control=item, primary=True, why="It serves.")
                        for item in controls
                    ),
                )
                for name, (category, title, controls, _) in CRITERIA.items()
            ),
            path="",
        )
    },
    sha256="5d41402abc4b2a76b9719d911017c5925d41402abc4b2a76b9719d911017c592",
)


def finding(
    name: str,
    verdict: Verdict,
    resource: str,
    *seen: Observation,
    reason: str = "",
    gaps: tuple[str, ...] = (),
) -> Finding:
    """A finding about a bucket."""
    return Finding(
        check=name,
        verdict=verdict,
        severity=CHECKS[name].severity,
        resource=ResourceRef(
            kind="aws.s3.bucket",
            id=f"arn:aws:s3:::{resource}",
            name=resource,
            target=TARGET,
            region="eu-west-1",
        ),
        reason=reason,
        observed=seen,
        gaps=gaps,
        waiver="W-7" if verdict is Verdict.WAIVED else "",
        without_waiver=Verdict.FAIL if verdict is Verdict.WAIVED else None,
    )


HOSTILE = "[bold]x[/bold]\x1b[31m\u202eevil\r\n\x9b"
TLS = "aws-s3-bucket-tls-only"
RESULTS = (
    CheckResult(
        check="aws-iam-root-mfa",
        target=TARGET,
        findings=(finding("aws-iam-root-mfa", Verdict.PASS, "root"),),
    ),
    CheckResult(
        check="aws-kms-key-rotation-enabled",
        target=TARGET,
        findings=(
            finding(
                "aws-kms-key-rotation-enabled",
                Verdict.FAIL,
                "key-1",
                Observation("self.rotated_at", datetime(2025, 1, 1, tzinfo=UTC)),
                Observation("self.age", timedelta(days=400)),
                Observation("self.period", ABSENT),
            ),
            finding("aws-kms-key-rotation-enabled", Verdict.PASS, "key-2"),
        ),
    ),
    CheckResult(
        check="aws-sqs-queue-encrypted",
        target=TARGET,
        findings=(finding("aws-sqs-queue-encrypted", Verdict.WAIVED, "scratch"),),
    ),
    CheckResult(
        check=TLS,
        target=TARGET,
        findings=(
            finding(
                TLS,
                Verdict.FAIL,
                HOSTILE,
                Observation("self.tags['" + HOSTILE + "']", HOSTILE),
                Observation("self.rules", OpenList([1], "cut off")),
                Observation("self.policy", Unreadable("s3:GetBucketPolicy denied")),
            ),
            *(
                finding(
                    TLS,
                    Verdict.FAIL,
                    f"logs-{number}",
                    Observation("self.policy.requires_tls", False),
                )
                for number in range(6)
            ),
            finding(TLS, Verdict.PASS, "site"),
        ),
        scoped_out=2,
    ),
    CheckResult(
        check="aws-s3-bucket-versioned",
        target=TARGET,
        findings=(
            finding(
                "aws-s3-bucket-versioned",
                Verdict.UNKNOWN,
                "logs-0",
                reason=REFUSED,
                gaps=("s3:GetBucketVersioning@eu-west-1",),
            ),
            finding(
                "aws-s3-bucket-versioned",
                Verdict.UNKNOWN,
                "logs-1",
                reason="set params.versioned_buckets",
            ),
            finding("aws-s3-bucket-versioned", Verdict.PASS, "site"),
        ),
    ),
)
CONTROL_STATUS = {
    "ACC-01": (Status.PASS, ()),
    "BCK-01": (
        Status.NOT_SHOWN,
        (REFUSED, "2 findings are unknown", "needs aws-backup-vault-locked", "needs MC-47"),
    ),
    "ENC-01": (Status.FAIL, ()),
    "NET-01": (Status.FAIL, ()),
    "INC-01": (Status.NO_OCCURRENCE, ()),
    "VEN-01": (Status.ACCEPTED, ()),
    "ORG-01": (Status.NEEDS_EVIDENCE, ("MC-01 has no current attestation",)),
}


def counts(name: str) -> Counts:
    """The counts of a control, over its checks."""
    results = [
        item for item in RESULTS if item.check in {link.id for link in CONTROLS[name].checks}
    ]
    return Counts(
        passed=sum(item.count(Verdict.PASS) for item in results),
        failed=sum(item.count(Verdict.FAIL) for item in results),
        unknown=sum(item.count(Verdict.UNKNOWN) for item in results),
        waived=sum(item.count(Verdict.WAIVED) for item in results),
        resources=sum(len(item.findings) for item in results),
        scoped_out=sum(item.scoped_out for item in results),
    )


COVERAGE = (
    CoverageRow(
        target=TARGET, region="eu-west-1", operation="s3:GetBucketVersioning", state=State.DENIED, answers=3, items=1,
        reason="AccessDenied", unanswered=2,
    ),
    CoverageRow(target=TARGET, region="", operation="s3:ListBuckets", state=State.OK, answers=1, items=8),
    CoverageRow(target=TARGET, region="eu-west-1", operation="kms:ListKeys", state=State.OK, answers=1, items=2),
    CoverageRow(
        target=TARGET, region="us-east-1", operation="kms:ListKeys", state=State.THROTTLED, answers=1, items=0,
        reason="ThrottlingException",
    ),
)  # fmt: skip

ASSESSMENT = Assessment(
    id="20260101T000000Z-00c0ffee",
    started="2026-01-01T00:00:00.000Z",
    finished="2026-01-01T00:01:30.500Z",
    version="0.1.0",
    pack_sha256=LIBRARY.sha256,
    params={"defaults": {"key_max_age_days": 90}, "set": {TARGET: {"ports": [22, 3389]}}},
    callers=(
        Caller(id="arn:aws:sts::123456789012:assumed-role/auditor/jane", account="123456789012"),
    ),
    targets=(
        {
            "id": TARGET,
            "name": "acme-prod",
            "regions": ["eu-west-1", "us-east-1"],
            "regions_excluded": ["ap-south-1", "us-west-2"],
            "exclusions": [
                {
                    "what": "region",
                    "ids": ["ap-south-1", "us-west-2"],
                    "why": "",
                    "decided": "tscan.yaml",
                    "approver": "",
                }
            ],
            "regions_open": "",
            "unentered": "",
            "clock_skew": -0.4,
            "accounts": [],
        },
    ),
    coverage=COVERAGE,
    results=RESULTS,
    controls=tuple(
        ControlResult(id=name, status=status, reasons=reasons, counts=counts(name))
        for name, (status, reasons) in CONTROL_STATUS.items()
    ),
    criteria=tuple(
        CriterionResult(
            framework="soc2-2017",
            id=name,
            status=status,
            evidence_complete=status in (Status.PASS, Status.FAIL),
            failing=int(status is Status.FAIL),
            controls=controls,
            primary=controls,
        )
        for name, (_, _, controls, status) in CRITERIA.items()
    ),
    waivers=people.waivers(TARGET),
    attestations=people.attestations(),
)
REPORT = Report(
    assessment=ASSESSMENT,
    library=LIBRARY,
    permissions={"s3:GetBucketVersioning": ("s3:GetBucketVersioningOfBucket",)},
    source=Source(again="tscan replay audit.snapshot.jsonl.gz"),
)
