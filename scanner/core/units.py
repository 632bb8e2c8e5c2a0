"""Reading one kind in one place: its listing, its details, and the attributes made from them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from scanner.core.attributes import read_attribute
from scanner.core.door import Door, items_at
from scanner.core.need import KindNeed
from scanner.core.reading import ReadContext, Reader
from scanner.model.answers import Answer, Call
from scanner.model.expressions import Expression
from scanner.model.kinds import Kind, Listing, Request
from scanner.model.values import ABSENT, OpenList, Unreadable

_DROPPED = object()


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a kind is read: a target, and a region or none."""

    account: str
    partition: str
    region: str
    params: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """One resource as it was read, before relations."""

    id: str
    name: str
    region: str
    attributes: dict[str, Any]
    keys: Mapping[str, Mapping[str, Any]]
    """For each relation: our side of its keys."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitRead:
    """All that was read of one kind in one place."""

    resources: tuple[Read, ...]
    gaps: tuple[str, ...]
    """Why the listing is not whole; none: it is."""
    dropped: int = 0
    """Listed, and gone when the details were asked."""


@dataclass(slots=True)
class _Items:
    """Listed items, each with the parent that it was listed under."""

    pairs: list[tuple[Any, Any]] = field(default_factory=list)
    gaps: list[str] = field(default_factory=list)


class Unit:
    """One kind in one place; reading it is a pure function of the answers behind the door."""

    def __init__(self, need: KindNeed, kinds: Mapping[str, Kind], readers: Mapping[str, Reader], place: Place) -> None:
        self.need = need
        self.kind = need.kind
        self._kinds = kinds
        self._readers = readers
        self.place = place

    def read(self, door: Door) -> UnitRead:
        """Resources and gaps, as far as the answers go; what is missing is noted at the door."""
        items = self._items(door, self.kind)
        scopes = [self._scope(self.kind, it, parent) for it, parent in items.pairs]
        batches = self._batches(door, scopes)
        resources: list[Read] = []
        dropped = 0
        for number, scope in enumerate(scopes):
            rows = {name: rows[number] for name, rows in batches.items()}
            resource = self._resource(door, scope, rows)
            if isinstance(resource, Read):
                resources.append(resource)
            elif isinstance(resource, Unreadable):
                items.gaps.append(resource.reason)
            else:
                dropped += 1
        return UnitRead(resources=tuple(resources), gaps=tuple(dict.fromkeys(items.gaps)), dropped=dropped)

    # -- the listing ----------------------------------------------------------------------------------------------

    def _items(self, door: Door, kind: Kind, attempt: int = 0) -> _Items:
        listing = kind.listing
        if listing is None:
            return _Items(pairs=[({}, ABSENT)])
        found = _Items()
        if not listing.per:
            self._list(door, kind, listing, self._scope(kind, ABSENT, ABSENT), found, attempt)
            return found
        parent = self._kinds[listing.per]
        above = self._items(door, parent)
        found.gaps.extend(above.gaps)
        for it, grandparent in above.pairs:
            scope = self._scope(parent, it, grandparent)
            self._list(door, kind, listing, {**scope, "it": ABSENT, "parent": it}, found, attempt)
        return found

    def _list(
        self, door: Door, kind: Kind, listing: Listing, scope: dict[str, Any], found: _Items, attempt: int
    ) -> None:
        if listing.request is None:
            listed = door.run(self._readers[listing.reader], self._context(scope))
        else:
            call = self._call(listing.request, scope, attempt)
            if isinstance(call, Unreadable):
                found.gaps.append(call.reason)
                return
            listed = items_at(door.read(call, listing.request), listing.request.items[0])
        if isinstance(listed, Unreadable):
            found.gaps.append(listed.reason)
            return
        if isinstance(listed, OpenList):
            found.gaps.append(listed.reason)
        found.pairs.extend((item, scope["parent"]) for item in listed)

    # -- one resource ---------------------------------------------------------------------------------------------

    def _resource(self, door: Door, scope: dict[str, Any], rows: Mapping[str, Any]) -> Read | Unreadable | object:
        kind = self.kind
        identity = kind.identity.evaluate(scope)
        if not isinstance(identity, str):
            return Unreadable(f"{kind.title}: an item has no readable id")
        for name in self.need.details:
            value = rows[name] if name in rows else self._detail(door, name, scope)
            if value is _DROPPED:
                return _DROPPED
            scope[name] = value
        label = kind.label.evaluate(scope)
        scope["resource"] = identity
        attributes = {attribute.name: read_attribute(attribute, scope) for attribute in self.need.attributes}
        return Read(
            id=identity,
            name=label if isinstance(label, str) else identity,
            region=scope["region"] if isinstance(scope["region"], str) else "",
            attributes=attributes,
            keys=self._keys(scope, attributes),
        )

    def _keys(self, scope: dict[str, Any], attributes: dict[str, Any]) -> dict[str, dict[str, Any]]:
        inner = {**scope, "self": {**attributes, "id": scope["resource"], "region": scope["region"]}}
        return {
            name: {theirs: ours.evaluate(inner) for theirs, ours in self.kind.relations[name].on.items()}
            for name in self.need.relations
        }

    def _detail(self, door: Door, name: str, scope: dict[str, Any]) -> Any:
        request = self.kind.details.get(name)
        if request is None:
            return door.run(self._readers[self.kind.readers[name].reader], self._context(scope))
        asked = self._asked(request, scope)
        if asked is not True:
            return asked
        call = self._call(request, scope)
        if isinstance(call, Unreadable):
            return call
        answer = door.ask(call)
        if answer is not None and answer.code in request.gone_on:
            return self._gone(door, scope, answer)
        return door.read(call, request)

    def _gone(self, door: Door, scope: dict[str, Any], answer: Answer) -> Any:
        """Whether a resource that was gone when its detail was asked is gone from a second listing too."""
        again = self._items(door, self.kind, attempt=1)
        if again.gaps:
            return Unreadable(answer.reason)
        identity = self.kind.identity.evaluate(scope)
        listed = {self.kind.identity.evaluate(self._scope(self.kind, it, parent)) for it, parent in again.pairs}
        if identity in listed:
            return Unreadable(answer.reason)
        door.settled.add(answer.call.key)
        return _DROPPED

    # -- calls ----------------------------------------------------------------------------------------------------

    def _asked(self, request: Request, scope: dict[str, Any]) -> Any:
        """True where the request applies, `ABSENT` where it does not, `Unreadable` where that is not known."""
        if request.when is None:
            return True
        holds = request.when.evaluate(scope)
        if holds is True:
            return True
        if holds is False:
            return ABSENT
        return Unreadable(holds.reason if isinstance(holds, Unreadable) else f"{request.operation}: condition unread")

    def _call(self, request: Request, scope: dict[str, Any], attempt: int = 0) -> Call | Unreadable:
        params = _filled(request.arguments, scope)
        if isinstance(params, Unreadable):
            return Unreadable(f"{request.operation} could not be asked: {params.reason}")
        return self._place_call(request, scope, params, attempt)

    def _place_call(
        self, request: Request, scope: dict[str, Any], params: Any, attempt: int = 0
    ) -> Call | Unreadable:
        region = scope["region"] if request.at is None else request.at.evaluate(scope)
        if not isinstance(region, str):
            return Unreadable(f"{request.operation} could not be asked: its region is unread")
        return Call(
            operation=request.operation,
            region=region,
            params=params,
            attempt=attempt,
            items=tuple(path.partition("[]")[0] for path in request.items),
            absent_on=request.absent_on,
        )

    def _batches(self, door: Door, scopes: list[dict[str, Any]]) -> dict[str, list[Any]]:
        """The rows of each batched detail, by item."""
        found: dict[str, list[Any]] = {}
        for name in self.need.details:
            request = self.kind.details.get(name)
            if request is not None and request.batch is not None:
                found[name] = self._batch(door, request, scopes)
        return found

    def _batch(self, door: Door, request: Request, scopes: list[dict[str, Any]]) -> list[Any]:
        batch = request.batch
        assert batch is not None
        rows: list[Any] = []
        groups: dict[str, list[str]] = {}
        for scope in scopes:
            asked = self._asked(request, scope)
            key = batch.key.evaluate(scope) if asked is True else asked
            rows.append(key)
            if isinstance(key, str):
                groups.setdefault(scope["region"], []).append(key)
        answers = {
            (region, key): row
            for region, keys in groups.items()
            for key, row in self._rows(door, request, region, sorted(set(keys)))
        }
        return [answers[scope["region"], key] if isinstance(key, str) else key for scope, key in zip(scopes, rows, strict=True)]

    def _rows(self, door: Door, request: Request, region: str, keys: list[str]) -> Iterable[tuple[str, Any]]:
        batch = request.batch
        assert batch is not None
        scope = {**self._scope(self.kind, ABSENT, ABSENT), "region": region}
        for start in range(0, len(keys), batch.size):
            chunk = keys[start : start + batch.size]
            params = _filled(request.arguments, scope)
            if isinstance(params, Unreadable):
                yield from ((key, params) for key in chunk)
                continue
            call = self._place_call(request, scope, {**params, batch.member: chunk})
            data = call if isinstance(call, Unreadable) else door.read(call, request)
            yield from _matched(items_at(data, batch.items), batch.match, chunk)

    # -- scopes ---------------------------------------------------------------------------------------------------

    def _scope(self, kind: Kind, it: Any, parent: Any) -> dict[str, Any]:
        scope = {
            "it": it,
            "parent": parent,
            "account": self.place.account,
            "region": self.place.region,
            "partition": self.place.partition,
            "params": self.place.params,
        }
        if kind.at is not None and it is not ABSENT:
            region = kind.at.evaluate(scope)
            scope["region"] = region if isinstance(region, str) else Unreadable(f"region of {kind.title} is unread")
        return scope

    def _context(self, scope: dict[str, Any]) -> ReadContext:
        return ReadContext(
            account=self.place.account,
            partition=self.place.partition,
            region=scope["region"],
            it=scope["it"],
            params=self.place.params,
        )


def _matched(found: Any, match: str, keys: list[str]) -> Iterable[tuple[str, Any]]:
    """Each key with its row; a whole answer that has no row for a key makes it absent."""
    if isinstance(found, Unreadable):
        return ((key, found) for key in keys)
    rows = {row.get(match): row for row in found if isinstance(row, dict)}
    left = Unreadable(found.reason) if isinstance(found, OpenList) else ABSENT
    return ((key, rows.get(key, left)) for key in keys)


def _filled(tree: Any, scope: dict[str, Any]) -> Any:
    """An argument tree with its expressions evaluated; `Unreadable` if one of them could not be."""
    if isinstance(tree, Mapping):
        made = {key: _filled(value, scope) for key, value in tree.items()}
        return next((value for value in made.values() if isinstance(value, Unreadable)), made)
    if isinstance(tree, list | tuple):
        items = [_filled(value, scope) for value in tree]
        return next((value for value in items if isinstance(value, Unreadable)), items)
    if hasattr(tree, "evaluate"):
        return _argument(tree, scope)
    return tree


def _argument(expression: Expression, scope: dict[str, Any]) -> Any:
    value = expression.evaluate(scope)
    if value is ABSENT:
        return Unreadable(f"{expression.source} is absent")
    return value
