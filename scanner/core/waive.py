"""Waivers applied: an unknown finding that only waived gaps leave open becomes waived, and never a pass."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date

from scanner.model.findings import CheckResult, CoverageRow, Finding, Verdict
from scanner.model.values import OTHER
from scanner.model.waivers import Waiver


def standing(waivers: Iterable[Waiver], today: date) -> tuple[Waiver, ...]:
    """The waivers that count on a day."""
    return tuple(waiver for waiver in waivers if waiver.stands(today))


def waive(result: CheckResult, waivers: Sequence[Waiver]) -> CheckResult:
    """The result with waived findings marked; `waivers` are those that stand."""
    if not waivers:
        return result
    return replace(result, findings=tuple(_waived(finding, waivers) for finding in result.findings))


def _waived(finding: Finding, waivers: Sequence[Waiver]) -> Finding:
    """Waived only if every cause that leaves the finding open is a call that some waiver covers."""
    if finding.verdict is not Verdict.UNKNOWN or not finding.gaps or OTHER in finding.gaps:
        return finding
    used: list[str] = []
    for place in finding.gaps:
        found = _covering(waivers, finding.resource.target, place, finding.resource.id)
        if not found:
            return finding
        used.append(found)
    return replace(finding, verdict=Verdict.WAIVED, waiver=", ".join(dict.fromkeys(used)))


def waive_row(row: CoverageRow, waivers: Sequence[Waiver]) -> CoverageRow:
    """The row with the waiver that accepts its gap as a whole; one for a single resource does not."""
    if row.state.whole and not row.unanswered:
        return row
    return replace(row, waiver=_covering(waivers, row.target, f"{row.operation}@{row.region}", ""))


def _covering(waivers: Sequence[Waiver], target: str, place: str, resource: str) -> str:
    return next((waiver.id for waiver in waivers if waiver.covers(target, place, resource)), "")
