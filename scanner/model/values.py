"""Defines the values that the condition language reads: Python's own, plus what could not be read.

A *value* is a bool, int, float, str, `datetime` (UTC), `timedelta`, list, or dict with string keys.
Records and maps are dicts, lists are lists. Never `None`: knowledge of absence is `ABSENT`, and
everything else that is missing is `Unreadable`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, TypeAlias


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A value that was not read, and why. It is neither true nor false."""

    reason: str
    """One clause for people: `s3:GetBucketEncryption was denied (AccessDenied)`."""
    missing: bool = False
    """True only when an answer was read whole and simply lacks the member: an `absent:` may then
    speak."""
    gaps: frozenset[str] = frozenset()
    """The calls whose answers were lacking, as `operation@region`; beside other causes, `OTHER`
    is among them."""
    present: bool = False
    """There is a value, and only which one is not known: `has()` is true of it."""


@dataclass(frozen=True, slots=True)
class Outside(Unreadable):
    """A value that a plan does not say because it lies outside the plan: a scan may know it."""


@dataclass(frozen=True, slots=True)
class Symbol(Unreadable):
    """A value that is known after apply only, of which is known whose it is.

    It decides nothing. Two symbols of one attribute of one resource are the same value, so that
    they join.
    """

    owner: str = ""
    """Address of the resource in the plan."""
    attribute: str = ""
    value: str = ""
    """The value, where the plan has it under another name; empty: it is not known."""
    document: Mapping[str, RawValue] | None = field(default=None, compare=False)
    """The policy document that the value is the text of, as far as its parts are known."""

    @property
    def keys(self) -> tuple[str, ...]:
        """What it is found by in a join."""
        # A provider's value never begins with NUL.
        token = f"\0{self.owner}\0{self.attribute}"
        return (token, self.value) if self.value else (token,)


@dataclass(frozen=True, slots=True)
class AtLeast(Unreadable):
    """The size of a list that was read in part: it has this many items, and perhaps more."""

    minimum: int = 0


NO_VALUE: Final = object()


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a condition wanted a value to be."""

    words: str
    """`at least {}`, `one of {}`, `empty`: the braces stand for the value."""
    value: object = NO_VALUE


OTHER: Final = ""
"""Stands in `Unreadable.gaps` for a cause that is not a call without an answer."""


class Absent:
    """The type of `ABSENT`: an optional member that was read and is not there."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "ABSENT"


ABSENT: Final = Absent()


class OpenList(list[Any]):
    """The part of a list that was read; more items may exist.

    `exists` over it may be true and `all` may be false; every other question stays open.
    """

    __slots__ = ("gaps", "reason")

    def __init__(self, items: Any, reason: str, gaps: frozenset[str] = frozenset()) -> None:
        super().__init__(items)
        self.reason = reason
        """Why the rest was not read."""
        self.gaps = gaps
        """The calls whose answers were lacking, as in `Unreadable`."""

    @property
    def rest(self) -> Unreadable:
        """What was not read of the list."""
        return Unreadable(self.reason, gaps=self.gaps)


JsonValue: TypeAlias = "bool | int | float | str | list[JsonValue] | dict[str, JsonValue] | None"
"""Data of an answer, as the provider gave it."""

RawValue: TypeAlias = (
    "bool | int | float | str | Sequence[RawValue] | Mapping[str, RawValue]"
    " | Absent | Unreadable | None"
)
"""The data of an answer with what is known of its gaps: lists may be `OpenList`."""

Value: TypeAlias = (
    "bool | int | float | str | datetime | timedelta | Sequence[Value] | Mapping[str, Value]"
    " | Absent | Unreadable"
)
"""An attribute of a resource. Never `None`; lists may be `OpenList`."""
