"""Names where a kind is read, and holds what was read of it there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from scanner.model.findings import Counted
from scanner.model.values import RawValue, Unreadable, Value

Bindings = dict[str, Any]
"""The names that an expression of a kind may use, with their values: raw answers, parameters, the
region, the time. Expressions are typed when they are compiled, so that no type is known here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadScope:
    """Where a kind is read: one region of a target, or the target as a whole."""

    account: str
    partition: str
    region: str
    """Empty for a kind that is listed once in a target."""
    params: Mapping[str, Any]
    started: datetime
    """When reading the target began, by the host's clock: the end of every time range requested."""
    principal: str = ""
    """The caller, as the provider's own access rules name it; empty: not known."""

    # A new mapping each time: readers of a kind add an item's details to it.
    def bindings(self, it: RawValue, parent: RawValue) -> Bindings:
        """What every expression may name, for a listed item and the parent it was listed under."""
        return {
            "it": it,
            "parent": parent,
            "account": self.account,
            "region": self.region,
            "partition": self.partition,
            "params": self.params,
            "started": self.started,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadResource:
    """One resource as it was read, before relations."""

    id: str
    name: str | Unreadable
    """What people call it; conditions may compare it, so that the id never stands for it."""
    region: str | Unreadable
    attributes: dict[str, Value]
    keys: Mapping[str, Mapping[str, object]]
    """For each relation: our side of its keys."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KindRead:
    """All that was read of one kind in one scope."""

    resources: tuple[ReadResource, ...]
    gaps: tuple[Unreadable, ...]
    """Why the listing is incomplete; none: it is complete."""
    dropped: int = 0
    """Resources that were deleted between the listing and the request for their details."""
    counts: tuple[Counted, ...] = ()
    """What the second sources of the listing report."""
    replaced_calls: int = 0
    """Calls that an inventory replaced, at least; 0 where none was used."""
