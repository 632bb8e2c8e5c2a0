"""Projects one side of a plan to resources of kinds, alone or over what was scanned."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from scanner.core.plans.map_reader import Made, MapReader, PlanEstate, PlanItem, untouched
from scanner.core.plans.over_scan import (
    Changes,
    Scanned,
    created_beside,
    listed_by,
    with_scanned,
    without_map,
)
from scanner.core.plans.world import World
from scanner.core.reading.projection import KindProjection
from scanner.core.reading.read_plan import ReadPlan, plan_reads
from scanner.core.reading.read_scope import ReadResource
from scanner.core.reading.relations import Join, Record, Side
from scanner.core.reading.resources import Gap, Resource
from scanner.model.checks import Check
from scanner.model.findings import ResourceRef
from scanner.model.library import Library
from scanner.model.plan_maps import PlanMap
from scanner.model.values import Unreadable

OUTSIDE: Final = Unreadable("resources outside this plan are not known")


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveWorld:
    """What a scan read of the account that a plan changes; empty: there is no scan."""

    account: str = ""
    regions: frozenset[str] = frozenset()
    kinds: Mapping[str, KindProjection] = field(default_factory=dict)
    """Merged and not joined: a plan puts its own resources among them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanProjection:
    """The resources on one side of a plan, by kind and in order of address."""

    items: Mapping[str, tuple[PlanItem, ...]]
    gaps: Mapping[str, tuple[Gap, ...]]


def project_plan(
    world: World,
    earlier: World | None,
    library: Library,
    maps: Mapping[str, tuple[PlanMap, ...]],
    checks: Iterable[Check],
    estate: PlanEstate,
    live: LiveWorld,
) -> PlanProjection:
    """The resources of every kind that the checks read; `earlier` is the side before this one.

    Over a scan, they stand for those of the scan that have their ids.
    """
    kinds: dict[str, _PlanKind] = {}
    reads = plan_reads(library, checks)
    if live.kinds:
        reads = {**_listed_beside(reads, library, maps), **reads}
    for name, read_plan in reads.items():
        kinds[name] = _PlanKind(read_plan, estate, live)
        for plan_map in maps.get(name, ()):
            kinds[name].read(plan_map, world, earlier)
    if earlier is not None and live.kinds:
        _weaken_unmapped(kinds, maps)
    sides = {name: kind.side() for name, kind in kinds.items()}
    for kind in kinds.values():
        kind.join(sides)
    return PlanProjection(
        items={name: kind.items() for name, kind in kinds.items()},
        gaps={name: kind.unread() for name, kind in kinds.items()},
    )


def _listed_beside(
    reads: Mapping[str, ReadPlan], library: Library, maps: Mapping[str, tuple[PlanMap, ...]]
) -> dict[str, ReadPlan]:
    """Kinds that no check asks about, of which a plan may change what a kind without a map is."""
    calls: set[str] = set()
    for name, read_plan in reads.items():
        if name not in maps:
            calls |= listed_by(read_plan.kind)
    found: dict[str, ReadPlan] = {}
    for name in maps:
        kind = library.kinds[name]
        if calls & listed_by(kind):
            found[name] = ReadPlan(kind=kind, attributes=(), relations=(), details=())
    return found


def _weaken_unmapped(
    kinds: Mapping[str, _PlanKind], maps: Mapping[str, tuple[PlanMap, ...]]
) -> None:
    """What a plan changes under one kind is not known of others that the same calls list."""
    for name, kind in kinds.items():
        if name in maps:
            continue
        calls = listed_by(kind.plan.kind)
        beside = [
            other.changes
            for of, other in kinds.items()
            if of in maps and calls & listed_by(other.plan.kind)
        ]
        kind.weaken(beside)


class _PlanKind:
    """One kind on one side of a plan, while its resources are made and joined."""

    def __init__(self, read_plan: ReadPlan, estate: PlanEstate, live: LiveWorld) -> None:
        self.plan = read_plan
        self.estate = estate
        self.live = live
        self.made: list[Made] = []
        self._scanned: dict[str, Scanned] = {}
        self._changed_as: dict[str, Made] = {}
        """By id: what the plan changes of resources of this kind under another one."""
        self._open_beside: set[str] = set()
        self._beside: Unreadable | None = None
        """Why there may be more of them than the scan has."""
        self._projection = live.kinds.get(read_plan.kind.id)
        if self._projection is not None:
            for read, record in self._projection.merged:
                # A copy: the relations of the two sides of a plan differ.
                self._scanned[read.id] = (read, dict(record))
        self.changes = Changes(set(self._scanned))

    def read(self, plan_map: PlanMap, world: World, earlier: World | None) -> None:
        """Add the resources of one map, on this side of the plan."""
        made = list(MapReader(self.plan, plan_map, world, earlier, self.estate).read())
        was: list[Made] = []
        if earlier is not None and self.live.kinds:
            before = MapReader(self.plan, plan_map, earlier, None, self.estate).read()
            was = [one for one in before if not _stays(one, plan_map.stays)]
        self._add(made, was, is_before=earlier is None)

    def _add(self, made: Sequence[Made], was: Sequence[Made], *, is_before: bool) -> None:
        """Add the plan's resources; `was` are those before it, which the scan still has."""
        kept = {one.key for one in made}
        replaced: set[str] = set()
        taken: set[str] = set()
        for one in was:
            if not one.key:
                replaced.add(str(one.record["id"]))
            elif one.key not in kept:
                self._without_part(one)
        for one in made:
            found = self._in_scan(one)
            if found is None:
                self.made.append(one)
                continue
            taken.add(found)
            over = with_scanned(one, self._scanned[found], self.plan.kind, is_before=is_before)
            self.made.append(over)
        for identity in replaced | taken:
            self._scanned.pop(identity, None)
        self.changes.note(made, was)

    def weaken(self, beside: Sequence[Changes]) -> None:
        """Leave open what a plan changes of resources that no map writes."""
        if self._projection is None:
            return
        self._beside = created_beside(self._scanned, beside)
        kept: dict[str, Scanned] = {}
        for identity, found, made in without_map(self._scanned, beside):
            if found is not self._scanned[identity]:
                self._open_beside.add(identity)
            kept[identity] = found
            if made is not None:
                self._changed_as[identity] = made
        self._scanned = kept

    def _without_part(self, was: Made) -> None:
        """The plan deletes all that it configures of something outside: that is not known now."""
        found = self._in_scan(was)
        if found is None:
            return
        read, record = self._scanned[found]
        gone = Unreadable("the plan deletes what configures it")
        configured = {
            name: gone
            for name, value in was.read.attributes.items()
            if not isinstance(value, Unreadable)
        }
        self._scanned[found] = (read, {**record, **configured})

    def _in_scan(self, made: Made) -> str | None:
        """The id of the scanned resource that it stands for; None: the scan has none."""
        own = made.record["id"]
        if isinstance(own, str) and own in self._scanned:
            return own
        if not made.key:
            return None
        matches = [
            identity
            for identity, (_, record) in self._scanned.items()
            if names_it(made, identity, record["name"])
        ]
        return matches[0] if len(matches) == 1 else None

    def side(self) -> Side:
        """This kind as the other side of a relation; without a scan, the outside is open."""
        resources = [(one.read, one.record) for one in self.made]
        resources.extend(self._scanned.values())
        resources.sort(key=lambda found: str(found[1]["id"]))
        gaps: Mapping[str, Unreadable] = {"": OUTSIDE}
        if self._projection is not None:
            gaps = dict(self._projection.gaps)
            if self._beside is not None:
                gaps[""] = self._beside
        return Side(title=self.plan.kind.title, resources=resources, gaps=gaps)

    def join(self, sides: Mapping[str, Side]) -> None:
        """Fill in the relations of each resource."""
        own = [(one.read, one.record) for one in self.made]
        for name in self.plan.relations:
            relation = self.plan.kind.relations[name]
            join = Join(
                relation,
                sides[relation.kind],
                account=self.live.account,
                regions=self.live.regions,
            )
            for read, record in (*own, *self._scanned.values()):
                record[name] = join.of(read.keys[name])

    def items(self) -> tuple[PlanItem, ...]:
        """The resources, in order of address."""
        items = [one.item for one in self.made]
        items.extend(self._scanned_item(*one) for one in self._scanned.values())
        return tuple(sorted(items, key=lambda item: item.resource.ref.id))

    def _scanned_item(self, read: ReadResource, record: Record) -> PlanItem:
        ref = ResourceRef(
            kind=self.plan.kind.id,
            id=read.id,
            name=read.name if isinstance(read.name, str) else read.id,
            target=self.estate.target,
            region=read.region if isinstance(read.region, str) else "",
        )
        resource = Resource(ref=ref, value=record)
        made = self._changed_as.get(read.id)
        if made is not None:
            return replace(untouched(resource), of=made.item.of)
        return replace(untouched(resource), is_beside=read.id in self._open_beside)

    def unread(self) -> tuple[Gap, ...]:
        """The gaps of the scan; without one, a population is what the plan has."""
        return () if self._projection is None else self._projection.unread()


def names_it(made: Made, identity: str, name: object) -> bool:
    """Whether the value by which a plan names something is the id or the name of a resource."""
    key, ends, within = made.key, [identity, name], made.within
    if made.item.map is not None and made.item.map.cloud.keys_in_any_case:
        key, within = key.lower(), tuple(one.lower() for one in within)
        ends = [end.lower() if isinstance(end, str) else end for end in ends]
        identity = identity.lower()
    is_named = key in ends or identity.endswith(f"/{key}")
    # What is not known of it is an empty text, which is no step of any id.
    steps = identity.strip("/").split("/")
    return is_named and all(one in steps for one in within)


def _stays(made: Made, types: frozenset[str]) -> bool:
    """Whether something is in the cloud after the plan although the plan has it no more."""
    found = made.item.of
    return found is not None and (found.is_forgotten or found.type in types)
