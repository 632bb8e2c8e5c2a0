"""Random schemas, data that fits them, damage to data, and completions of damaged data."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from scanner.language.types import (
    BOOL,
    DOUBLE,
    DURATION,
    INT,
    STRING,
    TIMESTAMP,
    Field,
    ListType,
    MapType,
    RecordType,
    Type,
)
from scanner.model.values import ABSENT, OpenList, Unreadable

LS = ListType(STRING)
_WORDS = (
    "",
    "a",
    "b",
    "ab",
    "A",
    "é",
    "x,y",
    "22",
    "-7",
    "prod",
    "10.0.0.0/8",
    "10.1.0.0/16",
    "0.0.0.0/0",
    "::/0",
)
_KEYS = ("a", "b", "env")
_INTS = (0, 1, 2, 3, 22, -1, 443, 2**62, -(2**63), 2**63 - 1)
_NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
SCALARS = (BOOL, INT, DOUBLE, STRING, TIMESTAMP, DURATION)
_CONTAINERS = (LS, ListType(INT), MapType(STRING), MapType(INT), ListType(LS), ListType(BOOL))
PATTERNS = (
    "^a",
    "b$",
    "[a-z]+,",
    r"^\d{2}$",
    "(a|b)+$",
    "x.y|^$",
    r"^10\.\d+",
    "(a*)*b",
    r"\W",
    "[^a-z]",
)


def schema(rng: random.Random, name: str = "self", depth: int = 2) -> RecordType:
    """A random record, some of whose fields are optional."""
    fields: dict[str, Field] = {}
    for number in range(rng.randint(5, 9) if depth == 2 else rng.randint(2, 4)):
        kind = rng.choice(SCALARS) if rng.random() < 0.6 else rng.choice(_CONTAINERS)
        if depth and rng.random() < 0.3:
            inner = schema(rng, f"{name}{number}", depth - 1)
            kind = rng.choice((inner, ListType(inner), ListType(inner)))
        fields[f"f{number}"] = Field(kind, optional=rng.random() < 0.3)
    return RecordType(name, fields)


def value(rng: random.Random, kind: Type) -> Any:
    """A random value of a type, wholly read."""
    if isinstance(kind, ListType):
        return [value(rng, kind.item) for _ in range(rng.choice((0, 1, 1, 2, 3)))]
    if isinstance(kind, MapType):
        return {key: value(rng, kind.value) for key in _KEYS if rng.random() < 0.5}
    if isinstance(kind, RecordType):
        return {
            name: ABSENT if field.optional and rng.random() < 0.3 else value(rng, field.type)
            for name, field in kind.fields.items()
        }
    return _scalar(rng, kind)


def _scalar(rng: random.Random, kind: Type) -> Any:
    if kind is BOOL:
        return rng.random() < 0.5
    if kind is INT:
        return rng.choice(_INTS)
    if kind is DOUBLE:
        return rng.choice((0.0, 1.5, -2.0, 1e300))
    if kind is STRING:
        return rng.choice(_WORDS)
    return (
        _NOW - timedelta(days=rng.randint(0, 3))
        if kind is TIMESTAMP
        else timedelta(hours=rng.choice((1, 24, 36)))
    )


def damaged(rng: random.Random, data: Any, rate: float) -> Any:
    """The data with holes: unread, missing, cut off, or of the wrong type."""
    if rng.random() < rate:
        return rng.choice(
            (Unreadable("denied"), Unreadable("denied"), None, 7, "7", True, [], {}, 1.0, ABSENT)
        )
    if isinstance(data, list):
        items = [damaged(rng, item, rate) for item in data]
        return (
            OpenList(items[: rng.randint(0, len(items))], "cut off")
            if rng.random() < rate * 2
            else items
        )
    if isinstance(data, dict):
        return {
            key: damaged(rng, item, rate) for key, item in data.items() if rng.random() > rate / 2
        }
    return data


_HOLE = object()


def completed(rng: random.Random, data: Any, kind: Type) -> Any:
    """One way in which the data may be in truth: holes are filled, cut-off lists go on, the rest
    stays."""
    if isinstance(kind, ListType) and isinstance(data, list):
        items = [completed(rng, item, kind.item) for item in data]
        more = rng.randint(0, 2) if type(data) is OpenList else 0
        return items + [without_absent(value(rng, kind.item)) for _ in range(more)]
    if isinstance(kind, MapType) and type(data) is dict:
        return {key: completed(rng, item, kind.value) for key, item in data.items()}
    if isinstance(kind, RecordType) and type(data) is dict:
        return _completed_record(rng, data, kind)
    fits = type(data) is type(_scalar(rng, kind)) if kind in SCALARS else False
    return data if fits else without_absent(value(rng, kind))


def _completed_record(rng: random.Random, data: dict[str, Any], kind: RecordType) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for name, field in kind.fields.items():
        item = data.get(name, _HOLE)
        known_absent = item is ABSENT and field.optional
        guess_absent = field.optional and not fits_shallow(item, field.type) and rng.random() < 0.4
        if not (known_absent or guess_absent):
            made[name] = completed(rng, item, field.type)
    return made


def fits_shallow(item: Any, kind: Type) -> bool:
    """Whether a value is, from outside, of a type."""
    if isinstance(kind, ListType):
        return isinstance(item, list)
    if isinstance(kind, MapType | RecordType):
        return type(item) is dict
    return type(item) is type(_scalar(random.Random(0), kind))


def without_absent(data: Any) -> Any:
    """The data without the fields that are absent."""
    if isinstance(data, dict):
        return {key: without_absent(item) for key, item in data.items() if item is not ABSENT}
    return [without_absent(item) for item in data] if isinstance(data, list) else data


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """What an expression may read at one place, and what it may read behind a guard."""

    paths: tuple[tuple[str, Type], ...]
    optional: tuple[tuple[str, Type], ...] = ()
    loops: int = 0

    def reading(self, path: str, kind: Type) -> Place:
        """This place where one more path may be read, with the fields below it."""
        paths, optional = [(path, kind)], []
        if isinstance(kind, RecordType):
            for name, field in kind.fields.items():
                (optional if field.optional else paths).append((f"{path}.{name}", field.type))
                if isinstance(field.type, RecordType) and not field.optional:
                    below = Place(paths=()).reading(f"{path}.{name}", field.type)
                    paths.extend(below.paths)
                    optional.extend(below.optional)
        return replace(self, paths=(*self.paths, *paths), optional=(*self.optional, *optional))


def place(names: Mapping[str, Type]) -> Place:
    """The place at the top of an expression."""
    found = Place(paths=())
    for name, kind in names.items():
        found = found.reading(name, kind)
    return found
