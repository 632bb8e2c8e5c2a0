"""The library: kinds, checks, parameters, controls and frameworks, compiled, with its digest."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from scanner.model.checks import Check, Parameter
from scanner.model.controls import Control, Framework, ManualControl
from scanner.model.kinds import Kind


class CheckEntry(NamedTuple):
    """What is known of a check before its file is read."""

    cloud: str
    kind: str
    """Empty where only reading the check tells it."""
    file: str = ""
    """The SHA-256 of its file; empty where only what was read of it is known."""


class LazyChecks(Mapping[str, Check]):
    """Checks that are read on first use; of the others the entry is known."""

    def __init__(self, entries: Mapping[str, CheckEntry], read: Callable[[str], Check]) -> None:
        self._entries = dict(sorted(entries.items()))
        self._read = read
        self._found: dict[str, Check] = {}

    def __getitem__(self, name: str) -> Check:
        found = self._found.get(name)
        if found is None:
            if name not in self._entries:
                raise KeyError(name)
            found = self._read(name)
            self._found[name] = found
        return found

    def __contains__(self, name: object) -> bool:
        # Not the inherited one, which would read the check to find out.
        return name in self._entries

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def entry(self, name: str) -> CheckEntry:
        """The entry of a check; KeyError for an unknown name."""
        return self._entries[name]

    def without(self, names: Collection[str]) -> LazyChecks:
        """All checks but these, still unread."""
        kept = {name: entry for name, entry in self._entries.items() if name not in names}
        return LazyChecks(kept, self._read)


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
    aliases: Mapping[str, str] = field(default_factory=dict)
    """The id of a check by each of its earlier ids."""

    def current_id(self, check: str) -> str:
        """The id of the check that has this id or had it; the same text where there is none."""
        return self.aliases.get(check, check)

    def cloud(self, check: str) -> str:
        """The cloud of a check, without reading its file."""
        return self._entry(check).cloud

    def is_event(self, check: str) -> bool:
        """Whether a check is about things that are dated by themselves, such as jobs."""
        if check not in self.checks:
            return False
        kind = self.kinds.get(self._entry(check).kind)
        if kind is None:
            # Its file writes the kind in an unusual notation: it has to be read.
            kind = self.kinds[self.checks[check].kind]
        return kind.nature == "event"

    def is_same(self, check: str, other: Library) -> bool:
        """Whether a check has the same file in another library; False where that is unknown."""
        mine = self._entry(check)
        theirs = other._entry(check)
        # Two unknown digests are equal, and show nothing.
        return isinstance(mine, CheckEntry) and mine.file != "" and mine == theirs

    def without(self, names: Collection[str]) -> Library:
        """The library without some checks and without the links to them."""
        checks: Mapping[str, Check]
        if isinstance(self.checks, LazyChecks):
            checks = self.checks.without(names)
        else:
            checks = {name: check for name, check in self.checks.items() if name not in names}
        controls = {id_: control.without(names) for id_, control in self.controls.items()}
        aliases = {old: new for old, new in self.aliases.items() if new not in names}
        return replace(self, checks=checks, controls=controls, aliases=aliases)

    def _entry(self, check: str) -> Check | CheckEntry:
        if isinstance(self.checks, LazyChecks):
            return self.checks.entry(check)
        return self.checks[check]
