"""The library: everything that judges, loaded and compiled, with its digest."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from scanner.model.checks import Check, Parameter
from scanner.model.controls import Control, Framework, ManualControl
from scanner.model.kinds import Kind


class CheckEntry(NamedTuple):
    """What is seen of a check before it is read."""

    cloud: str
    kind: str
    """Empty where only reading the check tells it."""
    file: str = ""
    """The SHA-256 of its file; empty where only what was read of it is known."""


class LazyChecks(Mapping[str, Check]):
    """Checks of which each is read when it is first asked for; of the others the back is seen."""

    def __init__(self, backs: Mapping[str, CheckEntry], read: Callable[[str], Check]) -> None:
        self._backs = dict(sorted(backs.items()))
        self._read = read
        self._found: dict[str, Check] = {}

    def __getitem__(self, name: str) -> Check:
        found = self._found.get(name)
        if found is None:
            if name not in self._backs:
                raise KeyError(name)
            found = self._found[name] = self._read(name)
        return found

    def __contains__(self, name: object) -> bool:
        return name in self._backs

    def __iter__(self) -> Iterator[str]:
        return iter(self._backs)

    def __len__(self) -> int:
        return len(self._backs)

    def back(self, name: str) -> CheckEntry:
        """What is seen of it; KeyError for another name."""
        return self._backs[name]


@dataclass(frozen=True, slots=True, kw_only=True)
class Library:
    """Kinds, checks, parameters, controls and frameworks, by id."""

    kinds: Mapping[str, Kind]
    checks: Mapping[str, Check]
    parameters: Mapping[str, Parameter]
    controls: Mapping[str, Control]
    manual: Mapping[str, ManualControl]
    frameworks: Mapping[str, Framework]
    sha256: str
    """Digest of every file that it was read from: which pack judged."""

    def cloud(self, check: str) -> str:
        """The cloud of a check, which need not be read for that."""
        return self._back(check).cloud

    def is_event(self, check: str) -> bool:
        """Whether a check, which need not be read for that, asks about things that are dated by themselves."""
        if check not in self.checks:
            return False
        kind = self.kinds.get(self._back(check).kind) or self.kinds[self.checks[check].kind]
        return kind.nature == "event"

    def is_same(self, check: str, other: Library) -> bool:
        """Whether a check has the same file in another library; False where that is not known."""
        mine, theirs = self._back(check), other._back(check)
        return isinstance(mine, CheckEntry) and mine.file != "" and mine == theirs

    def _back(self, check: str) -> Check | CheckEntry:
        return (
            self.checks.back(check) if isinstance(self.checks, LazyChecks) else self.checks[check]
        )
