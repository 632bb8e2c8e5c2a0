"""Answers of every operation with a text in every text member that the providers' models name, and
a cloud that gives them."""

from __future__ import annotations

import base64
from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from botocore.model import Shape

from scanner.client.client import Page, PageFetcher, ProviderClient
from scanner.client.failures import Failure
from scanner.core.reading.read_plan import requests
from scanner.model.answers import Account, Answer, Call, Caller, Target
from scanner.model.kinds import Kind
from scanner.model.library import Library
from tests.helpers.provider_models import answer_of, output

Plant = Callable[[str], str]
"""The text of a member, by its path: `Functions[].Description`."""
_DEEPEST: Final = 18
_ARN: Final = "arn:aws:service:us-east-1:111122223333:thing/named"


def operations(library: Library) -> list[str]:
    """Every operation that the kinds declare, those of their readers included."""
    found: set[str] = set()
    for kind in library.kinds.values():
        found.update(request.operation for request in requests(kind))
    return sorted(found)


def planted(operation: str, plant: Plant, flag: bool = True) -> dict[str, Any]:
    """A whole answer by the model, with one element in every list."""
    shape = output(operation)
    if shape is None:
        return {}
    found: dict[str, Any] = _value(shape, "", _Way(plant, flag), ())
    return found


@dataclass(frozen=True, slots=True)
class _Way:
    plant: Plant
    flag: bool


def _value(shape: Shape, path: str, way: _Way, above: tuple[str, ...]) -> Any:
    kind = shape.type_name
    if kind == "structure":
        return _structure(shape, path, way, above)
    if kind == "list":
        inside = _value(shape.member, f"{path}[]", way, above)
        return [] if inside is None else [inside]
    if kind == "map":
        inside = _value(shape.value, f"{path}.*", way, above)
        return {way.plant(f"{path}{{}}"): inside, "key": inside}
    if kind in ("string", "character"):
        return way.plant(path)
    if kind == "blob":
        return {"$bytes": base64.b64encode(way.plant(path).encode()).decode()}
    if kind == "timestamp":
        return "2026-01-01T00:00:00Z"
    return way.flag if kind == "boolean" else 1 + way.flag


def _structure(shape: Shape, path: str, way: _Way, above: tuple[str, ...]) -> Any:
    if getattr(shape, "is_document_type", False):
        return {"document": way.plant(path), way.plant(path): [way.plant(path)]}
    # A network within a subnet within a network, and so on: once is enough.
    if shape.name in above or len(above) > _DEEPEST:
        return None
    found: dict[str, Any] = {}
    for name, member in shape.members.items():
        below = f"{path}.{name}" if path else name
        value = _value(member, below, way, (*above, shape.name))
        if value is not None:
            found[name] = value
    return found


def needed(library: Library) -> Mapping[str, Mapping[str, str]]:
    """The members without which nothing further is read, by operation, with a harmless value.

    They name resources, and decide which calls are made."""
    found: dict[str, dict[str, str]] = {}
    for kind in library.kinds.values():
        for path in _deciding(kind):
            where = answer_of(kind, path[0], library)
            if where is None:
                continue
            operation, above = where
            member = ".".join((*above, *path[1:])).replace(".[]", "[]")
            found.setdefault(operation, {})[member] = _harmless(path[-1], kind)
    return found


def _deciding(kind: Kind) -> Iterator[tuple[str, ...]]:
    for expression in (kind.identity, kind.label, kind.at):
        if expression is not None:
            yield from expression.paths
    for request in requests(kind):
        yield from _argument_paths(request.arguments)
        for more in (request.when, request.at, request.batch.key if request.batch else None):
            if more is not None:
                yield from more.paths


def _argument_paths(tree: Any) -> Iterator[tuple[str, ...]]:
    if isinstance(tree, Mapping):
        for value in tree.values():
            yield from _argument_paths(value)
    elif isinstance(tree, list | tuple):
        for value in tree:
            yield from _argument_paths(value)
    elif hasattr(tree, "paths"):
        yield from tree.paths


def _harmless(member: str, kind: Kind) -> str:
    if kind.cloud == "aws" and member.lower().endswith("arn"):
        return _ARN
    if kind.cloud == "azure" and member == "id":
        return "/subscriptions/111/resourceGroups/rg/providers/Microsoft.X/things/named"
    if kind.cloud == "gcp" and member in ("name", "parent"):
        return "projects/acme/things/named/subscriptions/x"
    return "us-east-1" if "egion" in member or member == "location" else "named"


@dataclass(slots=True)
class PlantedCloud:
    """A transport whose every answer is planted; or, with `refusal`, every failure."""

    answer: Callable[[str], dict[str, Any]]
    refusal: Failure | None = None
    asked: list[str] = field(default_factory=list)

    def rate_limit_key(self, call: Call) -> Hashable:
        """One for all."""
        return ""

    def prepare(self, call: Call) -> PageFetcher[Any] | Failure:
        """The call, answered."""
        self.asked.append(call.operation)
        return _Fetcher(call, self)


@dataclass(slots=True)
class _Fetcher:
    call: Call
    cloud: PlantedCloud
    lists: tuple[str, ...] = ()

    def fetch(self, cursor: Any, deadline: float) -> Page[Any] | Failure:
        if self.cloud.refusal is not None:
            return self.cloud.refusal
        return Page(data=self.cloud.answer(self.call.operation), request_id="r-1")

    def shortfall(self, data: dict[str, Any], last: Page[Any]) -> Failure | None:
        return None


@dataclass(slots=True)
class PlantedSession:
    """A target whose every call is answered by a planted cloud."""

    target: Target
    client: ProviderClient
    name: str = ""
    partition: str = "aws"
    callers: tuple[Caller, ...] = (Caller(id="arn:aws:iam::111122223333:role/audit", account="x"),)
    answers: Mapping[str, Answer] = field(default_factory=dict)
    regions: tuple[str, ...] = ("us-east-1",)
    regions_excluded: tuple[str, ...] = ()
    regions_open: str = ""
    accounts: tuple[Account, ...] = ()
    management_open: str = ""
    organization_only: bool = False
    clock_skew: float | None = None

    def request(self, call: Call) -> Answer:
        """The planted answer, as the client redacts it."""
        return self.client.request(call)
