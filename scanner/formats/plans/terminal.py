"""Renders a plan for people: what gets worse with its line, then counts of the rest."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from scanner.formats.plans import PlanView
from scanner.formats.plans.blocks import Block, counts_text, folded, of_change
from scanner.model.plan_findings import PlanChange, SourceLocation
from scanner.rendering.sanitize import sanitized
from scanner.rendering.wrap import wrapped
from scanner.words import plural

_BLOCKS: Final = 100
"""Blocks of one section that are listed; the others are counted."""
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
    blocks = folded(view, of_change(view, change))
    if not blocks:
        return
    yield f"{change.value.capitalize()} ({view.report.count(change)})"
    for block in blocks[:_BLOCKS]:
        first = block.first
        yield f"  {first.severity.value:<9}{sanitized(first.title)}"
        yield f"           {_where(block)}"
        if change is not PlanChange.BETTER:
            yield f"           {block.sentence}"
        if block.expired:
            yield f"           {block.expired}"
        yield f"           {first.check}"
    yield from _more(len(blocks))
    yield ""


def _more(count: int) -> Iterator[str]:
    if count > _BLOCKS:
        yield f"  and {plural(count - _BLOCKS, 'more block')}: --format json lists all"


def _where(block: Block) -> str:
    location = block.first.location
    return f"{_place(location)}: {block.names}" if location else block.names


def _place(location: SourceLocation) -> str:
    place = sanitized(f"{location.file}:{location.line}")
    if location.calls and location.calls[-1] != place:
        place = f"{place} (called at {sanitized(location.calls[0])})"
    return place


def _waived(view: PlanView) -> Iterator[str]:
    waived = [one for one in view.report.findings if one.waiver]
    for one in waived[:_BLOCKS]:
        yield f"Waived: {one.check} {sanitized(one.address)}: {sanitized(one.waiver)}"
    yield from _more(len(waived))
