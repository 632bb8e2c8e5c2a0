"""Attestations: dated statements of people on what no API can show."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceReference:
    """Where the evidence of a statement lies."""

    reference: str
    sha256: str = ""
    """``: not given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attestation:
    """What one person states about one manual control."""

    id: str
    """The name of its file."""
    control: str
    """The manual control: `MC-01`."""
    statement: str
    by: str
    dated: date
    """The first day on which it counts."""
    valid_until: date
    """The last day on which it counts."""
    evidence: tuple[EvidenceReference, ...]
    covers_from: date | None = None
    covers_to: date | None = None
    """The period that it speaks of, both days included; None: it speaks of its own day."""

    def stands(self, today: date) -> bool:
        """Whether it counts on a day."""
        return self.dated <= today <= self.valid_until


@dataclass(frozen=True, slots=True, kw_only=True)
class AttestationResult:
    """An attestation beside what it is worth on the day of one assessment."""

    attestation: Attestation
    current: bool
    why: str = ""
    """Why it does not count; `` where it does."""
