"""Kinds held against the providers' models: operations, arguments, lists, and the members that
attributes read.

AWS's models are botocore's. Those of the other clouds lie beside their operations in
`models/<service>.json`, in botocore's format, derived from what each provider publishes
(`tests/providers/derive`)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from functools import cache
from pathlib import Path as File
from typing import Any

from botocore.exceptions import UnknownServiceError
from botocore.model import ServiceModel, Shape
from botocore.session import Session

from scanner.client.rest.operations import clouds
from scanner.core.reading.read_plan import Path, attribute_paths, request_paths, requests
from scanner.model.kinds import Attribute, Kind, Request
from scanner.model.library import Library
from scanner.providers.aws.json_values import DECODED

SOURCES = File(__file__).parents[2] / "scanner/providers"

# What botocore's parser gives for each type of its models; `json` stands for a text that the
# language may decode.
TYPES: Mapping[str, tuple[str, ...]] = {
    "string": ("string", "policy", "trust_policy"),
    "character": ("string",),
    "boolean": ("bool",),
    "integer": ("int", "double"),
    "long": ("int", "double"),
    "float": ("double",),
    "double": ("double",),
    "timestamp": ("string",),
    "blob": ("string",),
    "list": ("list", "map"),
    "map": ("map",),
    "structure": ("map", "policy", "trust_policy"),
}
_NOT_ANSWERS = frozenset({"account", "region", "partition", "params", "now", "started", "self"})


class WrongError(Exception):
    """What is wrong with a path."""


@cache
def session() -> Session:
    """One botocore session for all."""
    return Session()


@cache
def _services(name: str) -> tuple[ServiceModel, ...]:
    """The models of every service of a name: `iam` is one of AWS and one of Google."""
    paths = [
        path for cloud in clouds() if (path := SOURCES / cloud / f"models/{name}.json").exists()
    ]
    derived = [ServiceModel(json.loads(path.read_text())) for path in paths]
    try:
        return (*derived, session().get_service_model(name))
    except UnknownServiceError:
        return tuple(derived)


@cache
def output(operation: str) -> Shape:
    """The shape of an operation's answer."""
    return model(operation).output_shape


@cache
def model(operation: str) -> Any:
    """The model of `service:operation`."""
    service, _, name = operation.partition(":")
    if not _services(service):
        raise WrongError(f"there is no model of {service}")
    for known in _services(service):
        if name in known.operation_names:
            return known.operation_model(name)
    names = [other for known in _services(service) for other in known.operation_names]
    raise WrongError(f"{operation} does not exist{near(name, names)}")


def near(word: str, known: Any) -> str:
    """A hint."""
    close = get_close_matches(word, list(known), n=1)
    return (
        f"; did you mean '{close[0]}'?" if close else f" (there is {', '.join(sorted(known)[:12])})"
    )


def walk(shape: Shape, steps: Path) -> Shape | None:
    """The shape at a path; None below a text, which may be decoded. WrongError where the model has
    no such member."""
    for position, step in enumerate(steps):
        if shape.type_name == "string" or getattr(shape, "is_document_type", False):
            return None
        if shape.type_name == "list" and not _is_index(step):
            return walk(shape.member, steps[position:])
        shape = _inner(shape, step, ".".join(steps[: position + 1]))
    return shape


def _is_index(step: str) -> bool:
    return step == "[]" or step.isdigit()


def _inner(shape: Shape, step: str, path: str) -> Shape:
    """The shape one step further in."""
    if shape.type_name == "list":
        return shape.member
    if shape.type_name == "map":
        return shape.value
    if shape.type_name != "structure":
        raise WrongError(f"{path}: {shape.name} is {shape.type_name}, it has nothing inside")
    if _is_index(step):
        raise WrongError(f"{path}: {shape.name} is no list")
    if step not in shape.members:
        raise WrongError(f"{path}: {shape.name} has no '{step}'{near(step, shape.members)}")
    return shape.members[step]


def steps_of(items: str) -> Path:
    """`Reservations[].Instances` as steps, down to an element; `*` is any key of a mapping."""
    words = items.replace("[]", ".[]").replace("{}", ".*").split(".")
    return tuple(words) if items.endswith("{}") else (*words, "[]")


def problems(kind: Kind, library: Library) -> Iterator[str]:
    """Everything in a kind that the providers' models do not know."""
    for request in requests(kind):
        yield from (f"{kind.id}: {text}" for text in request_problems(request))
    for name, attribute in kind.attributes.items():
        for path in attribute_paths(attribute):
            found = list(_path_problem(kind, library, f"attribute {name}", path))
            if found and not _is_of_another_list(kind, library, attribute, path):
                yield from found
        yield from _type_problem(kind, library, attribute)
    for where, expression in (("id", kind.identity), ("name", kind.label), ("at", kind.at)):
        for path in expression.paths if expression is not None else ():
            yield from _path_problem(kind, library, where, path)
    for name, request in kind.details.items():
        for path in request_paths(request):
            yield from _path_problem(kind, library, f"detail {name}", path)


def _is_of_another_list(kind: Kind, library: Library, attribute: Attribute, path: Path) -> bool:
    """Whether a member of a record is one of another list that the attribute may be read from."""
    for source in attribute.api.paths:
        head = (*source, "[]")
        if path[: len(head)] != head:
            continue
        for other in attribute.api.paths - {source}:
            tail = path[len(head) :]
            if not list(_path_problem(kind, library, "", (*other, "[]", *tail))):
                return True
    return False


def request_problems(request: Request) -> Iterator[str]:
    """Arguments, lists and batch members that the operation does not have."""
    try:
        known = model(request.operation)
    except WrongError as error:
        yield str(error)
        return
    taken = known.input_shape.members if known.input_shape else {}
    needed = set(known.input_shape.required_members) if known.input_shape else set()
    given = set(request.arguments) if isinstance(request.arguments, Mapping) else set()
    batch = {request.batch.member} if request.batch else set()
    for name in sorted((given | batch) - set(taken)):
        yield f"{request.operation} has no argument '{name}'{near(name, taken)}"
    for path in (
        *request.items,
        *((request.batch.items,) if request.batch and request.batch.items else ()),
    ):
        yield from _list_problem(request, path)
    if request.batch and not (given | batch) >= needed:
        yield f"{request.operation} lacks {sorted(needed - given - batch)}"


def _list_problem(request: Request, path: str) -> Iterator[str]:
    try:
        inner = walk(output(request.operation), steps_of(path))
        if request.batch and path == request.batch.items and inner is not None:
            walk(inner, (request.batch.match,))
    except WrongError as error:
        yield f"{request.operation}: {error}"


def answer_of(kind: Kind, root: str, library: Library) -> tuple[str, Path] | None:
    """The operation that a name stands for, and where in its answer the name begins; None for a
    reader's data."""
    if root == "parent" and kind.listing is not None and kind.listing.per:
        return answer_of(library.kinds[kind.listing.per], "it", library)
    if root == "it":
        request = kind.listing.request if kind.listing is not None else None
        return (
            (request.operation, steps_of(request.items[0]))
            if request is not None and request.items
            else None
        )
    detail = kind.details.get(root)
    if detail is None:
        return None
    return detail.operation, steps_of(detail.batch.items) if detail.batch else ()


def shape_at(kind: Kind, library: Library, path: Path) -> Shape | None:
    """The shape that a path of a kind's expression leads to; None where a model cannot say."""
    where = answer_of(kind, path[0], library)
    if where is None:
        return None
    operation, above = where
    whole = (*above, *path[1:])
    decoded = any(_below(whole, steps_of(text)[:-1]) for text in DECODED.get(operation, ()))
    if decoded:
        return None
    if whole[-1:] == ("[]",):
        inside = walk(output(operation), whole[:-1])
        if inside is None or inside.type_name not in ("list", "map"):
            # A list is filtered by a flag of its elements; the members of a record are gone through
            # by name.
            return None
    return walk(output(operation), whole)


def _below(path: Path, top: Path) -> bool:
    plain = tuple(step for step in path if step != "[]")
    return plain[: len([step for step in top if step != "[]"])] == tuple(
        step for step in top if step != "[]"
    )


def _path_problem(kind: Kind, library: Library, where: str, path: Path) -> Iterator[str]:
    if path[0] in _NOT_ANSWERS:
        return
    try:
        shape_at(kind, library, path)
    except WrongError as error:
        yield f"{kind.id}: {where}: {error}"


def _type_problem(kind: Kind, library: Library, attribute: Attribute) -> Iterator[str]:
    """The declared type of an attribute whose expression is one plain path, against the model's."""
    paths = list(attribute.api.paths)
    if len(paths) != 1 or ".".join(paths[0]) != re.sub(
        r"\[\d*\]", ".[]", attribute.api.source.strip()
    ):
        return
    try:
        shape = shape_at(kind, library, paths[0])
    except WrongError:
        return
    wanted = attribute.type.rstrip("?").partition("(")[0]
    if shape is not None and wanted not in TYPES[shape.type_name]:
        yield f"{kind.id}: {attribute.name} is {attribute.type}, the model says {shape.type_name}"
