"""Waivers and attestations over a period, as its records were judged with them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True, kw_only=True)
class WaivedSpan:
    """A span in which an item was waived: accepted, and not a pass."""

    target: str
    check: str
    region: str
    resource: str
    start: str
    end: str
    """The first read at which it was not waived any more; `` when it still is."""
    what: str = "failure"
    """What was accepted: `failure`, or a `gap`, behind which nobody knows what there was."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingSpan:
    """Records of a period, one after the other, in which a waiver was worth the same."""

    standing: str
    """As `Standing` has it: only `in force` accepts anything."""
    why: str
    """Why it did not count; `` where it did."""
    first_seq: int
    first_read: str
    last_seq: int
    last_read: str

    def __str__(self) -> str:
        reads = f"{self.first_seq} ({self.first_read}) to {self.last_seq} ({self.last_read})"
        text = f"{self.standing} in records {reads}"
        if self.why:
            text += f": {self.why}"
        return text


@dataclass(frozen=True, slots=True, kw_only=True)
class WaiverSpan:
    """A waiver that records of a target were given; one that was changed is another."""

    target: str
    waiver: str
    accepts: str
    reason: str
    approver: str
    author: str
    """``: not known."""
    compensating: str
    opened: date
    committed: str
    """``: not known."""
    expires: date
    first_seq: int
    """The first record of the chain that was given it, in the period or before."""
    first_read: str
    last_seq: int
    """The last record of the period that was given it."""
    last_read: str
    standings: tuple[StandingSpan, ...]
    """What it was worth in the records of the period that were given it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AttestationSpan:
    """A statement that records were given, over all targets."""

    attestation: str
    control: str
    statement: str
    by: str
    dated: date
    valid_until: date
    evidence: tuple[str, ...]
    first_read: str
    last_read: str
