"""Results of judging a plan: what a change makes worse, better or leaves as it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from scanner.model.checks import Severity
from scanner.model.findings import Finding, Verdict


class PlanChange(StrEnum):
    """What a plan does to one check on one resource."""

    WORSE = "worse"
    """It fails after the plan, and did not before."""
    WEAKENED = "weakened"
    """It passed before the plan, and after it that is not known any more."""
    OPEN = "open"
    """Whether it passes after the plan is not known, and it did not pass before."""
    ALREADY = "already failing"
    """It failed before the plan and fails after it."""
    BETTER = "better"
    """It did not pass before the plan, and passes after it."""
    REMOVED = "removed"
    """The plan deletes the resource, on which it failed."""
    SAME = "same"
    """It passes as before."""

    @property
    def blocks(self) -> bool:
        """Whether a pipeline that asks for it stops here."""
        return self in (PlanChange.WORSE, PlanChange.WEAKENED)


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceLocation:
    """A place in the configuration: a file below the source folder, and lines from 1."""

    file: str
    line: int
    last: int
    calls: tuple[str, ...] = ()
    """The module calls that lead to it, outermost first: `main.tf:20`."""
    note: str = ""
    """Why it is not the line of the resource itself; empty: it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanFinding:
    """What a plan does to one check on one resource, with the values that decided it."""

    check: str
    title: str
    severity: Severity
    kind: str
    address: str
    """The resource in the plan; of something outside it, the first one that configures it."""
    name: str
    change: PlanChange
    before: Verdict | None
    """None: it was not there."""
    after: Verdict | None
    """None: it is gone."""
    finding: Finding
    """What the check says after the plan; of a removed resource, before it."""
    if_alone: bool = False
    """Whether it fails unless something outside the plan prevents it."""
    location: SourceLocation | None = None
    waiver: str = ""
    """Why it is accepted, and until when; empty: it is not."""
    expired_waiver: str = ""
    """Why it was accepted, and until when; empty: it was not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanReport:
    """The result of judging a plan, or several that are one world."""

    target: str
    names: tuple[str, ...]
    """Names of the plans."""
    findings: tuple[PlanFinding, ...]
    """In order: what blocks first, by severity."""
    notes: tuple[str, ...]
    """What limits the result: an incomplete plan, types that no map reads."""
    resources: Mapping[str, int]
    """Resources after the plan, by Terraform type that a map reads."""
    unmapped: Mapping[str, int]
    """Resources of types that no map reads."""
    not_asked: tuple[str, ...]
    """Checks on kinds that have a map, whose conditions a plan cannot answer."""
    params: Mapping[str, Any]

    def count(self, change: PlanChange) -> int:
        """Findings with this change that no waiver accepts."""
        return sum(one.change is change and not one.waiver for one in self.findings)
