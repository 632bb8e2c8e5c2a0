"""Read `<cloud>.yaml`: what holds for every kind of a cloud."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from scanner.content.document_reader import DocumentReader
from scanner.content.requests import CallReader
from scanner.model.kinds import Kind, Scope, SecondSource, TypeInventory


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudRule:
    """What holds for every kind of a cloud."""

    cloud: str
    scope: Scope | None
    """The listings that have the second sources: those that run in this scope."""
    sources: tuple[SecondSource, ...]
    ignores: Mapping[str, str]
    """Names of members that no kind needs to read, as patterns, and why."""
    any_case: bool
    """Whether the provider spells the values of enumerations in any case."""
    inventories: tuple[TypeInventory, ...] = ()
    """What counts the resources of a target by type."""
    leaves_out_defaults: str
    """Why a member that is left out has the default of its type; empty: it was not read."""

    def on(self, kind: Kind) -> Kind:
        """The kind with what holds for it, if it is of this cloud."""
        if kind.cloud != self.cloud:
            return kind
        values = tuple(replace(one, any_case=self.any_case) for one in kind.values)
        ruled = replace(
            kind,
            ignored_names=self.ignores,
            values=values,
            leaves_out_defaults=self.leaves_out_defaults,
        )
        return self._with_sources(ruled)

    def _with_sources(self, kind: Kind) -> Kind:
        if kind.scope != self.scope or kind.listing is None:
            return kind
        if not kind.listing.per:
            return replace(kind, completeness=(*self.sources, *kind.completeness))
        # A listing of children is as complete as that of their parents, which has the sources.
        if kind.bulk is None:
            return kind
        # An inventory lists children without their parents: it needs sources of its own.
        completeness = (*self.sources, *kind.bulk.completeness)
        return replace(kind, bulk=replace(kind.bulk, completeness=completeness))


def read_cloud(reader: DocumentReader, name: str) -> CloudRule:
    """The rule in the file of a cloud; the file's name is the cloud's."""
    data = reader.data
    cloud = data["cloud"]
    if cloud != name:
        message = f"cloud '{cloud}' does not match its file"
        reader.wrong(("cloud",), message, f"it belongs in {cloud}.yaml")
    calls = CallReader(reader, {})
    sources = tuple(calls.counts((), data, {}))
    if ("scope" in data) != ("completeness" in data):
        message = "'scope' and 'completeness' need each other"
        reader.wrong((), message, "write both, or neither")
    return CloudRule(
        cloud=cloud,
        scope=Scope(data["scope"]) if "scope" in data else None,
        sources=sources,
        ignores=_ignored_names(data),
        any_case=data.get("values_in_any_case", False),
        inventories=tuple(_inventories(calls, data)),
        leaves_out_defaults=data.get("leaves_out_defaults", ""),
    )


def _inventories(calls: CallReader, data: Mapping[str, Any]) -> Iterator[TypeInventory]:
    for index, inventory in enumerate(data.get("inventories", ())):
        source = {key: inventory[key] for key in ("reader", "reads")}
        yield TypeInventory(
            name=inventory["name"],
            counts=inventory["counts"].strip(),
            scope=Scope(inventory["scope"]),
            source=calls.listing(("inventories", index), source),
        )


def _ignored_names(data: Mapping[str, Any]) -> dict[str, str]:
    found: dict[str, str] = {}
    for group in data.get("ignores", ()):
        found.update(dict.fromkeys(group["names"], group["why"]))
    return found


def with_cloud_rules(kind: Kind, rules: Iterable[CloudRule]) -> Kind:
    """The kind with what every rule says that applies to it."""
    for rule in rules:
        kind = rule.on(kind)
    return kind
