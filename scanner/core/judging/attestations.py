"""Attestations on a day: which manual controls have a current one, and why others have none."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

from scanner.model.attestations import Attestation, AttestationResult


def weigh_attestations(
    attestations: Iterable[Attestation], today: date
) -> tuple[AttestationResult, ...]:
    """What each is worth on a day."""
    return tuple(
        AttestationResult(attestation=one, current=one.stands(today), why=_why(one, today))
        for one in attestations
    )


def _why(one: Attestation, today: date) -> str:
    if today < one.dated:
        return f"it is dated {one.dated}, which is later"
    return "" if one.stands(today) else f"it ended on {one.valid_until}"


def attested(weighed: Iterable[AttestationResult]) -> frozenset[str]:
    """Manual controls with a current attestation."""
    return frozenset(one.attestation.control for one in weighed if one.current)


def stale(weighed: Iterable[AttestationResult]) -> Mapping[str, str]:
    """For manual controls that only have attestations which do not count: what became of the one that ended last."""
    ordered = sorted(weighed, key=lambda one: (one.attestation.valid_until, one.attestation.id))
    current = attested(ordered)
    return {
        one.attestation.control: f"{one.attestation.id} by {one.attestation.by}: {one.why}"
        for one in ordered
        if one.attestation.control not in current
    }
