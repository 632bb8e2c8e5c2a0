"""Listings in AWS's models that a kind of the same service does not read: its siblings."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, Final

from botocore.loaders import Loader

from scanner.core.reading.read_plan import requests
from scanner.model.kinds import Kind
from scanner.model.library import Library

Model = Mapping[str, Any]

_LISTING: Final = re.compile("(List|Describe)[A-Z]")
_NAMES: Final = re.compile(
    r".*(Arn|ARN|Id|Name|Time|Date|At|On)|Tags|Tag.*|Status|State|Type|Description|Key|Value|Values"
    r"|Region|Version|Enabled"
)
"""Members that rows of anything have: that two listings have them makes them no siblings."""
_SUFFIXES: Final = ("serverless", "control", "tables", "vectors", "outposts", "files", "v2", "-serverless",
                    "-public")  # fmt: skip
_OLDER: Final = {"elbv2": "elb"}


@cache
def _services() -> frozenset[str]:
    return frozenset(Loader().list_available_services("service-2"))


@cache
def _model(service: str) -> Model:
    found: Model = Loader().load_service_model(service, "service-2")
    return found


def siblings(library: Library) -> dict[str, set[str]]:
    """Listings that no kind reads and whose rows look like those of a kind, by operation; with the
    ids of these kinds."""
    kinds = [kind for kind in library.kinds.values() if kind.cloud == "aws"]
    read = {request.operation for kind in kinds for request in requests(kind)}
    found: dict[str, set[str]] = {}
    for kind in kinds:
        for operation in _of_kind(kind):
            if operation not in read:
                found.setdefault(operation, set()).add(kind.id)
    return found


def is_listing(operation: str) -> bool:
    """Whether AWS has an operation that lists, of this name."""
    service, _, name = operation.partition(":")
    if service not in _services() or not _LISTING.match(name):
        return False
    return name in _model(service)["operations"]


def _of_kind(kind: Kind) -> Iterator[str]:
    if kind.listing is None or kind.listing.request is None:
        return
    service = kind.listing.request.operation.partition(":")[0]
    if service not in _services():
        return
    judged = _judged(kind)
    for name, members in _rows(_model(service)):
        # A row that has what is judged here is a thing of the same sort.
        if judged & members:
            yield f"{service}:{name}"
    for other in _family(service):
        for name, members in _rows(_model(other), whole=True):
            if judged & members or any(member.lower().endswith("arn") for member in members):
                yield f"{other}:{name}"


def _family(service: str) -> Iterator[str]:
    """Services of their own that hold more of the same: `redshift-serverless` of `redshift`."""
    names = [f"{service}{suffix}" for suffix in _SUFFIXES]
    names.append(_OLDER.get(service, ""))
    for name in names:
        if name in _services():
            yield name


def _judged(kind: Kind) -> set[str]:
    """The members that the kind's attributes read, names and dates aside."""
    found: set[str] = set()
    for attribute in kind.attributes.values():
        for one in (attribute, *attribute.each.values()):
            for path in one.api.paths:
                found.update(step for step in path if step[:1].isupper())
    return {member for member in found if not _NAMES.fullmatch(member)}


def _rows(model: Model, *, whole: bool = False) -> Iterator[tuple[str, set[str]]]:
    """Each listing of a service with the members of its rows; `whole`: those without a parent."""
    shapes = model["shapes"]
    for name, operation in model["operations"].items():
        if not _LISTING.match(name) or "output" not in operation:
            continue
        needed: list[str] = []
        if "input" in operation:
            needed = shapes[operation["input"]["shape"]].get("required", [])
        # S3 asks for the account, which is no parent.
        if whole and set(needed) - {"AccountId"}:
            continue
        for member in shapes[operation["output"]["shape"]].get("members", {}).values():
            shape = shapes[member["shape"]]
            if shape["type"] != "list":
                continue
            row = shapes[shape["member"]["shape"]]
            if row["type"] == "structure":
                yield name, set(row["members"])
