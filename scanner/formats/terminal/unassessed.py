"""Renders the types of resources in use that no check reads, and inventories without an answer."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from rich.text import Text

from scanner.formats import Report
from scanner.formats.terminal.layout import folded
from scanner.model.findings import Assessment, InventoryRead, InventoryState, UnassessedType
from scanner.rendering.sanitize import sanitized
from scanner.words import plural


def unassessed(assessment: Assessment) -> str:
    """What the totals say: how many types no check reads, with the most frequent ones first."""
    found = _merged(assessment.unassessed)
    open_ = _uncounted(assessment)
    parts: list[str] = []
    if open_:
        where = open_[0]
        if len(open_) > 1:
            where = plural(len(open_), "target")
        parts.append(f"types in use that no check reads are not known in {where}")
    if found:
        total = plural(sum(count for _, count in found), "resource")
        parts.append(f"{plural(len(found), 'type')} in use that no check reads, {total} or more")
        parts.append(", ".join(f"{name} {count}" for name, count in found))
    return sanitized("; ".join(parts))


def unassessed_details(report: Report) -> Iterator[Text]:
    """Every type that no check reads, and what came of every inventory."""
    rows = report.assessment.inventories
    found = _merged(report.assessment.unassessed)
    if not rows and not found:
        return
    yield Text("Types of resources in use that no check reads", style="bold")
    for name, count in found:
        yield Text(sanitized(f"  {name}  {count} or more"))
    if not found:
        yield Text("  none that an inventory counts")
    for row in rows:
        yield from folded(Text(sanitized(_inventory(row))), report.width, indent=2, hanging=4)
    yield Text()


def _merged(rows: Sequence[UnassessedType]) -> list[tuple[str, int]]:
    """Types with their numbers over all targets, the largest first."""
    counts: dict[str, int] = defaultdict(int)
    for row in rows:
        counts[row.type] += row.count
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))


def _uncounted(assessment: Assessment) -> list[str]:
    """Targets in which no inventory counted anything."""
    counted = {row.target for row in assessment.inventories if row.state is InventoryState.COUNTED}
    return [str(one["id"]) for one in assessment.targets if one["id"] not in counted]


def _inventory(row: InventoryRead) -> str:
    where = row.target
    if row.region:
        where += f" {row.region}"
    line = f"{row.inventory} in {where}, which counts {row.counts}: {row.state.value}"
    return f"{line} ({row.reason})" if row.reason else line
