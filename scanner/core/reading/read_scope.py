"""Where a kind is read, and what was read there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from scanner.model.findings import Counted
from scanner.model.values import Unreadable


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadScope:
    """Where a kind is read: a target, and a region or none."""

    account: str
    partition: str
    region: str
    params: Mapping[str, Any]
    started: datetime
    """When the reading of the target began, by the host's clock: what a question about a span of time ends with."""
    principal: str = ""
    """Whoever asks, as the provider's own access rules name it; empty: not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadResource:
    """One resource as it was read, before relations."""

    id: str
    name: str
    region: str | Unreadable
    attributes: dict[str, Any]
    keys: Mapping[str, Mapping[str, Any]]
    """For each relation: our side of its keys."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KindRead:
    """All that was read of one kind in one place."""

    resources: tuple[ReadResource, ...]
    gaps: tuple[Unreadable, ...]
    """Why the listing is not whole; none: it is."""
    dropped: int = 0
    """Listed, and gone when the details were asked."""
    counts: tuple[Counted, ...] = ()
    """What the kind's second sources say."""
    stood_for: int = 0
    """How many calls it would have taken at least, had it not been read in bulk."""
