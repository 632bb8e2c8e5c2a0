"""Projects a snapshot to resources: reads each needed kind, merges duplicates, joins relations."""

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
from scanner.core.reading.relations import ANY_REGION, Join, Record, Side
from scanner.core.reading.resources import Gap, Resource
from scanner.language.functions import to_timestamp
from scanner.language.unread import merge
from scanner.model.answers import Answer, Call, Caller, Snapshot
from scanner.model.checks import Check
from scanner.model.findings import Population, ResourceRef
from scanner.model.kinds import Scope
from scanner.model.library import Library
from scanner.model.values import Unreadable, Value


@dataclass(frozen=True, slots=True, kw_only=True)
class Estate:
    """One target before any of its resources is read: where to read, and with which parameters."""

    target: str
    account: str
    partition: str
    regions: tuple[str, ...]
    regions_open: str
    """Why the list of regions is incomplete; empty: it is complete."""
    params: Mapping[str, Any]
    started: str
    """When reading began: UTC, ISO 8601 with `Z`."""
    management_open: str = ""
    """Why the kinds of the organization are not read here; empty: they are."""
    organization_only: bool = False
    """Whether only the kinds of the organization are read here."""
    principal: str = ""
    """The caller, as the provider's own access rules name it; empty: not known."""

    @classmethod
    def of(cls, snapshot: Snapshot, params: Mapping[str, Any]) -> Estate:
        """The estate that a snapshot was taken of."""
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

    def not_read(self, scope: Scope) -> str:
        """Why kinds of this scope are not read here; empty: they are."""
        if scope is Scope.MANAGEMENT:
            return self.management_open
        if self.organization_only:
            return "it is read in the accounts of the organization, not here"
        return ""

    def scopes(self, scope: Scope) -> Iterator[ReadScope]:
        """Where a kind of this scope is read: in each region, or once."""
        if self.not_read(scope):
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
    """The caller, as the provider's own access rules name it; empty if not known or several."""
    names = {caller.detail.get("principal", "") for caller in callers}
    # Of several, none is taken: what one of them may read, another may not.
    if len(names) != 1:
        return ""
    return names.pop()


@dataclass(frozen=True, slots=True, kw_only=True)
class Projection:
    """The resources of one target by kind, and what was not read."""

    resources: Mapping[str, tuple[Resource, ...]]
    gaps: Mapping[str, tuple[Gap, ...]]
    unanswered: tuple[Call, ...]
    """Calls that the checks need and that the snapshot does not hold."""
    populations: tuple[Population, ...]
    """How many resources of each kind were listed where, and what second sources count."""
    known_absent: frozenset[str]
    """Keys of answers whose error codes the kinds declare to mean absence."""
    dropped: Mapping[str, int]
    """Resources that were deleted before their details were requested, by kind."""
    stood_for: Mapping[str, int]
    """Calls that an inventory replaced, at least, by its operation."""
    keys: frozenset[str] = frozenset()
    """Keys of all calls that the checks need."""


def plan_readers(
    library: Library,
    checks: Iterable[Check],
    readers: Callable[[str], Reader],
    estate: Estate,
) -> list[KindReader]:
    """A reader for each needed kind in each of its scopes."""
    kind_readers: list[KindReader] = []
    for read_plan in plan_reads(library, checks).values():
        for scope in estate.scopes(read_plan.kind.scope):
            reader = KindReader(read_plan, library.kinds, readers, scope)
            kind_readers.append(reader)
    return kind_readers


def project(
    answers: Mapping[str, Answer],
    library: Library,
    checks: Iterable[Check],
    readers: Callable[[str], Reader],
    estate: Estate,
) -> Projection:
    """The resources and gaps of everything that the checks read: a pure function of the answers."""
    lookup = AnswerLookup(answers)
    kinds = read_kinds(lookup, library, tuple(checks), readers, estate)
    for kind in kinds.values():
        _join(kind, kinds, estate)
    resources: dict[str, tuple[Resource, ...]] = {}
    gaps: dict[str, tuple[Gap, ...]] = {}
    populations: list[Population] = []
    dropped: dict[str, int] = {}
    for name, kind in kinds.items():
        resources[name] = kind.resources()
        gaps[name] = kind.unread()
        populations.extend(kind.populations)
        if kind.dropped:
            dropped[name] = kind.dropped
    return Projection(
        resources=resources,
        gaps=gaps,
        unanswered=tuple(lookup.missing_calls.values()),
        populations=tuple(populations),
        known_absent=frozenset(lookup.known_absent),
        dropped=dropped,
        stood_for=_replaced_calls(kinds.values()),
        keys=frozenset(lookup.keys),
    )


def read_kinds(
    lookup: AnswerLookup,
    library: Library,
    checks: Iterable[Check],
    readers: Callable[[str], Reader],
    estate: Estate,
) -> dict[str, KindProjection]:
    """Every kind that the checks read, with its resources merged and not joined yet."""
    checks = tuple(checks)
    kinds: dict[str, KindProjection] = {}
    for name, read_plan in plan_reads(library, checks).items():
        kinds[name] = KindProjection(read_plan, estate)
    for kind_reader in plan_readers(library, checks, readers, estate):
        kind = kinds[kind_reader.kind.id]
        kind.add(kind_reader.scope.region, kind_reader.read(lookup))
    # All kinds are merged before any is joined: a relation needs the other side whole.
    for kind in kinds.values():
        kind.merge()
    return kinds


def _replaced_calls(kinds: Iterable[KindProjection]) -> dict[str, int]:
    replaced: dict[str, int] = defaultdict(int)
    for kind in kinds:
        bulk = kind.plan.kind.bulk
        if kind.replaced_calls and bulk:
            replaced[bulk.request.operation] += kind.replaced_calls
    return dict(replaced)


class KindProjection:
    """One kind over all its scopes, while its resources are merged and joined."""

    def __init__(self, read_plan: ReadPlan, estate: Estate) -> None:
        self.plan = read_plan
        self.estate = estate
        self.dropped = 0
        self.replaced_calls = 0
        self.merged: list[tuple[ReadResource, Record]] = []
        self.gaps: dict[str, Unreadable] = {}
        """By region, as in `Side`."""
        self.populations: list[Population] = []
        self._by_id: dict[str, list[ReadResource]] = defaultdict(list)
        scope = read_plan.kind.scope
        if estate.regions_open and scope is Scope.REGION:
            # A region that nobody listed may hold resources: no population of it is ever empty.
            reason = f"the list of regions is incomplete: {estate.regions_open}"
            self.gaps[ANY_REGION] = Unreadable(reason)
        not_read = estate.not_read(scope)
        if not_read:
            self.gaps[""] = Unreadable(not_read)

    def add(self, region: str, read: KindRead) -> None:
        """Add what was read in one scope."""
        self.dropped += read.dropped
        self.replaced_calls += read.replaced_calls
        population = Population(
            target=self.estate.target,
            kind=self.plan.kind.id,
            region=region,
            listed=len(read.resources),
            whole=not read.gaps,
            counts=read.counts,
        )
        self.populations.append(population)
        if read.gaps:
            self.gaps[region] = merge(read.gaps)
        for resource in read.resources:
            self._by_id[resource.id].append(resource)

    def merge(self) -> None:
        """Make one record of each id; an attribute on which two listings disagree is unread."""
        for identity in sorted(self._by_id):
            first, *others = self._by_id[identity]
            record: Record = {
                **first.attributes,
                "id": identity,
                "name": first.name,
                "account": self.estate.account,
                "region": first.region,
            }
            for other in others:
                self._merge_duplicate(record, other)
            self.merged.append((first, record))

    def _merge_duplicate(self, record: Record, other: ReadResource) -> None:
        # Neither listing is known to be the right one: taking the first would let the order of
        # answers decide a verdict.
        for name, value in other.attributes.items():
            if not _is_same(value, record[name]):
                record[name] = Unreadable(f"two reads of {other.id} differ in {name}")

    def side(self) -> Side:
        """This kind as the other side of a relation."""
        return Side(
            title=self.plan.kind.title,
            resources=self.merged,
            gaps=self.gaps,
        )

    def resources(self) -> tuple[Resource, ...]:
        """The merged resources, in order of id."""
        found: list[Resource] = []
        for read, record in self.merged:
            shown = read.name if isinstance(read.name, str) else read.id
            ref = self._ref(read.id, shown, read.region)
            found.append(Resource(ref=ref, value=record))
        return tuple(found)

    def unread(self) -> tuple[Gap, ...]:
        """The gaps, in order of region."""
        title = f"any {self.plan.kind.title}"
        found: list[Gap] = []
        for region, unread in sorted(self.gaps.items()):
            ref = self._ref("*", title, region)
            found.append(Gap(ref=ref, unread=unread))
        return tuple(found)

    def _ref(
        self,
        identity: str,
        name: str,
        region: str | Unreadable,
    ) -> ResourceRef:
        return ResourceRef(
            kind=self.plan.kind.id,
            id=identity,
            name=name,
            target=self.estate.target,
            region=region if isinstance(region, str) else "",
        )


def _is_same(one: Value, other: Value) -> bool:
    """Whether two values are equal and of one type: True is not 1."""
    if type(one) is not type(other):
        return False
    return bool(one == other)


def _join(
    kind: KindProjection,
    kinds: Mapping[str, KindProjection],
    estate: Estate,
) -> None:
    regions = frozenset(estate.regions)
    for name in kind.plan.relations:
        relation = kind.plan.kind.relations[name]
        side = kinds[relation.kind].side()
        join = Join(relation, side, account=estate.account, regions=regions)
        for read, record in kind.merged:
            record[name] = join.of(read.keys[name])
