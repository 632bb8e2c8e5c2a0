"""Reads the resources of one kind in one scope: its listing, its details and its attributes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum

from scanner.core.reading.answer_items import items_at
from scanner.core.reading.answer_lookup import AnswerLookup
from scanner.core.reading.attributes import OPERATIONS, read_attribute
from scanner.core.reading.completeness import CompletenessCheck, Listed
from scanner.core.reading.context import ReadContext, Reader
from scanner.core.reading.inventory import count_replaced_calls
from scanner.core.reading.inventory_rows import own_rows
from scanner.core.reading.known_values import with_known_values
from scanner.core.reading.payloads import payloads, with_payload
from scanner.core.reading.read_plan import ReadPlan, listing_requests, operations
from scanner.core.reading.read_scope import Bindings, KindRead, ReadResource, ReadScope
from scanner.core.reading.request_builder import applies, leaves_out, make_call, request_data
from scanner.core.reading.shared_details import SharedDetails
from scanner.model.answers import Answer
from scanner.model.expressions import Expression
from scanner.model.findings import Counted
from scanner.model.kinds import CountMeaning, Kind, Listing
from scanner.model.values import ABSENT, Absent, OpenList, RawValue, Unreadable, Value
from scanner.words import described

_NO_PARENT = Unreadable("an inventory does not name the parent")
_NO_NAME = Unreadable("the response has no name of it")

SharedRows = dict[str, object]
"""The rows of one item, by the shared detail that they are of."""


class _Gone(Enum):
    """The detail of a resource that was deleted after it was listed."""

    GONE = "gone"


@dataclass(slots=True)
class _Listing:
    """Listed items, each with the parent that it was listed under, and why there may be more."""

    items: list[tuple[RawValue, RawValue]] = field(default_factory=list)
    gaps: list[Unreadable] = field(default_factory=list)

    def add(self, listed: RawValue, parent: RawValue) -> None:
        """Add what one request listed under a parent; `ABSENT` is no parent."""
        if isinstance(listed, OpenList):
            # Vacuous truth: the items that were read stay, and the rest is a gap, so that neither
            # an empty list nor a short one passes for the whole population.
            self.gaps.append(listed.rest)
        if isinstance(listed, list):
            self.items.extend((item, parent) for item in listed)
        elif isinstance(listed, Unreadable):
            self.gaps.append(listed)
        else:
            self.gaps.append(Unreadable(f"a listing returned {described(listed)}, not a list"))


class KindReader:
    """Reads one kind in one scope: a pure function of the answers in an `AnswerLookup`.

    The same program serves two lookups. Collecting runs `ask` until no call is missing; judging
    runs `read` over the recorded answers. So the two cannot disagree about which calls are needed,
    or which answer belongs to which resource (docs/decisions/0001).
    """

    def __init__(
        self,
        plan: ReadPlan,
        kinds: Mapping[str, Kind],
        readers: Callable[[str], Reader],
        scope: ReadScope,
    ) -> None:
        self.plan = plan
        self.kind = plan.kind
        self.scope = scope
        self._kinds = kinds
        self._readers = readers
        self._operations = operations(plan.kind, kinds)
        self._shared = SharedDetails(plan, scope)
        self._payloads = payloads(plan.kind)

    def ask(self, lookup: AnswerLookup) -> None:
        """Note the missing calls in the lookup. Attributes are not made: they need no calls."""
        listing = self._list(lookup, self.kind)
        self._check_completeness(lookup, self.kind, listing)
        for bindings, rows in self._items(lookup, listing):
            self._read_details(lookup, bindings, rows)

    def read(self, lookup: AnswerLookup) -> KindRead:
        """The resources and gaps that the answers give; missing calls are noted in the lookup."""
        listing = self._list(lookup, self.kind)
        counts = self._check_completeness(lookup, self.kind, listing)
        resources: list[ReadResource] = []
        dropped = 0
        for bindings, rows in self._items(lookup, listing):
            resource = self._resource(lookup, bindings, rows)
            if isinstance(resource, ReadResource):
                resources.append(resource)
            elif isinstance(resource, Unreadable):
                listing.gaps.append(resource)
            else:
                dropped += 1
        replaced = 0
        # A refused inventory replaced no call; an empty one did: the listing.
        if listing.items or not listing.gaps:
            replaced = count_replaced_calls(self.plan, len(listing.items))
        return KindRead(
            resources=tuple(resources),
            gaps=tuple(dict.fromkeys(listing.gaps)),
            dropped=dropped,
            counts=counts,
            replaced_calls=replaced,
        )

    def _items(
        self, lookup: AnswerLookup, listing: _Listing
    ) -> Iterator[tuple[Bindings, SharedRows]]:
        """For each item: what its expressions may name, and its rows of shared details."""
        items: list[Bindings] = []
        for it, parent in listing.items:
            bindings = self._bind(lookup, self.kind, it, parent)
            items.append(bindings)
        shared = self._shared.read(lookup, items)
        for number, bindings in enumerate(items):
            rows: SharedRows = {}
            for name, of_items in shared.items():
                rows[name] = of_items[number]
            yield bindings, rows

    # -- the listing ------------------------------------------------------------------------------

    def _list(
        self,
        lookup: AnswerLookup,
        kind: Kind,
        attempt: int = 0,
    ) -> _Listing:
        declared = kind.listing
        if declared is None:
            # A singleton: the target, or the region, is the one resource.
            return _Listing(items=[({}, ABSENT)])
        found = _Listing()
        if not declared.per:
            bindings = self._bind(lookup, kind, ABSENT, ABSENT)
            no_parent: Absent | Unreadable = ABSENT
            if declared.request is not None and declared.request.rows is not None:
                # Not absent: the inventory was requested instead of the parents.
                no_parent = _NO_PARENT
            listed = self._request_list(lookup, declared, bindings, attempt)
            found.add(listed, no_parent)
            self._add_below(lookup, kind, declared, found, attempt)
            return found
        above = self._kinds[declared.per]
        parents = self._list(lookup, above)
        self._check_completeness(lookup, above, parents)
        # A parent that was not listed may have children: gaps of the parents are gaps here too.
        found.gaps.extend(parents.gaps)
        for parent, grandparent in parents.items:
            bindings = self._bind(lookup, above, parent, grandparent)
            bindings |= {"it": ABSENT, "parent": parent}
            listed = self._request_list(lookup, declared, bindings, attempt)
            found.add(listed, parent)
        self._add_below(lookup, kind, declared, found, attempt)
        return found

    def _add_below(
        self,
        lookup: AnswerLookup,
        kind: Kind,
        declared: Listing,
        found: _Listing,
        attempt: int,
    ) -> None:
        """Add what lies below each listed item: a slot of an app is an app of its own."""
        for it, parent in tuple(found.items) if declared.below else ():
            bindings = self._bind(lookup, kind, it, parent)
            bindings |= {"it": ABSENT, "parent": it}
            for request in declared.below:
                listed = self._request_list(lookup, Listing(request=request), bindings, attempt)
                found.add(listed, it)

    def _request_list(
        self,
        lookup: AnswerLookup,
        declared: Listing,
        bindings: Bindings,
        attempt: int,
    ) -> RawValue:
        request = declared.request
        if request is None:
            reader = self._readers(declared.reader)
            return lookup.run(reader, self._context(bindings))
        data = request_data(lookup, request, bindings, attempt=attempt)
        items = items_at(data, request.items[0], leaves_out=leaves_out(request, self.kind))
        return own_rows(items, request)

    def _check_completeness(
        self,
        lookup: AnswerLookup,
        kind: Kind,
        listing: _Listing,
    ) -> tuple[Counted, ...]:
        """What the second sources of a listing report; what the listing lacks becomes a gap."""
        if not kind.completeness:
            return ()
        bindings = self.scope.bindings(ABSENT, ABSENT)
        check = CompletenessCheck(
            lookup=lookup,
            readers=self._readers,
            # Without parameters: what they are cannot decide whether a listing is complete.
            context=replace(self._context(bindings, kind), params={}),
            bindings=bindings,
        )
        ids: set[str] = set()
        # Ids cost an evaluation for each item: only where a source names them.
        if any(source.means is CountMeaning.LISTS for source in kind.completeness):
            ids.update(map(str, self._identities(kind, listing)))
        listed = Listed(
            number=len(listing.items),
            ids=frozenset(ids),
            complete=not listing.gaps,
        )
        counts: list[Counted] = []
        for counted, gap in check.compare(kind.completeness, listed):
            counts.append(counted)
            if gap is not None:
                listing.gaps.append(gap)
        return tuple(counts)

    def _identities(self, kind: Kind, listing: _Listing) -> Iterator[object]:
        for it, parent in listing.items:
            bindings = self.scope.bindings(it, parent)
            yield kind.identity.evaluate(bindings)

    # -- one resource -----------------------------------------------------------------------------

    def _resource(
        self,
        lookup: AnswerLookup,
        bindings: Bindings,
        rows: Mapping[str, object],
    ) -> ReadResource | Unreadable | _Gone:
        identity = self._read_details(lookup, bindings, rows)
        if not isinstance(identity, str):
            # A gap: without an id, a resource could be mistaken for another.
            return Unreadable(f"{self.kind.title}: an item has no readable id")
        if any(bindings[name] is _Gone.GONE for name in self.plan.details):
            return _Gone.GONE
        # Bound only now: a policy is judged by the resource that it is attached to.
        bindings["resource"] = identity
        bindings[OPERATIONS] = self._operations
        label = self.kind.label.evaluate(bindings)
        name = label if isinstance(label, str) else _NO_NAME
        return make_resource(self.plan, bindings, identity, name)

    # -- details ----------------------------------------------------------------------------------

    def _read_details(
        self,
        lookup: AnswerLookup,
        bindings: Bindings,
        rows: Mapping[str, object],
    ) -> object:
        """Bind the item's details by name, and return its id; without a readable id it has none."""
        identity = self.kind.identity.evaluate(bindings)
        if not isinstance(identity, str):
            return identity
        for name in self.plan.details:
            # Bound already: the item itself, or what its region was read from.
            if name in bindings:
                continue
            if name in rows:
                bindings[name] = rows[name]
            else:
                bindings[name] = self._detail(lookup, self.kind, name, bindings)
        return identity

    def _detail(
        self,
        lookup: AnswerLookup,
        kind: Kind,
        name: str,
        bindings: Bindings,
    ) -> RawValue | _Gone:
        request = kind.details.get(name)
        if request is None:
            reader = self._readers(kind.readers[name].reader)
            return lookup.run(reader, self._context(bindings))
        applicable = applies(request, bindings)
        if applicable is not True:
            return applicable
        call = make_call(request, bindings)
        if isinstance(call, Unreadable):
            return call
        answer = lookup.ask(call)
        # Resources are deleted while a scan runs. Unread, each would be an unknown finding of
        # something that is not there any more.
        if answer is not None and answer.code in request.gone_on:
            return self._confirm_gone(lookup, kind, bindings, answer)
        return with_payload(lookup.read(call, request), request.operation, self._payloads)

    def _confirm_gone(
        self,
        lookup: AnswerLookup,
        kind: Kind,
        bindings: Bindings,
        answer: Answer,
    ) -> Unreadable | _Gone:
        """Whether a second listing confirms that the resource was deleted; else it is unread."""
        # An error code alone is no proof: a resource that is dropped has no finding at all.
        # The second listing is a call of its own, for the first one is the answer that is in doubt.
        second = self._list(lookup, kind, attempt=1)
        still_listed = set(self._identities(kind, second))
        if second.gaps or kind.identity.evaluate(bindings) in still_listed:
            return answer.unread
        lookup.known_absent.add(answer.call.key)
        return _Gone.GONE

    # -- bindings ---------------------------------------------------------------------------------

    def _bind(
        self,
        lookup: AnswerLookup,
        kind: Kind,
        it: RawValue,
        parent: RawValue,
    ) -> Bindings:
        """What the item's expressions may name, with its own region and the details it needs."""
        bindings = self.scope.bindings(it, parent)
        for name in kind.same:
            bindings[name] = it
        if kind.at is None or it is ABSENT:
            return bindings
        roots = {path[0] for path in kind.at.paths}
        for name in sorted(roots):
            if name in kind.details or name in kind.readers:
                bindings[name] = self._detail(lookup, kind, name, bindings)
        region = kind.at.evaluate(bindings)
        if isinstance(region, Unreadable):
            region = Unreadable(f"the region is not known: {region.reason}")
        elif not isinstance(region, str):
            region = Unreadable("the region is not known: the response has none")
        bindings["region"] = region
        return bindings

    def _context(self, bindings: Bindings, kind: Kind | None = None) -> ReadContext:
        region = bindings["region"]
        return ReadContext(
            account=self.scope.account,
            partition=self.scope.partition,
            region=region if isinstance(region, str) else "",
            it=bindings["it"],
            parent=bindings["parent"],
            params=self.scope.params,
            started=self.scope.started,
            principal=self.scope.principal,
            listed_by=tuple(listing_requests((kind or self.kind).listing)),
        )


def make_resource(
    plan: ReadPlan, bindings: Bindings, identity: str | Value, name: str | Unreadable
) -> ReadResource:
    """The resource that raw answers give: its attributes, and our side of its relations' keys."""
    known = with_known_values(plan.kind.values, bindings)
    attributes = {attribute.name: read_attribute(attribute, known) for attribute in plan.attributes}
    own = {**attributes, "id": identity, "region": bindings["region"]}
    keyed = {**bindings, "self": own}
    keys: dict[str, dict[str, object]] = {}
    for relation_name in plan.relations:
        relation = plan.kind.relations[relation_name]
        keys[relation_name] = {
            theirs: _relation_key(ours, keyed) for theirs, ours in relation.on.items()
        }
    return ReadResource(
        id=str(identity),
        name=name,
        region=bindings["region"],
        attributes=attributes,
        keys=keys,
    )


def _relation_key(expression: Expression, bindings: Bindings) -> object:
    value = expression.evaluate(bindings)
    if not isinstance(value, Unreadable) or not value.missing:
        return value
    # A missing key matches nothing, which is knowledge. Only an attribute may declare that its
    # absence means that much; a raw answer that lacks the member is unread.
    roots = {path[0] for path in expression.paths}
    if roots <= {"self"}:
        return value
    return replace(value, missing=False)
