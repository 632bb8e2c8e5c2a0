"""Renders what a period's last scans counted and no check read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from scanner.model.findings import InventoryRead, InventoryState
from scanner.model.period import Period

_COUNTED: Final = InventoryState.COUNTED


def unassessed_lines(period: Period) -> Iterator[str]:
    """Each type with its number; each inventory that did not answer, and targets without any."""
    yield "Types of resources in use that no check reads, by the last scan of each target"
    for one in period.unassessed:
        yield f"  {one.target}: {one.type} {one.count} or more ({', '.join(one.by)})"
    counted = {one.target for one in period.inventories if one.state is _COUNTED}
    for target in period.targets:
        if target.target not in counted:
            yield f"  {target.target}: not known, no inventory counted"
    yield from map(_uncounted, (row for row in period.inventories if row.state is not _COUNTED))
    if counted and not period.unassessed:
        yield "  none that an inventory counts"
    yield ""


def _uncounted(row: InventoryRead) -> str:
    where = " ".join(filter(None, (row.target, row.region)))
    line = f"  {where}: {row.inventory} {row.state.value}"
    return f"{line} ({row.reason})" if row.reason else line
