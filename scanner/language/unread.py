"""Unread values inside an evaluation: how their reasons and their `missing` flags combine."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from scanner.language.types import (
    BOOL,
    DOUBLE,
    DURATION,
    DYN,
    INT,
    NOTHING,
    STRING,
    TIMESTAMP,
    ListType,
    MapType,
    Type,
    comparable,
)
from scanner.model.values import ABSENT, OTHER, OpenList, Unreadable

MOST_REASONS: Final = 8
SEPARATOR: Final = "; "
_OTHER: Final = frozenset((OTHER,))

CLASSES: Final[dict[Type, type]] = {
    BOOL: bool,
    INT: int,
    DOUBLE: float,
    STRING: str,
    TIMESTAMP: datetime,
    DURATION: timedelta,
}
_NAMES: Final = {kind: str(name) for name, kind in CLASSES.items()} | {
    list: "list",
    dict: "record",
    OpenList: "list",
}

Reader = Callable[[Any], Any]
"""Turns what stands in the data into a value of the declared type, or into an Unreadable."""


class BudgetExceededError(Exception):
    """The evaluation took more steps than it may."""


def merge(unread: Iterable[Unreadable]) -> Unreadable:
    """One unread value for several: their reasons once each, `missing` only if all of them are."""
    reasons: dict[str, None] = {}
    gaps: frozenset[str] = frozenset()
    missing = True
    for one in unread:
        missing = missing and one.missing
        gaps |= one.gaps or _OTHER
        if len(reasons) <= MOST_REASONS:
            reasons.update(dict.fromkeys(one.reason.split(SEPARATOR)))
    shown = list(reasons)[:MOST_REASONS]
    return Unreadable(
        SEPARATOR.join(shown + ["…"] * (len(reasons) > MOST_REASONS)),
        missing,
        gaps if gaps != _OTHER else frozenset(),
    )


def name_of(value: object) -> str:
    """The language's name for the type of a run-time value."""
    return _NAMES.get(type(value), "null" if value is None else type(value).__name__)


def as_unread(value: object, doing: str) -> Unreadable:
    """Why a value that cannot be used leaves the question open."""
    if isinstance(value, Unreadable):
        return value
    if value is ABSENT or value is None:
        return Unreadable(f"{doing}: a value is absent", missing=True)
    if type(value) is OpenList:
        return value.rest
    return Unreadable(f"{doing} does not apply to {name_of(value)}")


def reader(kind: Type, path: str) -> Reader:
    """The check on a value read at a path: its exact type, and that of what it holds when that is compared whole."""
    if kind is DYN or kind is NOTHING:
        return _raw_reader(path)
    if kind in CLASSES:
        return (
            _datetime_reader(path)
            if kind is TIMESTAMP
            else _scalar_reader(CLASSES[kind], str(kind), path)
        )
    shallow = _list_reader(path) if isinstance(kind, ListType) else _dict_reader(path, str(kind))
    if not comparable(kind) or not isinstance(kind, ListType | MapType):
        return shallow
    return _deep_reader(
        shallow, reader(kind.item if isinstance(kind, ListType) else kind.value, f"{path}[]")
    )


def _wrong(value: object, wanted: str, path: str) -> Unreadable:
    if isinstance(value, Unreadable):
        return value
    if value is ABSENT:
        return Unreadable(f"{path} is absent", missing=True)
    return Unreadable(f"{path} is {name_of(value)}, not {wanted}")


def _raw_reader(path: str) -> Reader:
    absent = Unreadable(f"{path} is missing", missing=True)
    return lambda value: absent if value is None or value is ABSENT else value


def _scalar_reader(kind: type, name: str, path: str) -> Reader:
    return lambda value: value if type(value) is kind else _wrong(value, name, path)


def _datetime_reader(path: str) -> Reader:
    def read(value: Any) -> Any:
        if type(value) is not datetime or value.utcoffset() is None:
            return _wrong(value, "timestamp", path)
        return value if value.tzinfo is UTC else value.astimezone(UTC)

    return read


def _list_reader(path: str) -> Reader:
    return lambda value: (
        value if type(value) is list or type(value) is OpenList else _wrong(value, "list", path)
    )


def _dict_reader(path: str, name: str) -> Reader:
    return lambda value: value if type(value) is dict else _wrong(value, name, path)


def _deep_reader(shallow: Reader, item: Reader) -> Reader:
    def read(value: Any) -> Any:
        value = shallow(value)
        if type(value) is dict:
            return {key: item(part) for key, part in value.items()}
        if type(value) is list:
            return [item(part) for part in value]
        return (
            OpenList(map(item, value), value.reason, value.gaps)
            if type(value) is OpenList
            else value
        )

    return read
