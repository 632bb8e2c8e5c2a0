"""Members of the records that kinds read, by the providers' models: which are read, and which not.

A record is a structure in an answer of which a kind reads at least one member. A reader written in
Python has no declared paths: what it reads, its own tests show."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from botocore.model import Shape

from scanner.core.reading.read_plan import Path, all_paths
from scanner.model.kinds import Kind
from scanner.model.library import Library
from tests.helpers.provider_models import answer_of, output, walk


@dataclass(frozen=True, slots=True)
class Record:
    """One structure of an answer, as far as a kind reads it."""

    kind: str
    path: str
    """As the kind names it: `it.IpPermissions[]`."""
    shape: Shape
    read: frozenset[str]

    @property
    def members(self) -> Mapping[str, Shape]:
        """Every member that the model has."""
        members: Mapping[str, Shape] = self.shape.members
        return members

    @property
    def unread(self) -> Iterator[str]:
        """Paths of the members that the kind does not read."""
        for name in self.members:
            if name not in self.read:
                yield f"{self.path}.{name}"


@dataclass(slots=True)
class _Reads:
    """The members that are read below one point of an answer."""

    below: dict[str, _Reads] = field(default_factory=dict)

    def add(self, path: Path) -> None:
        """Add one path."""
        if path:
            self.below.setdefault(path[0], _Reads()).add(path[1:])


def records(kind: Kind, library: Library) -> Iterator[Record]:
    """Every record of which the kind reads a member."""
    roots: dict[str, _Reads] = {}
    for path in all_paths(kind):
        if path[0] == "it" or path[0] in kind.details:
            roots.setdefault(path[0], _Reads()).add(path[1:])
    for root, reads in sorted(roots.items()):
        where = answer_of(kind, root, library)
        if where is None:
            continue
        operation, above = where
        shape = walk(output(operation), above)
        if shape is not None:
            yield from _records(kind.id, root, shape, reads)


def _records(kind: str, path: str, shape: Shape, reads: _Reads) -> Iterator[Record]:
    if not reads.below or getattr(shape, "is_document_type", False):
        return
    if shape.type_name == "list":
        yield from _records(kind, f"{path}[]", shape.member, _elements(reads))
    elif shape.type_name == "map":
        merged = _Reads()
        for inner in reads.below.values():
            merged.below.update(inner.below)
        yield from _records(kind, f"{path}.*", shape.value, merged)
    elif shape.type_name == "structure":
        yield Record(kind, path, shape, frozenset(reads.below))
        for name, inner in sorted(reads.below.items()):
            if name in shape.members:
                yield from _records(kind, f"{path}.{name}", shape.members[name], inner)


def _elements(reads: _Reads) -> _Reads:
    """What is read of any element of a list, whether it was named by its position or not."""
    merged = _Reads()

    def take(into: _Reads, other: _Reads) -> None:
        for name, inner in other.below.items():
            take(into.below.setdefault(name, _Reads()), inner)

    for step, inner in reads.below.items():
        if step == "[]" or step.isdigit():
            take(merged, inner)
        else:
            take(merged.below.setdefault(step, _Reads()), inner)
    return merged


def problems(kind: Kind, library: Library) -> Iterator[str]:
    """Members that nothing reads and nobody set aside, and what is set aside for nothing."""
    unread: set[str] = set()
    for record in records(kind, library):
        unread.update(record.unread)
    for member in sorted(unread):
        if member not in kind.ignores and not by_name(kind, member):
            yield f"{kind.id}: {member} is neither read nor under 'ignores'"
    for member in kind.ignores:
        if member not in unread:
            yield f"{kind.id}: ignores: {member} is read, or is no member of a record that is"
        elif by_name(kind, member):
            yield f"{kind.id}: ignores: {member} is set aside for the whole cloud"


def by_name(kind: Kind, member: str) -> bool:
    """Whether a member is set aside for the whole cloud, by its name."""
    name = member.rpartition(".")[2]
    return any(fnmatchcase(name, pattern) for pattern in kind.ignored_names)
