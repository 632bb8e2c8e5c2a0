"""Cross-check kinds: a call that several of them declare means the same in each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from scanner.content.document_reader import DocumentReader, Steps
from scanner.model.kinds import Kind, Request


def check_consistency(readers: Mapping[str, DocumentReader], kinds: Mapping[str, Kind]) -> None:
    """Note where two kinds differ on a call's error codes or permissions."""
    # A call is made once for all kinds: two meanings of one answer would depend on their order.
    first: dict[str, tuple[Request, str]] = {}
    for identity in sorted(kinds):
        for path, request in _requests(kinds[identity]):
            known, owner = first.setdefault(request.operation, (request, identity))
            for word in _differences(known, request):
                message = f"'{word}' of {request.operation} differs from {owner}"
                readers[identity].wrong(path, message, "use the same value in both kinds", key=True)


def _differences(one: Request, other: Request) -> Iterator[str]:
    if sorted(one.absent_on) != sorted(other.absent_on):
        yield "absent_on"
    if sorted(one.permission) != sorted(other.permission):
        yield "permission"


def _requests(kind: Kind) -> Iterator[tuple[Steps, Request]]:
    """Every call of a kind, with its path in the kind's file."""
    if kind.listing is not None:
        if kind.listing.request is not None:
            yield ("list",), kind.listing.request
        yield from _reads(("list",), kind.listing.reads)
    for name, reader in kind.readers.items():
        yield from _reads(("details", name), reader.reads)
    for name, request in kind.details.items():
        yield ("details", name), request
    for index, count in enumerate(kind.completeness):
        path: Steps = ("completeness", index)
        if count.source.request is not None:
            yield path, count.source.request
        yield from _reads(path, count.source.reads)


def _reads(path: Steps, reads: Sequence[Request]) -> Iterator[tuple[Steps, Request]]:
    for index, read in enumerate(reads):
        yield (*path, "reads", index), read
