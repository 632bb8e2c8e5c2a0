"""What holds for every listing of a cloud: second sources that its kinds need not each name."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from scanner.content.document_reader import DocumentReader
from scanner.content.requests import Requests
from scanner.model.kinds import Count, Kind, Scope


@dataclass(frozen=True, slots=True, kw_only=True)
class EveryListing:
    """The second sources of all listings of a cloud that run in one scope."""

    cloud: str
    scope: Scope
    sources: tuple[Count, ...]

    def on(self, kind: Kind) -> Kind:
        """The kind with its listing held against them; that of children is as whole as that of their parents."""
        if (kind.cloud, kind.scope) != (self.cloud, self.scope) or kind.listing is None:
            return kind
        if not kind.listing.per:
            return replace(kind, completeness=(*self.sources, *kind.completeness))
        if kind.bulk is None:
            return kind
        # An inventory lists children without their parents.
        return replace(
            kind, bulk=replace(kind.bulk, completeness=(*self.sources, *kind.bulk.completeness))
        )


def read_cloud(reading: DocumentReader, name: str) -> EveryListing:
    """What the file of a cloud says; its name says which cloud."""
    data = reading.data
    if data["cloud"] != name:
        reading.wrong(
            ("cloud",),
            f"cloud '{data['cloud']}' does not match its file",
            f"it belongs in {data['cloud']}.yaml",
        )
    sources = tuple(Requests(reading, {}).counts((), data, {}))
    return EveryListing(cloud=data["cloud"], scope=Scope(data["scope"]), sources=sources)


def everywhere(kind: Kind, rules: Iterable[EveryListing]) -> Kind:
    """The kind with what holds for every listing of its cloud."""
    for rule in rules:
        kind = rule.on(kind)
    return kind
