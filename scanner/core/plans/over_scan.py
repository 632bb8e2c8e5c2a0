"""Puts a plan over a scan: what lies outside the plan is taken from the scan."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from scanner.core.plans.map_reader import Made
from scanner.core.reading.read_plan import attribute_paths
from scanner.core.reading.read_scope import ReadResource
from scanner.core.reading.relations import Record
from scanner.model.kinds import Kind
from scanner.model.values import OpenList, Unreadable

Scanned = tuple[ReadResource, Record]
Sides = Mapping[str, object]
"""The values of the members of one key."""


@dataclass(slots=True)
class Changes:
    """What a plan changes of the resources of one kind."""

    ids: set[str]
    """Of all its resources, in the scan and in the plan."""
    made: dict[str, Made] = field(default_factory=dict)
    """By id: those that are changed."""
    created: list[Made] = field(default_factory=list)
    deleted: set[str] = field(default_factory=set)

    def note(self, made: Iterable[Made], was: Iterable[Made]) -> None:
        """Take in what the plan has of one map; `was` are those before it."""
        kept: set[str] = set()
        for one in made:
            identity = one.record["id"]
            if isinstance(identity, str):
                kept.add(identity)
            if one.item.of is not None and one.item.of.is_new:
                self.created.append(one)
            elif not one.is_untouched and isinstance(identity, str):
                self.made[identity] = one
        for one in was:
            identity = one.record["id"]
            if isinstance(identity, str) and identity not in kept:
                self.ids.add(identity)
                self.deleted.add(identity)
        self.ids |= kept

    @property
    def first(self) -> str:
        """The address of one change; empty: there is none."""
        for made in (*self.created, *self.made.values()):
            if made.item.of is not None:
                return made.item.of.address
        return min(self.deleted, default="")


def with_scanned(made: Made, scanned: Scanned, kind: Kind, *, is_before: bool) -> Made:
    """The resource with what only the scan knows of it.

    Before the plan, that is whatever the plan leaves open; after it, of that only what is made of
    answers that the plan does not change.
    """
    read, record = scanned
    own = dict(made.record)
    for name, attribute in kind.attributes.items():
        if name not in own or name not in record or not _is_open(own[name]):
            continue
        if is_before or _is_same(made, kind, attribute_paths(attribute)):
            own[name] = record[name]
    if made.key:
        own = {**own, "id": record["id"], "account": record["account"]}
    keys = _keys(made, read, kind, is_before=is_before)
    item = replace(made.item, resource=replace(made.item.resource, value=own))
    return replace(made, read=replace(made.read, keys=keys), record=own, item=item)


def _keys(made: Made, scanned: ReadResource, kind: Kind, *, is_before: bool) -> dict[str, Sides]:
    """Its side of the keys of its relations: an open one is taken as an attribute is."""
    keys: dict[str, Sides] = {}
    for name, sides in made.read.keys.items():
        paths: set[tuple[str, ...]] = set()
        for expression in kind.relations[name].on.values():
            paths.update(expression.paths)
        is_taken = _is_open(sides) and (is_before or _is_same(made, kind, paths))
        keys[name] = scanned.keys.get(name, sides) if is_taken else sides
    return keys


def _is_same(made: Made, kind: Kind, paths: Iterable[tuple[str, ...]]) -> bool:
    """Whether the plan changes none of the answers on these paths."""
    answers = {"it", "parent", *kind.details, *kind.readers}
    roots = {path[0] for path in paths} & answers
    named = {"it" if root in kind.same else root for root in roots}
    # What is made of no answer is made of the resource's place, which no plan changes.
    return named <= made.untouched


def _is_open(value: object) -> bool:
    """Whether anything of a value is not known."""
    if isinstance(value, Unreadable | OpenList):
        return True
    if isinstance(value, Mapping):
        return any(map(_is_open, value.values()))
    return isinstance(value, list) and any(map(_is_open, value))


def listed_by(kind: Kind) -> frozenset[str]:
    """The operations that list the resources of a kind."""
    if kind.listing is None:
        return frozenset()
    requests = [*kind.listing.reads]
    if kind.listing.request is not None:
        requests.append(kind.listing.request)
    return frozenset(request.operation for request in requests)


def without_map(
    scanned: Mapping[str, Scanned], others: Sequence[Changes]
) -> Iterator[tuple[str, Scanned, Made | None]]:
    """The scanned resources of a kind that no map writes, after a plan changed what it is made of.

    `others` are changes of kinds that the same calls list. Those of the same ids are the same
    resources under another kind; what else is changed may be part of any.
    """
    same = [changes for changes in others if changes.ids & scanned.keys()]
    addresses = (changes.first for changes in others if changes not in same)
    address = next(filter(None, addresses), "")
    deleted: set[str] = set()
    changed: dict[str, Made] = {}
    for changes in same:
        deleted |= changes.deleted
        changed |= changes.made
    for identity, found in scanned.items():
        if identity in deleted:
            continue
        made = changed.get(identity)
        because = _address(made) if made else address
        yield identity, _without_attributes(found, because) if because else found, made


def _without_attributes(scanned: Scanned, address: str) -> Scanned:
    read, record = scanned
    unread = Unreadable(f"the plan changes {address}, and no map tells what becomes of it")
    return read, {**record, **dict.fromkeys(read.attributes, unread)}


def created_beside(scanned: Mapping[str, Scanned], others: Iterable[Changes]) -> Unreadable | None:
    """Why a kind that no map writes may have more resources after the plan; None: it has not."""
    for changes in others:
        # Nothing of the kind in the scan: whether it has the same ids is not known.
        if changes.created and (not scanned or changes.ids & scanned.keys()):
            return Unreadable(f"{_address(changes.created[0])} is one that the plan creates")
    return None


def _address(made: Made) -> str:
    return made.item.resource.ref.id if made.item.of is None else made.item.of.address
