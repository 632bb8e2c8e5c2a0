"""Listings of Google, Azure and GitHub that a kind of the same service does not read: its siblings.

What each provider lists lies in `tests/providers/listings`, derived from what it publishes; AWS's
models are botocore's (`tests/helpers/aws_siblings.py`)."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Final

from scanner.core.reading.read_plan import all_paths, listing_requests, requests
from scanner.model.kinds import Kind
from scanner.model.library import Library

CLOUDS: Final = ("azure", "gcp", "github")
_FOLDER: Final = Path(__file__).parents[1] / "providers/listings"
_WRAPPER: Final = "properties"
"""Azure's resources hold what is their own below this member."""
_NAMES: Final = re.compile(
    r"id|name|kind|type|etag|tags|labels|annotations|description|displayName|display_name|location"
    r"|locations|region|zone|selfLink|state|status|provisioningState|.*(Time|_at|Timestamp)|sku"
    r"|identity|systemData|scope|url|.*_url|login|node_id|user|value|uid|metadata|version|network"
)
"""Members that rows of anything have: that two listings have them makes them no siblings."""

_MOST: Final = 0.8

Listings = Mapping[str, frozenset[str]]


@cache
def listings(cloud: str) -> Listings:
    """The members of the rows of each listing of a cloud."""
    found = json.loads((_FOLDER / f"{cloud}.json").read_text(encoding="utf-8"))
    return {name: frozenset(members) for name, members in found.items()}


def siblings(library: Library, cloud: str, listed: Listings) -> dict[str, set[str]]:
    """Listings that no kind reads and whose rows look like those of a kind, by operation; with the
    ids of these kinds."""
    kinds = [kind for kind in library.kinds.values() if kind.cloud == cloud]
    read = {request.operation for kind in kinds for request in requests(kind)}
    found: dict[str, set[str]] = {}
    for kind in kinds:
        for name, members in listed.items():
            if name in read or _service(kind) != _service_of(name):
                continue
            if _is_alike(kind, members, listed):
                found.setdefault(name, set()).add(kind.id)
    return found


def without_kind(library: Library, kind: str) -> Library:
    """The library as it was before a kind was written."""
    kinds = {name: one for name, one in library.kinds.items() if name != kind}
    return replace(library, kinds=kinds)


def _is_alike(kind: Kind, members: frozenset[str], listed: Listings) -> bool:
    """Whether rows have at least half of what is judged in those of a kind, or most of what they
    have themselves."""
    judged = _judged(kind)
    if judged and 2 * len(judged & members) >= len(judged):
        return True
    read = [one.operation for one in listing_requests(kind.listing)]
    own = [listed[operation] for operation in read if operation in listed]
    return any(len(rows & members) >= _MOST * len(rows | members) for rows in own)


def _service(kind: Kind) -> str:
    """The service whose listing gives a kind's resources; that of its reader's calls otherwise."""
    for request in requests(kind):
        return _service_of(request.operation)
    return ""


def _service_of(operation: str) -> str:
    return operation.partition(":")[0]


def _judged(kind: Kind) -> set[str]:
    """The members of a row that the kind reads, names and dates aside."""
    found: set[str] = set()
    for path in all_paths(kind):
        steps = [step for step in path[1:] if step not in (_WRAPPER, "[]")]
        if path[0] == "it" and steps:
            found.add(steps[0])
    return {member for member in found if not _NAMES.fullmatch(member)}
