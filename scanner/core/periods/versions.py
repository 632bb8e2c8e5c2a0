"""Looks up controls, checks and parameters as they were in force in a period.

That is the pack that judged, and not today's.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from scanner.core.calendar import grace_parameter, parse_grace
from scanner.errors import TscanError
from scanner.model.checks import Check, Parameter
from scanner.model.controls import CheckLink, Clause, Control, Role
from scanner.model.history import Record
from scanner.model.kinds import Kind
from scanner.model.library import Library
from scanner.model.period import Change

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

CONTENT: Final = frozenset({"control", "check", "parameter", "kind"})
"""The parts of a pack: what a change inside of one can be of."""
_NOT_COMPARED: Final = frozenset(
    {"path", "line", "examples", "refs", "aliases", "keywords", "type"}
)
"""Members that do not affect a verdict; `type` is derived from the others."""
_NONE: Final = "none"

_Definitions = Mapping[str, Control | Check | Parameter | Kind]


@dataclass(
    frozen=True,
    slots=True,
    kw_only=True,
)
class Versions:
    """Today's library beside the packs that judged.

    Where a pack is not kept, today's replaces it.
    """

    today: Library
    packs: Mapping[str, Library] = field(default_factory=dict)
    """By digest."""

    def of(self, pack: str) -> Library:
        """The library that judged, by its digest."""
        return self.packs.get(pack, self.today)

    def known(self, pack: str) -> bool:
        """Whether a pack is kept, or is today's."""
        return pack in self.packs or pack == self.today.sha256

    @property
    def names(self) -> Mapping[str, str]:
        """Ids of checks in the library by other ids that any of the packs has for them."""
        found = dict(self.today.aliases)
        for pack in self.packs.values():
            for old, new in pack.aliases.items():
                if old not in self.today.checks:
                    found.setdefault(old, new)
                # An older tscan may read what a newer one wrote.
                elif new not in self.today.checks:
                    found.setdefault(new, old)
        return found

    def cloud(self, check: str) -> str:
        """The cloud of a check; `` where no pack has it."""
        for library in self._libraries_with(check):
            return library.cloud(check)
        return ""

    def kind(self, check: str) -> str:
        """The kind of resource that a check is about; `` where no pack has it."""
        for library in self._libraries_with(check):
            return library.checks[check].kind
        return ""

    def is_event(self, check: str) -> bool:
        """Whether a check reads things that carry their own date, in any of the packs."""
        return any(one.is_event(check) for one in self._libraries_with(check))

    def _libraries_with(self, check: str) -> Iterator[Library]:
        for library in (self.today, *self.packs.values()):
            if check in library.checks:
                yield library

    def controls(self, packs: Sequence[str]) -> dict[str, Control]:
        """Every control of some packs that followed each other, and of today's library.

        Each is as it was last.

        A check that evidenced a control in any of them does: leaving a check out of a control
        before the auditor comes does not take its deviations away.
        """
        found: dict[str, list[Control]] = defaultdict(list)
        names = self.names
        # A pack that came back counts where it was last.
        for pack in reversed(dict.fromkeys(reversed(packs))):
            for name, control in self.of(pack).controls.items():
                found[name].append(_with_names(control, names))
        for name, control in self.today.controls.items():
            # Today's version counts only for a control that no pack of the period had.
            if name not in found:
                found[name].append(control)
        return {name: _merge(found[name]) for name in sorted(found)}

    def grace(self, control: Control, pack: str) -> str:
        """The time for a correction that a control left while a pack was in force."""
        controls = self.of(pack).controls
        return controls.get(control.id, control).grace

    def grace_time(self, control: Control, record: Record) -> timedelta | None:
        """That time by the parameters of a record; None where a policy sets it."""
        return parse_grace(self.grace(control, record.pack_sha256), self._params(record))

    def graces(self, control: Control, records: Iterable[Record]) -> tuple[str, ...]:
        """The times of records that followed each other, each once, with values of parameters."""
        found: dict[str, None] = {}
        for record in records:
            text = self.grace(control, record.pack_sha256)
            parameter = grace_parameter(text)
            if parameter is not None:
                text += f" ({self._params(record).get(parameter, 'not set')})"
            found[text] = None
        return tuple(found)

    def _params(self, record: Record) -> dict[str, Any]:
        """The parameters that judged a record, defaults included."""
        parameters = self.of(record.pack_sha256).parameters.values()
        defaults = {one.name: one.default for one in parameters if one.has_default}
        return {**defaults, **record.params}

    def told(
        self,
        changes: Iterable[Change],
        records: Iterable[Record],
    ) -> Iterator[Change]:
        """Changes between records of a target.

        Each change of the pack is followed by what differs inside it.
        """
        packs = {record.seq: record.pack_sha256 for record in records}
        for change in changes:
            yield change
            if change.what != "pack":
                continue
            before = packs.get(change.seq - 1, "")
            after = packs.get(change.seq, "")
            # Where one is not kept, today's would show differences that were not there.
            if not self.known(before) or not self.known(after):
                continue
            old, new = self.of(before), self.of(after)
            for what, detail in pack_changes(old, new):
                yield replace(change, what=what, detail=detail)


def _with_names(control: Control, names: Mapping[str, str]) -> Control:
    """A control whose links have other ids of the same checks."""
    if names.keys().isdisjoint(link.id for link in control.checks):
        return control
    links = [replace(link, id=names.get(link.id, link.id)) for link in control.checks]
    clauses: list[Clause] = []
    for clause in control.clauses:
        checks = tuple(names.get(name, name) for name in clause.checks)
        clauses.append(replace(clause, checks=checks))
    return replace(control, checks=tuple(links), clauses=tuple(clauses))


def _merge(versions: Sequence[Control]) -> Control:
    """The last version of a control, with every check that any version had."""
    last = versions[-1]
    links: dict[tuple[str, Role], CheckLink] = {}
    for version in versions:
        for link in version.checks:
            links[link.id, link.role] = link
    evidencing = {name for name, role in links if role is Role.EVIDENCES}
    kept: list[CheckLink] = []
    for (name, role), link in links.items():
        # A check that ever evidenced the control is not listed again as one that supports it.
        if role is Role.EVIDENCES or name not in evidencing:
            kept.append(link)
    if set(kept) == set(last.checks):
        return last
    return replace(last, checks=tuple(kept))


def pack_changes(
    before: Library,
    after: Library,
) -> Iterator[tuple[str, str]]:
    """What differs between two packs: a part of `CONTENT`, and a line about it."""
    renamed = _renamed_between(before, after)
    for what, old, new in _parts(before, after):
        names = {*old, *new}
        if what == "check":
            names = names.difference(renamed, renamed.values())
            for earlier, later in renamed.items():
                for line in _differences(old, new, later, was=earlier):
                    yield what, f"{later}: {line}"
        for name in sorted(names):
            for line in _changes(what, old, new, name, before, after):
                yield what, f"{name}: {line}"


def _parts(
    before: Library,
    after: Library,
) -> tuple[tuple[str, _Definitions, _Definitions], ...]:
    """The definitions of two packs, where a link of a control has the later id of its check."""
    controls: dict[str, Control] = {}
    for name, control in before.controls.items():
        controls[name] = _with_names(control, after.aliases)
    return (
        ("control", controls, after.controls),
        ("check", before.checks, after.checks),
        ("parameter", before.parameters, after.parameters),
        ("kind", before.kinds, after.kinds),
    )


def _changes(
    what: str,
    old: _Definitions,
    new: _Definitions,
    name: str,
    before: Library,
    after: Library,
) -> Iterator[str]:
    if name not in new:
        yield "left out"
    elif name not in old:
        yield "added"
    elif what != "check" or not before.is_same(name, after):
        yield from _differences(old, new, name)


def _renamed_between(before: Library, after: Library) -> dict[str, str]:
    """Checks that the later of two packs has under another id."""
    found: dict[str, str] = {}
    for old, new in sorted(after.aliases.items()):
        if old in before.checks and new not in before.checks:
            found[old] = new
    return found


def _differences(
    before: _Definitions,
    after: _Definitions,
    name: str,
    *,
    was: str = "",
) -> Iterator[str]:
    """What differs in a definition; `was` is its name in the first pack, if that is another."""
    try:
        old, new = before[was or name], after[name]
    except TscanError:
        # Checks are parsed when they are looked up, and one of another version may not parse.
        yield "this version of tscan cannot read one of the two"
        return
    skipped = _NOT_COMPARED
    if isinstance(old, Control) and isinstance(new, Control):
        yield from _link_differences(old.checks, new.checks)
        skipped = _NOT_COMPARED | {"checks"}
    for member in fields(old):
        if member.name in skipped:
            continue
        earlier = _text(getattr(old, member.name))
        now = _text(getattr(new, member.name))
        if earlier == now:
            continue
        if isinstance(old, Kind):
            # The text of how a kind is read takes pages.
            yield f"{member.name} changed"
        else:
            yield f"{member.name}: {earlier} → {now}"


def _link_differences(
    old: Iterable[CheckLink],
    new: Iterable[CheckLink],
) -> Iterator[str]:
    was = set(map(_role_and_id, old))
    now = set(map(_role_and_id, new))
    for role, name in sorted(was - now):
        yield f"{name} no longer {role} it"
    for role, name in sorted(now - was):
        yield f"{name} {role} it"


def _role_and_id(link: CheckLink) -> tuple[str, str]:
    return link.role.value, link.id


def _text(value: object) -> str:
    """A member as text; an expression as it was written."""
    if value is None:
        return _NONE
    if isinstance(value, str):
        return " ".join(value.split()) or _NONE
    if isinstance(value, Mapping):
        return _mapping_text(value)
    if isinstance(value, (tuple, list, set, frozenset)):
        return _collection_text(value)
    source = getattr(value, "source", None)
    if isinstance(source, str):
        return _text(source)
    if is_dataclass(value) and not isinstance(value, type):
        return _mapping_text(_compared_members(value))
    return str(value)


def _collection_text(value: Collection[object]) -> str:
    texts = [_text(item) for item in value]
    if isinstance(value, (set, frozenset)):
        # Sets have no order of their own: the same set must always give the same text.
        texts.sort()
    return ", ".join(texts) or _NONE


def _compared_members(value: DataclassInstance) -> dict[str, object]:
    found: dict[str, object] = {}
    for member in fields(value):
        if member.name not in _NOT_COMPARED:
            found[member.name] = getattr(value, member.name)
    return found


def _mapping_text(value: Mapping[str, object]) -> str:
    entries = [f"{key}: {_text(value[key])}" for key in sorted(value)]
    return f"{{{', '.join(entries)}}}"
