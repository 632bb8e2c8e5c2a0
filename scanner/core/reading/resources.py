"""Holds what projection hands to judging: resources, and the listings that were not read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from scanner.model.findings import ResourceRef
from scanner.model.values import Unreadable


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """One resource of a kind, with the values that conditions read as `self`."""

    ref: ResourceRef
    value: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """A listing, or the rest of one, that was not read: its resources are not known."""

    ref: ResourceRef
    """Its `id` is `*`."""
    unread: Unreadable
    """Why it was not read, and which calls were lacking."""
