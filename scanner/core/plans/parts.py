"""Joins the resources of a plan with those that configure them: by reference or by value."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace

from scanner.core.plans.answers import PartsFound
from scanner.core.plans.settling import settle
from scanner.core.plans.world import PlanResource, World
from scanner.model.plan_maps import Part, PlanMap
from scanner.model.values import Outside, Symbol, Unreadable

Earlier = tuple[PlanResource, ...]
"""Parts of one name, as they are before the plan."""
_OrphanKey = tuple[str, tuple[str, ...]]
"""What names something outside the plan, and what else does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Orphan:
    """Something outside the plan that resources of the plan configure."""

    key: str
    """The value, or the attribute of another resource, that names it."""
    parts: Mapping[str, PartsFound]
    first: PlanResource
    """The first resource of the plan that configures it: it stands for it."""
    within: tuple[str, ...] = ()
    """What else names it, beside a key that several may have."""


@dataclass(slots=True)
class Owners:
    """Which parts of a map belong to which of its resources."""

    plan_map: PlanMap
    world: World
    resources: list[PlanResource]
    _by_address: dict[str, dict[str, list[PlanResource]]] = field(default_factory=dict)
    _orphans: dict[_OrphanKey, dict[str, list[PlanResource]]] = field(default_factory=dict)
    _lost: dict[str, list[PlanResource]] = field(default_factory=dict)
    """By part: those of which it is not known what they configure."""

    def __post_init__(self) -> None:
        by_value: dict[tuple[str, str], list[PlanResource]] = defaultdict(list)
        for resource in self.resources:
            for name, value in resource.values.items():
                if isinstance(value, str):
                    by_value[name, self._key(value)].append(resource)
        for name, part in self.plan_map.parts.items():
            found = [_settled(one, part) for one in self.world.of_types(part.types)]
            if part.named_by:
                self._add_named(name, part, found)
                continue
            for one in found:
                self._add(name, part, one, by_value)

    def _key(self, value: str) -> str:
        """A name or id as it is compared."""
        return value.lower() if self.plan_map.cloud.keys_in_any_case else value

    def _add(
        self,
        name: str,
        part: Part,
        found: PlanResource,
        by_value: Mapping[tuple[str, str], list[PlanResource]],
    ) -> None:
        if part.where is not None:
            holds = part.where.evaluate({"p": found.values})
            if holds is False:
                return
            if holds is not True:
                self._lost.setdefault(name, []).append(found)
                return
        keys = found.values.get(part.join)
        # `roles` of one attachment names several.
        for key in keys if isinstance(keys, list) else [keys]:
            self._add_by(key, name, part, found, by_value)

    def _add_named(self, name: str, part: Part, found: list[PlanResource]) -> None:
        """Give each resource the part that it names itself, as a listener its load balancer."""
        by_address = {one.address: one for one in found}
        for resource in self.resources:
            key = resource.values.get(part.named_by)
            if isinstance(key, Symbol):
                named = [by_address[key.owner]] if key.owner in by_address else []
            else:
                named = [one for one in found if self._is_called(one, part, key)]
            self._by_address.setdefault(resource.address, {})[name] = named

    def _is_called(self, found: PlanResource, part: Part, key: object) -> bool:
        """Whether a text is one of the attributes by which a part is named."""
        if not isinstance(key, str):
            return False
        names = [found.values.get(attribute) for attribute in part.to]
        return any(self._key(name) == self._key(key) for name in names if isinstance(name, str))

    def _add_by(
        self,
        key: object,
        name: str,
        part: Part,
        found: PlanResource,
        by_value: Mapping[tuple[str, str], list[PlanResource]],
    ) -> None:
        if isinstance(key, str):
            key = key.removeprefix(part.strip)
        owners = self._owners(part, key, by_value)
        is_unread = isinstance(key, Unreadable) and not isinstance(key, Symbol)
        certain, possible = self._of_same(part, found, key, owners)
        if is_unread or possible or len(certain) > 1:
            self._lost.setdefault(name, []).append(found)
        elif certain:
            (address,) = certain
            self._by_address.setdefault(address, {}).setdefault(name, []).append(found)
        elif not isinstance(key, str | Symbol):
            self._lost.setdefault(name, []).append(found)
        elif not part.of_any:
            orphan = self._orphan_key(part, found, key)
            self._orphans.setdefault(orphan, {}).setdefault(name, []).append(found)

    def _of_same(
        self, part: Part, found: PlanResource, key: object, owners: set[str]
    ) -> tuple[set[str], set[str]]:
        """Those of some resources that the part's other arguments name too, and that they may."""
        if not part.also or isinstance(key, Symbol):
            return owners, set()
        certain: set[str] = set()
        possible: set[str] = set()
        for address in owners:
            owner = self.world.resources[address]
            pairs = [
                (found.values.get(mine), owner.values.get(theirs))
                for mine, theirs in part.also.items()
            ]
            are_same = [self._are_same(*pair) for pair in pairs]
            if all(are_same):
                certain.add(address)
            elif False not in are_same:
                possible.add(address)
        return certain, possible

    def _are_same(self, mine: object, theirs: object) -> bool | None:
        """Whether two values are one; None: that is not known."""
        if isinstance(mine, str) and isinstance(theirs, str):
            return self._key(mine) == self._key(theirs)
        if isinstance(mine, Symbol) and isinstance(theirs, Symbol) and mine.keys == theirs.keys:
            return True
        return None

    def _owners(
        self,
        part: Part,
        key: object,
        by_value: Mapping[tuple[str, str], list[PlanResource]],
    ) -> set[str]:
        """Addresses of the resources that a key names."""
        addresses = {resource.address for resource in self.resources}
        if isinstance(key, Symbol):
            return {key.owner} & addresses
        if not isinstance(key, str):
            return set()
        found: set[str] = set()
        for attribute in part.to:
            found.update(one.address for one in by_value.get((attribute, self._key(key)), ()))
        return found

    def named(self, resource: PlanResource, name: str) -> tuple[PlanResource, ...]:
        """The parts of one name that belong to a resource."""
        return tuple(self._by_address.get(resource.address, {}).get(name, ()))

    def of(self, resource: PlanResource, earlier: Mapping[str, Earlier]) -> dict[str, PartsFound]:
        """The parts of a resource, and why there may be others."""
        parts: dict[str, PartsFound] = {}
        for name, part in self.plan_map.parts.items():
            found = self.named(resource, name)
            others = self._others(name, part, resource, found, earlier.get(name, ()))
            parts[name] = PartsFound(found, others)
        return parts

    def _others(
        self,
        name: str,
        part: Part,
        resource: PlanResource,
        found: Earlier,
        earlier: Earlier,
    ) -> Unreadable | None:
        """Why other parts may belong to it than those that were found."""
        if part.named_by:
            key = resource.values.get(part.named_by)
            # It names one, or none at all.
            is_known = len(found) == 1 or key is None
            return None if is_known else Outside(f"its {part.named_by} is not in this plan")
        lost = self._lost.get(name)
        if lost:
            return Unreadable(f"{lost[0].address} may configure it: its {part.join} is not known")
        # Created here: nothing outside the plan can have configured it.
        if resource.is_new:
            return None
        if not part.many and (found or earlier):
            # There is only one, which this plan has or deletes.
            return None
        if part.tells and part.tells in resource.refreshed:
            # The provider read it when the plan was made, so that a part elsewhere would show.
            return None
        if self._is_closed(name, self._by_address.get(resource.address, {})):
            return None
        types = " or ".join(part.types)
        return Outside(f"another configuration may have its {types}")

    def orphans(self) -> list[Orphan]:
        """What lies outside the plan and is configured in it, in order of key."""
        found: list[Orphan] = []
        for (key, within), names in sorted(self._orphans.items()):
            parts = {
                name: PartsFound(tuple(names.get(name, ())), self._others_outside(name, names))
                for name in self.plan_map.parts
            }
            first = next(iter(names.values()))[0]
            found.append(Orphan(key=key, parts=parts, first=first, within=within))
        return found

    def _others_outside(self, name: str, names: Collection[str]) -> Unreadable | None:
        """Why other parts may belong to something outside the plan."""
        is_single = name in names and not self.plan_map.parts[name].many
        is_whole = is_single or self._is_closed(name, names)
        if is_whole and name not in self._lost:
            return None
        return Outside("it is not in this plan")

    def _is_closed(self, name: str, having: Iterable[str]) -> bool:
        """Whether one of the parts that something has leaves none of this name elsewhere."""
        return any(name in self.plan_map.parts[other].closes for other in having)

    def _orphan_key(self, part: Part, found: PlanResource, key: str | Symbol) -> _OrphanKey:
        if isinstance(key, Symbol):
            return f"{key.owner}.{key.attribute}", ()
        within = [found.values.get(name) for name in part.also]
        known = [self._key(value) if isinstance(value, str) else "" for value in within]
        return self._key(key), tuple(known)


def _settled(found: PlanResource, part: Part) -> PlanResource:
    return replace(found, values=settle(found, found.values, part.unset, part.renamed))
