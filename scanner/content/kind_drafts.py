"""Draft kinds: type the attributes of each, and order them by their relations."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from scanner.content.document_reader import DocumentReader, suggest
from scanner.content.typed_values import attribute_field
from scanner.language.types import DYN, STRING, TIMESTAMP, Field, ListType, RecordType, Type
from scanner.model.kinds import Cardinality

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


def record_type(
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


def in_order(
    drafts: Mapping[str, Draft], wanted: Iterable[str], done: Collection[str] = ()
) -> list[str]:
    """The wanted kinds and those that their relations lead to, each after these, without the done.

    A circle, which would make a record type infinite, is noted at the relation that closes it.
    """
    order: list[str] = []
    is_done: dict[str, bool] = dict.fromkeys(done, True)

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

    for identity in sorted(wanted):
        if identity not in is_done:
            visit(identity, (identity,))
    return order


def check_parents(drafts: Mapping[str, Draft], broken: frozenset[str]) -> None:
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
