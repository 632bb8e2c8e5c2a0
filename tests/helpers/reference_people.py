"""What people said at the reference scan: waivers of each kind and standing, one attestation that
counts, one not."""

from __future__ import annotations

from datetime import date

from scanner.model.attestations import Attestation, AttestationResult, EvidenceReference
from scanner.model.waivers import (
    ControlScope,
    FindingScope,
    GapScope,
    Scope,
    Standing,
    Waiver,
    WaiverResult,
)


def _waiver(
    name: str, scope: Scope, standing: Standing, why: str = "", accepts: int = 0
) -> WaiverResult:
    waiver = Waiver(
        id=name, scope=scope, reason="It goes with the old system.", approver="cto@example.com",
        opened=date(2025, 12, 1), expires=date(2026, 3, 1),
        compensating="ACC-01" if standing is Standing.LAPSED else "",
        author="dev@example.com" if standing is Standing.IN_FORCE else "",
        committed=date(2025, 12, 2) if standing is Standing.IN_FORCE else None,
    )  # fmt: skip
    return WaiverResult(waiver=waiver, standing=standing, why=why, accepts=accepts)


def waivers(target: str) -> tuple[WaiverResult, ...]:
    """One of each standing."""
    queue = FindingScope(
        target=target, check="aws-sqs-queue-encrypted", resource="arn:aws:s3:::scratch"
    )
    gap = GapScope(target=target, operation="kms:ListKeys", region="us-east-1")
    control = ControlScope(target=target, control="NET-01")
    elsewhere = ControlScope(target="aws:999999999999", control="NET-01")
    return (
        _waiver("W-7", queue, Standing.IN_FORCE, accepts=1),
        _waiver(
            "W-8", control, Standing.LAPSED, "compensating control ACC-01 has status not shown"
        ),
        _waiver("W-9", gap, Standing.EXPIRED, "ended on 2026-03-01"),
        _waiver("W-10", gap, Standing.NOT_BEGUN, "begins on 2026-02-01"),
        _waiver("W-11", elsewhere, Standing.NOT_HERE, "aws:999999999999 was not scanned"),
    )


def attestations() -> tuple[AttestationResult, ...]:
    """One that counts, one that has ended."""
    current = Attestation(
        id="MC-02-2026", control="MC-02", statement="There was no case.", by="hr@example.com", dated=date(2026, 1, 1),
        valid_until=date(2026, 12, 31), evidence=(EvidenceReference(reference="https://example.com/log", sha256="0" * 64),),
        covers_from=date(2025, 1, 1), covers_to=date(2025, 12, 31),
    )  # fmt: skip
    ended = Attestation(
        id="MC-01-2025", control="MC-01", statement="Everybody signed.", by="hr@example.com", dated=date(2024, 12, 1),
        valid_until=date(2025, 11, 30), evidence=(EvidenceReference(reference="the register of staff"),),
    )  # fmt: skip
    return (
        AttestationResult(attestation=ended, current=False, why="ended on 2025-11-30"),
        AttestationResult(attestation=current, current=True),
    )
