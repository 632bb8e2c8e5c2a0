"""Joins the resources of a plan with those that configure them: by reference or by value."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

from scanner.core.plans.answers import PartsFound
from scanner.core.plans.world import PlanResource, World
from scanner.model.plan_maps import Part, PlanMap
from scanner.model.values import Outside, Symbol, Unreadable

Earlier = tuple[PlanResource, ...]
"""Parts of one name, as they are before the plan."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Orphan:
    """Something outside the plan that resources of the plan configure."""

    key: str
    """The value, or the attribute of another resource, that names it."""
    parts: Mapping[str, PartsFound]
    first: PlanResource
    """The first resource of the plan that configures it: it stands for it."""


@dataclass(slots=True)
class Owners:
    """Which parts of a map belong to which of its resources."""

    plan_map: PlanMap
    world: World
    resources: list[PlanResource]
    _by_address: dict[str, dict[str, list[PlanResource]]] = field(default_factory=dict)
    _orphans: dict[str, dict[str, list[PlanResource]]] = field(default_factory=dict)
    _lost: dict[str, list[PlanResource]] = field(default_factory=dict)
    """By part: those of which it is not known what they configure."""

    def __post_init__(self) -> None:
        by_value: dict[tuple[str, str], list[PlanResource]] = defaultdict(list)
        for resource in self.resources:
            for name, value in resource.values.items():
                if isinstance(value, str):
                    by_value[name, value].append(resource)
        for name, part in self.plan_map.parts.items():
            for found in self.world.of_types(part.types):
                self._add(name, part, found, by_value)

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

    def _add_by(
        self,
        key: object,
        name: str,
        part: Part,
        found: PlanResource,
        by_value: Mapping[tuple[str, str], list[PlanResource]],
    ) -> None:
        owners = self._owners(part, key, by_value)
        if (isinstance(key, Unreadable) and not isinstance(key, Symbol)) or len(owners) > 1:
            self._lost.setdefault(name, []).append(found)
        elif owners:
            (address,) = owners
            self._by_address.setdefault(address, {}).setdefault(name, []).append(found)
        elif isinstance(key, str | Symbol):
            shown = key if isinstance(key, str) else f"{key.owner}.{key.attribute}"
            self._orphans.setdefault(shown, {}).setdefault(name, []).append(found)
        else:
            self._lost.setdefault(name, []).append(found)

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
            found.update(one.address for one in by_value.get((attribute, key), ()))
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
        lost = self._lost.get(name)
        if lost:
            return Unreadable(f"{lost[0].address} may configure it: its {part.join} is not known")
        # Created here: nothing outside the plan can have configured it.
        if resource.is_new:
            return None
        for one in earlier:
            if one.is_forgotten:
                return Outside(f"{one.address} stays in the cloud, and leaves the plan")
        if not part.many and (found or earlier):
            # There is only one, which this plan has or deletes.
            return None
        if part.tells and part.tells in resource.refreshed:
            # The provider read it when the plan was made, so that a part elsewhere would show.
            return None
        types = " or ".join(part.types)
        return Outside(f"another configuration may have its {types}")

    def orphans(self) -> list[Orphan]:
        """What lies outside the plan and is configured in it, in order of key."""
        outside = Outside("it is not in this plan")
        found: list[Orphan] = []
        for key, names in sorted(self._orphans.items()):
            parts = {
                name: PartsFound(tuple(names.get(name, ())), outside)
                for name in self.plan_map.parts
            }
            found.append(Orphan(key=key, parts=parts, first=next(iter(names.values()))[0]))
        return found
