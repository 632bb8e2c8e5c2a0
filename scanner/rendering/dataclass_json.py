"""Writes dataclasses as JSON, and derives the JSON Schema of such a document from their types.

One rule for both, so that document and schema cannot drift apart. A *record* is a dataclass or a
named tuple: a value with named members.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import date, datetime, timedelta, tzinfo
from enum import StrEnum
from functools import cache
from json import JSONEncoder
from typing import Any, Final, Protocol, TypeGuard, Union, get_args, get_origin, get_type_hints

from scanner.core.calendar import format_time
from scanner.core.periods.ordered import SortedDeviations
from scanner.rendering.sanitize import Json, json_value

Schema = dict[str, Json]
"""A JSON Schema, or a part of one."""

_encode: Final = JSONEncoder(allow_nan=False).encode
_JSON_ALREADY: Final = frozenset({str, int, bool, type(None)})
_SCALARS: Final[Mapping[object, Mapping[str, str]]] = {
    str: {"type": "string"},
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    float: {"type": "number"},
    datetime: {"type": "string", "format": "date-time"},
    date: {"type": "string", "format": "date"},
    timedelta: {"type": "number", "description": "seconds"},
    tzinfo: {"type": "string", "description": "a time zone"},
    Any: {},
}


# -- writing ---------------------------------------------------------------------------------------


def dumps(schema: str, value: object) -> str:
    """A record as one JSON document of a schema, one row a line.

    ASCII only, so that no name from a cloud can act on a terminal.
    """
    # The record's own opening brace gives way to the one that the member `schema` stands behind.
    members = "".join(_lines(value, "  "))[1:]
    return f'{{\n  "schema": {_encode(schema)},{members}\n'


def _lines(value: object, indent: str) -> Iterator[str]:
    """Spread a list of records, and a record that holds one, over lines; the rest is one line."""
    if _holds_rows(type(value)):
        yield from _spread("{}", _named_lines(value, indent + "  "), indent)
    elif _is_rows(value):
        yield from _spread("[]", _row_lines(value, indent + "  "), indent)
    else:
        yield _encode(to_json(value))


def _named_lines(record: object, indent: str) -> Iterator[tuple[str, Iterable[str]]]:
    for name in _members(type(record)):
        yield f'"{name}": ', _lines(getattr(record, name), indent)


def _row_lines(rows: Iterable[object], indent: str) -> Iterator[tuple[str, Iterable[str]]]:
    for row in rows:
        yield "", _lines(row, indent)


def _spread(
    brackets: str, items: Iterable[tuple[str, Iterable[str]]], indent: str
) -> Iterator[str]:
    yield brackets[0]
    separator = ""
    for prefix, parts in items:
        yield f"{separator}\n{indent}{prefix}"
        yield from parts
        separator = ","
    yield f"\n{indent[2:]}{brackets[1]}"


def _is_rows(value: object) -> TypeGuard[Iterable[object]]:
    # The rows of `SortedDeviations` are made when they are looked at: its length answers without
    # making one.
    if isinstance(value, SortedDeviations):
        return len(value) > 0
    # A named tuple is a tuple, and it is a record.
    if not isinstance(value, tuple | list) or _members(type(value)):
        return False
    return bool(value) and bool(_members(type(value[0])))


def to_json(value: object) -> Json:
    """A record as JSON values: members by name, times in UTC, durations in seconds."""
    kind = type(value)
    if kind in _JSON_ALREADY:
        return value
    members = _members(kind)
    if members:
        return {name: to_json(getattr(value, name)) for name in members}
    if isinstance(value, tuple | list | SortedDeviations):
        return [to_json(item) for item in value]
    if isinstance(value, Mapping):
        return {str(key): to_json(item) for key, item in value.items()}
    return _scalar(value)


def _scalar(value: object) -> Json:
    match value:
        case StrEnum():
            return value.value
        # Before the dates, for a datetime is a date.
        case datetime():
            return format_time(value)
        case date():
            return value.isoformat()
        case timedelta():
            return value.total_seconds()
        case tzinfo():
            return str(value)
        # Platforms differ in the last digits of a quotient, and the document is compared by bytes.
        case float():
            return round(value, 6)
    return json_value(value)


# -- types -----------------------------------------------------------------------------------------


def _is_record(kind: object) -> bool:
    return is_dataclass(kind) or _is_named_tuple(kind)


class _NamedTupleType(Protocol):
    _fields: tuple[str, ...]


def _is_named_tuple(kind: object) -> TypeGuard[_NamedTupleType]:
    return isinstance(kind, type) and issubclass(kind, tuple) and hasattr(kind, "_fields")


def _find_members(kind: object) -> tuple[str, ...]:
    if is_dataclass(kind):
        return tuple(field.name for field in fields(kind))
    if _is_named_tuple(kind):
        return kind._fields
    return ()


_members: Final[Callable[[object], tuple[str, ...]]] = cache(_find_members)
"""The member names of a record type; none of any other type. Called for every value written."""


def _find_rows(kind: object) -> bool:
    if not _members(kind):
        return False
    return any(_is_list_of_records(hint) for hint in get_type_hints(kind).values())


def _is_list_of_records(hint: object) -> bool:
    if get_origin(hint) not in (tuple, Sequence):
        return False
    return any(_members(argument) for argument in get_args(hint))


_holds_rows: Final[Callable[[object], bool]] = cache(_find_rows)
"""Whether a record type has a list of records among its members."""


# -- schema ----------------------------------------------------------------------------------------


def schema_of(name: str, title: str, kind: type) -> Schema:
    """The JSON Schema of `dumps(name, value)` for values of a record type."""
    definitions: dict[str, Schema] = {}
    record = _record_schema(kind, definitions)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:tscan:schema:{name.replace('/', '-')}",
        "title": title,
        **record,
        "properties": {"schema": {"const": name}, **record["properties"]},
        "required": ["schema", *record["required"]],
        "$defs": dict(sorted(definitions.items())),
    }


def _record_schema(kind: type, definitions: dict[str, Schema]) -> Schema:
    hints = get_type_hints(kind)
    members = {name: _type_schema(hints[name], definitions) for name in _members(kind)}
    return {
        "type": "object",
        "properties": members,
        # Every member is written, so every one is required and none may be added in silence.
        "required": list(members),
        "additionalProperties": False,
    }


def _type_schema(hint: object, definitions: dict[str, Schema]) -> Schema:
    if hint in _SCALARS:
        return dict(_SCALARS[hint])
    if isinstance(hint, type) and _is_record(hint):
        return _record_reference(hint, definitions)
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        definitions[hint.__name__] = {"enum": [member.value for member in hint]}
        return _reference(hint)
    return _generic_schema(hint, definitions)


def _record_reference(kind: type, definitions: dict[str, Schema]) -> Schema:
    if kind.__name__ not in definitions:
        # The name is taken before the definition is made: a type may hold itself.
        definitions[kind.__name__] = {}
        definitions[kind.__name__] = _record_schema(kind, definitions)
    return _reference(kind)


def _reference(kind: type) -> Schema:
    return {"$ref": f"#/$defs/{kind.__name__}"}


def _generic_schema(hint: object, definitions: dict[str, Schema]) -> Schema:
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        return {"anyOf": [_alternative(argument, definitions) for argument in arguments]}
    if origin is Sequence:
        return {"type": "array", "items": _type_schema(arguments[0], definitions)}
    if origin is tuple:
        return _tuple_schema(arguments, definitions)
    # What is left is a mapping, whose keys are texts.
    return {"type": "object", "additionalProperties": _type_schema(arguments[1], definitions)}


def _alternative(hint: object, definitions: dict[str, Schema]) -> Schema:
    if hint is type(None):
        return {"type": "null"}
    return _type_schema(hint, definitions)


def _tuple_schema(arguments: tuple[object, ...], definitions: dict[str, Schema]) -> Schema:
    if len(arguments) == 2 and arguments[1] is Ellipsis:
        return {"type": "array", "items": _type_schema(arguments[0], definitions)}
    return {
        "type": "array",
        "prefixItems": [_type_schema(argument, definitions) for argument in arguments],
        "items": False,
    }
