"""Frozen nouns as JSON, and the JSON Schema that such a document has: one rule for all of them."""

from __future__ import annotations

import types
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import date, datetime, timedelta, tzinfo
from enum import StrEnum
from functools import cache
from json import JSONEncoder
from typing import Any, Final, Union, get_args, get_origin, get_type_hints

from scanner.core.calendar import iso
from scanner.core.periods.ordered import Ordered
from scanner.rendering.sanitize import json_value

_text: Final = JSONEncoder(allow_nan=False).encode
_AS_IT_IS: Final = frozenset({str, int, bool, type(None)})
_SIMPLE: Final[Mapping[Any, Mapping[str, Any]]] = {
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


def dumps(schema: str, value: object) -> str:
    """One JSON document of a schema, a row to a line; ASCII, so that no name from a cloud can act on a terminal."""
    return f'{{\n  "schema": {_text(schema)},{"".join(_written(value, "  "))[1:]}\n'


def _written(value: Any, indent: str) -> Iterator[str]:
    """A list of nouns, and a noun that holds one, are spread over lines; anything else is one line."""
    deeper = indent + "  "
    if _holds_rows(type(value)):
        named = (
            (_written(getattr(value, name), deeper), f'"{name}": ')
            for name in _members(type(value))
        )
        yield from _spread("{}", named, indent)
    elif _is_rows(value):
        yield from _spread("[]", ((_written(item, deeper), "") for item in value), indent)
    else:
        yield _text(to_plain(value))


def _is_rows(value: Any) -> bool:
    if isinstance(value, Ordered):
        return len(value) > 0
    if not isinstance(value, tuple | list) or _members(type(value)):  # a noun may be a tuple
        return False
    return bool(value) and bool(_members(type(value[0])))


def _spread(marks: str, items: Iterable[tuple[Iterable[str], str]], indent: str) -> Iterator[str]:
    yield marks[0]
    for number, (parts, name) in enumerate(items):
        yield f"{',' if number else ''}\n{indent}{name}"
        yield from parts
    yield f"\n{indent[2:]}{marks[1]}"


def to_plain(value: Any) -> Any:
    """A noun as JSON values: members by name, times in UTC, spans in seconds."""
    kind = type(value)
    if kind in _AS_IT_IS:
        return value
    if members := _members(kind):
        return {name: to_plain(getattr(value, name)) for name in members}
    if isinstance(value, tuple | list | Ordered):
        return [to_plain(item) for item in value]
    if isinstance(value, Mapping):
        return {str(key): to_plain(item) for key, item in value.items()}
    return _simple(value)


def _simple(value: Any) -> Any:
    match value:
        case StrEnum():
            return value.value
        case datetime():
            return iso(value)
        case date():
            return value.isoformat()
        case timedelta():
            return value.total_seconds()
        case tzinfo():
            return str(value)
        case float():
            return round(value, 6)
    return json_value(value)


def _is_noun(kind: Any) -> bool:
    """Whether a type has named members: a dataclass, or a named tuple."""
    return is_dataclass(kind) or (
        isinstance(kind, type) and issubclass(kind, tuple) and hasattr(kind, "_fields")
    )


def _named(kind: Any) -> tuple[str, ...]:
    if not _is_noun(kind):
        return ()
    return tuple(one.name for one in fields(kind)) if is_dataclass(kind) else tuple(kind._fields)


_members: Final[Callable[[Any], tuple[str, ...]]] = cache(_named)
"""The members of a noun; none of any other type."""


def _lists_nouns(kind: Any) -> bool:
    hints = get_type_hints(kind).values() if _members(kind) else ()
    return any(
        get_origin(hint) in (tuple, Sequence) and any(map(_members, get_args(hint)))
        for hint in hints
    )


_holds_rows: Final[Callable[[Any], bool]] = cache(_lists_nouns)
"""Whether a noun has a list of nouns among its members."""


def schema_of(name: str, title: str, kind: type) -> dict[str, Any]:
    """The JSON Schema of `dumps(name, value)` for values of a kind."""
    definitions: dict[str, Any] = {}
    shape = _noun(kind, definitions)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"https://tscan.dev/schemas/{name.replace('/', '-')}.json",
        "title": title,
        **shape,
        "properties": {"schema": {"const": name}, **shape["properties"]},
        "required": ["schema", *shape["required"]],
        "$defs": dict(sorted(definitions.items())),
    }


def _noun(kind: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    hints = get_type_hints(kind)
    members = {name: _shape(hints[name], definitions) for name in _members(kind)}
    return {
        "type": "object",
        "properties": members,
        "required": list(members),
        "additionalProperties": False,
    }


def _shape(hint: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    if hint in _SIMPLE:
        return dict(_SIMPLE[hint])
    if isinstance(hint, type) and _is_noun(hint):
        return _reference(hint, definitions, lambda: _noun(hint, definitions))
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return _reference(hint, definitions, lambda: {"enum": [one.value for one in hint]})
    origin, inside = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        return {
            "anyOf": [
                _shape(one, definitions) if one is not type(None) else {"type": "null"}
                for one in inside
            ]
        }
    if origin is Sequence:
        return {"type": "array", "items": _shape(inside[0], definitions)}
    if origin is tuple:
        items = [one for one in inside if one is not Ellipsis]
        if len(inside) == 2 and inside[1] is Ellipsis:
            return {"type": "array", "items": _shape(items[0], definitions)}
        return {
            "type": "array",
            "prefixItems": [_shape(one, definitions) for one in items],
            "items": False,
        }
    return {"type": "object", "additionalProperties": _shape(inside[1], definitions)}


def _reference(
    hint: Any, definitions: dict[str, Any], make: Callable[[], dict[str, Any]]
) -> dict[str, Any]:
    if hint.__name__ not in definitions:
        definitions[hint.__name__] = {}
        definitions[hint.__name__] = make()
    return {"$ref": f"#/$defs/{hint.__name__}"}
