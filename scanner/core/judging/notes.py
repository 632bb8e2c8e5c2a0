"""What a reader is told beside the results: what is looser than documented, and clocks that differ."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from scanner.core.judging.parameters import loosened
from scanner.model.answers import Snapshot
from scanner.model.library import Library

MOST_SKEW: Final = 300.0
"""Seconds by which a provider's clock may differ from ours before that is said; AWS refuses signatures at 900."""


def loosenings(
    snapshots: Sequence[Snapshot], library: Library, params: Mapping[str, Any] | None
) -> Iterator[str]:
    """Parameters that ask less than their documented default does."""
    for snapshot in snapshots:
        values = {**snapshot.params, **(params or {})}
        for name in loosened(library.parameters, values):
            default = library.parameters[name].default
            yield f"{snapshot.target}: params.{name} = {values[name]} is looser than the documented {default}"


def skews(snapshots: Sequence[Snapshot]) -> Iterator[str]:
    """Targets whose clock is too far from ours for the times in the evidence to be taken at their word."""
    for snapshot in snapshots:
        if snapshot.clock_skew is not None and abs(snapshot.clock_skew) > MOST_SKEW:
            side = "ahead of" if snapshot.clock_skew > 0 else "behind"
            minutes = abs(snapshot.clock_skew) / 60
            yield f"The clock of {snapshot.target} is {minutes:.0f} minutes {side} this host's: times are in doubt"
