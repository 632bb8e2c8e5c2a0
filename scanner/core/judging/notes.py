"""Notes what a reader of the result must know besides: loosened parameters, and clock skew."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from scanner.core.judging.parameters import loosened
from scanner.model.answers import Snapshot
from scanner.model.library import Library
from scanner.words import plural

MOST_SKEW: Final = 300.0
"""Seconds of clock skew without a note; AWS refuses signatures at 900."""


def loosened_notes(
    snapshots: Sequence[Snapshot],
    library: Library,
    params: Mapping[str, Any] | None,
) -> Iterator[str]:
    """Parameters that are set looser than their documented default."""
    for snapshot in snapshots:
        values = {**snapshot.params, **(params or {})}
        for name in loosened(library.parameters, values):
            default = library.parameters[name].default
            setting = f"{snapshot.target}: params.{name} = {values[name]}"
            yield f"{setting} is looser than the documented {default}"


def clock_skew_notes(snapshots: Sequence[Snapshot]) -> Iterator[str]:
    """Targets whose clock differs too much from ours for times in the evidence to be relied on."""
    for snapshot in snapshots:
        skew = snapshot.clock_skew
        # None is no note: a provider that states no time shows no skew either.
        if skew is None or abs(skew) <= MOST_SKEW:
            continue
        side = "ahead of"
        if skew < 0:
            side = "behind"
        difference = f"{plural(round(abs(skew) / 60), 'minute')} {side} this host's"
        yield f"The clock of {snapshot.target} is {difference}: times are in doubt"
