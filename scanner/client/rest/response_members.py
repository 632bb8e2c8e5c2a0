"""Compares responses with the providers' models, which lie beside the reviewed operations.

A `{}`, the body of an error with status 200 and another operation's document would all read as
"nothing there".
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from functools import cache
from typing import Any

from scanner.client.rest.operations import PROVIDERS
from scanner.model.rest_operations import RestOperation


def unlike_model(
    cloud: str, operation: RestOperation, data: Mapping[str, Any], *, lists: bool
) -> str:
    """Why a response is not that of the operation; empty: it may be. `lists`: it is a listing."""
    members = _members(cloud, operation.service).get(operation.name.partition(":")[2])
    if members is None:
        return ""
    if not _lists_objects(operation, data):
        return "the response lists something else than objects"
    error = data.get("error")
    if error and "error" not in members:
        return "the response is an error with status 200"
    if any(name in members for name in data):
        return ""
    # Google leaves an empty list out; what identifies such an answer stands under `always`.
    if not data and (lists or operation.may_be_empty):
        return ""
    return "the response has no member of its model"


def _lists_objects(operation: RestOperation, data: Mapping[str, Any]) -> bool:
    """Whether the rows of a response that is a list are objects."""
    rows = data.get(operation.root, ()) if operation.root else ()
    return all(isinstance(row, Mapping) for row in rows)


@cache
def _members(cloud: str, service: str) -> Mapping[str, Collection[str]]:
    """The members of each operation's response; nothing for a service without a model."""
    path = PROVIDERS / cloud / "models" / f"{service}.json"
    if not path.exists():
        return {}
    model = json.loads(path.read_bytes())
    found: dict[str, Collection[str]] = {}
    for name, operation in model["operations"].items():
        shape = model["shapes"].get(operation.get("output", {}).get("shape"), {})
        if shape.get("type") == "structure":
            found[name] = frozenset(shape["members"])
    return found
