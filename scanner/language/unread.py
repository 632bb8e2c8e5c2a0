"""Checks values against their declared types, and merges the reasons of unread ones."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Final

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
"""The Python class of each scalar type."""
_TYPE_NAMES: Final = {
    **{python_class: str(scalar) for scalar, python_class in CLASSES.items()},
    list: "list",
    dict: "record",
    OpenList: "list",
    type(None): "null",
}

Reader = Callable[[object], object]
"""Turns a value of the data into a value of the declared type, or into an Unreadable."""


class BudgetExceededError(Exception):
    """The evaluation took more steps than it may."""


class MemoryExceededError(BudgetExceededError):
    """The evaluation made more text and lists than it may."""


def merge(unread: Iterable[Unreadable]) -> Unreadable:
    """One unread value for several: their reasons once each, `missing` only if all of them are."""
    reasons: dict[str, None] = {}
    gaps: frozenset[str] = frozenset()
    missing = True
    for one in unread:
        missing = missing and one.missing
        # A cause that is no call counts as OTHER, so that repeating the calls alone does not seem
        # to close the gap.
        gaps |= one.gaps or _OTHER
        if len(reasons) <= MOST_REASONS:
            reasons.update(dict.fromkeys(one.reason.split(SEPARATOR)))
    shown = list(reasons)[:MOST_REASONS]
    if len(reasons) > MOST_REASONS:
        shown.append("…")
    if gaps == _OTHER:
        gaps = frozenset()
    return Unreadable(SEPARATOR.join(shown), missing, gaps)


def is_unread(value: object) -> bool:
    """Whether a run-time value is, or stands for, something that was not read."""
    return isinstance(value, Unreadable | OpenList) or value is ABSENT or value is None


def reasons_of(values: Iterable[object], doing: str) -> list[Unreadable]:
    """Why each of those values that were not read was not."""
    return [as_unread(value, doing) for value in values if is_unread(value)]


def type_name(value: object) -> str:
    """The language's name for the type of a run-time value."""
    return _TYPE_NAMES.get(type(value), type(value).__name__)


def as_unread(value: object, doing: str) -> Unreadable:
    """Why a value that cannot be used leaves the question open."""
    if isinstance(value, Unreadable):
        return value
    if value is ABSENT or value is None:
        return Unreadable(f"{doing}: a value is absent", missing=True)
    if isinstance(value, OpenList):
        return value.rest
    return Unreadable(f"{doing} does not apply to {type_name(value)}")


def reader(kind: Type, path: str) -> Reader:
    """The check on a value read at a path, against its exact type.

    A list or map that can be compared as a whole is checked all through, any other at its top only.
    """
    if kind is DYN or kind is NOTHING:
        return _raw_reader(path)
    if kind is TIMESTAMP:
        return _timestamp_reader(path)
    if kind in CLASSES:
        return _scalar_reader(CLASSES[kind], str(kind), path)
    if isinstance(kind, ListType):
        shallow = _list_reader(path)
        inner = kind.item
    else:
        shallow = _dict_reader(path, str(kind))
        inner = kind.value if isinstance(kind, MapType) else DYN
    if isinstance(kind, ListType | MapType) and comparable(kind):
        return _deep_reader(shallow, reader(inner, f"{path}[]"))
    return shallow


def _mismatch(value: object, wanted: str, path: str) -> Unreadable:
    if isinstance(value, Unreadable):
        return value
    if value is ABSENT:
        return Unreadable(f"{path} is absent", missing=True)
    return Unreadable(f"{path} is {type_name(value)}, not {wanted}")


def _raw_reader(path: str) -> Reader:
    absent = Unreadable(f"{path} is missing", missing=True)

    def read(value: object) -> object:
        if value is None or value is ABSENT:
            return absent
        return value

    return read


def _scalar_reader(wanted: type, name: str, path: str) -> Reader:
    def read(value: object) -> object:
        # Not isinstance: a bool is an int in Python, and never one here.
        if type(value) is wanted:
            return value
        return _mismatch(value, name, path)

    return read


def _timestamp_reader(path: str) -> Reader:
    def read(value: object) -> object:
        if type(value) is not datetime or value.utcoffset() is None:
            return _mismatch(value, "timestamp", path)
        if value.tzinfo is UTC:
            return value
        return value.astimezone(UTC)

    return read


def _list_reader(path: str) -> Reader:
    def read(value: object) -> object:
        if type(value) is list or type(value) is OpenList:
            return value
        return _mismatch(value, "list", path)

    return read


def _dict_reader(path: str, name: str) -> Reader:
    def read(value: object) -> object:
        if type(value) is dict:
            return value
        return _mismatch(value, name, path)

    return read


def _deep_reader(shallow: Reader, item: Reader) -> Reader:
    def read(value: object) -> object:
        value = shallow(value)
        if type(value) is dict:
            return {key: item(part) for key, part in value.items()}
        if type(value) is list:
            return [item(part) for part in value]
        if isinstance(value, OpenList):
            return OpenList(map(item, value), value.reason, value.gaps)
        return value

    return read
