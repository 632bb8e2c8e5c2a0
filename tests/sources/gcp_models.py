"""Kinds held against the shapes of Google's answers: operations, arguments, lists, and the members that are read."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path as File
from typing import Any, Final

from models import WrongError, near, walk

from scanner.core.need import Path, attribute_paths, request_paths, requests
from scanner.model.kinds import Attribute, Kind, Request
from scanner.model.library import Library
from scanner.model.rest import PLACEHOLDER, RestOperation
from scanner.sources.rest.operations import operations

MODELS: Final = File(__file__).parents[2] / "scanner" / "sources" / "gcp" / "models"
TYPES: Final[Mapping[str, tuple[str, ...]]] = {
    "string": ("string",),
    "boolean": ("bool",),
    "integer": ("int", "double"),
    "number": ("double",),
    "list": ("list",),
    "map": ("map",),
    "structure": ("map",),
}
"""What the language calls the types of a model; whole numbers of 64 bits are texts in Google's JSON."""
EVERYWHERE: Final = frozenset({"fields"})
"""Arguments that every operation takes."""
_ELSEWHERE: Final = frozenset({"account", "region", "partition", "params", "now", "self"})


@dataclass(frozen=True, slots=True)
class Shape:
    """A type of one service, in the form that `models.walk` goes through."""

    service: str
    name: str

    @property
    def type_name(self) -> str:
        """`list`, `map`, `structure`, or a scalar; what is not described is a text, below which nothing is known."""
        if self.name[0] in "[{":
            return "list" if self.name[0] == "[" else "map"
        return self.name if self.name in TYPES else "string" if self.name == "any" else "structure"

    @property
    def members(self) -> Mapping[str, Shape]:
        """The members of a structure."""
        found = model(self.service)["types"][self.name]
        return {name: Shape(self.service, kind) for name, kind in found.items()}

    @property
    def member(self) -> Shape:
        """The element of a list."""
        return Shape(self.service, self.name[1:-1])

    @property
    def value(self) -> Shape:
        """The value of a mapping."""
        return Shape(self.service, self.name[1:-1])


@cache
def model(service: str) -> dict[str, Any]:
    """The operations and types of a service, derived and authored ones together."""
    path = MODELS / f"{service}.json"
    if not path.exists():
        raise WrongError(f"{service} has no model")
    data = json.loads(path.read_text())
    authored = data.get("authored", {})
    return {part: {**data[part], **authored.get(part, {})} for part in ("operations", "types")}


def described(operation: str) -> Mapping[str, Any]:
    """What the model says of `service:operation`."""
    service, _, name = operation.partition(":")
    known = model(service)["operations"]
    if name not in known:
        raise WrongError(f"{operation} is in no model{near(name, known)}")
    found: Mapping[str, Any] = known[name]
    return found


def output(operation: str) -> Shape:
    """The shape of an operation's answer."""
    return Shape(operation.partition(":")[0], described(operation)["answer"])


def steps_of(items: str) -> Path:
    """`items{}.instances` as steps, down to an element."""
    return (*re.sub(r"(\[\]|\{\})", ".*", items).split("."), "[]")


def wire_problems(operation: RestOperation) -> Iterator[str]:
    """What differs between the reviewed list and Google's own description of an operation."""
    found = described(operation.name)
    if found["verb"] != ("POST" if operation.post else "GET"):
        yield f"{operation.name}: the model says {found['verb']}"
    if _bare(operation.path) not in {_bare(path) for path in found["paths"]}:
        yield f"{operation.name}: the model says {' or '.join(found['paths'])}"
    if operation.page is not None:
        if operation.page.send not in found["parameters"]:
            yield f"{operation.name} takes no '{operation.page.send}'"
        walk(output(operation.name), tuple(operation.page.next.split(".")))
    for path in operation.partial:
        walk(output(operation.name), tuple(re.sub(r"\{\}", ".*", path).split(".")))


def _bare(path: str) -> str:
    return PLACEHOLDER.sub("{}", path)


def problems(kind: Kind, library: Library) -> Iterator[str]:
    """Everything in a kind that the models do not know."""
    for request in requests(kind):
        yield from (f"{kind.id}: {text}" for text in request_problems(request))
    for where, path in _paths(kind):
        try:
            shape_at(kind, library, path)
        except WrongError as error:
            yield f"{kind.id}: {where}: {error}"
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
        taken = {*described(request.operation)["parameters"], *EVERYWHERE}
        for items in request.items:
            walk(output(request.operation), steps_of(items))
    except WrongError as error:
        yield f"{request.operation}: {error}"
        return
    # A placeholder may be one segment of what the model calls by the name of the whole.
    filled = set(operations("gcp")[request.operation].placeholders) if request.operation in operations("gcp") else set()
    given = set(request.arguments) if isinstance(request.arguments, Mapping) else set()
    for name in sorted(given - taken - filled):
        yield f"{request.operation} has no argument '{name}'{near(name, taken)}"


def answer_of(kind: Kind, root: str, library: Library) -> tuple[str, Path] | None:
    """The operation that a name stands for, and where in its answer the name begins; None for a reader's data."""
    if root == "parent" and kind.listing is not None and kind.listing.per:
        return answer_of(library.kinds[kind.listing.per], "it", library)
    if root == "it":
        request = kind.listing.request if kind.listing is not None else None
        return (request.operation, steps_of(request.items[0])) if request is not None else None
    detail = kind.details.get(root)
    return (detail.operation, ()) if detail is not None else None


def shape_at(kind: Kind, library: Library, path: Path) -> Shape | None:
    """The shape that a path of a kind's expression leads to; None where a model cannot say."""
    where = answer_of(kind, path[0], library) if path[0] not in _ELSEWHERE else None
    if where is None:
        return None
    operation, above = where
    found: Any = walk(output(operation), (*above, *path[1:]))  # type: ignore[arg-type]
    return found if isinstance(found, Shape) else None


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
    if shape is not None and shape.name != "any" and wanted not in TYPES[shape.type_name]:
        yield f"{kind.id}: {attribute.name} is {attribute.type}, the model says {shape.name}"
