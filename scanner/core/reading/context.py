"""Defines a reader: a program of calls, for what a declared request cannot express."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from scanner.model.answers import Answer, Call
from scanner.model.kinds import Request
from scanner.model.values import RawValue


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadContext:
    """What a reader may know besides the answers to its own calls."""

    account: str
    partition: str
    region: str
    """The region that is read; empty for a kind that is listed once in a target."""
    started: datetime
    """When reading the target began."""
    it: Any = None
    """The listed item, for a detail."""
    parent: Any = None
    """The item that the listing is made for, where a kind is listed for each of another."""
    params: Mapping[str, Any] = field(default_factory=dict)
    principal: str = ""
    """The caller, as the provider's own access rules name it; empty: not known."""
    listed_by: tuple[Request, ...] = ()
    """The requests that list the kind."""


Reader = Callable[[ReadContext], Generator[Call, Answer, RawValue]]
"""Yields each `Call`, receives its `Answer`, and returns raw data: JSON values, `Unreadable` where
a call was refused, an `OpenList` where only part was read. Pure: the same answers always give the
same data."""
