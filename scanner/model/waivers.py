"""Waivers: what a named person accepts until a date; it is shown as waived, never as a pass."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class GapScope:
    """A call that is known not to be answered."""

    target: str
    """The target's id: `aws:123456789012`."""
    operation: str
    region: str = ""
    """The endpoint; `` for every region of the target."""
    resource: str = ""
    """The only resource whose findings may be waived; `` for all that the call leaves open."""

    def __str__(self) -> str:
        text = f"gap {self.operation}"
        if self.region:
            text += f" in {self.region}"
        if self.resource:
            text += f" for {self.resource}"
        return text

    def covers(self, target: str, place: str, resource: str = "") -> bool:
        """Whether it accepts a call (`operation@region`) for a resource, or the whole call."""
        operation, _, region = place.partition("@")
        named = self.resource in ("", resource)
        return (
            self.target == target
            and self.operation == operation
            and self.region in ("", region)
            and named
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingScope:
    """One failing finding: a check on a resource."""

    target: str
    check: str
    resource: str
    """The provider's id; never a pattern."""

    def __str__(self) -> str:
        return f"finding {self.check}@{self.resource}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlScope:
    """All failing findings of one control in one target, as far as this control is concerned."""

    target: str
    control: str

    def __str__(self) -> str:
        return f"control {self.control}"


Scope = GapScope | FindingScope | ControlScope
SCOPES: Final[Mapping[str, type[Scope]]] = {
    "gap": GapScope,
    "finding": FindingScope,
    "control": ControlScope,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiver:
    """A decision to accept something: by whom, why, and until when."""

    id: str
    scope: Scope
    reason: str
    approver: str
    """An e-mail address, so that it can be held against the author's."""
    opened: date
    expires: date
    """The first day on which it no longer counts."""
    compensating: str = ""
    """A control that must read `pass` whenever the waiver is to count; ``: none."""
    author: str = ""
    """Who last changed the entry, as git tells; ``: not known."""
    committed: date | None = None
    """The day on which what it accepts was committed, as git tells; None: not known."""

    @property
    def target(self) -> str:
        """The target that it is about."""
        return self.scope.target

    @property
    def begins(self) -> date:
        """The first day on which it counts: nothing is accepted before it was written down."""
        # A file that is edited today cannot accept what failed yesterday (backdating).
        return max(self.opened, self.committed or self.opened)

    def stands(self, today: date) -> bool:
        """Whether it counts on a day, its compensating control aside."""
        return self.begins <= today < self.expires


class Standing(StrEnum):
    """What a waiver was worth in one assessment."""

    IN_FORCE = "in force"
    LAPSED = "lapsed"
    """Its compensating control does not read pass: what it accepted counts again."""
    EXPIRED = "expired"
    NOT_BEGUN = "not begun"
    NOT_HERE = "not in this scan"
    """Its target was not scanned, or its check has no finding for its resource."""
    NOT_SELECTED = "not selected"
    """The selection of a report leaves its check out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WaiverResult:
    """A waiver beside what it did in one assessment."""

    waiver: Waiver
    standing: Standing
    why: str = ""
    """Why it does not count; `` where it does."""
    accepts: int = 0
    """Findings that it accepts; for a control, failing findings of that control."""
