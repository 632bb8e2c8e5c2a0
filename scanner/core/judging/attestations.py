"""Finds which manual controls have a current attestation on a day, and why others have none."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

from scanner.model.attestations import Attestation, AttestationResult


def assess_attestations(
    attestations: Iterable[Attestation], today: date
) -> tuple[AttestationResult, ...]:
    """Whether each attestation is current on a day, and if not, why."""
    results: list[AttestationResult] = []
    for attestation in attestations:
        result = AttestationResult(
            attestation=attestation,
            current=attestation.stands(today),
            why=_why_not_current(attestation, today),
        )
        results.append(result)
    return tuple(results)


def _why_not_current(attestation: Attestation, today: date) -> str:
    # Dated ahead: nobody can attest today what will be true then.
    if today < attestation.dated:
        return f"is dated {attestation.dated}, after the scan"
    if attestation.stands(today):
        return ""
    return f"ended on {attestation.valid_until}"


def attested_controls(results: Iterable[AttestationResult]) -> frozenset[str]:
    """Manual controls with a current attestation."""
    current = [result.attestation for result in results if result.current]
    return frozenset(attestation.control for attestation in current)


def _end_of(result: AttestationResult) -> tuple[date, str]:
    attestation = result.attestation
    return attestation.valid_until, attestation.id


def stale_controls(results: Iterable[AttestationResult]) -> Mapping[str, str]:
    """Why manual controls have no current attestation: the last one to end gives the reason."""
    by_end = sorted(results, key=_end_of)
    current = attested_controls(by_end)
    reasons: dict[str, str] = {}
    for result in by_end:
        attestation = result.attestation
        if attestation.control not in current:
            signed = f"{attestation.id} by {attestation.by}"
            reasons[attestation.control] = f"{signed}: {result.why}"
    return reasons
