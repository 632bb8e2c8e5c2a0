"""Kinds held against the shapes of Azure's answers: operations, lists, and the members that expressions read."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from pathlib import Path as File
from typing import Any, Final

from scanner.core.need import Path, attribute_paths, request_paths, requests
from scanner.model.kinds import Attribute, Kind, Request
from scanner.model.library import Library

MODELS: Final = File(__file__).parents[2] / "scanner" / "sources" / "azure" / "models"
TYPES: Final[Mapping[str, tuple[str, ...]]] = {
    "string": ("string",),
    "boolean": ("bool",),
    "integer": ("int", "double"),
    "number": ("double",),
    "[": ("list",),
    "{": ("map",),
}
"""What the language calls the types of a model; lists and mappings by their first letter."""
_ELSEWHERE: Final = frozenset({"account", "region", "partition", "params", "now"})
_QUERY: Final = frozenset({"$expand", "$filter", "$select", "detailed"})
"""What may be asked of Azure beside what fills a path."""


class WrongError(Exception):
    """What is wrong with a path."""


@dataclass(frozen=True, slots=True)
class Shape:
    """A type of one service."""

    service: str
    name: str

    @property
    def members(self) -> Mapping[str, str] | None:
        """Its members; None of a scalar, a list or a mapping."""
        if self.name == "{value: [}":
            return None
        if self.name.startswith("{value: "):
            return {"value": self.name.removeprefix("{value: ").removesuffix("}")}
        found: Mapping[str, str] | None = model(self.service)["types"].get(self.name)
        return found

    def of(self, name: str) -> Shape:
        """Another type of the same service."""
        return Shape(self.service, name)


@cache
def model(service: str) -> dict[str, Any]:
    """The operations and types of a service, derived and authored ones together."""
    path = MODELS / f"{service}.json"
    if not path.exists():
        raise WrongError(f"{service} has no model")
    data = json.loads(path.read_text())
    authored = data.get("authored", {})
    return {part: {**data.get(part, {}), **authored.get(part, {})} for part in ("operations", "types")}


def output(operation: str) -> Shape:
    """The shape of an operation's answer."""
    service, _, name = operation.partition(":")
    known = model(service)["operations"]
    if name not in known:
        raise WrongError(f"{operation} is in no model{near(name, known)}")
    return Shape(service, known[name])


def near(word: str, known: Any) -> str:
    """A hint."""
    close = get_close_matches(word, list(known), n=1)
    return f"; did you mean '{close[0]}'?" if close else f" (there is {', '.join(sorted(known)[:12])})"


def walk(shape: Shape, steps: Path) -> Shape:
    """The shape at a path; WrongError where the model has no such member."""
    for position, step in enumerate(steps):
        # A list may be made from texts, or filtered by them: what is in such a list is not said by its sources.
        if shape.name == "any" or (shape.name in ("string", "boolean") and step == "[]"):
            return shape.of("any")
        if shape.name.startswith("[") and not _is_index(step):
            return walk(shape.of(shape.name[1:-1]), steps[position:])
        shape = _inner(shape, step, ".".join(steps[: position + 1]))
    return shape


def _is_index(step: str) -> bool:
    return step in ("[]", "*") or step.isdigit()


def _inner(shape: Shape, step: str, path: str) -> Shape:
    members = shape.members
    if members is None:
        if shape.name[0] in "[{":
            return shape.of(shape.name[1:-1])
        raise WrongError(f"{path}: {shape.name} has nothing inside")
    if _is_index(step):
        # A mapping whose members the model names, gone through by its keys.
        return shape.of("any")
    if step not in members:
        raise WrongError(f"{path}: {shape.name} has no '{step}'{near(step, members)}")
    return shape.of(members[step])


def problems(kind: Kind, library: Library) -> Iterator[str]:
    """Everything in a kind that the models do not know."""
    for request in requests(kind):
        yield from (f"{kind.id}: {text}" for text in request_problems(request))
    for where, path in _paths(kind):
        yield from _path_problem(kind, library, where, path)
    for attribute in kind.attributes.values():
        yield from _type_problem(kind, library, attribute)


def _paths(kind: Kind) -> Iterator[tuple[str, Path]]:
    """Every path that an expression of a kind reads, with the place where it stands."""
    for name, attribute in kind.attributes.items():
        yield from ((f"attribute {name}", path) for path in attribute_paths(attribute))
    for where, expression in (("id", kind.identity), ("name", kind.label), ("location", kind.at)):
        yield from ((where, path) for path in (expression.paths if expression is not None else ()))
    for name, request in kind.details.items():
        yield from ((f"detail {name}", path) for path in request_paths(request))
    for name, relation in kind.relations.items():
        yield from ((f"relation {name}", path) for ours in relation.on.values() for path in ours.paths)


def request_problems(request: Request) -> Iterator[str]:
    """Arguments and lists that the operation does not have."""
    try:
        shape = output(request.operation)
        for items in request.items:
            if not walk(shape, tuple(items.split("."))).name.startswith("["):
                yield f"{request.operation}: '{items}' is no list"
    except WrongError as error:
        yield f"{request.operation}: {error}"
    given = set(request.arguments) if isinstance(request.arguments, Mapping) else set()
    for name in sorted(given - _QUERY - {"subscription", "resource", "configuration", "group"}):
        yield f"{request.operation} takes no '{name}'"


def answer_of(kind: Kind, root: str, library: Library) -> tuple[str, Path] | None:
    """The operation that a name stands for, and where in its answer the name begins; None for a reader's data."""
    if root == "parent" and kind.listing is not None and kind.listing.per:
        return answer_of(library.kinds[kind.listing.per], "it", library)
    if root == "it":
        request = kind.listing.request if kind.listing is not None else None
        return (request.operation, (*request.items[0].split("."), "[]")) if request is not None else None
    detail = kind.details.get(root)
    return (detail.operation, ()) if detail is not None else None


def shape_at(kind: Kind, library: Library, path: Path) -> Shape | None:
    """The shape that a path of a kind's expression leads to; None where a model cannot say."""
    where = answer_of(kind, path[0], library)
    if where is None:
        return None
    operation, above = where
    return walk(output(operation), (*above, *path[1:]))


def _path_problem(kind: Kind, library: Library, where: str, path: Path) -> Iterator[str]:
    if path[0] in _ELSEWHERE or path[0] == "self":
        return
    try:
        shape_at(kind, library, path)
    except WrongError as error:
        yield f"{kind.id}: {where}: {error}"


def _type_problem(kind: Kind, library: Library, attribute: Attribute) -> Iterator[str]:
    """The declared type of an attribute whose expression is one plain path, against the model's."""
    paths = list(attribute.api.paths)
    if len(paths) != 1 or ".".join(paths[0]) != re.sub(r"\[\d*\]", ".[]", attribute.api.source.strip()):
        return
    try:
        shape = shape_at(kind, library, paths[0])
    except WrongError:
        return
    wanted = attribute.type.rstrip("?").partition("(")[0]
    if shape is not None and shape.name != "any" and wanted not in _names(shape):
        yield f"{kind.id}: {attribute.name} is {attribute.type}, the model says {shape.name}"


def _names(shape: Shape) -> tuple[str, ...]:
    return TYPES.get(shape.name) or TYPES.get(shape.name[0]) or ("map",)
