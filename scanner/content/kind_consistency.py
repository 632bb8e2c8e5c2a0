"""Kinds held against each other: one call may feed several of them, and is then said the same way in each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from scanner.content.document_reader import DocumentReader, Steps
from scanner.model.kinds import Kind, Request


def check_agreement(readings: Mapping[str, DocumentReader], kinds: Mapping[str, Kind]) -> None:
    """Note where two kinds differ on what a call's error codes mean, or on what it needs."""
    first: dict[str, tuple[Request, str]] = {}
    for identity in sorted(kinds):
        for path, request in _requests(kinds[identity]):
            known = first.setdefault(request.operation, (request, identity))
            for word in ("absent_on", "permission"):
                if sorted(getattr(known[0], word)) != sorted(getattr(request, word)):
                    message = f"'{word}' of {request.operation} differs from {known[1]}"
                    readings[identity].wrong(path, message, "say the same in both kinds", key=True)


def _requests(kind: Kind) -> Iterable[tuple[Steps, Request]]:
    if kind.listing is not None:
        if kind.listing.request is not None:
            yield ("list",), kind.listing.request
        yield from (
            (("list", "reads", index), read) for index, read in enumerate(kind.listing.reads)
        )
    for name, reader in kind.readers.items():
        yield from (
            (("details", name, "reads", index), read) for index, read in enumerate(reader.reads)
        )
    yield from ((("details", name), request) for name, request in kind.details.items())
    for index, count in enumerate(kind.completeness):
        if count.source.request is not None:
            yield ("completeness", index), count.source.request
        yield from (
            (("completeness", index, "reads", number), read)
            for number, read in enumerate(count.source.reads)
        )
