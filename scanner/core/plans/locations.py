"""Finds the lines of a finding: the argument that decided it, or the block of its resource."""

from __future__ import annotations

from scanner.core.plans.map_reader import PlanItem
from scanner.model.findings import Finding
from scanner.model.plan_findings import SourceLocation


def locate(item: PlanItem, finding: Finding) -> SourceLocation | None:
    """Where a finding is annotated; None: the block was not found in the source."""
    source = item.of.source if item.of else {}
    if not source:
        return None
    return SourceLocation(
        file=source["file"],
        line=source["line"],
        last=source["last"],
        calls=tuple(source.get("calls", ())),
        note=source.get("note", ""),
    )
