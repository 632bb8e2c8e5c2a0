"""What readers written in Python read of the answers to their calls, found by running them over
answers that note it, and what of the records is left."""

from __future__ import annotations

import ast
import inspect
import json
import random
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from functools import cache
from importlib import import_module
from types import ModuleType
from typing import Any, Final

from scanner.core.reading.context import ReadContext
from scanner.core.reading.read_plan import all_paths
from scanner.model.answers import Answer, Call, State
from scanner.model.kinds import Kind, Listing
from scanner.model.library import Library
from scanner.model.values import Unreadable
from scanner.providers import reader
from tests.helpers.provider_members import by_name
from tests.helpers.provider_models import SOURCES, answer_of, session
from tests.helpers.provider_values import Site
from tests.helpers.tracked_answers import Maker, Seen, follow, walked

_RUNS: Final = 1000
_QUIET: Final = 120
_WORDS: Final = 3
_MOST_CALLS: Final = 400
_AWS: Final = ("config", "iam", "organizations", "s3", "s3control", "wafv2")
_PATH: Final = re.compile(r"[a-z_]+:|[./{]|^scanner")
_OBJECT_ID: Final = "00000000-0000-4000-8000-000000000001"
_PARAMS: Final[Mapping[str, list[str]]] = {
    "break_glass_users": [_OBJECT_ID],
    "entra_admin_roles": [_OBJECT_ID],
    "release_branches": [],
}


@dataclass(frozen=True, slots=True)
class Use:
    """A place where a kind uses a reader."""

    kind: Kind
    root: str
    """The name that its result has in the kind's expressions; empty for a second source."""
    listing: Listing


def uses(library: Library) -> Iterator[Use]:
    """Every use of a reader."""
    for kind in library.kinds.values():
        if kind.listing is not None and kind.listing.reader:
            yield Use(kind, "it", kind.listing)
        for name, listing in kind.readers.items():
            yield Use(kind, name, listing)
        for source in kind.completeness:
            if source.source.reader:
                yield Use(kind, "", source.source)


def reads(library: Library) -> Mapping[str, Seen]:
    """By reader: which members it and the kinds that use it look at."""
    found: dict[str, Seen] = {}
    for use in uses(library):
        name = use.listing.reader
        # A second source is the same program for every kind.
        if use.root or name not in found:
            found[name] = seen_by(library, use, found.get(name))
    return found


def seen_by(library: Library, use: Use, seen: Seen | None = None) -> Seen:
    """What a reader looks at, run until more answers show nothing new; a member that is missed is
    reported as unread, never the other way round."""
    seen = Seen() if seen is None else seen
    quiet = 0
    for seed in range(_RUNS):
        before = seen.count
        _Run(library, _maker(use.listing.reader, seed, seen)).use(use)
        quiet = quiet + 1 if seen.count == before else 0
        if quiet == _QUIET:
            break
    return seen


def _maker(name: str, seed: int, seen: Seen) -> Maker:
    chance = random.Random(seed)
    cloud = name.partition(".")[0]
    words = [word for word in words_of(name) if not _is_name(word, cloud)]
    # Few at a time, so that names meet.
    return Maker(seed, chance.sample(words, min(_WORDS, len(words))), seen)


def _is_name(word: str, cloud: str) -> bool:
    """Whether a text names a member, a path or an operation, and is no value of one."""
    return word in _member_names(cloud) or bool(_PATH.search(word))


@cache
def _member_names(cloud: str) -> frozenset[str]:
    """The names of all members in the models of a cloud's services that readers ask."""
    found: set[str] = set()
    for path in (SOURCES / cloud).glob("models/*.json"):
        found |= _members_in(json.loads(path.read_text(encoding="utf-8")))
    if cloud == "aws":
        loader = session().get_component("data_loader")
        for service in _AWS:
            found |= _members_in(loader.load_service_model(service, "service-2"))
    return frozenset(found)


def _members_in(model: Mapping[str, Any]) -> set[str]:
    return {name for shape in model["shapes"].values() for name in shape.get("members", ())}


@dataclass(slots=True)
class _Run:
    """One run of a reader over one set of answers."""

    library: Library
    maker: Maker
    answers: dict[str, Any] = field(default_factory=dict)

    def use(self, use: Use) -> None:
        """Run a reader, and follow what its kind reads of the result."""
        result = self.result(use)
        paths = [path[1:] for path in all_paths(use.kind) if path[0] == use.root]
        if not use.root:
            paths = [()]
        for path in paths:
            follow(result, path, self.maker.made)

    def result(self, use: Use) -> Any:
        """What a reader returns."""
        program = reader(use.listing.reader)(self._context(use))
        calls = 0
        try:
            call = next(program)
            while calls < _MOST_CALLS:
                calls += 1
                call = program.send(self._reply(call))
        except StopIteration as stop:
            return stop.value
        program.close()
        return Unreadable("it goes on for ever")

    def _reply(self, call: Call) -> Answer:
        if call.key not in self.answers:
            self.answers[call.key] = self.maker.answer(call.operation)
        return Answer(call=call, state=State.OK, data=self.answers[call.key], **_TIMES)

    def _context(self, use: Use) -> ReadContext:
        kind = use.kind
        item, parent = None, None
        if use.root not in ("", "it"):
            item = self._item(kind)
        if use.root == "it" and kind.listing is not None and kind.listing.per:
            parent = self._item(self.library.kinds[kind.listing.per])
        defaults = {name: one.default for name, one in self.library.parameters.items()}
        return ReadContext(
            account="account",
            partition="aws",
            region="region",
            started=datetime(2026, 1, 1, tzinfo=UTC),
            it=item,
            parent=parent,
            params=defaults | _PARAMS,
            principal=_OBJECT_ID,
            listed_by=_requests(kind),
        )

    def _item(self, kind: Kind) -> Any:
        """An item of a kind's listing; unreadable where it lists none this time."""
        # What is read to list it, is read by another reader, or declared.
        apart = replace(self.maker, seen=Seen(), made=[])
        if kind.listing is not None and kind.listing.reader:
            rows = _Run(self.library, apart).result(Use(kind, "it", kind.listing))
        else:
            rows = self._listed(kind, apart)
        rows = [row for row in rows if isinstance(row, Mapping)] if isinstance(rows, list) else []
        return rows[0] if rows else Unreadable("nothing is listed")

    def _listed(self, kind: Kind, apart: Maker) -> list[Any]:
        where = answer_of(kind, "it", self.library)
        if where is None:
            return []
        return list(walked(apart.answer(where[0]), where[1], []))


_TIMES: Final[Any] = {"finished": "2026-01-01T00:00:00+00:00"}


def _requests(kind: Kind) -> Any:
    listing = kind.listing
    if listing is None or listing.request is None:
        return ()
    return (listing.request, *listing.below)


@cache
def words_of(name: str) -> tuple[str, ...]:
    """The texts in the modules of a reader, and of those that it imports from its provider."""
    found: set[str] = set()
    modules = [inspect.getmodule(inspect.unwrap(reader(name)))]
    done: set[str] = set()
    while modules:
        module = modules.pop()
        if module is None or module.__name__ in done:
            continue
        done.add(module.__name__)
        found |= _texts_of(module)
        modules += _imported(module)
    for value in _PARAMS.values():
        found |= set(value)
    return tuple(sorted(found))


def _texts_of(module: ModuleType) -> set[str]:
    tree = ast.parse(inspect.getsource(module))
    texts = {
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    # Sentences are of docstrings and reasons.
    return {text for text in texts if text and " " not in text.strip()}


def _imported(module: ModuleType) -> list[ModuleType]:
    tree = ast.parse(inspect.getsource(module))
    names = [node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    return [
        import_module(name)
        for name in names
        if name is not None and name.startswith("scanner.providers.")
    ]


# -- what is left --------------------------------------------------------------------------------


_ALL: Final = "*"
"""In place of values: which they are does not matter."""


@dataclass(frozen=True, slots=True)
class Aside:
    """A line of `reader_members.tsv` or `reader_values.tsv`: what is set aside, and why."""

    reader: str
    """A pattern."""
    operation: str
    structure: str
    """With the member, of values."""
    names: frozenset[str]

    def is_for(self, name: str, place: tuple[str, str]) -> bool:
        """Whether it is about a structure that a reader looks at."""
        return fnmatchcase(name, self.reader) and (self.operation, self.structure) == place


def asides(text: str) -> list[Aside]:
    """The lines of a file."""
    found: list[Aside] = []
    for line in text.splitlines():
        if not line.startswith("#"):
            reader_name, operation, structure, names, why = line.split("\t")
            assert why, line
            found.append(Aside(reader_name, operation, structure, frozenset(names.split())))
    return found


def member_problems(
    library: Library, seen: Mapping[str, Seen], lines: Sequence[Aside]
) -> Iterator[str]:
    """Members of structures that a reader does not look at and nobody set aside, and lines that set
    aside what is looked at."""
    left: dict[Aside, set[str]] = {line: set() for line in lines}
    ignored = {kind.cloud: kind for kind in library.kinds.values()}
    for name, found in sorted(seen.items()):
        kind = ignored[name.partition(".")[0]]
        for place, looked_at in sorted(found.members.items()):
            unread = set(found.shapes[place].members) - looked_at
            unread = {member for member in unread if not by_name(kind, member)}
            for member in sorted(_without(unread, name, place, left)):
                yield f"{name}: {' '.join(place)}.{member} is neither looked at nor set aside"
    yield from _stale(left)


def value_problems(
    library: Library, seen: Mapping[str, Seen], lines: Sequence[Aside]
) -> Iterator[str]:
    """Values of enumerations that a reader looks at and does not name, and that nobody set aside,
    and lines that set aside what is named."""
    left: dict[Aside, set[str]] = {line: set() for line in lines}
    for name, found in sorted(seen.items()):
        words = {word.casefold() for word in (*words_of(name), *_compared(library, name))}
        for place, values in enumerations(found):
            unnamed = {value for value in values if value.casefold() not in words}
            for value in sorted(_without(unnamed, name, place, left)):
                yield f"{name}: {' '.join(place)} may be {value}: neither named nor set aside"
    yield from _stale(left)


def _without(
    names: set[str], reader_name: str, place: tuple[str, str], left: dict[Aside, set[str]]
) -> set[str]:
    """The names that no line sets aside; what a line is for is noted in `left`."""
    for line in left:
        if line.is_for(reader_name, place):
            found = set(names) if _ALL in line.names else line.names & names
            left[line] |= {_ALL} if found and _ALL in line.names else found
            names = names - found
    return names


def _compared(library: Library, name: str) -> Iterator[str]:
    """The texts in expressions of the kinds that a reader reads for, and of their checks."""
    for use in uses(library):
        if use.listing.reader == name and use.root:
            for source in _sources(library, use.kind):
                yield from Site("", source).named


def _sources(library: Library, kind: Kind) -> Iterator[str]:
    for attribute in kind.attributes.values():
        for part in (attribute, *attribute.each.values()):
            yield part.api.source
    for check in library.checks.values():
        if check.kind == kind.id:
            for expression in check.expressions:
                yield expression.source


def enumerations(seen: Seen) -> Iterator[tuple[tuple[str, str], frozenset[str]]]:
    """The operation, the structure with the member, and the values of each enumeration that is
    looked at."""
    for (operation, structure), looked_at in sorted(seen.members.items()):
        members = seen.shapes[operation, structure].members
        for member in sorted(looked_at & members.keys()):
            shape = members[member]
            shape = shape.member if shape.type_name == "list" else shape
            values = [one for one in getattr(shape, "enum", ()) if not one.endswith("_UNSPECIFIED")]
            if values:
                yield (operation, f"{structure}.{member}"), frozenset(values)


def _stale(left: Mapping[Aside, set[str]]) -> Iterator[str]:
    for line, names in left.items():
        for name in sorted(line.names - names):
            where = f"{line.reader} {line.operation} {line.structure}"
            yield f"{where}: {name} is set aside for nothing"
