"""Members whose absence has a meaning: kinds declare it with `absent:`, `?`, `has()`,
`unknown_if_set` or `leaves_out_empty`, and the provider's model must not require them."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from botocore.model import Shape

from scanner.core.reading.read_plan import Path, requests, root_in_answer
from scanner.model.expressions import Expression
from scanner.model.kinds import Attribute, Kind
from scanner.model.library import Library
from tests.helpers.provider_models import answer_of, output, walk

_HAS: Final = re.compile(r"\bhas\(\s*([\w.]+)\s*\)")


def parts(attribute: Attribute) -> Iterator[tuple[str, Attribute, tuple[Path, ...]]]:
    """An attribute and the fields of its records by name, each with the raw paths that it reads."""
    yield attribute.name, attribute, tuple(sorted(attribute.api.paths))
    for name, field in attribute.each.items():
        paths: list[Path] = []
        for path in sorted(field.api.paths):
            if path[0] == "item":
                paths.extend((*source, "[]", *path[1:]) for source in attribute.api.paths)
            else:
                paths.append(path)
        yield f"{attribute.name}.{name}", field, tuple(paths)


@dataclass(frozen=True, slots=True)
class Declared:
    """A member whose absence some kind gives a meaning, by the operation that answers with it."""

    above: Path
    """From the answer to the item or the detail that an attribute is read of."""
    below: Path
    exact: bool = False
    """Whether it is this member alone, and not what holds it."""


def declared(library: Library) -> Mapping[str, frozenset[Declared]]:
    """All such members by operation."""
    found: dict[str, set[Declared]] = defaultdict(set)
    for kind in library.kinds.values():
        for path, exact in _members(kind):
            where = root_in_answer(kind, path[0], library)
            if where is not None:
                found[where[0]].add(Declared(where[1], path[1:], exact))
        for request in requests(kind):
            if request.leaves_out_empty:
                *above, last = request.items[0].split(".")
                found[request.operation].add(Declared(tuple(above), (last,), exact=True))
    return {operation: frozenset(members) for operation, members in found.items()}


def _members(kind: Kind) -> Iterator[tuple[Path, bool]]:
    """The members whose absence a kind gives a meaning, and whether it is of them alone."""
    for attribute in kind.attributes.values():
        for _, part, paths in parts(attribute):
            for path in paths if _has_meaning(part) else ():
                yield path, False
            for path in _tested(part.api, paths):
                yield path, True
            # Where it is not set, it changes nothing.
            for member in part.unknown_if_set:
                for path in member.paths:
                    yield path, False
    for expression in (kind.at, kind.identity, kind.label):
        if expression is not None:
            for path in _tested(expression, sorted(expression.paths)):
                yield path, True


def _tested(expression: Expression, paths: Iterable[Path]) -> Iterator[Path]:
    """The members that an expression asks for with `has()`, from the answer on."""
    for found in _HAS.findall(expression.source):
        root, *steps = found.split(".")
        tail = tuple(steps)
        for path in paths:
            # A variable of a loop stands for the items of a list; `item` for those of a record.
            start = 1 if root == path[0] else _after_items(path, tail)
            if path[start : start + len(tail)] == tail:
                yield path[: start + len(tail)]


def _after_items(path: Path, tail: Path) -> int:
    """Where in a path the tail stands behind the items of a list; beyond its end if nowhere."""
    for start in range(1, len(path)):
        if path[start - 1] == "[]" and path[start : start + len(tail)] == tail:
            return start
    return len(path)


def _has_meaning(part: Attribute) -> bool:
    return part.has_absent or part.optional


def problems(kind: Kind, library: Library) -> Iterator[str]:
    """Attributes that give a meaning to the absence of what the model requires."""
    for attribute in kind.attributes.values():
        for name, part, paths in parts(attribute):
            if not _has_meaning(part) or not paths:
                continue
            if all(_is_always_there(kind, library, path) for path in paths):
                members = ", ".join(".".join(path) for path in paths)
                yield f"{kind.id}: {name}: the model requires {members}, which is never absent"


def _is_always_there(kind: Kind, library: Library, path: Path) -> bool:
    """Whether the model requires each member of a path, of an answer that is always asked for."""
    detail = kind.details.get(path[0])
    where = answer_of(kind, path[0], library)
    if where is None or len(path) == 1:
        return False
    if detail is not None and (detail.absent_on or detail.gone_on or detail.when or detail.batch):
        return False
    return _is_required(walk(output(where[0]), where[1]), path[1:])


def _is_required(shape: Shape | None, steps: Path) -> bool:
    """Whether a path below a shape leads over required members alone; a list may be empty."""
    if not steps:
        return True
    if shape is None:
        return False
    if shape.type_name == "list" and steps[0] == "[]":
        return _is_required(shape.member, steps[1:])
    if shape.type_name != "structure" or steps[0] not in shape.required_members:
        return False
    return _is_required(shape.members[steps[0]], steps[1:])
