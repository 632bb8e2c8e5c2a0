"""How a kind's program asks for answers, whether they come from a provider or from a snapshot."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from scanner.model.answers import Answer, Call
from scanner.model.kinds import Request


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadContext:
    """What a reader may know besides the answers to its own calls."""

    account: str
    partition: str
    region: str
    """The region that is being read; `` for a kind of the account."""
    started: datetime
    """When the reading of the target began."""
    it: Any = None
    """The listed item, for a detail."""
    params: Mapping[str, Any] = field(default_factory=dict)
    principal: str = ""
    """Whoever asks, as the provider's own access rules name it; empty: not known."""
    listed_by: tuple[Request, ...] = ()
    """The requests that list the kind."""


Reader = Callable[[ReadContext], Generator[Call, Answer, Any]]
"""A program of calls: yields each `Call`, is sent its `Answer`, and returns raw data (JSON values; `Unreadable`
where a call was refused, an `OpenList` where only part was read). Pure: the same answers give the same data."""
