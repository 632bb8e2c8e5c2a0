"""Counts the resources of a target by type, by inventories, and finds types that no check reads.

It decides no verdict. An inventory that does not answer is named, so that a short list never looks
like all that a target has.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain

from scanner.core.reading.answer_lookup import AnswerLookup
from scanner.core.reading.context import ReadContext, Reader
from scanner.core.reading.projection import Estate
from scanner.core.reading.read_plan import listing_requests, plan_reads
from scanner.core.reading.read_scope import ReadScope
from scanner.model.answers import Answer
from scanner.model.checks import Check
from scanner.model.findings import InventoryRead, InventoryState, UnassessedType
from scanner.model.kinds import Kind, Request, Scope, TypeInventory
from scanner.model.library import Library
from scanner.model.values import ABSENT, RawValue, Unreadable
from scanner.words import described


@dataclass(frozen=True, slots=True, kw_only=True)
class TypeReader:
    """Reads one inventory in one scope: a pure function of the answers, as `KindReader` is."""

    inventory: TypeInventory
    scope: ReadScope
    readers: Callable[[str], Reader]

    def ask(self, lookup: AnswerLookup) -> None:
        """Note the missing calls in the lookup."""
        self.read(lookup)

    def read(self, lookup: AnswerLookup) -> RawValue:
        """The numbers by type, `ABSENT` where the inventory is not in use, or `Unreadable`."""
        context = ReadContext(
            account=self.scope.account,
            partition=self.scope.partition,
            region=self.scope.region,
            started=self.scope.started,
            params=self.scope.params,
            principal=self.scope.principal,
        )
        return lookup.run(self.readers(self.inventory.source.reader), context)


@dataclass(frozen=True, slots=True, kw_only=True)
class TypesInUse:
    """What the inventories of a target returned, beside what the checks read."""

    unassessed: tuple[UnassessedType, ...]
    inventories: tuple[InventoryRead, ...]
    keys: frozenset[str]
    """Keys of the calls that the inventories make."""


def type_readers(
    library: Library, estate: Estate, readers: Callable[[str], Reader]
) -> Iterator[TypeReader]:
    """A reader for each inventory of the target's cloud in each of its scopes."""
    cloud = estate.target.partition(":")[0]
    for inventory in library.inventories.get(cloud, ()):
        for scope in estate.scopes(inventory.scope):
            yield TypeReader(inventory=inventory, scope=scope, readers=readers)


def inventory_requests(library: Library, clouds: Iterable[str]) -> Iterator[Request]:
    """Every operation that the inventories of these clouds use."""
    for cloud in sorted(set(clouds)):
        for inventory in library.inventories.get(cloud, ()):
            yield from listing_requests(inventory.source)


def read_types(
    answers: Mapping[str, Answer],
    library: Library,
    checks: Iterable[Check],
    readers: Callable[[str], Reader],
    estate: Estate,
) -> TypesInUse:
    """The types of a target's resources that the checks do not read: a pure function."""
    lookup = AnswerLookup(answers)
    inventories: list[InventoryRead] = []
    numbers: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for one in type_readers(library, estate, readers):
        found = _numbers(one.read(lookup))
        inventories.append(_inventory_read(one, estate.target, found))
        if isinstance(found, dict):
            for name, number in found.items():
                numbers[one.inventory.name][name] += number
    if estate.regions_open and inventories:
        reason = f"the list of regions is incomplete: {estate.regions_open}"
        inventories.extend(_in_other_regions(library, estate, reason))
    unassessed: Iterable[UnassessedType] = ()
    if numbers:
        kinds = [plan.kind for plan in plan_reads(library, checks).values()]
        unassessed = _unassessed(estate.target, numbers, kinds)
    return TypesInUse(
        unassessed=tuple(sorted(unassessed, key=lambda one: one.type)),
        inventories=tuple(inventories),
        keys=frozenset(lookup.keys),
    )


def _unassessed(
    target: str, numbers: Mapping[str, Mapping[str, int]], kinds: Iterable[Kind]
) -> Iterable[UnassessedType]:
    """The types that none of these kinds is.

    Inventories spell one type in several ways (`AWS::KMS::Key`, `kms:key`), and each counts only
    what it knows: the largest number stands.
    """
    known = set(map(_spelled, chain.from_iterable(map(kind_types, kinds))))
    merged: dict[str, UnassessedType] = {}
    for inventory, counts in numbers.items():
        for name, number in counts.items():
            spelled = _spelled(name)
            if spelled in known or number == 0:
                continue
            before = merged.get(spelled)
            merged[spelled] = UnassessedType(
                target=target,
                type=name if before is None else before.type,
                count=number if before is None else max(number, before.count),
                by=(inventory,) if before is None else (*before.by, inventory),
            )
    return merged.values()


def kind_types(kind: Kind) -> tuple[str, ...]:
    """What inventories call the resources of a kind."""
    if kind.bulk is None:
        return kind.types
    return (*kind.types, *kind.bulk.types)


def _spelled(name: str) -> str:
    """A type without what spellings differ in: `AWS::EC2::VPCEndpoint` and `ec2:vpc-endpoint`."""
    plain = name.lower().removeprefix("aws::").replace("::", ":")
    return plain.replace("-", "").replace("_", "")


def _numbers(value: RawValue) -> RawValue:
    """The value, or why it is not a mapping of types to whole numbers."""
    if value is ABSENT or isinstance(value, Unreadable):
        return value
    if not isinstance(value, dict):
        return Unreadable(f"it returned {described(value)}")
    for name, number in value.items():
        # Not isinstance: a boolean is an int for Python, and no number of resources.
        if type(number) is not int or number < 0:
            return Unreadable(f"it returned {described(number)} as the number of {name}")
    return value


def _inventory_read(one: TypeReader, target: str, found: RawValue) -> InventoryRead:
    state, reason = InventoryState.COUNTED, ""
    if isinstance(found, Unreadable):
        state, reason = InventoryState.NOT_KNOWN, found.reason
    elif found is ABSENT:
        state = InventoryState.NOT_IN_USE
    return InventoryRead(
        target=target,
        region=one.scope.region,
        inventory=one.inventory.name,
        counts=one.inventory.counts,
        state=state,
        reason=reason,
    )


def _in_other_regions(library: Library, estate: Estate, reason: str) -> Iterator[InventoryRead]:
    """Inventories of regions that nobody listed: they may count what no other does."""
    cloud = estate.target.partition(":")[0]
    for inventory in library.inventories.get(cloud, ()):
        if inventory.scope is Scope.REGION:
            yield InventoryRead(
                target=estate.target,
                region="*",
                inventory=inventory.name,
                counts=inventory.counts,
                state=InventoryState.NOT_KNOWN,
                reason=reason,
            )
