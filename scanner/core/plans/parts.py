"""Joins the resources of a plan with those that configure them: by reference or by value."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from scanner.core.plans.answers import PartsFound
from scanner.core.plans.settling import settle
from scanner.core.plans.world import PlanResource, World
from scanner.model.plan_maps import Part, PlanMap
from scanner.model.values import Outside, Symbol, Unreadable

_OUTSIDE: Final = Outside("it is not in this plan")
Earlier = tuple[PlanResource, ...]
"""Parts of one name, as they are before the plan."""
_OrphanKey = tuple[str, tuple[str, ...]]
"""What names something outside the plan, and what else does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Orphan:
    """Something outside the plan that resources of the plan configure."""

    name: str
    """For people: the value, or the attribute of another resource, that names it."""
    key: str
    """The value that names it; empty: which one it is is not known."""
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
    _doubtful: dict[str, list[PlanResource]] = field(default_factory=dict)
    """By part: those of which it is not known whether they configure such a resource at all."""
    _possible: dict[str, dict[str, list[PlanResource]]] = field(default_factory=dict)
    """By address: the parts that may configure a resource, whose own name is not known."""

    def __post_init__(self) -> None:
        names = _Names(self.resources, self._key)
        for name, part in self.plan_map.parts.items():
            found = [_settled(one, part) for one in self.world.of_types(part.types)]
            if part.named_by:
                self._add_named(name, part, found)
                continue
            for one in found:
                self._add(name, part, one, names)

    def _key(self, value: str) -> str:
        """A name or id as it is compared."""
        return value.lower() if self.plan_map.cloud.keys_in_any_case else value

    def _add(self, name: str, part: Part, found: PlanResource, names: _Names) -> None:
        if part.where is not None:
            holds = part.where.evaluate({"p": found.values})
            if holds is False:
                return
            if holds is not True:
                self._doubtful.setdefault(name, []).append(found)
                return
        keys = found.values.get(part.join)
        # `roles` of one attachment names several.
        for key in keys if isinstance(keys, list) else [keys]:
            self._add_by(key, name, part, found, names)

    def _add_named(self, name: str, part: Part, found: list[PlanResource]) -> None:
        """Give each resource the part that it names itself, as a listener its load balancer."""
        names = _Names(found, self._key)
        for resource in self.resources:
            key = resource.values.get(part.named_by)
            called = names.owners(key, part.to) if isinstance(key, str | Symbol) else set()
            named = [one for one in found if one.address in called]
            self._by_address.setdefault(resource.address, {})[name] = named

    def _add_by(
        self, key: object, name: str, part: Part, found: PlanResource, names: _Names
    ) -> None:
        if not isinstance(key, str | Symbol):
            self._lost.setdefault(name, []).append(found)
            return
        if isinstance(key, str):
            key = key.removeprefix(part.strip)
        certain, doubtful = self._of_same(part, found, key, names.owners(key, part.to))
        if doubtful or len(certain) > 1:
            self._lost.setdefault(name, []).append(found)
            return
        if certain:
            (address,) = certain
            self._by_address.setdefault(address, {}).setdefault(name, []).append(found)
            return
        for address in names.unknown(part.to):
            self._possible.setdefault(address, {}).setdefault(name, []).append(found)
        if not part.of_any:
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
            # It names one, or none at all.
            is_known = len(found) == 1 or resource.values.get(part.named_by) is None
            return None if is_known else Outside(f"its {part.named_by} is not in this plan")
        possible = self._possible_part(name, resource)
        if possible is not None:
            return Unreadable(f"{possible.address} may configure it: its {part.join} is not known")
        # Created here: nothing outside the plan can have configured it.
        if resource.is_new:
            return None
        for one in earlier:
            if one.is_forgotten:
                return Outside(f"{one.address} stays in the cloud, and leaves the plan")
        if self._is_complete(name, part, resource, has_any=bool(found or earlier)):
            return None
        types = " or ".join(part.types)
        return Outside(f"another configuration may have its {types}")

    def _possible_part(self, name: str, resource: PlanResource) -> PlanResource | None:
        """A part that may belong to a resource, if one may."""
        possible = self._possible.get(resource.address, {}).get(name)
        found = self._lost.get(name) or self._doubtful.get(name) or possible
        return found[0] if found else None

    def _is_complete(self, name: str, part: Part, resource: PlanResource, *, has_any: bool) -> bool:
        """Whether no other configuration can have parts of this name for a resource."""
        if not part.many and has_any:
            # There is only one, which this plan has or deletes.
            return True
        if part.tells and part.tells in resource.refreshed:
            # The provider read it when the plan was made, so that a part elsewhere would show.
            return True
        return self._is_closed(name, self._by_address.get(resource.address, {}))

    def orphans(self) -> list[Orphan]:
        """What lies outside the plan and is configured in it, in order of key.

        A part of which it is not known what it configures stands for something of its own: it may
        fail whatever that is.
        """
        found: list[Orphan] = []
        for (key, within), parts in sorted(self._orphans.items()):
            found.append(replace(self._orphan(key, key, parts), within=within))
        for name, lost in self._lost.items():
            # Of a part of any type, not even the kind of what it configures is known.
            if not self.plan_map.parts[name].of_any:
                for part in lost:
                    found.append(self._orphan(_configured_by(part), "", {name: [part]}))
        for name, doubtful in self._doubtful.items():
            found.extend(self._doubt(name, part) for part in doubtful)
        return found

    def _orphan(self, name: str, key: str, parts: Mapping[str, list[PlanResource]]) -> Orphan:
        first = next(iter(parts.values()))[0]
        found = {
            part: PartsFound(tuple(parts.get(part, ())), self._others_outside(part, parts))
            for part in self.plan_map.parts
        }
        return Orphan(name=name, key=key, parts=found, first=first)

    def _doubt(self, name: str, part: PlanResource) -> Orphan:
        """What a part may configure, of which that is not known: it decides nothing."""
        doubt = Unreadable(f"whether {part.address} configures it is not known")
        found = {one: PartsFound((), _OUTSIDE) for one in self.plan_map.parts}
        found[name] = PartsFound((), doubt)
        return Orphan(name=_configured_by(part), key="", parts=found, first=part)

    def _others_outside(self, name: str, names: Collection[str]) -> Unreadable | None:
        """Why other parts may belong to something outside the plan."""
        is_single = name in names and not self.plan_map.parts[name].many
        is_whole = is_single or self._is_closed(name, names)
        if is_whole and name not in self._lost and name not in self._doubtful:
            return None
        return _OUTSIDE

    def _is_closed(self, name: str, having: Iterable[str]) -> bool:
        """Whether one of the parts that something has leaves none of this name elsewhere."""
        return any(name in self.plan_map.parts[other].closes for other in having)

    def _orphan_key(self, part: Part, found: PlanResource, key: str | Symbol) -> _OrphanKey:
        if isinstance(key, Symbol):
            return f"{key.owner}.{key.attribute}", ()
        within = [found.values.get(name) for name in part.also]
        known = [self._key(value) if isinstance(value, str) else "" for value in within]
        return self._key(key), tuple(known)


def _configured_by(part: PlanResource) -> str:
    return f"what {part.address} configures"


class _Names:
    """What the resources of a map are named by."""

    def __init__(self, resources: Sequence[PlanResource], folded: Callable[[str], str]) -> None:
        self._folded = folded
        self._resources = resources
        self._addresses = {resource.address for resource in resources}
        self._by_value: dict[tuple[str, str], list[str]] = defaultdict(list)
        for resource in resources:
            for attribute, value in resource.values.items():
                for key in self._keys(value):
                    self._by_value[attribute, key].append(resource.address)
        self._unknown: dict[tuple[str, ...], list[str]] = {}

    def owners(self, key: str | Symbol, attributes: Sequence[str]) -> set[str]:
        """Addresses of the resources that a key certainly names."""
        if isinstance(key, Symbol) and key.owner in self._addresses:
            return {key.owner}
        found: set[str] = set()
        for attribute in attributes:
            for one in self._keys(key):
                found.update(self._by_value.get((attribute, one), ()))
        return found

    def unknown(self, attributes: tuple[str, ...]) -> list[str]:
        """Addresses of the resources of which such an attribute is known after apply only."""
        if attributes not in self._unknown:
            found = [one for one in self._resources if _may_be_named_anything(one, attributes)]
            self._unknown[attributes] = [resource.address for resource in found]
        return self._unknown[attributes]

    def _keys(self, value: object) -> tuple[str, ...]:
        if isinstance(value, Symbol):
            return value.keys
        return (self._folded(value),) if isinstance(value, str) else ()


def _may_be_named_anything(resource: PlanResource, attributes: Sequence[str]) -> bool:
    """Whether one of some attributes may turn out to be a given value.

    What the cloud makes up, such as an id, is none that is written elsewhere.
    """
    for attribute in attributes:
        value = resource.values.get(attribute)
        is_own = isinstance(value, Symbol) and value.owner == resource.address
        if isinstance(value, Unreadable) and not is_own:
            return True
    return False


def _settled(found: PlanResource, part: Part) -> PlanResource:
    return replace(found, values=settle(found, found.values, part.unset, part.renamed))
