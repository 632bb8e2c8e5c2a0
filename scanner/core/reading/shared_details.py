"""Reads details that one call returns for many items: batch calls, and inventories."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from scanner.core.reading.answer_items import items_at
from scanner.core.reading.answer_lookup import AnswerLookup
from scanner.core.reading.inventory_rows import rows_by_id
from scanner.core.reading.read_plan import ReadPlan
from scanner.core.reading.read_scope import Bindings, ReadScope
from scanner.core.reading.request_builder import (
    applies,
    leaves_out,
    match_rows,
    request_data,
)
from scanner.model.kinds import Batch, Request
from scanner.model.values import ABSENT, Absent, Unreadable

RowsOfItems = dict[str, list[object]]
"""By detail: the row of each item, in the order of the items."""


class SharedDetails:
    """The batched details, and the inventory's details, of one kind in one scope."""

    def __init__(self, plan: ReadPlan, scope: ReadScope) -> None:
        self._kind = plan.kind
        self._scope = scope
        self._batched: dict[str, tuple[Request, Batch]] = {}
        self._from_inventory: dict[str, Request] = {}
        for name in plan.details:
            request = plan.kind.details.get(name)
            if request is None:
                continue
            if request.batch is not None:
                self._batched[name] = (request, request.batch)
            if request.rows is not None:
                self._from_inventory[name] = request

    def read(self, lookup: AnswerLookup, items: Sequence[Bindings]) -> RowsOfItems:
        """The rows of all items. Missing calls are noted in the lookup."""
        rows: RowsOfItems = {}
        for name, (request, batch) in self._batched.items():
            rows[name] = self._batch(lookup, request, batch, items)
        if items:
            for name, request in self._from_inventory.items():
                rows[name] = self._inventory(lookup, request, items)
        return rows

    def _inventory(
        self,
        lookup: AnswerLookup,
        request: Request,
        items: Sequence[Bindings],
    ) -> list[object]:
        bindings = self._scope.bindings(ABSENT, ABSENT)
        data = request_data(lookup, request, bindings)
        rows = items_at(data, request.items[0], leaves_out=leaves_out(request, self._kind))
        identities = [self._kind.identity.evaluate(item) for item in items]
        return [*rows_by_id(rows, request, identities)]

    def _batch(
        self,
        lookup: AnswerLookup,
        request: Request,
        batch: Batch,
        items: Sequence[Bindings],
    ) -> list[object]:
        keys = [_batch_key(request, batch, item) for item in items]
        rows: dict[tuple[str, str], object] = {}
        for name, group in _group(items, keys).items():
            for key, row in self._group_rows(lookup, request, batch, group):
                rows[name, key] = row
        found: list[object] = []
        for item, own_key in zip(items, keys, strict=True):
            if not isinstance(own_key, str):
                # The call does not apply to the item, or its key is unread.
                found.append(own_key)
            elif not isinstance(item["region"], str):
                found.append(item["region"])
            else:
                found.append(rows[_group_name(item), own_key])
        return found

    def _group_rows(
        self,
        lookup: AnswerLookup,
        request: Request,
        batch: Batch,
        group: _Group,
    ) -> Iterator[tuple[str, object]]:
        bindings = self._scope.bindings(ABSENT, ABSENT)
        bindings["parent"] = group.parent
        bindings["region"] = group.region
        without_row: Absent | Unreadable = ABSENT
        if batch.lacking_is != "absent":
            # What failed for one key may be named elsewhere in the answer, or not at all.
            call = f"{request.operation}@{group.region}"
            reason = f"{request.operation} returned no row of it"
            without_row = Unreadable(reason, gaps=frozenset((call,)))
        keys = sorted(group.keys)
        for start in range(0, len(keys), batch.size):
            chunk = keys[start : start + batch.size]
            more = {batch.member: chunk}
            data = request_data(lookup, request, bindings, more=more)
            rows = items_at(data, batch.items, leaves_out=leaves_out(request, self._kind))
            yield from match_rows(rows, batch.match, chunk, without_row)


@dataclass(slots=True)
class _Group:
    """Keys that one batch call may serve: of items in one region, listed under one parent."""

    parent: object
    region: str
    keys: set[str] = field(default_factory=set)


def _group(items: Sequence[Bindings], keys: Sequence[object]) -> dict[str, _Group]:
    groups: dict[str, _Group] = {}
    for item, key in zip(items, keys, strict=True):
        region = item["region"]
        if isinstance(key, str) and isinstance(region, str):
            name = _group_name(item)
            if name not in groups:
                groups[name] = _Group(item["parent"], region)
            groups[name].keys.add(key)
    return groups


def _group_name(item: Bindings) -> str:
    # The parent's text, not its id: parents are raw answers, which need not have any.
    return f"{item['region']} {item['parent']!r}"


def _batch_key(
    request: Request,
    batch: Batch,
    item: Bindings,
) -> object:
    applicable = applies(request, item)
    if applicable is not True:
        return applicable
    return batch.key.evaluate(item)
