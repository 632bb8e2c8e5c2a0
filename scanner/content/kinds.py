"""Read resource kinds: compile their calls, type their attributes, join kinds by relations."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from scanner.content.clouds import EveryListing, with_cloud_sources
from scanner.content.document_reader import DocumentReader, Steps, suggest
from scanner.content.kind_consistency import check_consistency
from scanner.content.requests import CallReader
from scanner.content.typed_values import MistypedError, attribute_field, typed
from scanner.language.types import DYN, STRING, TIMESTAMP, Field, ListType, RecordType, Type
from scanner.model.expressions import Expression
from scanner.model.kinds import Attribute, Cardinality, Kind, Listing, Relation, Request, Scope

GIVEN: Final[Mapping[str, Field]] = {
    name: Field(STRING) for name in ("id", "name", "account", "region")
}
"""What every resource has."""
RAW: Final[Mapping[str, Type]] = {
    "it": DYN,
    "parent": DYN,
    "account": STRING,
    "region": STRING,
    "partition": STRING,
    "params": DYN,
    "started": TIMESTAMP,
}
"""What expressions over raw answers may name, beside the details."""
_RESERVED: Final = frozenset({"in", "true", "false", "null"})
"""Words of the language."""
_RESERVED_DETAILS: Final = frozenset({*RAW, *_RESERVED, "item", "self", "resource"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A kind whose own attributes are typed, and whose relations are not followed yet."""

    id: str
    reader: DocumentReader
    own: Mapping[str, Field]

    @property
    def data(self) -> dict[str, Any]:
        """Its YAML."""
        data: dict[str, Any] = self.reader.data
        return data

    @property
    def parent(self) -> str:
        """The kind that this one is listed under; empty: none."""
        parent: str = self.data.get("list", {}).get("per", "")
        return parent

    def targets(self) -> Iterator[tuple[str, str, str]]:
        """Name, cardinality and kind of each relation that declares exactly one cardinality."""
        for name, relation in self.data.get("relations", {}).items():
            declared = [word for word in Cardinality if word in relation]
            if len(declared) == 1:
                yield name, declared[0], relation[declared[0]]


def draft_kind(reader: DocumentReader, inside: tuple[str, ...]) -> Draft:
    """The draft of the kind in a file, whose path gives its cloud and its name."""
    data = reader.data
    identity: str = data["kind"]
    expected = f"{inside[0]}.{inside[-1].removesuffix('.yaml')}"
    if len(inside) != 2 or identity != expected:
        cloud, _, rest = identity.partition(".")
        message = f"kind '{identity}' does not match its file"
        reader.wrong(("kind",), message, f"it belongs in {cloud}/{rest}.yaml")
    own: dict[str, Field] = {}
    for name, attribute in data["attributes"].items():
        path = ("attributes", name)
        message = f"an attribute cannot be called '{name}'"
        if name in GIVEN:
            reader.wrong(path, message, "every resource has one", key=True)
        elif name in _RESERVED:
            reader.wrong(path, message, "it is a word of the language", key=True)
        own[name] = attribute_field(reader, path, name, attribute)
    for name in data.get("details", {}):
        if name in _RESERVED_DETAILS:
            message = f"a detail cannot be called '{name}'"
            reader.wrong(("details", name), message, "it has a meaning", key=True)
    return Draft(
        id=identity,
        reader=reader,
        own=own,
    )


def finish_kinds(
    drafts: Mapping[str, Draft], broken: frozenset[str], rules: Iterable[EveryListing] = ()
) -> dict[str, Kind]:
    """The kinds with the record types that conditions see, and with the rules of their clouds.

    `broken` are kinds whose files have mistakes of form: nobody is blamed for naming one.
    """
    types: dict[str, RecordType] = {}
    for identity in _in_order(drafts):
        # In this order the types of related kinds are complete: a record holds theirs.
        types[identity] = _record_type(drafts[identity], types, drafts, broken)
    _check_parents(drafts, broken)
    kinds: dict[str, Kind] = {}
    for identity in types:
        kinds[identity] = with_cloud_sources(_kind(drafts[identity], types, drafts), rules)
    check_consistency({identity: draft.reader for identity, draft in drafts.items()}, kinds)
    return kinds


def _record_type(
    draft: Draft,
    types: Mapping[str, RecordType],
    drafts: Mapping[str, Draft],
    broken: frozenset[str],
) -> RecordType:
    """The type of `self`: attributes, and the types of related kinds, which are in `types`."""
    fields = {**GIVEN, **draft.own}
    for name, cardinality, other in draft.targets():
        if name in fields:
            message = f"'{name}' is an attribute too"
            draft.reader.wrong(("relations", name), message, "rename one", key=True)
        if other in types:
            fields[name] = _related(cardinality, types[other])
            continue
        # Of a broken kind nothing is known: conditions on it are not blamed.
        fields[name] = Field(DYN)
        if other not in drafts and other not in broken:
            path = ("relations", name, cardinality)
            draft.reader.wrong(path, f"there is no kind '{other}'", suggest(other, drafts))
    return RecordType(draft.id, fields)


def _related(cardinality: str, other: RecordType) -> Field:
    if cardinality == Cardinality.MANY:
        return Field(ListType(other))
    # Of `one` no match is a gap; only `maybe_one` makes it knowledge.
    return Field(other, optional=cardinality == Cardinality.MAYBE_ONE)


def _in_order(drafts: Mapping[str, Draft]) -> list[str]:
    """Ids of kinds, each after those that its relations lead to.

    A circle, which would make a record type infinite, is noted at the relation that closes it.
    """
    order: list[str] = []
    is_done: dict[str, bool] = {}

    def visit(identity: str, trail: tuple[str, ...]) -> None:
        is_done[identity] = False
        for name, _, other in drafts[identity].targets():
            if other in drafts and other not in is_done:
                visit(other, (*trail, other))
            elif is_done.get(other) is False:
                circle = " → ".join((*trail[trail.index(other) :], other))
                message = f"relations go in a circle: {circle}"
                reader = drafts[identity].reader
                reader.wrong(("relations", name), message, "remove one of them", key=True)
        is_done[identity] = True
        order.append(identity)

    for identity in sorted(drafts):
        if identity not in is_done:
            visit(identity, (identity,))
    return order


def _check_parents(drafts: Mapping[str, Draft], broken: frozenset[str]) -> None:
    """Note parents that do not exist, and parents that are listed under their own children."""
    for draft in drafts.values():
        seen = [draft.id]
        parent = draft.parent
        while parent in drafts and parent not in seen:
            seen.append(parent)
            parent = drafts[parent].parent
        if parent in seen:
            message = f"the listing goes in a circle: {' → '.join([*seen, parent])}"
            hint = "a parent is listed without its children"
            draft.reader.wrong(("list", "per"), message, hint)
    for draft in drafts.values():
        parent = draft.parent
        if parent and parent not in drafts and parent not in broken:
            message = f"there is no kind '{parent}'"
            draft.reader.wrong(("list", "per"), message, suggest(parent, drafts))


def _kind(draft: Draft, types: Mapping[str, RecordType], drafts: Mapping[str, Draft]) -> Kind:
    data, reader = draft.data, draft.reader
    _check_place(reader, data)
    names = {**RAW, **dict.fromkeys(data.get("details", {}), DYN)}
    requests = CallReader(reader, names, located=_located(draft, drafts))
    # Listings are made before any detail is there.
    listings = replace(requests, names=RAW)
    listing = None
    if "list" in data:
        listing = listings.listing(("list",), data["list"])
    details: dict[str, Request] = {}
    detail_readers: dict[str, Listing] = {}
    for name, detail in data.get("details", {}).items():
        source = requests.listing(("details", name), detail)
        if source.request is None:
            detail_readers[name] = source
        else:
            details[name] = source.request
    # A singleton has no listing to count: as if it had a parent, `completeness` is refused.
    counts = listings.counts((), data, data.get("list", {"per": ""}))
    return Kind(
        id=draft.id,
        title=data["title"],
        service=data["service"],
        nature=data["nature"],
        scope=Scope(data["scope"]),
        listing=listing,
        completeness=tuple(counts),
        at=_place(reader, data, names),
        identity=reader.expression(("id",), data["id"], RAW, fits=STRING, raw=True),
        label=reader.expression(("name",), data["name"], RAW, fits=STRING, raw=True),
        details=details,
        readers=detail_readers,
        attributes=_attributes(reader, ("attributes",), data["attributes"], draft.own, names),
        relations=_relations(draft, names, types, drafts),
        type=types[draft.id],
        path=reader.document.name,
        bulk=listings.bulk(data),
    )


def _check_place(reader: DocumentReader, data: dict[str, Any]) -> None:
    if "location" not in data:
        return
    # A location (`eu`, a zone) is no host name: as an endpoint it would send calls nowhere.
    if "at" in data:
        message = "'at' and 'location' exclude each other"
        reader.wrong(("at",), message, "a location is no endpoint", key=True)
    if data["scope"] == Scope.REGION:
        message = "a kind with a location is not listed by region"
        reader.wrong(("scope",), message, "write 'scope: account'")


def _located(draft: Draft, drafts: Mapping[str, Draft]) -> bool:
    """Whether the kind, or one above it, has a location: then no region is an endpoint."""
    seen: set[str] = set()
    found: Draft | None = draft
    while found is not None and found.id not in seen:
        if "location" in found.data:
            return True
        seen.add(found.id)
        found = drafts.get(found.parent)
    return False


def _place(
    reader: DocumentReader, data: dict[str, Any], names: Mapping[str, Type]
) -> Expression | None:
    """Where the resource is."""
    for word in ("at", "location"):
        if word in data:
            return reader.expression((word,), data[word] or "''", names, fits=STRING, raw=True)
    return None


def _attributes(
    reader: DocumentReader,
    path: Steps,
    data: dict[str, Any],
    fields: Mapping[str, Field],
    names: Mapping[str, Type],
) -> dict[str, Attribute]:
    found: dict[str, Attribute] = {}
    for name, attribute in data.items():
        found[name] = _attribute(reader, (*path, name), attribute, fields[name], names)
    return found


def _attribute(
    reader: DocumentReader,
    path: Steps,
    data: dict[str, Any],
    field: Field,
    names: Mapping[str, Type],
) -> Attribute:
    each: dict[str, Attribute] = {}
    item = field.type.item if isinstance(field.type, ListType) else None
    if isinstance(item, RecordType) and "each" in data:
        inner = {**names, "item": DYN}
        each = _attributes(reader, (*path, "each"), data["each"], item.fields, inner)
    # A record is made of what the expression gives: the raw answer has another type.
    fits = None
    if not each and not isinstance(field.type, RecordType):
        fits = field.type
    return Attribute(
        name=str(path[-1]),
        meaning=data["meaning"],
        type=data["type"].strip(),
        api=reader.expression((*path, "api"), data["api"], names, fits=fits, raw=True),
        absent=_absent(reader, (*path, "absent"), data, field),
        has_absent="absent" in data,
        each=each,
        ordered=data.get("ordered", False),
        null_words=tuple(data.get("null_words", [])),
    )


def _absent(
    reader: DocumentReader,
    path: Steps,
    data: dict[str, Any],
    field: Field,
) -> Any:
    """The value that stands for a missing member; None where absence has no value."""
    if "absent" not in data:
        return None
    # Both at once would be two meanings of one missing member.
    if field.optional:
        hint = "remove one: absence is a value, or it is asked by has()"
        reader.wrong(path, "a type with '?' has no 'absent:'", hint)
    try:
        return typed(field.type, data["absent"])
    except MistypedError as error:
        reader.wrong((*path, *error.path), f"'absent' {error.message}", error.hint)
        return None


def _relations(
    draft: Draft,
    names: Mapping[str, Type],
    types: Mapping[str, RecordType],
    drafts: Mapping[str, Draft],
) -> dict[str, Relation]:
    # Keys of a join see no relations: those would have to be joined first.
    own = {"id": GIVEN["id"], "region": GIVEN["region"], **draft.own}
    ours = {**names, "self": RecordType(draft.id, own)}
    targets = {name: (cardinality, other) for name, cardinality, other in draft.targets()}
    found: dict[str, Relation] = {}
    for name, data in draft.data.get("relations", {}).items():
        path: Steps = ("relations", name)
        if name not in targets:
            hint = "write one of 'one:', 'maybe_one:' and 'many:'"
            draft.reader.wrong(path, f"'{name}' leads to one kind", hint, key=True)
            continue
        cardinality, other = targets[name]
        if other in types:
            _check_their_keys(draft.reader, (*path, "on"), data["on"], drafts[other])
        found[name] = Relation(
            name=name,
            meaning=data["meaning"],
            kind=other,
            cardinality=Cardinality(cardinality),
            on=_on(draft.reader, (*path, "on"), data["on"], ours),
            home=_home(draft.reader, (*path, "home"), data.get("home", {})),
        )
    return found


def _check_their_keys(
    reader: DocumentReader,
    path: Steps,
    keys: Iterable[str],
    other: Draft,
) -> None:
    known = {**GIVEN, **other.own}
    for key in keys:
        if key not in known:
            message = f"{other.id} has no attribute '{key}'"
            reader.wrong((*path, key), message, suggest(key, known), key=True)


def _on(
    reader: DocumentReader,
    path: Steps,
    data: dict[str, str],
    names: Mapping[str, Type],
) -> dict[str, Expression]:
    found: dict[str, Expression] = {}
    for key, text in data.items():
        found[key] = reader.expression((*path, key), text, names, raw=True)
    return found


def _home(reader: DocumentReader, path: Steps, data: dict[str, str]) -> dict[str, Expression]:
    names = {"key": STRING}
    found: dict[str, Expression] = {}
    for key, text in data.items():
        found[key] = reader.expression((*path, key), text, names, fits=STRING, raw=True)
    return found
