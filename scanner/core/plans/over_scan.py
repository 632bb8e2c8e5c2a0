"""Puts a plan over a scan: what lies outside the plan is taken from the scan."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from scanner.core.plans.map_reader import Made
from scanner.core.reading.read_plan import attribute_paths
from scanner.core.reading.read_scope import ReadResource
from scanner.core.reading.relations import Record
from scanner.model.kinds import Kind
from scanner.model.values import OpenList, Unreadable

Scanned = tuple[ReadResource, Record]


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
    for name, value in own.items():
        attribute = kind.attributes.get(name)
        if name not in record or not _is_open(value) or attribute is None:
            continue
        if is_before or _is_same(made, kind, attribute_paths(attribute)):
            own[name] = record[name]
    if made.key:
        own = {**own, "id": record["id"], "account": record["account"]}
    keys: dict[str, Mapping[str, object]] = {}
    for name, sides in made.read.keys.items():
        keys[name] = sides
        paths = [path for one in kind.relations[name].on.values() for path in one.paths]
        if _is_open(sides) and (is_before or _is_same(made, kind, paths)):
            keys[name] = read.keys.get(name, sides)
    item = replace(made.item, resource=replace(made.item.resource, value=own))
    return replace(made, read=replace(made.read, keys=keys), record=own, item=item)


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
    scanned: Mapping[str, Scanned], others: Iterable[Changes]
) -> Iterator[tuple[str, Scanned, Made | None]]:
    """The scanned resources of a kind that no map writes, after a plan changed what it is made of.

    `others` are changes of kinds that the same calls list. Those of the same ids are the same
    resources under another kind; what else is changed may be part of any.
    """
    same: list[Changes] = []
    reason = ""
    for changes in others:
        if changes.ids & scanned.keys():
            same.append(changes)
        elif changes.first:
            reason = reason or f"what {changes.first} changes of it is not known"
    for identity, found in scanned.items():
        if any(identity in changes.deleted for changes in same):
            continue
        made = next((one.made[identity] for one in same if identity in one.made), None)
        why = f"what {_address(made)} changes of it is not known" if made else reason
        if why:
            read, record = found
            found = (read, {**record, **dict.fromkeys(read.attributes, Unreadable(why))})
        yield identity, found, made


def created_beside(scanned: Mapping[str, Scanned], others: Iterable[Changes]) -> Unreadable | None:
    """Why a kind that no map writes may have more resources after the plan; None: it has not."""
    for changes in others:
        # Nothing of the kind in the scan: whether it has the same ids is not known.
        if changes.created and (not scanned or changes.ids & scanned.keys()):
            return Unreadable(f"{_address(changes.created[0])} is one that the plan creates")
    return None


def _address(made: Made) -> str:
    return made.item.resource.ref.id if made.item.of is None else made.item.of.address
