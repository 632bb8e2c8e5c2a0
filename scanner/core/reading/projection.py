"""From a snapshot to resources: runs the program of each needed kind over the answers, merges and joins."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from scanner.core.reading.answer_lookup import AnswerLookup
from scanner.core.reading.context import Reader
from scanner.core.reading.kind_reader import KindReader
from scanner.core.reading.read_plan import ReadPlan, plan_reads
from scanner.core.reading.read_scope import KindRead, ReadResource, ReadScope
from scanner.core.reading.relations import Join, Side
from scanner.core.reading.resources import Gap, Resource
from scanner.language.functions import to_timestamp
from scanner.language.unread import merge
from scanner.model.answers import Answer, Call, Caller, Snapshot
from scanner.model.checks import Check
from scanner.model.findings import Population, ResourceRef
from scanner.model.kinds import Scope
from scanner.model.library import Library
from scanner.model.values import Unreadable


@dataclass(frozen=True, slots=True, kw_only=True)
class Estate:
    """What lies in one target: where to read, before anything of it is read."""

    target: str
    account: str
    partition: str
    regions: tuple[str, ...]
    regions_open: str
    params: Mapping[str, Any]
    started: str
    """When the reading began: UTC, ISO 8601 with `Z`."""
    management_open: str = ""
    """Why the kinds of the organisation are not read here; empty: they are."""
    organization_only: bool = False
    """Whether only the kinds of the organisation are read here."""
    principal: str = ""
    """Whoever asks, as the provider's own access rules name it; empty: not known."""

    @classmethod
    def of(cls, snapshot: Snapshot, params: Mapping[str, Any]) -> Estate:
        """The estate that a snapshot is of."""
        return cls(
            target=snapshot.target,
            account=snapshot.target.account,
            partition=snapshot.partition,
            regions=snapshot.regions,
            regions_open=snapshot.regions_open,
            params=params,
            started=snapshot.started,
            management_open=snapshot.management_open,
            organization_only=snapshot.organization_only,
            principal=principal(snapshot.callers),
        )

    def closed(self, scope: Scope) -> str:
        """Why a kind of this scope is not read here; empty: it is."""
        if scope is Scope.MANAGEMENT:
            return self.management_open
        return "it is read in the accounts of the organisation" if self.organization_only else ""

    def places(self, scope: Scope) -> Iterator[ReadScope]:
        """Where a kind of this scope is read."""
        if self.closed(scope):
            return
        regions = self.regions if scope is Scope.REGION else ("",)
        for region in regions:
            yield ReadScope(
                account=self.account,
                partition=self.partition,
                region=region,
                params=self.params,
                started=to_timestamp(self.started),
                principal=self.principal,
            )


def principal(callers: Iterable[Caller]) -> str:
    """Whoever asks, as the provider's own access rules name it; empty where that is not known, or several ask."""
    named = {caller.detail.get("principal", "") for caller in callers}
    return named.pop() if len(named) == 1 else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Projection:
    """The resources of one target by kind, and what was not read."""

    resources: Mapping[str, tuple[Resource, ...]]
    gaps: Mapping[str, tuple[Gap, ...]]
    unanswered: tuple[Call, ...]
    """Calls that the checks need and that the snapshot does not hold."""
    populations: tuple[Population, ...]
    """How many resources of each kind were listed where, beside what a second source counts."""
    settled: frozenset[str]
    """Keys of answers whose error codes are knowledge, by the kinds' own declaration."""
    dropped: Mapping[str, int]
    """Resources that were gone before their details could be read, by kind."""
    stood_for: Mapping[str, int]
    """How many calls those of an inventory stood for at least, by operation."""


def plan(
    library: Library, checks: Iterable[Check], readers: Callable[[str], Reader], estate: Estate
) -> list[KindReader]:
    """The units to read: each needed kind in each of its places."""
    return [
        KindReader(need, library.kinds, readers, place)
        for need in plan_reads(library, checks).values()
        for place in estate.places(need.kind.scope)
    ]


def project(
    answers: Mapping[str, Answer],
    library: Library,
    checks: Iterable[Check],
    readers: Callable[[str], Reader],
    estate: Estate,
) -> Projection:
    """Resources and gaps of everything that the checks read: a pure function of the answers."""
    door = AnswerLookup(answers)
    checks = tuple(checks)
    kinds = {name: _KindRead(need, estate) for name, need in plan_reads(library, checks).items()}
    for unit in plan(library, checks, readers, estate):
        kinds[unit.kind.id].add(unit.place.region, unit.read(door))
    for kind in kinds.values():
        kind.merge()
    for kind in kinds.values():
        _relate(kind, kinds, estate)
    return Projection(
        resources={name: kind.finished() for name, kind in kinds.items()},
        gaps={name: kind.unread() for name, kind in kinds.items()},
        unanswered=tuple(door.wanted.values()),
        populations=tuple(row for kind in kinds.values() for row in kind.populations),
        settled=frozenset(door.settled),
        dropped={name: kind.dropped for name, kind in kinds.items() if kind.dropped},
        stood_for=_stood_for(kinds.values()),
    )


def _stood_for(kinds: Iterable[_KindRead]) -> dict[str, int]:
    found: dict[str, int] = defaultdict(int)
    for kind in kinds:
        if kind.stood_for and kind.need.kind.bulk:
            found[kind.need.kind.bulk.request.operation] += kind.stood_for
    return dict(found)


class _KindRead:
    """One kind over all its places while it is merged and joined."""

    def __init__(self, need: ReadPlan, estate: Estate) -> None:
        self.need = need
        self.estate = estate
        self.dropped = 0
        self.stood_for = 0
        self.merged: list[tuple[ReadResource, dict[str, Any]]] = []
        self.gaps: dict[str, Unreadable] = {}
        self.populations: list[Population] = []
        self._reads: dict[str, list[ReadResource]] = defaultdict(list)
        if estate.regions_open and need.kind.scope is Scope.REGION:
            self.gaps["*"] = Unreadable(f"regions are not known: {estate.regions_open}")
        if closed := estate.closed(need.kind.scope):
            self.gaps[""] = Unreadable(closed)

    def add(self, region: str, read: KindRead) -> None:
        self.dropped += read.dropped
        self.stood_for += read.stood_for
        self.populations.append(
            Population(
                target=self.estate.target,
                kind=self.need.kind.id,
                region=region,
                listed=len(read.resources),
                whole=not read.gaps,
                counts=read.counts,
            )
        )
        if read.gaps:
            self.gaps[region] = merge(read.gaps)
        for resource in read.resources:
            self._reads[resource.id].append(resource)

    def merge(self) -> None:
        """One record for each id; where two listings disagree, the attribute is unread."""
        for identity in sorted(self._reads):
            first, *others = self._reads[identity]
            record = {
                **first.attributes,
                "id": identity,
                "name": first.name,
                "account": self.estate.account,
            }
            record["region"] = first.region
            for other in others:
                for name, value in other.attributes.items():
                    if not _same(value, record[name]):
                        record[name] = Unreadable(f"two readings of {identity} disagree on {name}")
            self.merged.append((first, record))

    def side(self) -> Side:
        """This kind as the other side of a relation."""
        return Side(title=self.need.kind.title, resources=self.merged, gaps=self.gaps)

    def finished(self) -> tuple[Resource, ...]:
        return tuple(
            Resource(ref=self._ref(read.id, read.name, read.region), value=record)
            for read, record in self.merged
        )

    def unread(self) -> tuple[Gap, ...]:
        return tuple(
            Gap(ref=self._ref("*", f"any {self.need.kind.title}", region), unread=unread)
            for region, unread in sorted(self.gaps.items())
        )

    def _ref(self, identity: str, name: str, region: str | Unreadable) -> ResourceRef:
        known = region if isinstance(region, str) else ""
        return ResourceRef(
            kind=self.need.kind.id, id=identity, name=name, target=self.estate.target, region=known
        )


def _same(one: Any, other: Any) -> bool:
    """Equality that tells True from 1."""
    return type(one) is type(other) and bool(one == other)


def _relate(kind: _KindRead, kinds: Mapping[str, _KindRead], estate: Estate) -> None:
    regions = frozenset(estate.regions)
    for name in kind.need.relations:
        relation = kind.need.kind.relations[name]
        join = Join(relation, kinds[relation.kind].side(), account=estate.account, regions=regions)
        for read, record in kind.merged:
            record[name] = join.of(read.keys[name])
