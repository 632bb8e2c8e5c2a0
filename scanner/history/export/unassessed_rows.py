"""Make the rows of the IPE sheet `unassessed`: types of resources in use that no check reads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from scanner.model.findings import Assessment, InventoryState
from scanner.rendering.csv_cells import CellValue


def unassessed_rows(
    names: Mapping[str, str], assessment: Assessment
) -> Iterator[Mapping[str, CellValue]]:
    """A row for each type, and for each inventory that counted nothing."""
    empty: dict[str, CellValue] = {"type": "", "count": None, "by": "", "counts": ""}
    for found in assessment.unassessed:
        yield {
            "record": names.get(found.target, ""),
            "target": found.target,
            "region": "",
            "type": found.type,
            "count": found.count,
            "by": found.by,
            "counts": "",
            "state": InventoryState.COUNTED.value,
            "reason": "",
        }
    for one in assessment.inventories:
        if one.state is not InventoryState.COUNTED:
            yield {
                **empty,
                "record": names.get(one.target, ""),
                "target": one.target,
                "region": one.region,
                "by": one.inventory,
                "counts": one.counts,
                "state": one.state.value,
                "reason": one.reason,
            }
