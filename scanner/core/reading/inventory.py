"""Reading in bulk: kinds whose listings, and some of whose details, an inventory answers for all kinds together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from scanner.core.reading.read_plan import Path, ReadPlan, all_paths, attribute_paths, plan_reads
from scanner.model.checks import Check
from scanner.model.config import TargetConfig
from scanner.model.kinds import Bulk, Kind, Listing, Request, Rows
from scanner.model.library import Library
from scanner.model.values import OpenList, Unreadable

Tree = dict[str, Any]


def bulk_types(library: Library, checks: Iterable[Check]) -> tuple[str, ...]:
    """The types that an inventory is asked for, so that it answers what the checks read."""
    # Of kinds that are read so, no parent is listed: what is needed is asked of the library as it would then be.
    needed = plan_reads(in_bulk(library, every_type(library)), checks).values()
    return tuple(sorted({need.kind.bulk.type for need in needed if need.kind.bulk}))


def asked_in_bulk(
    target: TargetConfig, library: Library, checks: Iterable[Check]
) -> tuple[str, ...]:
    """The same for a target; nothing where it is read call by call."""
    return bulk_types(library, checks) if target.bulk else ()


def in_bulk(library: Library, types: Collection[str]) -> Library:
    """The library with the kinds of these types read from the inventory; the others are read as always."""
    if not types:
        return library
    asked = tuple(sorted(types))
    kinds = {
        name: _read_so(kind, kind.bulk, library, asked)
        if kind.bulk and kind.bulk.type in types
        else kind
        for name, kind in library.kinds.items()
    }
    return replace(library, kinds=kinds)


def either_way(library: Library) -> Library:
    """Every kind in each way in which it can be read: what must be redacted, and what is read, on any of them."""
    twins = {
        f"{name} in bulk": kind
        for name, kind in in_bulk(library, every_type(library)).kinds.items()
        if kind.bulk
    }
    return replace(library, kinds={**library.kinds, **twins})


def every_type(library: Library) -> frozenset[str]:
    """The types of all kinds that an inventory can answer for."""
    return frozenset(kind.bulk.type for kind in library.kinds.values() if kind.bulk)


def _read_so(kind: Kind, bulk: Bulk, library: Library, types: tuple[str, ...]) -> Kind:
    roots = {"it", *bulk.same}
    paths = {path[1:] for path in all_paths(kind) if path[0] in roots}
    for child in library.kinds.values():
        if child.listing is not None and child.listing.per == kind.id:
            paths |= {path[1:] for path in all_paths(child) if path[0] == "parent"}
    request = replace(
        bulk.request,
        arguments={**bulk.request.arguments, bulk.asks: types},
        rows=_rows(bulk.request, types, frozenset(paths), bulk.quiet),
        secrets=(*bulk.request.secrets, *_moved_secrets(kind, bulk.request)),
    )
    details = {name: one for name, one in kind.details.items() if name not in bulk.same}
    for name, one in bulk.details.items():
        read = frozenset(path[1:] for path in all_paths(kind) if path[0] == name)
        details[name] = replace(one, rows=_rows(one, (bulk.type,), read))
    return replace(
        kind,
        listing=Listing(request=request),
        details=details,
        same=bulk.same,
        completeness=(
            *kind.completeness,
            *(replace(one, needed=True) for one in bulk.completeness),
        ),
    )


def _rows(
    request: Request,
    types: tuple[str, ...],
    read: frozenset[Path],
    quiet: frozenset[Path] = frozenset(),
) -> Rows | None:
    return replace(request.rows, types=types, read=read, quiet=quiet) if request.rows else None


def _moved_secrets(kind: Kind, request: Request) -> Iterator[str]:
    """The declared secrets of the kind's own listing, where they stand in the inventory's answer."""
    own = kind.listing.request if kind.listing else None
    if own is None or request.rows is None:
        return
    for secret in own.secrets:
        inner = secret.removeprefix(own.items[0]).lstrip("[]{}.")
        yield ".".join(part for part in (f"{request.items[0]}[]", request.rows.item, inner) if part)


def stands_for(need: ReadPlan, resources: int) -> int:
    """How many calls would have been made at least for resources that were read in bulk."""
    kind = need.kind
    if kind.listing is None or kind.listing.request is None or kind.listing.request.rows is None:
        return 0
    read = {path[0] for attribute in need.attributes for path in attribute_paths(attribute)} & set(
        kind.same
    )
    details = [name for name in need.details if name in kind.details and kind.details[name].rows]
    return 1 + resources * (len(read) + len(details))


# -- rows -------------------------------------------------------------------------------------------------------------


def own_rows(found: Any, request: Request) -> Any:
    """The resources of one kind among the rows of all; open where a row is of no type that was asked for."""
    rows = request.rows
    if rows is None or isinstance(found, Unreadable):
        return found
    item = _Item(rows)
    mine = [
        item.of(row) for row in found if isinstance(row, dict) and row.get(rows.tells) == rows.type
    ]
    if isinstance(found, OpenList):
        return OpenList(mine, found.reason, found.gaps)
    if all(isinstance(row, dict) and row.get(rows.tells) in rows.types for row in found):
        return mine
    return OpenList(mine, f"a row of {request.operation} tells no {rows.tells} that was asked for")


def rows_by_id(found: Any, request: Request, identities: Collection[Any]) -> list[Any]:
    """The detail of each resource; one without a row of its own is unread, for an inventory may not know of it."""
    rows = request.rows
    if rows is None or isinstance(found, Unreadable):
        return [found for _ in identities]
    item = _Item(rows)
    named: dict[Any, list[Any]] = defaultdict(list)
    for row in found:
        if (
            isinstance(row, dict)
            and row.get(rows.tells) == rows.type
            and isinstance(row.get(rows.match), str)
        ):
            named[row[rows.match]].append(row)
    lacking = (
        found.rest
        if isinstance(found, OpenList)
        else Unreadable(f"{request.operation} does not tell it")
    )
    several = Unreadable(f"{request.operation} tells it more than once")
    own = [named.get(one, []) if isinstance(one, str) else [] for one in identities]
    return [item.of(one[0]) if len(one) == 1 else several if one else lacking for one in own]


class _Item:
    """What rows hold, with everything unread that they do not tell."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self._read: Tree = {}
        for path in rows.read:
            below = self._read
            for step in path:
                below = below.setdefault(step, {})

    def of(self, row: Mapping[str, Any]) -> Any:
        """What one row holds."""
        found = _member(row, self._rows.item)
        if not isinstance(found, dict):
            return Unreadable(
                f"a row of {self._rows.type} holds no {self._rows.item or 'resource'}"
            )
        return self._filled(found, self._read, ())

    def _filled(self, value: Any, read: Tree, path: Path) -> Any:
        """A value in which each member that is read stands, or why it is unread; a quiet one may be missing.

        What is empty says nothing either: an inventory writes it for what it left out.
        """
        if isinstance(value, list):
            return [self._filled(item, read.get("[]", {}), (*path, "[]")) for item in value]
        if not isinstance(value, dict):
            return value
        full = dict(value)
        for key, below in read.items():
            inner = (*path, key)
            if key == "[]":
                continue
            if key in value and value[key] not in (None, "", [], {}):
                full[key] = self._filled(value[key], below, inner)
            elif any(inner[: len(one)] == one for one in self._rows.quiet):
                full.pop(key, None)
            else:
                path_told = ".".join(part for part in (self._rows.item, *inner) if part)
                full[key] = Unreadable(f"the inventory does not tell {path_told}")
        return full


def _member(row: Any, path: str) -> Any:
    """What stands at a dotted path, the row itself at an empty one; None for nothing."""
    for step in path.split(".") if path else ():
        row = row.get(step) if isinstance(row, dict) else None
    return row
