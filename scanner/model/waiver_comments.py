"""Waivers that stand as comments in a Terraform configuration."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True, kw_only=True)
class WaiverComment:
    """One comment: which check is accepted, why, and until when."""

    check: str
    reason: str
    until: date
    """The first day on which it no longer counts."""
    file: str
    """The file below the source folder."""
    line: int
    column: int
    """Where the name of the check stands."""

    @property
    def place(self) -> str:
        """`main.tf:3`."""
        return f"{self.file}:{self.line}"
