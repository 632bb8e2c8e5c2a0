"""Joins resources of one target by key.

No match is knowledge only where the other side is complete.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product

from scanner.core.reading.read_scope import ReadResource
from scanner.language.unread import merge
from scanner.model.kinds import Cardinality, Relation
from scanner.model.values import ABSENT, OpenList, Symbol, Unreadable, Value
from scanner.words import described, plural

Member = str | int
Key = tuple[Member, ...]
Values = Sequence[Member] | Unreadable
"""The values of one member of a key, or why they are not known."""
Record = dict[str, Value]

ANY_REGION = "*"
"""The region of a gap in the list of regions itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """All resources of the other kind in the target, and what was not read of it."""

    title: str
    resources: Sequence[tuple[ReadResource, Record]]
    """In order of id, each with its record."""
    gaps: Mapping[str, Unreadable]
    """By region; empty: of the whole target; `*`: it is not known which regions there are."""


class Join:
    """The other side of one relation, indexed by its keys."""

    def __init__(
        self,
        relation: Relation,
        side: Side,
        *,
        account: str,
        regions: frozenset[str],
    ) -> None:
        self._relation = relation
        self._side = side
        self._account = account
        self._regions = regions
        self._names = tuple(relation.on)
        self._index: dict[Key, list[Record]] = defaultdict(list)
        doubts: dict[str, list[Unreadable]] = defaultdict(list)
        for region, gap in side.gaps.items():
            doubts[region].append(gap)
        for resource, record in side.resources:
            unread = self._index_record(record)
            if unread is not None:
                # A resource whose region is unread may be in any: the doubt is the whole target's.
                region = ""
                if isinstance(resource.region, str):
                    region = resource.region
                doubts[region].append(unread)
        self._doubts: dict[str, Unreadable] = {}
        """By region: why there may be matches that are not in the index."""
        for region, reasons in doubts.items():
            self._doubts[region] = merge(reasons)

    def _index_record(self, record: Record) -> Unreadable | None:
        """Put a resource into the index, or say why it may match any key."""
        theirs = [record.get(name, ABSENT) for name in self._names]
        values = _key_values(theirs)
        if isinstance(values, Unreadable):
            reason = f"the key of a {self._side.title} was not read: {values.reason}"
            return replace(values, reason=reason, missing=False)
        for key in product(*values):
            self._index[key].append(record)
        return None

    def of(self, keys: Mapping[str, object]) -> Value:
        """What the relation leads to from one resource, given our side of its keys."""
        ours = [keys[name] for name in self._names]
        values = _key_values(ours)
        if isinstance(values, Unreadable):
            return values
        # By identity: a record that several keys match is one match.
        matches: dict[int, Record] = {}
        rest: list[Unreadable] = []
        for member in ours:
            if isinstance(member, OpenList):
                rest.append(member.rest)
        for key in product(*values):
            records = self._index.get(key, ())
            for record in records:
                matches[id(record)] = record
            unread = self._unread_matches(key, matched=bool(records))
            rest.extend(unread)
        ordered = sorted(matches.values(), key=_id_of)
        if self._relation.cardinality is Cardinality.MANY:
            return _many(ordered, rest)
        return self._one(ordered, rest)

    def _unread_matches(self, key: Key, *, matched: bool) -> Iterator[Unreadable]:
        """Why there may be more matches of this key than were read."""
        named = self._regions_in(key)
        doubted = False
        for region, unread in self._doubts.items():
            if self._concerns(region, named):
                doubted = True
                yield unread
        if not matched and not doubted:
            elsewhere = self._unread_region(named) or self._unread_home(key)
            if elsewhere:
                yield Unreadable(elsewhere)

    def _regions_in(self, key: Key) -> frozenset[Member]:
        """The regions that a key names; none: it may match in any."""
        named = zip(self._names, key, strict=True)
        return frozenset(value for name, value in named if name == "region")

    def _concerns(self, gap_region: str, named: frozenset[Member]) -> bool:
        """Whether a match may be hidden in a gap of this region."""
        if not named or not gap_region:
            return True
        if gap_region == ANY_REGION:
            # A region that was listed is read, even if the list of regions is incomplete.
            return not named <= self._regions
        return gap_region in named

    def _unread_region(self, named: frozenset[Member]) -> str:
        """Why a key without a match may have one in a region that was not read."""
        for region in named:
            if region and region not in self._regions:
                return f"{region} was not read"
        return ""

    def _unread_home(self, key: Key) -> str:
        """Why a key without a match may have one where the key itself says that its resource is."""
        # Without this, a key of another account would have no match, and that would be knowledge.
        for value in key:
            for part, expression in self._relation.home.items():
                home = expression.evaluate({"key": value})
                if isinstance(home, Unreadable):
                    continue
                if part == "account" and home not in ("", self._account):
                    return f"{value} is in account {home}, which is not this target"
                if part == "region" and home and home not in self._regions:
                    return f"{value} is in {home}, which was not read"
        return ""

    def _one(self, records: list[Record], rest: list[Unreadable]) -> Value:
        relation = self._relation
        if len(records) == 1:
            return records[0]
        if records:
            return Unreadable(
                f"{plural(len(records), 'resource')} match {relation.name}, but only one may"
            )
        if rest:
            return replace(merge(rest), missing=False)
        if relation.cardinality is Cardinality.MAYBE_ONE:
            return ABSENT
        return Unreadable(f"no {self._side.title} matches {relation.name}")


def _id_of(record: Record) -> str:
    return str(record["id"])


def _many(records: list[Record], rest: list[Unreadable]) -> Value:
    items: list[Value] = [*records]
    # Vacuous truth: `all` over no match is true, but only where every possible match was read.
    if not rest:
        return items
    unread = merge(rest)
    return OpenList(items, unread.reason, unread.gaps)


def _key_values(keys: Sequence[object]) -> list[Sequence[Member]] | Unreadable:
    """The values of each member of a key, or why one of them is not known."""
    members: list[Sequence[Member]] = []
    for key in keys:
        values = _values(key)
        if isinstance(values, Unreadable):
            return values
        members.append(values)
    return members


def _values(key: object) -> Values:
    """The values of one member of a key; an absent one matches nothing."""
    if key is ABSENT:
        return ()
    if isinstance(key, Symbol):
        return key.keys
    if isinstance(key, Unreadable):
        if key.missing:
            return ()
        return key
    values: dict[Member, None] = {}
    found = key if isinstance(key, list) else [key]
    for value in found:
        if isinstance(value, Symbol):
            values.update(dict.fromkeys(value.keys))
            continue
        if isinstance(value, Unreadable):
            return value
        if not isinstance(value, str | int):
            return Unreadable(f"a key must be a string, not {described(value)}")
        values[value] = None
    return tuple(values)
