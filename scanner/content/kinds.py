"""Read resource kinds: compile their calls and attributes, join kinds by relations."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from scanner.content.clouds import CloudRule, with_cloud_rules
from scanner.content.document_reader import DocumentReader, Steps
from scanner.content.kind_consistency import check_consistency
from scanner.content.kind_drafts import GIVEN, RAW, Draft, check_parents, in_order, record_type
from scanner.content.kind_members import enumerations, ignored_members
from scanner.content.requests import CallReader
from scanner.content.typed_values import MistypedError, typed
from scanner.language.types import DYN, STRING, Field, ListType, RecordType, Type
from scanner.model.expressions import Expression
from scanner.model.kinds import (
    Attribute,
    Cardinality,
    Kind,
    Listing,
    Relation,
    Request,
    Scope,
    Unlisted,
)
from scanner.words import did_you_mean


@dataclass(frozen=True, slots=True, kw_only=True)
class KindBuilder:
    """Builds kinds of their drafts, one at a time or all."""

    drafts: Mapping[str, Draft]
    """May be read on first use: a kind needs its parents, and what its relations lead to."""
    rules: Sequence[CloudRule]
    broken: frozenset[str] = frozenset()
    """Kinds whose files have mistakes of form: nobody is blamed for naming one."""
    _types: dict[str, RecordType] = field(default_factory=dict)
    """The record types that conditions see."""

    def kind(self, identity: str) -> Kind:
        """One kind, with the rules of its cloud."""
        self._add_types([identity])
        return self._finished(identity)

    def all(self) -> dict[str, Kind]:
        """Every kind, after the checks that take all of them."""
        self._add_types(self.drafts)
        check_parents(self.drafts, self.broken)
        kinds = {identity: self._finished(identity) for identity in sorted(self._types)}
        check_consistency({name: draft.reader for name, draft in self.drafts.items()}, kinds)
        return kinds

    def _add_types(self, wanted: Iterable[str]) -> None:
        for identity in in_order(self.drafts, wanted, self._types):
            # In this order the types of related kinds are complete: a record holds theirs.
            draft = self.drafts[identity]
            self._types[identity] = record_type(draft, self._types, self.drafts, self.broken)

    def _finished(self, identity: str) -> Kind:
        kind = _kind(self.drafts[identity], self._types, self.drafts)
        return with_cloud_rules(kind, self.rules)


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
        values=enumerations(reader, names),
        ignores=ignored_members(reader, names),
        does_not_list=tuple(_unlisted(data)),
        types=tuple(data.get("types", ())),
    )


def _unlisted(data: dict[str, Any]) -> Iterable[Unlisted]:
    for hole in data.get("does_not_list", []):
        calls = tuple(hole.get("calls", []))
        yield Unlisted(what=hole["what"].strip(), why=hole["why"].strip(), calls=calls)


def _check_place(reader: DocumentReader, data: dict[str, Any]) -> None:
    if "location" not in data:
        return
    # A location (`eu`, a zone) is no host name: as an endpoint it would send calls nowhere.
    if "at" in data:
        message = "'at' and 'location' exclude each other"
        reader.wrong(("at",), message, "a location is not an endpoint", key=True)
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
        unknown=_unknown(reader, (*path, "unknown"), data, field),
        each=each,
        ordered=data.get("ordered", False),
        unknown_if_set=tuple(_members(reader, path, data, "unknown_if_set", names)),
        more_if_set=tuple(_members(reader, path, data, "more_if_set", names)),
        null_words=tuple(data.get("null_words", [])),
    )


def _members(
    reader: DocumentReader, path: Steps, data: dict[str, Any], word: str, names: Mapping[str, Type]
) -> Iterator[Expression]:
    for index, text in enumerate(data.get(word, ())):
        yield reader.expression((*path, word, index), text, names, raw=True)


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
        hint = "remove one: absence is either a value or tested with has()"
        reader.wrong(path, "a type with '?' has no 'absent:'", hint)
    try:
        return typed(field.type, data["absent"])
    except MistypedError as error:
        reader.wrong((*path, *error.path), f"'absent' {error.message}", error.hint)
        return None


def _unknown(reader: DocumentReader, path: Steps, data: dict[str, Any], field: Field) -> str:
    """The sentence for a value that is left out; empty where the kind declares none."""
    sentence: str = data.get("unknown", "")
    if not sentence:
        return ""
    if "absent" in data or field.optional:
        message = "'unknown' has no meaning where absence is knowledge"
        reader.wrong(path, message, "remove it, or 'absent:' and '?'", key=True)
    return sentence


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
            draft.reader.wrong(path, f"'{name}' must lead to exactly one kind", hint, key=True)
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
            reader.wrong((*path, key), message, did_you_mean(key, known), key=True)


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
