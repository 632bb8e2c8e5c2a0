"""Reads kinds from an inventory: one answer that lists the resources of many kinds.

A kind that is read so gets another listing and other details in the library. Calls, permissions,
redaction and replay follow from these as they do from any (docs/decisions/0018).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace

from scanner.core.reading.read_plan import Path, ReadPlan, all_paths, attribute_paths, plan_reads
from scanner.model.checks import Check
from scanner.model.config import TargetConfig
from scanner.model.kinds import Inventory, InventoryRows, Kind, Listing, Request, SecondSource
from scanner.model.library import Library


def inventory_types(library: Library, checks: Iterable[Check]) -> tuple[str, ...]:
    """The types to request from an inventory, so that it covers what the checks read."""
    # Planned as if every kind were read from the inventory: kinds that it covers need no parents.
    all_covered = with_inventory(library, all_inventory_types(library))
    types: set[str] = set()
    for plan in plan_reads(all_covered, checks).values():
        if plan.kind.bulk:
            types.add(plan.kind.bulk.type)
    return tuple(sorted(types))


def target_inventory_types(
    target: TargetConfig,
    library: Library,
    checks: Iterable[Check],
) -> tuple[str, ...]:
    """The types to request for a target; none where the target is read call by call."""
    if not target.bulk:
        return ()
    return inventory_types(library, checks)


def all_inventory_types(library: Library) -> frozenset[str]:
    """The types of all kinds that an inventory covers."""
    bulks = [kind.bulk for kind in library.kinds.values()]
    return frozenset(bulk.type for bulk in bulks if bulk)


def with_inventory(library: Library, types: Collection[str]) -> Library:
    """The library with the kinds of these types read from the inventory; others are unchanged."""
    if not types:
        return library
    # All types in one call: an inventory allows few calls a minute.
    asked = set(types)
    for kind in library.kinds.values():
        if kind.bulk and kind.bulk.type in types:
            asked.update(kind.bulk.types)
    requested = tuple(sorted(asked))
    kinds: dict[str, Kind] = {}
    for name, kind in library.kinds.items():
        if kind.bulk and kind.bulk.type in types:
            kinds[name] = _from_inventory(kind, kind.bulk, library, requested)
        else:
            kinds[name] = kind
    return replace(library, kinds=kinds)


def with_every_reading(library: Library) -> Library:
    """Every kind in each way it can be read: redaction must cover all of them."""
    kinds = dict(library.kinds)
    all_covered = with_inventory(library, all_inventory_types(library))
    for name, kind in all_covered.kinds.items():
        if kind.bulk:
            kinds[f"{name} in bulk"] = kind
    return replace(library, kinds=kinds)


def _from_inventory(
    kind: Kind,
    bulk: Inventory,
    library: Library,
    types: tuple[str, ...],
) -> Kind:
    request = bulk.request
    secrets = (*request.secrets, *_moved_secrets(kind, request))
    request = replace(
        request,
        arguments={**request.arguments, bulk.asks: types},
        rows=_item_rows(kind, bulk, library, types),
        secrets=secrets,
    )
    return replace(
        kind,
        listing=Listing(request=request, below=_listed_below(kind, bulk)),
        details=_details(kind, bulk),
        same=bulk.same,
        completeness=(*kind.completeness, *_needed_sources(bulk)),
    )


def _listed_below(kind: Kind, bulk: Inventory) -> tuple[Request, ...]:
    """The listings below each resource, unless the inventory has their rows too."""
    if kind.listing is None or len(bulk.types) > 1:
        return ()
    return kind.listing.below


def _item_rows(
    kind: Kind,
    bulk: Inventory,
    library: Library,
    types: tuple[str, ...],
) -> InventoryRows | None:
    if bulk.request.rows is None:
        return None
    read = _paths_below(kind, {"it", *bulk.same})
    # Children are still listed call by call, with arguments that they take from this row.
    for child in library.kinds.values():
        if child.listing is not None and child.listing.per == kind.id:
            read |= _paths_below(child, {"parent"})
    return replace(
        bulk.request.rows,
        types=types,
        read=frozenset(read),
        quiet=bulk.quiet,
    )


def _details(kind: Kind, bulk: Inventory) -> dict[str, Request]:
    """The details besides those that are the listed resource itself."""
    details: dict[str, Request] = {}
    for name, detail in kind.details.items():
        if name not in bulk.same:
            details[name] = detail
    for name, detail in bulk.details.items():
        rows = detail.rows
        if rows is not None:
            # One type a call: not every type has this detail, and a wrong one refuses them all.
            rows = replace(
                rows,
                types=(bulk.type,),
                read=frozenset(_paths_below(kind, {name})),
                quiet=frozenset[Path](),
            )
        details[name] = replace(detail, rows=rows)
    return details


def _paths_below(kind: Kind, roots: set[str]) -> set[Path]:
    """What a kind reads below one of these names."""
    paths: set[Path] = set()
    for path in all_paths(kind):
        if path[0] in roots:
            paths.add(path[1:])
    return paths


def _needed_sources(bulk: Inventory) -> Iterator[SecondSource]:
    """The second sources of the inventory; their silence is a gap.

    Without them an inventory does not show that the caller sees everything (docs/decisions/0020).
    """
    for source in bulk.completeness:
        yield replace(source, needed=True)


def _moved_secrets(kind: Kind, request: Request) -> Iterator[str]:
    """The secrets of the kind's own listing, at their paths in the inventory's answer."""
    if kind.listing is None or request.rows is None:
        return
    own = kind.listing.request
    if own is None:
        return
    # A secret stays one wherever it is read: the inventory gives the same members in its rows.
    for secret in own.secrets:
        inner = secret.removeprefix(own.items[0]).lstrip("[]{}.")
        steps = (f"{request.items[0]}[]", request.rows.item, inner)
        yield ".".join(step for step in steps if step)


def count_replaced_calls(plan: ReadPlan, resources: int) -> int:
    """The calls that an inventory replaced, at least: a listing and each resource's details."""
    kind = plan.kind
    if kind.listing is None or kind.listing.request is None:
        return 0
    if kind.listing.request.rows is None:
        return 0
    used: set[str] = set()
    for attribute in plan.attributes:
        used.update(path[0] for path in attribute_paths(attribute))
    of_each = len(used & set(kind.same))
    for name in plan.details:
        if name in kind.details and kind.details[name].rows:
            of_each += 1
    return 1 + resources * of_each
