"""The library: kinds, checks, parameters, controls and frameworks, compiled, with its digest."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Generic, NamedTuple, TypeVar

from scanner.model.checks import Check, Parameter, Severity
from scanner.model.controls import Control, Framework, ManualControl
from scanner.model.kinds import Kind, TypeInventory

Item = TypeVar("Item")
Entry = TypeVar("Entry")


class CheckEntry(NamedTuple):
    """What is known of a check before its file is read; empty where only reading it tells."""

    cloud: str
    kind: str
    file: str = ""
    """The SHA-256 of its file; empty where only what was read of it is known."""
    title: str = ""
    severity: Severity | None = None


class KindEntry(NamedTuple):
    """What is known of a kind before its file is read."""

    service: str
    nature: str


class LazyMapping(Mapping[str, Item], Generic[Item, Entry]):
    """Items that are read on first use; of the others the name is known, and an entry."""

    def __init__(
        self,
        names: Iterable[str],
        *,
        read: Callable[[str], Item],
        outline: Callable[[str], Entry],
        text: Callable[[str], bytes | None] = lambda _: None,
    ) -> None:
        self._names = dict.fromkeys(sorted(names))
        self._read = read
        self._outline = outline
        self._text = text
        self._items: dict[str, Item] = {}
        self._entries: dict[str, Entry] = {}

    def __getitem__(self, name: str) -> Item:
        if name not in self._items:
            if name not in self._names:
                raise KeyError(name)
            self._items[name] = self._read(name)
        return self._items[name]

    def __contains__(self, name: object) -> bool:
        # Not the inherited one, which would read the item to find out.
        return name in self._names

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def entry(self, name: str) -> Entry:
        """The entry of an item; KeyError for an unknown name."""
        if name not in self._entries:
            if name not in self._names:
                raise KeyError(name)
            self._entries[name] = self._outline(name)
        return self._entries[name]

    def naming(self, word: str) -> list[str]:
        """The items whose files hold a word, with those whose files are not known."""
        wanted = word.encode()
        found: list[str] = []
        for name in self._names:
            text = self._text(name)
            if text is None or wanted in text:
                found.append(name)
        return found

    def without(self, names: Collection[str]) -> LazyMapping[Item, Entry]:
        """All items but these; what was read is not read again."""
        kept = [name for name in self._names if name not in names]
        return LazyMapping(kept, read=self.__getitem__, outline=self.entry, text=self._text)


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
    inventories: Mapping[str, tuple[TypeInventory, ...]] = field(default_factory=dict)
    """The inventories that count resources by type, by cloud."""

    def current_id(self, check: str) -> str:
        """The id of the check that has this id or had it; the same text where there is none."""
        return self.aliases.get(check, check)

    def cloud(self, check: str) -> str:
        """The cloud of a check, without reading its file."""
        return self._entry(check).cloud

    def outline(self, check: str) -> CheckEntry:
        """Cloud, kind, title and severity of a check; its file is read only if it hides them."""
        entry = self._entry(check)
        is_whole = entry.kind in self.kinds and entry.title and entry.severity
        if isinstance(entry, CheckEntry) and is_whole:
            return entry
        whole = self.checks[check]
        return CheckEntry(
            cloud=whole.cloud,
            kind=whole.kind,
            title=whole.title,
            severity=whole.severity,
        )

    def kinds_naming(self, word: str) -> list[str]:
        """The kinds whose files hold a word; all where the files are not known."""
        if isinstance(self.kinds, LazyMapping):
            return self.kinds.naming(word)
        return list(self.kinds)

    def checks_that_may_read(self, word: str) -> list[str]:
        """The checks that can depend on a parameter or an operation, and maybe others.

        By the files alone, so that few of them need be read: those that hold the word, and those
        of kinds that hold it or lead to a kind that does.
        """
        if not isinstance(self.checks, LazyMapping):
            return list(self.checks)
        kinds = self._kinds_that_lead_to(word)
        named = set(self.checks.naming(word))
        found: list[str] = []
        for name in self.checks:
            kind = self._entry(name).kind
            # The kind of an unusual file is not known before it is read.
            if name in named or kind in kinds or kind not in self.kinds:
                found.append(name)
        return found

    def _kinds_that_lead_to(self, word: str) -> set[str]:
        """The kinds that hold a word, and those that name one of them, step by step."""
        found: set[str] = set()
        waiting = self.kinds_naming(word)
        while waiting:
            kind = waiting.pop()
            if kind not in found:
                found.add(kind)
                waiting += self.kinds_naming(kind)
        return found

    def service(self, check: str) -> str:
        """The service that a check is about, as a heading: `S3`."""
        return self._kind_entry(self.outline(check).kind).service

    def is_event(self, check: str) -> bool:
        """Whether a check is about things that are dated by themselves, such as jobs."""
        if check not in self.checks:
            return False
        return self._kind_entry(self.outline(check).kind).nature == "event"

    def is_same(self, check: str, other: Library) -> bool:
        """Whether a check has the same file in another library; False where that is unknown."""
        mine = self._entry(check)
        theirs = other._entry(check)
        # Two unknown digests are equal, and show nothing.
        return isinstance(mine, CheckEntry) and mine.file != "" and mine == theirs

    def without(self, names: Collection[str]) -> Library:
        """The library without some checks and without the links to them."""
        checks: Mapping[str, Check]
        if isinstance(self.checks, LazyMapping):
            checks = self.checks.without(names)
        else:
            checks = {name: check for name, check in self.checks.items() if name not in names}
        controls = {id_: control.without(names) for id_, control in self.controls.items()}
        aliases = {old: new for old, new in self.aliases.items() if new not in names}
        return replace(self, checks=checks, controls=controls, aliases=aliases)

    def _entry(self, check: str) -> Check | CheckEntry:
        if isinstance(self.checks, LazyMapping):
            entry: CheckEntry = self.checks.entry(check)
            return entry
        return self.checks[check]

    def _kind_entry(self, kind: str) -> Kind | KindEntry:
        if isinstance(self.kinds, LazyMapping):
            entry: KindEntry = self.kinds.entry(kind)
            return entry
        return self.kinds[kind]
