"""Looks up since when a finding has had its verdict, by the scans in history."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from scanner.core.periods.timelines import FindingKey
from scanner.model.findings import Finding
from scanner.model.history import Transition

State = Mapping[FindingKey, Transition]
"""The last transition of every finding of one target."""


class FirstSeen:
    """By finding, the end of the first scan since which the verdict has been the same.

    `finished` is the end of the judged scan by target, and `state_of` gives the state of a target
    in history: before that scan, or after it.
    """

    def __init__(self, finished: Mapping[str, str], state_of: Callable[[str], State]) -> None:
        self._finished = finished
        self._state_of = state_of
        self._states: dict[str, State] = {}

    def __call__(self, finding: Finding) -> str | None:
        """UTC, ISO 8601; the judged scan's own end for a new verdict; None: not in history."""
        resource = finding.resource
        if resource.target not in self._finished:
            return None
        # Read when it is first asked for: only some formats need it.
        if resource.target not in self._states:
            self._states[resource.target] = self._state_of(resource.target)
        key = (finding.check, resource.region, resource.id)
        last = self._states[resource.target].get(key)
        if last is None or last.verdict != finding.verdict.value:
            return self._finished[resource.target]
        return last.ts
