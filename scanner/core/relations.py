"""Hash joins between the resources of one target. No match is knowledge only where the other side was read whole."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

from scanner.core.units import Read
from scanner.model.kinds import Cardinality, Relation
from scanner.model.values import ABSENT, OpenList, Unreadable

Keys = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """All resources of the other kind in the target, with what was not read of it."""

    title: str
    resources: Sequence[tuple[Read, dict[str, Any]]]
    """In order of id, each with its record."""
    gaps: Mapping[str, str]
    """Reason by region; the region `*` is open as to which regions there are."""


class Join:
    """The other side of one relation, indexed by its keys."""

    def __init__(self, relation: Relation, side: Side, *, account: str, regions: frozenset[str]) -> None:
        self._relation = relation
        self._side = side
        self._account = account
        self._regions = regions
        self._names = tuple(relation.on)
        self._index: dict[tuple[Any, ...], list[dict[str, Any]]] = defaultdict(list)
        self._unsure: list[tuple[str, str]] = []
        for read, record in side.resources:
            self._add(read, record)

    def _add(self, read: Read, record: dict[str, Any]) -> None:
        sides = [_values(record.get(name, ABSENT)) for name in self._names]
        unread = next((values for values in sides if isinstance(values, Unreadable)), None)
        if unread is not None:
            self._unsure.append((read.region, f"a {self._side.title} has an unread key: {unread.reason}"))
            return
        for key in product(*(values for values in sides if not isinstance(values, Unreadable))):
            self._index[key].append(record)

    def of(self, keys: Keys) -> Any:
        """What the relation leads to from one resource, whose side of the keys is given."""
        ours = [_values(keys[name]) for name in self._names]
        for values in ours:
            if isinstance(values, Unreadable):
                return values
        found: dict[int, dict[str, Any]] = {}
        open_reason = next((v.reason for v in (keys[name] for name in self._names) if isinstance(v, OpenList)), "")
        for key in product(*(values for values in ours if not isinstance(values, Unreadable))):
            matches = self._index.get(key, ())
            found.update((id(record), record) for record in matches)
            open_reason = open_reason or self._open(key, matched=bool(matches))
        return self._shaped(sorted(found.values(), key=lambda record: str(record["id"])), open_reason)

    def _open(self, key: tuple[Any, ...], *, matched: bool) -> str:
        """Why there may be more matches of this key than were read."""
        regions = self._key_regions(key)
        for region, reason in (*self._side.gaps.items(), *self._unsure):
            if region == "*" and regions and regions <= self._regions:
                continue
            if not regions or not region or region == "*" or region in regions:
                return reason
        return "" if matched else self._elsewhere(key)

    def _key_regions(self, key: tuple[Any, ...]) -> frozenset[str]:
        """The only regions in which a match can be; none: anywhere."""
        return frozenset(value for name, value in zip(self._names, key, strict=True) if name == "region")

    def _elsewhere(self, key: tuple[Any, ...]) -> str:
        """Why a key without a match may yet have one, in a place that was not read."""
        for region in self._key_regions(key):
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

    def _shaped(self, records: list[dict[str, Any]], open_reason: str) -> Any:
        relation = self._relation
        if relation.cardinality is Cardinality.MANY:
            return OpenList(records, open_reason) if open_reason else records
        if len(records) == 1:
            return records[0]
        if records:
            return Unreadable(f"{len(records)} resources match {relation.name}, one was expected")
        if open_reason:
            return Unreadable(open_reason)
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
