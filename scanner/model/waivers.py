"""Waivers: gaps in what was read that a named person accepts until a date. They are shown, never hidden."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiver:
    """One accepted gap: a call that is known not to be answered."""

    id: str
    target: str
    """The target's id: `aws:123456789012`."""
    operation: str
    region: str
    """The endpoint; `` for every region of the target."""
    resource: str
    """The only resource whose findings may be waived; `` for all that the call leaves open."""
    reason: str
    approver: str
    opened: date
    expires: date
    """The first day on which it no longer counts."""

    def stands(self, today: date) -> bool:
        """Whether it counts on a day."""
        return self.opened <= today < self.expires

    def covers(self, target: str, place: str, resource: str = "") -> bool:
        """Whether it accepts a call (`operation@region`) for a resource; without one, for the call as a whole."""
        operation, _, region = place.partition("@")
        named = self.resource in ("", resource)
        return self.target == target and self.operation == operation and self.region in ("", region) and named
