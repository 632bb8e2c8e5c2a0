"""Resource kinds, from YAML to the model: calls compiled, attributes typed, relations joined into records."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from scanner.content.clouds import EveryListing, everywhere
from scanner.content.document_reader import DocumentReader, Steps, suggest
from scanner.content.kind_consistency import check_agreement
from scanner.content.requests import Requests
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
_UNSPEAKABLE: Final = frozenset({"in", "true", "false", "null"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A kind that is read, and whose own attributes are typed; its relations are not followed yet."""

    id: str
    reading: DocumentReader
    own: Mapping[str, Field]

    @property
    def data(self) -> dict[str, Any]:
        """Its YAML."""
        data: dict[str, Any] = self.reading.data
        return data

    def targets(self) -> Iterator[tuple[str, str, str]]:
        """Each relation's name, cardinality and kind; only those that say exactly one."""
        for name, relation in self.data.get("relations", {}).items():
            said = [word for word in Cardinality if word in relation]
            if len(said) == 1:
                yield name, said[0], relation[said[0]]


def draft_kind(reading: DocumentReader, inside: tuple[str, ...]) -> Draft:
    """The draft of a kind in a file; its place says its cloud and its name."""
    data = reading.data
    identity: str = data["kind"]
    wanted = f"{inside[0]}.{inside[-1].removesuffix('.yaml')}"
    if len(inside) != 2 or identity != wanted:
        cloud, _, rest = identity.partition(".")
        reading.wrong(
            ("kind",),
            f"kind '{identity}' does not match its file",
            f"it belongs in {cloud}/{rest}.yaml",
        )
    own: dict[str, Field] = {}
    for name, attribute in data["attributes"].items():
        path = ("attributes", name)
        if name in GIVEN or name in _UNSPEAKABLE:
            why = "every resource has one" if name in GIVEN else "it is a word of the language"
            reading.wrong(path, f"an attribute cannot be called '{name}'", why, key=True)
        own[name] = attribute_field(reading, path, name, attribute)
    for name in data.get("details", {}):
        if name in RAW or name in _UNSPEAKABLE or name in ("item", "self", "resource"):
            reading.wrong(
                ("details", name),
                f"a detail cannot be called '{name}'",
                "it has a meaning",
                key=True,
            )
    return Draft(id=identity, reading=reading, own=own)


def finish_kinds(
    drafts: Mapping[str, Draft], broken: frozenset[str], rules: Iterable[EveryListing] = ()
) -> dict[str, Kind]:
    """The kinds, each with the record type that conditions see, and with what holds for its cloud."""
    types: dict[str, RecordType] = {}
    for identity in _in_order(drafts):
        draft = drafts[identity]
        fields = {**GIVEN, **draft.own}
        for name, cardinality, other in draft.targets():
            if name in fields:
                draft.reading.wrong(
                    ("relations", name), f"'{name}' is an attribute too", "rename one", key=True
                )
            if other in types:
                fields[name] = _related(cardinality, types[other])
            else:
                fields[name] = Field(DYN)
                if other not in drafts and other not in broken:
                    hint = suggest(other, drafts)
                    draft.reading.wrong(
                        ("relations", name, cardinality), f"there is no kind '{other}'", hint
                    )
        types[identity] = RecordType(identity, fields)
    _check_parents(drafts, broken)
    kinds = {
        identity: everywhere(_kind(drafts[identity], types, drafts), rules) for identity in types
    }
    check_agreement({identity: draft.reading for identity, draft in drafts.items()}, kinds)
    return kinds


def _related(cardinality: str, other: RecordType) -> Field:
    if cardinality == Cardinality.MANY:
        return Field(ListType(other))
    return Field(other, optional=cardinality == Cardinality.MAYBE_ONE)


def _in_order(drafts: Mapping[str, Draft]) -> list[str]:
    """Kinds after those that they lead to; a circle is noted at the relation that closes it."""
    order: list[str] = []
    states: dict[str, bool] = {}

    def visit(identity: str, trail: tuple[str, ...]) -> None:
        states[identity] = False
        for name, _, other in drafts[identity].targets():
            if other in drafts and other not in states:
                visit(other, (*trail, other))
            elif states.get(other) is False:
                circle = " → ".join((*trail[trail.index(other) :], other))
                drafts[identity].reading.wrong(
                    ("relations", name),
                    f"relations go in a circle: {circle}",
                    "remove one of them",
                    key=True,
                )
        states[identity] = True
        order.append(identity)

    for identity in sorted(drafts):
        if identity not in states:
            visit(identity, (identity,))
    return order


def _check_parents(drafts: Mapping[str, Draft], broken: frozenset[str]) -> None:
    for draft in drafts.values():
        seen = [draft.id]
        while (
            (parent := drafts[seen[-1]].data.get("list", {}).get("per"))
            and parent in drafts
            and parent not in seen
        ):
            seen.append(parent)
        if parent in seen:
            message = f"the listing goes in a circle: {' → '.join([*seen, parent])}"
            draft.reading.wrong(("list", "per"), message, "a parent is listed without its children")
    for draft in drafts.values():
        parent = draft.data.get("list", {}).get("per")
        if parent and parent not in drafts and parent not in broken:
            draft.reading.wrong(
                ("list", "per"), f"there is no kind '{parent}'", suggest(parent, drafts)
            )


def _kind(draft: Draft, types: Mapping[str, RecordType], drafts: Mapping[str, Draft]) -> Kind:
    data, reading = draft.data, draft.reading
    details: dict[str, Request] = {}
    readers: dict[str, Listing] = {}
    names = {**RAW, **dict.fromkeys(data.get("details", {}), DYN)}
    _check_place(reading, data)
    requests = Requests(reading, names, located=_located(draft, drafts))
    for name, detail in data.get("details", {}).items():
        listing = requests.listing(("details", name), detail)
        if listing.request is None:
            readers[name] = listing
        else:
            details[name] = listing.request
    scope = Scope(data["scope"])
    return Kind(
        id=draft.id,
        title=data["title"],
        service=data["service"],
        nature=data["nature"],
        scope=scope,
        listing=replace(requests, names=RAW).listing(("list",), data["list"])
        if "list" in data
        else None,
        completeness=tuple(
            replace(requests, names=RAW).counts((), data, data.get("list", {"per": ""}))
        ),
        at=_place(reading, data, names),
        identity=reading.expression(("id",), data["id"], RAW, fits=STRING, raw=True),
        label=reading.expression(("name",), data["name"], RAW, fits=STRING, raw=True),
        details=details,
        readers=readers,
        attributes=_attributes(reading, ("attributes",), data["attributes"], draft.own, names),
        relations=_relations(draft, names, types, drafts),
        type=types[draft.id],
        path=reading.document.name,
        bulk=replace(requests, names=RAW).bulk(data),
    )


def _check_place(reading: DocumentReader, data: dict[str, Any]) -> None:
    if "location" in data and "at" in data:
        reading.wrong(
            ("at",), "'at' and 'location' exclude each other", "a location is no endpoint", key=True
        )
    if "location" in data and data["scope"] == Scope.REGION:
        reading.wrong(
            ("scope",), "a kind with a location is not listed by region", "write 'scope: account'"
        )


def _located(draft: Draft, drafts: Mapping[str, Draft]) -> bool:
    """Whether the kind, or one that it is listed under, has a location: then a region is never an endpoint."""
    seen: set[str] = set()
    found: Draft | None = draft
    while found is not None and found.id not in seen:
        if "location" in found.data:
            return True
        seen.add(found.id)
        found = drafts.get(found.data.get("list", {}).get("per", ""))
    return False


def _place(
    reading: DocumentReader, data: dict[str, Any], names: Mapping[str, Type]
) -> Expression | None:
    """Where the resource is."""
    for word in ("at", "location"):
        if word in data:
            return reading.expression((word,), data[word] or "''", names, fits=STRING, raw=True)
    return None


def _attributes(
    reading: DocumentReader,
    path: Steps,
    data: dict[str, Any],
    fields: Mapping[str, Field],
    names: Mapping[str, Type],
) -> dict[str, Attribute]:
    return {
        name: _attribute(reading, (*path, name), name, attribute, fields[name], names)
        for name, attribute in data.items()
    }


def _attribute(
    reading: DocumentReader,
    path: Steps,
    name: str,
    data: dict[str, Any],
    field: Field,
    names: Mapping[str, Type],
) -> Attribute:
    each: dict[str, Attribute] = {}
    if (
        isinstance(field.type, ListType)
        and isinstance(field.type.item, RecordType)
        and "each" in data
    ):
        inner = {**names, "item": DYN}
        each = _attributes(reading, (*path, "each"), data["each"], field.type.item.fields, inner)
    raw = isinstance(field.type, RecordType) or bool(each)
    return Attribute(
        name=name,
        meaning=data["meaning"],
        type=data["type"].strip(),
        api=reading.expression(
            (*path, "api"), data["api"], names, fits=None if raw else field.type, raw=True
        ),
        absent=_absent(reading, (*path, "absent"), data, field),
        has_absent="absent" in data,
        each=each,
        ordered=data.get("ordered", False),
        volatile=data.get("volatile", False),
        null_words=tuple(data.get("null_words", [])),
    )


def _absent(reading: DocumentReader, path: Steps, data: dict[str, Any], field: Field) -> Any:
    if "absent" not in data:
        return None
    if field.optional:
        reading.wrong(
            path,
            "a type with '?' has no 'absent:'",
            "remove one: absence is a value, or it is asked by has()",
        )
    try:
        return typed(field.type, data["absent"])
    except MistypedError as error:
        reading.wrong((*path, *error.path), f"'absent' {error.message}", error.hint)
        return None


def _relations(
    draft: Draft,
    names: Mapping[str, Type],
    types: Mapping[str, RecordType],
    drafts: Mapping[str, Draft],
) -> dict[str, Relation]:
    reading = draft.reading
    ours = {
        **names,
        "self": RecordType(draft.id, {"id": GIVEN["id"], "region": GIVEN["region"], **draft.own}),
    }
    targets = {name: (cardinality, other) for name, cardinality, other in draft.targets()}
    found: dict[str, Relation] = {}
    for name, data in draft.data.get("relations", {}).items():
        path: Steps = ("relations", name)
        if name not in targets:
            reading.wrong(
                path,
                f"'{name}' leads to one kind",
                "write one of 'one:', 'maybe_one:' and 'many:'",
                key=True,
            )
            continue
        cardinality, other = targets[name]
        if other in types:
            known = {**GIVEN, **drafts[other].own}
            for theirs in (key for key in data["on"] if key not in known):
                hint = suggest(theirs, known)
                reading.wrong(
                    (*path, "on", theirs), f"{other} has no attribute '{theirs}'", hint, key=True
                )
        found[name] = Relation(
            name=name,
            meaning=data["meaning"],
            kind=other,
            cardinality=Cardinality(cardinality),
            on={
                key: reading.expression((*path, "on", key), text, ours, raw=True)
                for key, text in data["on"].items()
            },
            home={
                key: reading.expression(
                    (*path, "home", key), text, {"key": STRING}, fits=STRING, raw=True
                )
                for key, text in data.get("home", {}).items()
            },
        )
    return found
