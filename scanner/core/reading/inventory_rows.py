"""Takes the resources and details of one kind out of the rows of an inventory's answer.

An inventory gives less than the service's own API: what a row lacks, or leaves empty, is unread and
never absent (docs/decisions/0018).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from typing import Final

from scanner.core.reading.answer_items import Items
from scanner.core.reading.read_plan import Path
from scanner.model.kinds import InventoryRows, Request
from scanner.model.values import OpenList, RawValue, Unreadable

_EMPTY: Final[tuple[object, ...]] = (None, "", [], {})
_Row = dict[str, RawValue]
_Tree = dict[str, "_Tree"]
"""Members that a kind reads, by name, each with those below it."""


def own_rows(found: Items, request: Request) -> Items:
    """The resources of one kind among the rows of all kinds."""
    rows = request.rows
    if rows is None or isinstance(found, Unreadable):
        return found
    reader = _RowReader(rows)
    own: list[RawValue] = []
    own_types = (rows.type, *rows.below)
    all_requested = True
    for row in found:
        row_type = _type_of(row, rows)
        all_requested = all_requested and row_type in rows.types
        if isinstance(row, dict) and row_type in own_types:
            own.append(reader.item(row))
    if isinstance(found, OpenList):
        return OpenList(own, found.reason, found.gaps)
    if not all_requested:
        # A row whose type is missing or unknown may be a resource of this kind.
        reason = f"a row of {request.operation} has no {rows.tells} that was requested"
        return OpenList(own, reason)
    return own


def rows_by_id(
    found: Items,
    request: Request,
    identities: Collection[object],
) -> list[RawValue]:
    """The detail of each resource, in the order of the ids."""
    rows = request.rows
    if rows is None or isinstance(found, Unreadable):
        return [found for _ in identities]
    by_id = _group_by_id(found, rows)
    reader = _RowReader(rows)
    # An inventory may not know a resource that its listing gave: no row is no absence.
    without_row = Unreadable(f"{request.operation} has no row of it")
    if isinstance(found, OpenList):
        without_row = found.rest
    details: list[RawValue] = []
    for identity in identities:
        own: list[_Row] = []
        if isinstance(identity, str):
            own = by_id.get(identity, [])
        if not own:
            details.append(without_row)
        elif len(own) > 1:
            # Which of them is current is not known, and either could hide the other.
            details.append(Unreadable(f"{request.operation} has several rows of it"))
        else:
            details.append(reader.item(own[0]))
    return details


def _group_by_id(found: list[RawValue], rows: InventoryRows) -> dict[str, list[_Row]]:
    by_id: dict[str, list[_Row]] = defaultdict(list)
    for row in found:
        if isinstance(row, dict) and _type_of(row, rows) == rows.type:
            identity = row.get(rows.match)
            if isinstance(identity, str):
                by_id[identity].append(row)
    return by_id


def _type_of(row: RawValue, rows: InventoryRows) -> RawValue:
    if not isinstance(row, dict):
        return None
    return row.get(rows.tells)


class _RowReader:
    """Reads what a row holds; a member that the kind reads and the row lacks is unread."""

    def __init__(self, rows: InventoryRows) -> None:
        self._rows = rows
        self._members: _Tree = {}
        for path in rows.read:
            members = self._members
            for step in path:
                members = members.setdefault(step, {})

    def item(self, row: _Row) -> RawValue:
        """The resource, or the detail, that one row holds."""
        found: RawValue = row
        if self._rows.item:
            for step in self._rows.item.split("."):
                found = found.get(step) if isinstance(found, dict) else None
        if not isinstance(found, dict):
            expected = self._rows.item or "resource"
            return Unreadable(f"a row of {self._rows.type} has no {expected}")
        return self._mark_missing(found, self._members, ())

    def _mark_missing(
        self,
        value: RawValue,
        members: _Tree,
        path: Path,
    ) -> RawValue:
        """The value with its missing members marked, those below it included."""
        if isinstance(value, list):
            below = members.get("[]", {})
            element = (*path, "[]")
            return [self._mark_missing(item, below, element) for item in value]
        if not isinstance(value, dict):
            return value
        marked = dict(value)
        for name, below in members.items():
            if name != "[]":
                self._mark_member(marked, name, below, (*path, name))
        return marked

    def _mark_member(
        self,
        row: _Row,
        name: str,
        below: _Tree,
        path: Path,
    ) -> None:
        value = row.get(name)
        # Empty counts as missing: an inventory writes `[]` where the service's own answer has rows.
        if value not in _EMPTY:
            row[name] = self._mark_missing(value, below, path)
        elif self._is_quiet(path):
            row.pop(name, None)
        else:
            steps = (self._rows.item, *path)
            dotted = ".".join(step for step in steps if step)
            row[name] = Unreadable(f"the inventory lacks {dotted}")

    def _is_quiet(self, path: Path) -> bool:
        """Whether the absence of a member means what it means in the service's own answer."""
        declared = self._rows.quiet
        return any(path[: len(quiet)] == quiet for quiet in declared)
