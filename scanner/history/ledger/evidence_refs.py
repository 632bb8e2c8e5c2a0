"""Which evidence a finding stands on: the calls that its check reads, and the one that names its resource."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from functools import cached_property
from typing import Any, Final

from scanner.core.permissions import need_requests
from scanner.core.reading.inventory import every_type, in_bulk
from scanner.core.reading.read_plan import plan_reads
from scanner.history.ledger.changes import LISTING, FindingKey
from scanner.history.snapshots.documents import Given
from scanner.model.answers import Snapshot
from scanner.model.kinds import Listing
from scanner.model.library import Library

_ANY: Final = "*"


def operations(library: Library, checks: Collection[str]) -> dict[str, frozenset[str]]:
    """The operations that each check reads, call by call or in bulk, those of related kinds among them."""
    bulk = in_bulk(library, every_type(library))
    return {
        name: frozenset(
            request.operation
            for way in (library, bulk)
            for need in plan_reads(way, [library.checks[name]]).values()
            for request in need_requests(need)
        )
        for name in checks
        if name in library.checks
    }


def parameters(library: Library, check: str) -> frozenset[str] | None:
    """Names of the parameters that may decide a check; None where any may.

    What a kind is read by counts as a whole, whatever the check needs of it.
    """
    if check not in library.checks:
        return None
    asked = library.checks[check]
    kinds = [need.kind for need in plan_reads(library, [asked]).values()]
    labels = {asked.scope.tag, asked.scope.values, asked.scope.untagged} if asked.scope else set()
    found = labels.union(*map(_named, (*asked.expressions, *kinds)))
    return None if _ANY in found else frozenset(found - {""})


def _named(value: Any) -> Iterator[str]:
    """The parameters that a noun names anywhere; a reader is a program, and may look at any."""
    if isinstance(value, Listing) and value.reader:
        yield _ANY
    paths = getattr(value, "paths", None)
    if paths is not None:
        yield from (path[1] if path[1:] else _ANY for path in paths if path[0] == "params")
    elif isinstance(value, (Mapping, list, tuple)):
        yield from (
            name
            for one in (value.values() if isinstance(value, Mapping) else value)
            for name in _named(one)
        )
    elif is_dataclass(value):
        yield from (
            name
            for one in fields(value)
            if one.name != "type"
            for name in _named(getattr(value, one.name))
        )


class EvidenceRefs:
    """The evidence of one scan beside that of the scan before, by check."""

    def __init__(
        self,
        snapshot: Snapshot,
        answers: tuple[Given, ...],
        before: Iterable[Given],
        reads: Mapping[str, frozenset[str]],
    ) -> None:
        self._snapshot = snapshot
        self._answers = answers
        self._reads = reads
        old, new = {given.said for given in before}, {given.said for given in answers}
        self._different = {said[0] for said in old ^ new}
        self._made = {said[0] for said in old | new}
        self._new = {said[1] for said in new - old}

    def changed(self, check: str) -> bool:
        """Whether anything that a check reads is not what it was; True where it reads another target's answers."""
        reads = self._reads.get(check, frozenset())
        return bool(reads & self._different) or not reads & self._made

    def document(self, place: FindingKey) -> str:
        """The digest of the document that a finding stands on; `` where none can be named.

        Of several the one that is new, then the one whose parameters name the resource, then the listing.
        """
        check, region, resource = place
        reads = self._reads.get(check, frozenset())
        found = [
            one
            for word in _words(resource)
            for one in self._naming.get(word, ())
            if one.operation in reads
        ]
        if not found:
            found = [
                one
                for operation in sorted(reads)
                for one in self._listing.get((operation, region), ())
                or self._listing.get((operation, ""), ())
            ]
        return min(found, key=lambda one: one.digest not in self._new).digest.hex() if found else ""

    @cached_property
    def _naming(self) -> dict[str, list[Given]]:
        found: dict[str, list[Given]] = defaultdict(list)
        for key, given in self._by_key():
            for value in _values(self._snapshot.answers[key].call.params):
                found[value].append(given)
        return found

    @cached_property
    def _listing(self) -> dict[tuple[str, str], list[Given]]:
        """Answers to calls without a resource's name, by operation and region; and each operation without region."""
        found: dict[tuple[str, str], list[Given]] = defaultdict(list)
        for key, given in self._by_key():
            call = self._snapshot.answers[key].call
            if not any(True for _ in _values(call.params)):
                found[(call.operation, call.region)].append(given)
                if call.region:
                    found[(call.operation, "")].append(given)
        return found

    def _by_key(self) -> Iterable[tuple[str, Given]]:
        return zip(sorted(self._snapshot.answers), self._answers, strict=True)


def _values(value: Any) -> Iterable[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from _values(one)
    elif isinstance(value, (list, tuple)):
        for one in value:
            yield from _values(one)


def _words(resource: str) -> list[str]:
    """The names by which a call may speak of a resource: its id, and the ends of an ARN."""
    if resource == LISTING:
        return []
    return list(
        dict.fromkeys((resource, resource.rpartition(":")[2], re.split(r"[:/]", resource)[-1]))
    )
