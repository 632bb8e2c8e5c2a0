"""Hash joins between the resources of one target. No match is knowledge only where the other side was read whole."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

from scanner.core.reading.read_scope import ReadResource
from scanner.language.unread import merge
from scanner.model.kinds import Cardinality, Relation
from scanner.model.values import ABSENT, OpenList, Unreadable

Keys = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """All resources of the other kind in the target, with what was not read of it."""

    title: str
    resources: Sequence[tuple[ReadResource, dict[str, Any]]]
    """In order of id, each with its record."""
    gaps: Mapping[str, Unreadable]
    """By region; the region `*` is open as to which regions there are."""


class Join:
    """The other side of one relation, indexed by its keys."""

    def __init__(
        self, relation: Relation, side: Side, *, account: str, regions: frozenset[str]
    ) -> None:
        self._relation = relation
        self._side = side
        self._account = account
        self._regions = regions
        self._names = tuple(relation.on)
        self._index: dict[tuple[Any, ...], list[dict[str, Any]]] = defaultdict(list)
        doubts = {region: [unread] for region, unread in side.gaps.items()}
        for read, record in side.resources:
            unread = self._add(record)
            if unread is not None:
                doubts.setdefault(read.region if isinstance(read.region, str) else "", []).append(
                    unread
                )
        self._doubts = {region: merge(unread) for region, unread in doubts.items()}
        """By region: why there may be matches that are not in the index."""

    def _add(self, record: dict[str, Any]) -> Unreadable | None:
        """Put a resource into the index, or say why it may match anything."""
        sides = [_values(record.get(name, ABSENT)) for name in self._names]
        for values in sides:
            if isinstance(values, Unreadable):
                return replace(
                    values,
                    reason=f"a {self._side.title} has an unread key: {values.reason}",
                    missing=False,
                )
        for key in product(*(values for values in sides if not isinstance(values, Unreadable))):
            self._index[key].append(record)
        return None

    def of(self, keys: Keys) -> Any:
        """What the relation leads to from one resource, whose side of the keys is given."""
        ours = [_values(keys[name]) for name in self._names]
        for values in ours:
            if isinstance(values, Unreadable):
                return values
        found: dict[int, dict[str, Any]] = {}
        rest = [
            side.rest for side in (keys[name] for name in self._names) if isinstance(side, OpenList)
        ]
        for key in product(*(values for values in ours if not isinstance(values, Unreadable))):
            matches = self._index.get(key, ())
            found.update((id(record), record) for record in matches)
            rest.extend(self._open(key, matched=bool(matches)))
        return self._shaped(sorted(found.values(), key=lambda record: str(record["id"])), rest)

    def _open(self, key: tuple[Any, ...], *, matched: bool) -> Iterator[Unreadable]:
        """Why there may be more matches of this key than were read."""
        regions = frozenset(
            value for name, value in zip(self._names, key, strict=True) if name == "region"
        )
        doubted = False
        for region, unread in self._doubts.items():
            if region == "*" and regions and regions <= self._regions:
                continue
            if not regions or not region or region == "*" or region in regions:
                doubted = True
                yield unread
        if not matched and not doubted:
            elsewhere = self._elsewhere(key, regions)
            if elsewhere:
                yield Unreadable(elsewhere)

    def _elsewhere(self, key: tuple[Any, ...], regions: frozenset[str]) -> str:
        """Why a key without a match may yet have one, in a place that was not read."""
        for region in regions:
            if region and region not in self._regions:
                return f"{region} was not read"
        for value in key:
            for part, expression in self._relation.home.items():
                named = expression.evaluate({"key": value})
                if isinstance(named, Unreadable):
                    continue
                if part == "account" and named not in ("", self._account):
                    return f"{value} is in account {named}, which this target does not read"
                if part == "region" and named and named not in self._regions:
                    return f"{value} is in {named}, which was not read"
        return ""

    def _shaped(self, records: list[dict[str, Any]], rest: list[Unreadable]) -> Any:
        relation = self._relation
        if relation.cardinality is Cardinality.MANY:
            if not rest:
                return records
            unread = merge(rest)
            return OpenList(records, unread.reason, unread.gaps)
        if len(records) == 1:
            return records[0]
        if records:
            return Unreadable(f"{len(records)} resources match {relation.name}, one was expected")
        if rest:
            return replace(merge(rest), missing=False)
        if relation.cardinality is Cardinality.MAYBE_ONE:
            return ABSENT
        return Unreadable(f"no {self._side.title} matches {relation.name}")


def _values(key: Any) -> Sequence[Any] | Unreadable:
    """The values of one side of a key; an absent one matches nothing."""
    if key is ABSENT:
        return ()
    if isinstance(key, Unreadable):
        return () if key.missing else key
    values = key if isinstance(key, list) else (key,)
    for value in values:
        if isinstance(value, Unreadable):
            return value
        if not isinstance(value, str | int):
            return Unreadable(f"a key should be a text, it is {type(value).__name__}")
    return tuple(dict.fromkeys(values))
