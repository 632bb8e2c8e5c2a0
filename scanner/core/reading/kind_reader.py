"""Reading one kind in one place: its listing, its details, and the attributes made from them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from scanner.core.reading.answer_lookup import AnswerLookup, items_at
from scanner.core.reading.attributes import CALLS, read_attribute
from scanner.core.reading.completeness import CompletenessCheck, Listed
from scanner.core.reading.context import ReadContext, Reader
from scanner.core.reading.inventory import own_rows, rows_by_id, stands_for
from scanner.core.reading.read_plan import ReadPlan, listing_requests, operations
from scanner.core.reading.read_scope import KindRead, ReadResource, ReadScope
from scanner.core.reading.request_builder import applies, make_call, matched
from scanner.model.answers import Answer
from scanner.model.expressions import Expression
from scanner.model.findings import Counted
from scanner.model.kinds import Batch, Kind, Listing, Means, Request
from scanner.model.values import ABSENT, OpenList, Unreadable

_DROPPED = object()
_PARENT = Unreadable("an inventory does not tell the parent")


@dataclass(slots=True)
class _Items:
    """Listed items, each with the parent that it was listed under."""

    pairs: list[tuple[Any, Any]] = field(default_factory=list)
    gaps: list[Unreadable] = field(default_factory=list)


class KindReader:
    """One kind in one place; reading it is a pure function of the answers behind the door."""

    def __init__(
        self,
        need: ReadPlan,
        kinds: Mapping[str, Kind],
        readers: Callable[[str], Reader],
        place: ReadScope,
    ) -> None:
        self.need = need
        self.kind = need.kind
        self._kinds = kinds
        self._readers = readers
        self.place = place
        self._calls = operations(need.kind, kinds)

    def ask(self, door: AnswerLookup) -> None:
        """Note at the door what is missing. No attribute is made: they are made of answers, and ask nothing."""
        items = self._items(door, self.kind)
        self._counted(door, self.kind, items)
        for scope, rows in self._scopes(door, items):
            self._details(door, scope, rows)

    def read(self, door: AnswerLookup) -> KindRead:
        """Resources and gaps, as far as the answers go; what is missing is noted at the door."""
        items = self._items(door, self.kind)
        counts = self._counted(door, self.kind, items)
        resources: list[ReadResource] = []
        dropped = 0
        for scope, rows in self._scopes(door, items):
            resource = self._resource(door, scope, rows)
            if isinstance(resource, ReadResource):
                resources.append(resource)
            elif isinstance(resource, Unreadable):
                items.gaps.append(resource)
            else:
                dropped += 1
        return KindRead(
            resources=tuple(resources),
            gaps=tuple(dict.fromkeys(items.gaps)),
            dropped=dropped,
            counts=counts,
            stood_for=stands_for(self.need, len(items.pairs))
            if items.pairs or not items.gaps
            else 0,
        )

    def _scopes(
        self, door: AnswerLookup, items: _Items
    ) -> Iterator[tuple[dict[str, Any], Mapping[str, Any]]]:
        """What each item's expressions may name, and its rows of the batched details."""
        scopes = [self._scope(door, self.kind, it, parent) for it, parent in items.pairs]
        batches = {
            name: self._batch(door, request, batch, scopes)
            for name, request, batch in self._batched()
        }
        batches |= {
            name: self._in_bulk(door, request, scopes)
            for name, request in self._details_in_bulk()
            if scopes
        }
        for number, scope in enumerate(scopes):
            yield scope, {name: rows[number] for name, rows in batches.items()}

    # -- the listing ----------------------------------------------------------------------------------------------

    def _items(self, door: AnswerLookup, kind: Kind, attempt: int = 0) -> _Items:
        listing = kind.listing
        if listing is None:
            return _Items(pairs=[({}, ABSENT)])
        found = _Items()
        if not listing.per:
            self._list(door, listing, self._scope(door, kind, ABSENT, ABSENT), found, attempt)
            return found
        parent = self._kinds[listing.per]
        above = self._items(door, parent)
        self._counted(door, parent, above)
        found.gaps.extend(above.gaps)
        for it, grandparent in above.pairs:
            scope = self._scope(door, parent, it, grandparent)
            self._list(door, listing, {**scope, "it": ABSENT, "parent": it}, found, attempt)
        return found

    def _list(
        self,
        door: AnswerLookup,
        listing: Listing,
        scope: dict[str, Any],
        found: _Items,
        attempt: int,
    ) -> None:
        if listing.request is None:
            listed = door.run(self._readers(listing.reader), self._context(scope))
        else:
            call = make_call(listing.request, scope, attempt=attempt)
            raw = call if isinstance(call, Unreadable) else door.read(call, listing.request)
            listed = own_rows(items_at(raw, listing.request.items[0]), listing.request)
        if isinstance(listed, Unreadable):
            found.gaps.append(listed)
            return
        if isinstance(listed, OpenList):
            found.gaps.append(listed.rest)
        in_bulk = listing.request is not None and listing.request.rows is not None
        found.pairs.extend((item, _PARENT if in_bulk else scope["parent"]) for item in listed)

    def _counted(self, door: AnswerLookup, kind: Kind, items: _Items) -> tuple[Counted, ...]:
        """What the second sources say of a kind's listing; what they say otherwise is a gap, of its children too."""
        if not kind.completeness:
            return ()
        base = self._base(ABSENT, ABSENT)
        named = items.pairs if any(one.means is Means.LISTS for one in kind.completeness) else ()
        ids = frozenset(str(kind.identity.evaluate(self._base(it, above))) for it, above in named)
        counting = CompletenessCheck(
            door=door, readers=self._readers, context=self._context(base, kind), base=base
        )
        listed = Listed(number=len(items.pairs), ids=ids, whole=not items.gaps)
        found = list(counting.against(kind.completeness, listed))
        items.gaps.extend(gap for _, gap in found if gap is not None)
        return tuple(one for one, _ in found)

    # -- one resource ---------------------------------------------------------------------------------------------

    def _resource(
        self, door: AnswerLookup, scope: dict[str, Any], rows: Mapping[str, Any]
    ) -> ReadResource | Unreadable | object:
        kind = self.kind
        identity = self._details(door, scope, rows)
        if not isinstance(identity, str):
            return Unreadable(f"{kind.title}: an item has no readable id")
        if any(scope[name] is _DROPPED for name in self.need.details):
            return _DROPPED
        label = kind.label.evaluate(scope)
        scope["resource"] = identity
        scope[CALLS] = self._calls
        attributes = {
            attribute.name: read_attribute(attribute, scope) for attribute in self.need.attributes
        }
        return ReadResource(
            id=identity,
            name=label if isinstance(label, str) else identity,
            region=scope["region"],
            attributes=attributes,
            keys=self._keys(scope, attributes),
        )

    def _details(self, door: AnswerLookup, scope: dict[str, Any], rows: Mapping[str, Any]) -> Any:
        """The item's id; its details, which one without a readable id has not, go into the scope."""
        identity = self.kind.identity.evaluate(scope)
        if isinstance(identity, str):
            for name in self.need.details:
                if name not in scope:
                    scope[name] = (
                        rows[name] if name in rows else self._detail(door, self.kind, name, scope)
                    )
        return identity

    def _keys(self, scope: dict[str, Any], attributes: dict[str, Any]) -> dict[str, dict[str, Any]]:
        inner = {
            **scope,
            "self": {**attributes, "id": scope["resource"], "region": scope["region"]},
        }
        return {
            name: {
                theirs: _key(ours, inner) for theirs, ours in self.kind.relations[name].on.items()
            }
            for name in self.need.relations
        }

    def _detail(self, door: AnswerLookup, kind: Kind, name: str, scope: dict[str, Any]) -> Any:
        request = kind.details.get(name)
        if request is None:
            return door.run(self._readers(kind.readers[name].reader), self._context(scope))
        asked = applies(request, scope)
        if asked is not True:
            return asked
        call = make_call(request, scope)
        if isinstance(call, Unreadable):
            return call
        answer = door.ask(call)
        if answer is not None and answer.code in request.gone_on:
            return self._gone(door, kind, scope, answer)
        return door.read(call, request)

    def _gone(self, door: AnswerLookup, kind: Kind, scope: dict[str, Any], answer: Answer) -> Any:
        """Whether a resource that was gone when its detail was asked is gone from a second listing too."""
        again = self._items(door, kind, attempt=1)
        listed = {kind.identity.evaluate(self._base(it, parent)) for it, parent in again.pairs}
        if again.gaps or kind.identity.evaluate(scope) in listed:
            return answer.unread
        door.settled.add(answer.call.key)
        return _DROPPED

    # -- batches --------------------------------------------------------------------------------------------------

    def _batched(self) -> Iterator[tuple[str, Request, Batch]]:
        for name in self.need.details:
            request = self.kind.details.get(name)
            if request is not None and request.batch is not None:
                yield name, request, request.batch

    def _batch(
        self, door: AnswerLookup, request: Request, batch: Batch, scopes: list[dict[str, Any]]
    ) -> list[Any]:
        """The row of each item; items that the call does not apply to, or whose key is unread, keep that."""
        keys: list[Any] = []
        wanted: dict[str, set[str]] = {}
        groups = {_group(scope): scope for scope in scopes if isinstance(scope["region"], str)}
        for scope in scopes:
            asked = applies(request, scope)
            key = batch.key.evaluate(scope) if asked is True else asked
            keys.append(key)
            if isinstance(key, str) and isinstance(scope["region"], str):
                wanted.setdefault(_group(scope), set()).add(key)
        rows = {
            (group, key): row
            for group, members in wanted.items()
            for key, row in self._rows(door, request, batch, groups[group], sorted(members))
        }
        return [
            rows.get((_group(scope), key), scope["region"]) if isinstance(key, str) else key
            for scope, key in zip(scopes, keys, strict=True)
        ]

    def _rows(
        self,
        door: AnswerLookup,
        request: Request,
        batch: Batch,
        group: dict[str, Any],
        keys: list[str],
    ) -> Iterator[tuple[str, Any]]:
        scope = {**self._base(ABSENT, group["parent"]), "region": group["region"]}
        place = frozenset((f"{request.operation}@{group['region']}",))
        lacking = Unreadable(f"{request.operation} gave no row of it", gaps=place)
        left = ABSENT if batch.lacking_is == "absent" else lacking
        for start in range(0, len(keys), batch.size):
            chunk = keys[start : start + batch.size]
            call = make_call(request, scope, more={batch.member: chunk})
            raw = call if isinstance(call, Unreadable) else door.read(call, request)
            yield from matched(items_at(raw, batch.items), batch.match, chunk, left)

    def _details_in_bulk(self) -> Iterator[tuple[str, Request]]:
        for name in self.need.details:
            request = self.kind.details.get(name)
            if request is not None and request.rows is not None:
                yield name, request

    def _in_bulk(
        self, door: AnswerLookup, request: Request, scopes: list[dict[str, Any]]
    ) -> list[Any]:
        """The row of each item in the one answer that holds those of all."""
        call = make_call(request, self._base(ABSENT, ABSENT))
        raw = call if isinstance(call, Unreadable) else door.read(call, request)
        return rows_by_id(
            items_at(raw, request.items[0]),
            request,
            [self.kind.identity.evaluate(scope) for scope in scopes],
        )

    # -- scopes ---------------------------------------------------------------------------------------------------

    def _base(self, it: Any, parent: Any) -> dict[str, Any]:
        """What every expression of the kind may name."""
        return {
            "it": it,
            "parent": parent,
            "account": self.place.account,
            "region": self.place.region,
            "partition": self.place.partition,
            "params": self.place.params,
            "started": self.place.started,
        }

    def _scope(self, door: AnswerLookup, kind: Kind, it: Any, parent: Any) -> dict[str, Any]:
        """The same with the resource's own region, and the details that had to be read to know it."""
        scope = self._base(it, parent) | dict.fromkeys(kind.same, it)
        if kind.at is None or it is ABSENT:
            return scope
        for name in sorted({path[0] for path in kind.at.paths} & {*kind.details, *kind.readers}):
            scope[name] = self._detail(door, kind, name, scope)
        region = kind.at.evaluate(scope)
        unread = region.reason if isinstance(region, Unreadable) else "it is absent"
        scope["region"] = (
            region if isinstance(region, str) else Unreadable(f"the region is unread: {unread}")
        )
        return scope

    def _context(self, scope: dict[str, Any], kind: Kind | None = None) -> ReadContext:
        return ReadContext(
            account=self.place.account,
            partition=self.place.partition,
            region=scope["region"] if isinstance(scope["region"], str) else "",
            it=scope["it"],
            params=self.place.params,
            started=self.place.started,
            principal=self.place.principal,
            listed_by=tuple(listing_requests((kind or self.kind).listing)),
        )


def _key(expression: Expression, scope: dict[str, Any]) -> Any:
    """Our side of a relation's key: only an attribute may declare that there is none, a raw answer may not."""
    value = expression.evaluate(scope)
    if (
        isinstance(value, Unreadable)
        and value.missing
        and any(path[0] != "self" for path in expression.paths)
    ):
        return replace(value, missing=False)
    return value


def _group(scope: dict[str, Any]) -> str:
    """Which items one batch may serve: those of one region that were listed for the same parent."""
    return f"{scope['region']} {scope['parent']!r}"
