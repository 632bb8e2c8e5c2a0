"""Renders a plan for people: what gets worse with its line, then counts of the rest."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import Final

from scanner.core.plans.addresses import without_indices
from scanner.formats.plans import PlanView
from scanner.formats.plans.blocks import counts_text
from scanner.model.plan_findings import PlanChange, PlanFinding, SourceLocation
from scanner.rendering.sanitize import sanitized
from scanner.rendering.wrap import wrapped
from scanner.words import plural

_MOST: Final = 3
"""Instances of one block that are named; the others are counted."""
_LISTED: Final = (PlanChange.WORSE, PlanChange.WEAKENED, PlanChange.BETTER)


def render(view: PlanView) -> str:
    """The report on a plan, for a terminal."""
    text = "\n".join(_lines(view)) + "\n"
    return wrapped(text, view.width)


def _lines(view: PlanView) -> Iterator[str]:
    report = view.report
    resources = plural(sum(report.resources.values()), "resource")
    yield f"Plan of {sanitized(report.target)}: {resources} evaluated before and after"
    for note in report.notes:
        yield f"note: {sanitized(note)}"
    yield ""
    shown = [*_LISTED, PlanChange.ALREADY] if view.everything else _LISTED
    for change in shown:
        yield from _section(view, change)
    yield from _waived(view)
    yield counts_text(report)
    if report.unmapped:
        types = ", ".join(report.unmapped)
        yield f"Not evaluated: {plural(sum(report.unmapped.values()), 'resource')} of {types}"


def _section(view: PlanView, change: PlanChange) -> Iterator[str]:
    findings = [one for one in view.report.findings if one.change is change and not one.waiver]
    if not findings:
        return
    yield f"{change.value.capitalize()} ({len(findings)})"
    for _, group in groupby(findings, key=_block):
        instances = list(group)
        first = instances[0]
        yield f"  {first.severity.value:<9}{sanitized(first.title)}"
        yield f"           {_where(instances)}"
        if change is not PlanChange.BETTER:
            yield f"           {sanitized(view.sentence(first))}"
        yield f"           {first.check}"
    yield ""


def _block(finding: PlanFinding) -> tuple[str, str]:
    return finding.check, without_indices(finding.address)


def _where(instances: list[PlanFinding]) -> str:
    names = ", ".join(sanitized(one.address) for one in instances[:_MOST])
    if len(instances) > _MOST:
        names = f"{names} and {len(instances) - _MOST} more"
    location = instances[0].location
    return f"{_place(location)}: {names}" if location else names


def _place(location: SourceLocation) -> str:
    place = sanitized(f"{location.file}:{location.line}")
    if location.calls and location.calls[-1] != place:
        place = f"{place} (called at {sanitized(location.calls[0])})"
    return place


def _waived(view: PlanView) -> Iterator[str]:
    for finding in view.report.findings:
        if finding.waiver and finding.change.blocks:
            address, reason = sanitized(finding.address), sanitized(finding.waiver)
            yield f"Waived: {finding.check} {address}: {reason}"
