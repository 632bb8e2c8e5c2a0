"""Which version of a control, a check or a parameter was in force when: that of the pack that judged."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass, replace
from typing import Any, Final

from scanner.errors import TscanError
from scanner.model.controls import CheckLink, Control, Role
from scanner.model.history import Record
from scanner.model.kinds import Kind
from scanner.model.library import Library
from scanner.model.period import Change

CONTENT: Final = frozenset({"control", "check", "parameter", "kind"})
"""What a pack is made of: of what kind a change inside it is."""
_QUIET: Final = frozenset({"path", "line", "examples", "refs", "type"})
"""Members that say nothing of what is asked; the last is made of the others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Versions:
    """Today's library beside the packs that judged; where a pack is not kept, today's stands for it."""

    today: Library
    packs: Mapping[str, Library] = field(default_factory=dict)
    """By digest."""

    def of(self, pack: str) -> Library:
        """What judged, by its digest."""
        return self.packs.get(pack, self.today)

    def known(self, pack: str) -> bool:
        """Whether a pack is not only stood for."""
        return pack in self.packs or pack == self.today.sha256

    def cloud(self, check: str) -> str:
        """The cloud of a check; `` where no pack has it."""
        return next((one.cloud(check) for one in self._having(check)), "")

    def is_event(self, check: str) -> bool:
        """Whether a check asks about things that are dated by themselves."""
        return any(one.is_event(check) for one in self._having(check))

    def _having(self, check: str) -> Iterator[Library]:
        return (one for one in (self.today, *self.packs.values()) if check in one.checks)

    def controls(self, packs: Sequence[str]) -> dict[str, Control]:
        """Every control of some packs that followed each other, as it was last, and of today's library.

        Whatever evidenced it in one of them does: what was left out of a control did not leave its deviations out.
        """
        found: dict[str, list[Control]] = {}
        for pack in reversed(dict.fromkeys(reversed(packs))):
            for name, control in self.of(pack).controls.items():
                found.setdefault(name, []).append(control)
        for name, control in self.today.controls.items():
            found.setdefault(name, [control])
        return {name: _joined(versions) for name, versions in sorted(found.items())}

    def grace(self, control: Control, pack: str) -> str:
        """The time for a correction that a control left while a pack was in force."""
        return self.of(pack).controls.get(control.id, control).grace

    def told(self, changes: Iterable[Change], records: Iterable[Record]) -> Iterator[Change]:
        """Changes between records of a target, each of a pack followed by what it judges otherwise."""
        packs = {record.seq: record.pack_sha256 for record in records}
        for change in changes:
            yield change
            pair = [packs.get(seq, "") for seq in (change.seq - 1, change.seq)]
            if change.what == "pack" and all(map(self.known, pair)):
                old, new = map(self.of, pair)
                yield from (
                    replace(change, what=what, detail=detail)
                    for what, detail in pack_changes(old, new)
                )

    def graces(self, control: Control, packs: Iterable[str]) -> tuple[str, ...]:
        """Those of some packs that followed each other, each once."""
        return tuple(dict.fromkeys(self.grace(control, pack) for pack in dict.fromkeys(packs)))


def _joined(versions: Sequence[Control]) -> Control:
    last = versions[-1]
    links = {(link.id, link.role): link for version in versions for link in version.checks}
    deciding = {name for name, role in links if role is Role.EVIDENCES}
    kept = [
        link
        for (name, role), link in links.items()
        if role is Role.EVIDENCES or name not in deciding
    ]
    return last if set(kept) == set(last.checks) else replace(last, checks=tuple(kept))


def pack_changes(before: Library, after: Library) -> Iterator[tuple[str, str]]:
    """What one pack judges otherwise than the one before, as what it is and what is different."""
    parts: tuple[tuple[str, Mapping[str, Any], Mapping[str, Any]], ...] = (
        ("control", before.controls, after.controls),
        ("check", before.checks, after.checks),
        ("parameter", before.parameters, after.parameters),
        ("kind", before.kinds, after.kinds),
    )
    for what, old, new in parts:
        for name in sorted({*old, *new}):
            if name not in old or name not in new:
                yield what, f"{name}: {'added' if name in new else 'left out'}"
            elif what != "check" or not before.is_same(name, after):
                yield from ((what, f"{name}: {line}") for line in _differences(old, new, name))


def _differences(before: Mapping[str, Any], after: Mapping[str, Any], name: str) -> Iterator[str]:
    try:
        old, new = before[name], after[name]
    except TscanError:
        yield "one of the two cannot be read by this tscan"
        return
    is_control = isinstance(old, Control)
    if is_control:
        yield from _links(old.checks, new.checks)
    for one in fields(old):
        was, now = _text(getattr(old, one.name)), _text(getattr(new, one.name))
        if was == now or one.name in _QUIET or (is_control and one.name == "checks"):
            continue
        # How a kind is read takes pages to write out; that it is read otherwise does not.
        yield f"{one.name} is another" if isinstance(old, Kind) else f"{one.name}: {was} → {now}"


def _links(old: Iterable[CheckLink], new: Iterable[CheckLink]) -> Iterator[str]:
    was, now = ({(link.role.value, link.id) for link in links} for links in (old, new))
    yield from (f"{name} no longer {role} it" for role, name in sorted(was - now))
    yield from (f"{name} {role} it" for role, name in sorted(now - was))


def _text(value: Any) -> str:
    """A member as text; an expression is what it was written as."""
    if isinstance(value, str):
        return " ".join(value.split()) or "none"
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{key}: {_text(value[key])}' for key in sorted(value))}}}"
    if isinstance(value, (tuple, list, set, frozenset)):
        texts = [_text(item) for item in value]
        return ", ".join(texts if isinstance(value, (tuple, list)) else sorted(texts)) or "none"
    if hasattr(value, "source") and isinstance(value.source, str):
        return _text(value.source)
    if is_dataclass(value):
        return _text(
            {one.name: getattr(value, one.name) for one in fields(value) if one.name not in _QUIET}
        )
    return "none" if value is None else str(value)
