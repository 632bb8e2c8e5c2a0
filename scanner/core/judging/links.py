"""Follows the links of a library from checks up to controls and criteria, and down again."""

from __future__ import annotations

from collections.abc import Iterator

from scanner.model.controls import Control, Criterion, Framework, Role
from scanner.model.library import Library

CriterionKey = tuple[str, str]
"""Framework and id of a criterion."""


class Links:
    """Which checks, controls and criteria rest on each other; the checks' files are not read."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._controls: dict[str, list[str]] = {}
        self._deciding: dict[str, list[str]] = {}
        self._criteria: dict[str, list[CriterionKey]] = {}
        for name in sorted(library.controls):
            for link in library.controls[name].checks:
                self._controls.setdefault(link.id, []).append(name)
                if link.role is Role.EVIDENCES:
                    self._deciding.setdefault(link.id, []).append(name)
        for framework, criterion in self.criteria():
            for primary in criterion.controls:
                if primary.primary:
                    key = (framework.id, criterion.id)
                    self._criteria.setdefault(primary.control, []).append(key)

    def criteria(self) -> Iterator[tuple[Framework, Criterion]]:
        """Every criterion with its framework."""
        for framework in self._library.frameworks.values():
            for criterion in framework.criteria:
                yield framework, criterion

    def controls_of(self, check: str) -> list[str]:
        """Every control that a check is linked to, whatever its role."""
        return self._controls.get(check, [])

    def deciding_controls(self, check: str) -> list[str]:
        """The controls whose status a check can decide."""
        return self._deciding.get(check, [])

    def criteria_of(self, check: str) -> list[str]:
        """Ids of the criteria whose status a check can decide."""
        return sorted({criterion for _, criterion in self._criterion_keys(check)})

    def criterion_names_of(self, check: str) -> set[str]:
        """The same with the names that say the framework as well: `soc2-2017/CC6.1`."""
        found: set[str] = set()
        for framework, criterion in self._criterion_keys(check):
            found.update((criterion, f"{framework}/{criterion}"))
        return found

    def criterion_names(self) -> set[str]:
        """The names of every criterion."""
        found: set[str] = set()
        for framework, criterion in self.criteria():
            found.update((criterion.id, f"{framework.id}/{criterion.id}"))
        return found

    def _criterion_keys(self, check: str) -> Iterator[CriterionKey]:
        # A link that only supports, or a control that is not primary, never decides a status.
        for control in self._deciding.get(check, ()):
            yield from self._criteria.get(control, ())

    def deciding_checks(self, control: Control) -> list[str]:
        """The checks that decide the status of a control."""
        return [link.id for link in control.checks if link.role is Role.EVIDENCES]

    def criterion_checks(self, criterion: Criterion) -> list[str]:
        """The checks that can decide the status of a criterion, each once."""
        found: dict[str, None] = {}
        for link in criterion.controls:
            control = self._library.controls.get(link.control)
            if link.primary and control is not None:
                found.update(dict.fromkeys(self.deciding_checks(control)))
        return list(found)
