"""Reads the resources of one map on one side of a plan, by the kind's own expressions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any

from scanner.core.plans.answer_reads import reads_by_answer
from scanner.core.plans.answers import AnswerMaker, PartsFound, with_unread
from scanner.core.plans.parts import Earlier, Owners
from scanner.core.plans.settling import settle
from scanner.core.plans.world import PlanResource, World
from scanner.core.reading.attributes import OPERATIONS
from scanner.core.reading.kind_reader import make_resource
from scanner.core.reading.read_plan import ReadPlan
from scanner.core.reading.read_scope import Bindings, ReadResource
from scanner.core.reading.relations import Record
from scanner.core.reading.resources import Resource
from scanner.language.functions import to_timestamp
from scanner.model.findings import ResourceRef
from scanner.model.plan_maps import PlanMap
from scanner.model.values import ABSENT, Outside, Symbol, Unreadable, Value


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanEstate:
    """What a plan is judged with, beside the plan."""

    target: str
    params: Mapping[str, Any]
    started: str
    """When the plan was read: UTC, ISO 8601 with `Z`."""
    partition: str = ""
    """The partition of the account; empty: the first one of its cloud."""
    account: str = ""
    """The account of every provider; empty: it is not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanItem:
    """A resource of a kind that a plan has, or that it configures from outside."""

    resource: Resource
    of: PlanResource | None
    """The resource of the plan that stands for it; None: the plan does not touch it."""
    is_partial: bool
    """Whether it lies outside the plan, which only configures a part of it."""
    parts: Mapping[str, PartsFound]
    answers: Mapping[str, Any]
    """The raw answers that it was made of, by name."""
    made_by: Mapping[int, PlanResource]
    """By identity of an item of these: the part that it was made of."""
    map: PlanMap | None
    is_beside: bool = False
    """Whether it is open because no map says what the plan changes of it."""


def untouched(resource: Resource) -> PlanItem:
    """A resource of the scan that no plan touches."""
    return PlanItem(
        resource=resource, of=None, is_partial=False, parts={}, answers={}, made_by={}, map=None
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A resource of a kind on one side of a plan, before its relations."""

    read: ReadResource
    record: Record
    item: PlanItem
    is_untouched: bool = False
    """Whether the plan leaves it, and all that configures it, as they are."""
    untouched: frozenset[str] = frozenset()
    """The answers that nothing which the plan changes is part of."""
    key: str = ""
    """Of something outside the plan: the value by which the plan names it."""
    within: tuple[str, ...] = ()
    """What else of its id the plan names; empty texts: it is not known what."""


class MapReader:
    """Reads the resources of one map on one side of a plan."""

    def __init__(
        self,
        read_plan: ReadPlan,
        plan_map: PlanMap,
        world: World,
        earlier: World | None,
        estate: PlanEstate,
    ) -> None:
        self.plan = read_plan
        self.map = plan_map
        self.world = world
        self.estate = estate
        self.owners = Owners(plan_map, world, world.of_types(plan_map.types))
        self._made_of = reads_by_answer(plan_map)
        self.earlier: Owners | None = None
        if earlier is not None:
            self.earlier = Owners(plan_map, earlier, earlier.of_types(plan_map.types))

    def read(self) -> Iterator[Made]:
        """Each resource that the plan has, and each that it only configures."""
        for found in self.owners.resources:
            made = self._whole(found)
            if made is not None:
                yield made
        for orphan in self.owners.orphans():
            bindings = self._bindings(orphan.first, Outside("it is not in this plan"))
            maker = AnswerMaker(
                bindings=bindings,
                parts=orphan.parts,
                is_new=False,
                is_untouched=_are_unchanged(orphan.parts, {}),
                earlier={},
                made_by={},
            )
            name = f"{orphan.name} (outside the plan)"
            identity = f"{orphan.first.address} -> {orphan.name}"
            made = self._resource(maker, orphan.first, identity, name, is_partial=True)
            same = made.untouched or self._untouched(orphan.parts, {}, {}, {})
            yield replace(made, key=orphan.key, within=orphan.within, untouched=same)
        for gone in self._deleted_settings():
            yield self._gone(gone)

    def _whole(self, found: PlanResource) -> Made | None:
        """The resource; None: its arguments show that it is not of the kind."""
        earlier = self._earlier_parts(found)
        parts = self.owners.of(found, earlier)
        values = self._settled(found, parts, earlier)
        is_of_kind = self.map.where is None or self.map.where.evaluate({"r": values})
        if is_of_kind is False:
            return None
        known = values if is_of_kind is True else Unreadable("what it is, is not known")
        was = self._was(found)
        bindings = {**self._bindings(found, known), "was": _changed(was, found)}
        maker = AnswerMaker(
            bindings=bindings,
            parts=parts,
            is_new=found.is_new,
            is_untouched=self._is_untouched(found) and _are_unchanged(parts, earlier),
            earlier=self._listed(earlier),
            made_by={},
            deleted=frozenset(_deleted(parts, earlier)),
        )
        made = self._resource(maker, found, found.address, found.address, is_partial=False)
        if maker.is_untouched or found.is_new or found.address in self.world.twice:
            return made
        return replace(made, untouched=self._untouched(parts, earlier, was, found.values))

    def _was(self, found: PlanResource) -> Mapping[str, Any]:
        """The arguments before the plan; of what it creates, none."""
        if found.is_new:
            return {}
        before = None if self.earlier is None else self.earlier.world.resources.get(found.address)
        return found.values if before is None else before.values

    def _untouched(
        self,
        parts: Mapping[str, PartsFound],
        earlier: Mapping[str, Earlier],
        was: Mapping[str, Any],
        values: Mapping[str, Any],
    ) -> frozenset[str]:
        """The answers of something that the plan changes which do not change by it."""
        found = set(self.map.outside)
        for name, read in self._made_of.items():
            of_these = {part: parts[part] for part in read.parts}
            before = {part: earlier.get(part, ()) for part in read.parts}
            is_same = all(was.get(one) == values.get(one) for one in read.arguments)
            if is_same and _are_unchanged(of_these, before):
                found.add(name)
        return frozenset(found)

    def _is_untouched(self, found: PlanResource) -> bool:
        # Another plan may change what this one leaves as it is.
        return found.is_unchanged and found.address not in self.world.twice

    def _deleted_settings(self) -> Iterator[PlanResource]:
        """Settings that every account or region has, which the plan deletes and does not set."""
        if self.earlier is None or self.plan.kind.listing is not None:
            return
        kept = {(one.provider, one.region) for one in self.owners.resources}
        for found in self.earlier.resources:
            is_here = found.address in self.world.resources or found.is_forgotten
            if not is_here and (found.provider, found.region) not in kept:
                yield found

    def _gone(self, found: PlanResource) -> Made:
        """The settings of an account once what sets them is deleted."""
        maker = AnswerMaker(
            bindings=self._bindings(found, {}),
            parts={},
            is_new=False,
            # What the map does not set lies outside the plan.
            is_untouched=True,
            earlier={},
            made_by={},
            is_gone=True,
        )
        made = self._resource(maker, found, found.address, found.address, is_partial=False)
        return replace(made, is_untouched=False, untouched=self.map.outside)

    def _earlier_parts(self, found: PlanResource) -> dict[str, Earlier]:
        if self.earlier is None or found.is_new:
            return {}
        before = self.earlier.world.resources.get(found.address)
        if before is None:
            return {}
        return {name: self.earlier.named(before, name) for name in self.map.parts}

    def _listed(self, earlier: Mapping[str, Earlier]) -> dict[str, Earlier]:
        """Parts whose items a refreshed list of the resource repeats as they were before."""
        listed: dict[str, Earlier] = {}
        for name, part in self.map.parts.items():
            if part.many and part.tells:
                listed[name] = earlier.get(name, ())
        return listed

    def _settled(
        self,
        found: PlanResource,
        parts: Mapping[str, PartsFound],
        earlier: Mapping[str, Earlier],
    ) -> dict[str, Any]:
        """The arguments, with what the cloud gives where nobody sets one."""
        given = self._without_deleted(found, parts, earlier)
        values = settle(found, given, self.map.unset, self.map.renamed)
        for name, same in self.map.same.items():
            if same in values:
                values[name] = values[same]
        return values

    def _without_deleted(
        self,
        found: PlanResource,
        parts: Mapping[str, PartsFound],
        earlier: Mapping[str, Earlier],
    ) -> dict[str, Any]:
        """The arguments without what the provider read of parts that the plan deletes."""
        values = dict(found.values)
        for name in _deleted(parts, earlier):
            part = self.map.parts[name]
            if part.tells and not (part.many or part.stays):
                values.pop(part.tells, None)
        return values

    def _bindings(self, found: PlanResource, values: object) -> Bindings:
        # Of one address in two plans it is not known which one is applied last.
        if found.address in self.world.twice:
            values = Unreadable(f"{found.address} is in several plans")
        return {
            "r": values,
            "was": {},
            "region": self._region(found),
            "account": found.account,
            "partition": self.estate.partition or self.map.cloud.partition,
            "started": to_timestamp(self.estate.started),
        }

    def _region(self, found: PlanResource) -> str | Unreadable:
        """The region; resources of one provider configuration share one that is not known."""
        reason = "the region is not in the plan"
        if found.region or self.estate.account:
            # Beside a scan, whose regions are known, it may be any of them.
            return found.region or Unreadable(reason)
        return Symbol(reason, owner=f"provider.{found.provider}", attribute="region")

    def _resource(
        self,
        maker: AnswerMaker,
        found: PlanResource,
        identity: str,
        name: str,
        *,
        is_partial: bool,
    ) -> Made:
        bindings = self._answers(maker)
        read, own_id = self._read(bindings, identity, name)
        record: Record = {
            **read.attributes,
            "id": own_id,
            "name": self._name(bindings),
            "account": bindings["account"],
            "region": read.region,
        }
        ref = ResourceRef(
            kind=self.plan.kind.id,
            id=identity,
            name=name,
            target=self.estate.target,
            region=read.region if isinstance(read.region, str) else "",
        )
        item = PlanItem(
            resource=Resource(ref=ref, value=record),
            of=found,
            is_partial=is_partial,
            parts=maker.parts,
            answers=bindings,
            made_by=maker.made_by,
            map=self.map,
        )
        return Made(
            read=read,
            record=record,
            item=item,
            is_untouched=maker.is_untouched,
            untouched=frozenset(bindings) if maker.is_untouched else frozenset(),
        )

    def _name(self, answers: Bindings) -> Value:
        """The name that the provider gives it, as in a scan."""
        name: Any = self.plan.kind.label.evaluate(answers)
        if isinstance(name, str | Unreadable):
            return name
        return Unreadable("its name is not in the plan")

    def _answers(self, maker: AnswerMaker) -> Bindings:
        """The raw answers of one resource: the listed item and the details, by name."""
        kind, plan_map = self.plan.kind, self.map
        given = maker.bindings
        answers: Bindings = {
            "it": self._answer(maker, "it", plan_map.item),
            "parent": ABSENT,
            "account": given["account"],
            "region": given["region"],
            "partition": given["partition"],
            "params": self.estate.params,
            "started": to_timestamp(self.estate.started),
        }
        if plan_map.parent is not None:
            answers["parent"] = self._answer(maker, "parent", plan_map.parent)
        for name in kind.same:
            answers[name] = answers["it"]
        for name in self.plan.details:
            if name not in answers:
                answers[name] = self._answer(maker, name, plan_map.details.get(name))
        if kind.at is not None:
            answers["region"] = kind.at.evaluate(answers)
        return answers

    def _answer(self, maker: AnswerMaker, name: str, tree: Any) -> Any:
        reasons = {
            path: Outside(why) if path[0] in self.map.outside else maker.unread(why)
            for path, why in self.map.unread.items()
        }
        reason = reasons.get((name,))
        if reason is not None or tree is None:
            return reason or maker.unread(f"{name} is not in a plan")
        made = maker.make(tree)
        return with_unread(made, [path for path in reasons if path[0] == name], reasons)

    def _read(self, bindings: Bindings, identity: str, name: str) -> tuple[ReadResource, Value]:
        own_id: Any = self.plan.kind.identity.evaluate(bindings)
        if not isinstance(own_id, str | Unreadable):
            own_id = Unreadable("its id is not in the plan")
        bindings[OPERATIONS] = dict.fromkeys(("it", *self.plan.details), "the plan")
        # A policy is judged by the resource that it is attached to.
        bindings["resource"] = own_id
        read = make_resource(self.plan, bindings, own_id, name)
        return replace(read, id=identity), own_id


def _deleted(parts: Mapping[str, PartsFound], earlier: Mapping[str, Earlier]) -> Iterator[str]:
    """The parts by name that the plan deletes; those that it only forgets stay."""
    for name, before in earlier.items():
        if before and not parts[name].found and not any(one.is_forgotten for one in before):
            yield name


def _changed(was: Mapping[str, Any], found: PlanResource) -> dict[str, Any]:
    """The arguments that the plan changes, as they were; one that nobody set is empty."""
    if found.is_new:
        return {}
    names = was.keys() | found.values.keys()
    return {name: was.get(name, "") for name in names if was.get(name) != found.values.get(name)}


def _are_unchanged(parts: Mapping[str, PartsFound], earlier: Mapping[str, Earlier]) -> bool:
    """Whether the plan leaves all parts as they are; one that it deletes is among the earlier.

    One of which it is not known what it configures may be a part, too.
    """
    for one in parts.values():
        if one.others is not None and not isinstance(one.others, Outside):
            return False
    found = chain.from_iterable(one.found for one in parts.values())
    every = chain(found, *earlier.values())
    return all(part.is_unchanged or part.is_forgotten for part in every)
