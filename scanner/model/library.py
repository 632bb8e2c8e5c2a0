"""The library: everything that judges, loaded and compiled, with its digest."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from scanner.model.checks import Check, Parameter
from scanner.model.controls import Control, Framework, ManualControl
from scanner.model.kinds import Kind


class Shelf(Mapping[str, Check]):
    """Checks of which each is read when it is first asked for; their ids and clouds are known by their places."""

    def __init__(self, clouds: Mapping[str, str], read: Callable[[str], Check]) -> None:
        self.clouds = dict(sorted(clouds.items()))
        self._read = read
        self._found: dict[str, Check] = {}

    def __getitem__(self, name: str) -> Check:
        found = self._found.get(name)
        if found is None:
            if name not in self.clouds:
                raise KeyError(name)
            found = self._found[name] = self._read(name)
        return found

    def __contains__(self, name: object) -> bool:
        return name in self.clouds

    def __iter__(self) -> Iterator[str]:
        return iter(self.clouds)

    def __len__(self) -> int:
        return len(self.clouds)


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
        return self.checks.clouds[check] if isinstance(self.checks, Shelf) else self.checks[check].cloud
