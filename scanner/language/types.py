"""Defines the types of the condition language, and parses the notation for them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final


@dataclass(frozen=True, slots=True)
class ScalarType:
    """A type without parts, known by its name."""

    name: str

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class ListType:
    """A list whose items share one type; `ordered` says that the provider's order has a meaning."""

    item: Type
    # Not compared: a list whose order has a meaning may still be compared with one whose order has
    # none.
    ordered: bool = field(default=False, compare=False)

    def __str__(self) -> str:
        return f"list({self.item})"


@dataclass(frozen=True, slots=True)
class MapType:
    """A map from strings to values of one type."""

    value: Type

    def __str__(self) -> str:
        return f"map({self.value})"


@dataclass(frozen=True, slots=True)
class RecordType:
    """A named set of fields, each with its own type."""

    name: str
    fields: Mapping[str, Field] = field(hash=False, repr=False)

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class Field:
    """A field's type, and whether a record may be without it."""

    type: Type
    optional: bool = False

    def __str__(self) -> str:
        if self.optional:
            return f"{self.type}?"
        return str(self.type)


Type = ScalarType | ListType | MapType | RecordType

BOOL: Final = ScalarType("bool")
INT: Final = ScalarType("int")
DOUBLE: Final = ScalarType("double")
STRING: Final = ScalarType("string")
TIMESTAMP: Final = ScalarType("timestamp")
DURATION: Final = ScalarType("duration")
DYN: Final = ScalarType("dyn")
"""A raw answer of a provider: its type is checked when it is read."""
NOTHING: Final = ScalarType("nothing")
"""The item type of the literal `[]`, which fits every list."""

_SCALARS: Final = {
    kind.name: kind for kind in (BOOL, INT, DOUBLE, STRING, TIMESTAMP, DURATION, DYN)
}
_CONTAINER: Final = re.compile(r"(list|map)\((.*)\)")
_DEEPEST: Final = 20


def parse_type(text: str) -> Type:
    """The type that a text such as `list(map(string))` denotes; ValueError when it denotes none."""
    return _parse(text.strip(), text, 0)


def _parse(text: str, whole: str, depth: int) -> Type:
    if scalar := _SCALARS.get(text):
        return scalar
    match = _CONTAINER.fullmatch(text)
    if match is None or depth > _DEEPEST:
        raise ValueError(
            f"{whole!r} is not a type; a type is {', '.join(_SCALARS)}, list(type) or map(type)"
        )
    inner = _parse(match[2].strip(), whole, depth + 1)
    if match[1] == "list":
        return ListType(inner)
    return MapType(inner)


def parse_field(text: str) -> Field:
    """The field that a text such as `int?` denotes, where `?` marks it optional."""
    text = text.strip()
    if text.endswith("?"):
        return Field(parse_type(text[:-1]), optional=True)
    return Field(parse_type(text))


def unify(left: Type, right: Type) -> Type | None:
    """The type that holds values of both, or None when no such type exists."""
    if left == right or right is NOTHING:
        return left
    if left is NOTHING:
        return right
    if left is DYN or right is DYN:
        return DYN
    return _unify_parts(left, right)


def _unify_parts(left: Type, right: Type) -> Type | None:
    if isinstance(left, ListType) and isinstance(right, ListType):
        item = unify(left.item, right.item)
        if item is not None:
            return ListType(item)
    if isinstance(left, MapType) and isinstance(right, MapType):
        value = unify(left.value, right.value)
        if value is not None:
            return MapType(value)
    return None


def holds_dyn(kind: Type) -> bool:
    """Whether a value of this type is, or directly contains, a raw answer."""
    if isinstance(kind, ListType):
        return holds_dyn(kind.item)
    if isinstance(kind, MapType):
        return holds_dyn(kind.value)
    return kind is DYN


def comparable(kind: Type) -> bool:
    """Whether `==` has a meaning for this type: records are compared field by field instead."""
    if isinstance(kind, ListType):
        return comparable(kind.item)
    if isinstance(kind, MapType):
        return comparable(kind.value)
    return not isinstance(kind, RecordType)
