"""The short and the long form of what tries everything: `make test` tries some of it, `make long` all."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Final, TypeVar

T = TypeVar("T")
LONG: Final = bool(os.environ.get("TSCAN_LONG"))


def some(items: Iterable[T], count: int) -> list[T]:
    """Items that are evenly spread over all of them, at least `count` if there are as many; in the
    long form, all."""
    found = list(items)
    return found if LONG else found[:: max(1, len(found) // count)]


def amount(short: int, long: int) -> int:
    """How often something random is tried."""
    return long if LONG else short
