"""Small scans to commit: a few buckets whose verdicts a test chooses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from scanner.history.ledger.record_builder import ScanToCommit
from scanner.model.answers import Answer, Call, Caller, Snapshot, State, Target
from scanner.model.checks import Severity
from scanner.model.findings import Assessment, CheckResult, Finding, ResourceRef, Verdict
from scanner.model.library import Library

HERE = "aws:111122223333"
CHECKS = ("check-a", "check-b")
START = datetime(2026, 1, 1, tzinfo=UTC)


def library(sha256: str = "0" * 64) -> Library:
    return Library(
        kinds={}, checks={}, parameters={}, controls={}, manual={}, frameworks={}, sha256=sha256
    )


def moment(hours: float) -> str:
    return (
        (START + timedelta(hours=hours)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    )


def snapshot(
    number: int, data: Mapping[str, Any], *, name: str = "", target: str = HERE, **more: Any
) -> Snapshot:
    answers = [
        Answer(
            call=Call(
                operation="s3:GetBucketPolicy", region="eu-west-1", params={"Bucket": bucket}
            ),
            state=State.OK,
            data={"Policy": value},
            started=moment(number),
            finished=moment(number + 0.1),
            request_ids=(f"{name}{number}-{bucket}",),
            count=1,
        )
        for bucket, value in data.items()
    ]
    return Snapshot(
        **{
            "id": f"{name or 'scan'}-{number}",
            "target": Target(target),
            "started": moment(number),
            "finished": moment(number + 0.2),
            "version": "0",
            "regions": ("eu-west-1",),
            "checks": CHECKS,
            "params": {},
            "callers": (
                Caller(id="arn:aws:sts::111122223333:assumed-role/audit/x", account="111122223333"),
            ),
            "answers": {answer.call.key: answer for answer in answers},
            **more,
        }
    )


def results(
    verdicts: Mapping[tuple[str, str, str], str], target: str = HERE, checks: Sequence[str] = CHECKS
) -> tuple[CheckResult, ...]:
    """Check results by (check, region, resource)."""
    return tuple(
        CheckResult(
            check=check,
            target=target,
            findings=tuple(
                Finding(
                    check=check,
                    verdict=Verdict(verdict),
                    severity=Severity.HIGH,
                    resource=ResourceRef(
                        kind="aws.s3.bucket",
                        id=place[2],
                        name=place[2],
                        target=target,
                        region=place[1],
                    ),
                    reason="" if verdict == "pass" else f"it is {verdict}",
                )
                for place, verdict in sorted(verdicts.items())
                if place[0] == check
            ),
        )
        for check in checks
    )


def scan(
    number: int,
    verdicts: Mapping[tuple[str, str, str], str],
    *,
    pack: str = "0" * 64,
    content: bytes = b"",
    **more: Any,
) -> ScanToCommit:
    """A scan whose evidence is the verdicts themselves."""
    taken = snapshot(
        number,
        {f"{check}-{resource}": verdict for (check, _, resource), verdict in verdicts.items()},
        **more,
    )
    assessment = Assessment(
        id=taken.id,
        started=taken.started,
        finished=taken.finished,
        version="0",
        pack_sha256=pack,
        params={"defaults": {}, "set": {taken.target: dict(taken.params)}},
        callers=taken.callers,
        targets=(),
        coverage=(),
        results=results(verdicts, taken.target, taken.checks),
        controls=(),
        criteria=(),
    )
    return ScanToCommit(
        snapshot=taken, assessment=assessment, library=library(pack), pack=lambda: content
    )


def simple(number: int, **more: Any) -> ScanToCommit:
    """Five buckets, one of which fails, another each time."""
    verdicts = {
        (check, "eu-west-1", f"bucket-{index}"): "fail" if index == number % 5 else "pass"
        for check in CHECKS
        for index in range(5)
    }
    return scan(number, verdicts, **more)
