"""Read `<cloud>.yaml`: the second sources that every listing of a cloud has."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from scanner.content.document_reader import DocumentReader
from scanner.content.requests import CallReader
from scanner.model.kinds import Kind, Scope, SecondSource


@dataclass(frozen=True, slots=True, kw_only=True)
class EveryListing:
    """The second sources of all listings of a cloud that run in one scope."""

    cloud: str
    scope: Scope
    sources: tuple[SecondSource, ...]

    def on(self, kind: Kind) -> Kind:
        """The kind with these sources of its listing, if it is of this cloud and scope."""
        if (kind.cloud, kind.scope) != (self.cloud, self.scope) or kind.listing is None:
            return kind
        if not kind.listing.per:
            return replace(kind, completeness=(*self.sources, *kind.completeness))
        # A listing of children is as complete as that of their parents, which has the sources.
        if kind.bulk is None:
            return kind
        # An inventory lists children without their parents: it needs sources of its own.
        completeness = (*self.sources, *kind.bulk.completeness)
        return replace(kind, bulk=replace(kind.bulk, completeness=completeness))


def read_cloud(reader: DocumentReader, name: str) -> EveryListing:
    """The rule in the file of a cloud; the file's name is the cloud's."""
    data = reader.data
    cloud = data["cloud"]
    if cloud != name:
        message = f"cloud '{cloud}' does not match its file"
        reader.wrong(("cloud",), message, f"it belongs in {cloud}.yaml")
    sources = tuple(CallReader(reader, {}).counts((), data, {}))
    return EveryListing(
        cloud=cloud,
        scope=Scope(data["scope"]),
        sources=sources,
    )


def with_cloud_sources(kind: Kind, rules: Iterable[EveryListing]) -> Kind:
    """The kind with the second sources of every rule that applies to it."""
    for rule in rules:
        kind = rule.on(kind)
    return kind
