"""Projects one side of a plan to resources of kinds, alone or over what was scanned."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from scanner.core.plans.map_reader import Made, MapReader, PlanEstate, PlanItem, untouched
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
from scanner.model.values import Outside, Unreadable

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
    for name, read_plan in plan_reads(library, checks).items():
        kind = _PlanKind(read_plan, estate, live)
        for plan_map in maps.get(name, ()):
            made = MapReader(read_plan, plan_map, world, earlier, estate).read()
            was: Iterable[Made] = ()
            if earlier is not None and live.kinds:
                was = MapReader(read_plan, plan_map, earlier, None, estate).read()
            kind.add(made, was)
        kinds[name] = kind
    sides = {name: kind.side() for name, kind in kinds.items()}
    for kind in kinds.values():
        kind.join(sides)
    return PlanProjection(
        items={name: kind.items() for name, kind in kinds.items()},
        gaps={name: kind.unread() for name, kind in kinds.items()},
    )


class _PlanKind:
    """One kind on one side of a plan, while its resources are made and joined."""

    def __init__(self, read_plan: ReadPlan, estate: PlanEstate, live: LiveWorld) -> None:
        self.plan = read_plan
        self.estate = estate
        self.live = live
        self.made: list[Made] = []
        self._scanned: dict[str, tuple[ReadResource, Record]] = {}
        self._projection = live.kinds.get(read_plan.kind.id)
        if self._projection is not None:
            for read, record in self._projection.merged:
                # A copy: the relations of the two sides of a plan differ.
                self._scanned[read.id] = (read, dict(record))

    def add(self, made: Iterable[Made], was: Iterable[Made]) -> None:
        """Add the plan's resources; `was` are those before it, which the scan still has."""
        was, made = list(was), list(made)
        kept = {one.key for one in made}
        replaced: set[str] = set()
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
            replaced.add(found)
            self.made.append(_with_scanned(one, self._scanned[found][1]))
        for identity in replaced:
            self._scanned.pop(identity, None)

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
            gaps = self._projection.gaps
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
        return untouched(resource)

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


def _with_scanned(made: Made, scanned: Record) -> Made:
    """The resource with what only the scan knows of it: what lies outside the plan."""
    record = dict(made.record)
    for name, value in record.items():
        if isinstance(value, Outside) and name in scanned:
            record[name] = scanned[name]
    if made.key:
        record = {**record, "id": scanned["id"], "account": scanned["account"]}
    resource = replace(made.item.resource, value=record)
    return replace(made, record=record, item=replace(made.item, resource=resource))
