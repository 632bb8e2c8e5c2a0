"""Finds the evidence of a finding.

These are the calls that its check reads, and the one that names its resource.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from functools import cache, cached_property, partial
from typing import Final

from scanner.core.reading.inventory import all_inventory_types, with_inventory
from scanner.core.reading.read_plan import ReadPlan, plan_reads, plan_requests
from scanner.history.ledger.changes import LISTING, FindingKey
from scanner.history.snapshots.documents import RecordedAnswer
from scanner.model.answers import Snapshot
from scanner.model.kinds import Kind, Listing, SecondSource
from scanner.model.library import Library

_ANY: Final = "*"
"""Stands for every parameter."""


def operations(
    library: Library,
    checks: Collection[str],
) -> dict[str, frozenset[str]]:
    """The operations that each check reads, with those of related kinds.

    They may be made call by call, or answered from an inventory.
    """
    # Which of the two ways a scan took is not known here.
    inventory_library = with_inventory(library, all_inventory_types(library))
    found: dict[str, frozenset[str]] = {}
    for name in checks:
        if name in library.checks:
            one_by_one = _operations_of(library, name)
            found[name] = frozenset(one_by_one | _operations_of(inventory_library, name))
    return found


def _operations_of(library: Library, check: str) -> set[str]:
    found: set[str] = set()
    for plan in plan_reads(library, [library.checks[check]]).values():
        found.update(request.operation for request in plan_requests(plan))
    return found


def parameters(library: Library, check: str) -> frozenset[str] | None:
    """Names of the parameters that may decide a check; None where any may.

    All parameters of a kind's attributes count, whichever of them the check needs.
    """
    if check not in library.checks:
        return None
    definition = library.checks[check]
    found: set[str] = set()
    if definition.scope:
        scope = definition.scope
        found |= {scope.tag, scope.values, scope.untagged}
    kinds = [_as_planned(plan) for plan in plan_reads(library, [definition]).values()]
    for one in (*definition.expressions, *kinds):
        found.update(_parameters_in(one))
    if _ANY in found:
        return None
    return frozenset(found - {""})


def parameters_lookup(library: Library) -> Callable[[str], frozenset[str] | None]:
    """`parameters` of a library, each check found once: it is asked once for each transition."""
    return cache(partial(parameters, library))


def _as_planned(plan: ReadPlan) -> Kind:
    """A kind without the readers that the check does not need: programs may look at anything."""
    readers = {name: one for name, one in plan.kind.readers.items() if name in plan.details}
    return replace(plan.kind, readers=readers)


def _parameters_in(value: object) -> Iterator[str]:
    """The parameters that a definition names anywhere."""
    if isinstance(value, SecondSource) and value.source.reader:
        # Its program is run without parameters.
        yield from _parameters_in(value.value)
        return
    if isinstance(value, Listing) and value.reader:
        # A reader is a program, and may look at any parameter.
        yield _ANY
    paths = getattr(value, "paths", None)
    if paths is not None:
        for path in paths:
            if path[0] == "params":
                yield path[1] if path[1:] else _ANY
        return
    for one in _members(value):
        yield from _parameters_in(one)


def _members(value: object) -> Iterable[object]:
    """The parts of a collection or a definition."""
    if isinstance(value, Mapping):
        return list(value.values())
    if isinstance(value, (list, tuple)):
        return value
    if is_dataclass(value):
        return [getattr(value, member.name) for member in fields(value) if member.name != "type"]
    return ()


class EvidenceRefs:
    """The evidence of one scan compared with that of the scan before, by check."""

    def __init__(
        self,
        snapshot: Snapshot,
        answers: tuple[RecordedAnswer, ...],
        before: Iterable[RecordedAnswer],
        reads: Mapping[str, frozenset[str]],
    ) -> None:
        self._snapshot = snapshot
        self._answers = answers
        self._reads = reads
        """Operations by check."""
        old, new = {given.said for given in before}, {given.said for given in answers}
        self._changed_operations = {operation for operation, *_ in old ^ new}
        self._operations = {operation for operation, *_ in old | new}
        self._new_documents = {digest for _, digest, *_ in new - old}

    def changed(self, check: str) -> bool:
        """Whether anything that a check reads differs from the scan before."""
        reads = self._reads.get(check, frozenset())
        # A check without an answer here reads those of another target, which may have changed.
        return bool(reads & self._changed_operations) or not reads & self._operations

    def document(self, key: FindingKey) -> str:
        """The digest of the document that a finding is based on; `` where none can be named.

        Of several documents one that is new, before others. Those whose parameters name the
        resource come first, and without any, those of the listing.
        """
        check, region, resource = key
        reads = self._reads.get(check, frozenset())
        found = self._documents_naming(resource, reads)
        if not found:
            found = self._documents_listing(region, reads)
        if not found:
            return ""
        chosen = min(found, key=lambda given: given.digest not in self._new_documents)
        return chosen.digest.hex()

    def _documents_naming(
        self,
        resource: str,
        reads: frozenset[str],
    ) -> list[RecordedAnswer]:
        found: list[RecordedAnswer] = []
        for name in _names_of(resource):
            for given in self._by_parameter.get(name, ()):
                if given.operation in reads:
                    found.append(given)
        return found

    def _documents_listing(
        self,
        region: str,
        reads: frozenset[str],
    ) -> list[RecordedAnswer]:
        found: list[RecordedAnswer] = []
        for operation in sorted(reads):
            in_region = self._listings.get((operation, region), [])
            found.extend(in_region or self._listings.get((operation, ""), []))
        return found

    @cached_property
    def _by_parameter(self) -> dict[str, list[RecordedAnswer]]:
        """Answers by each value of the parameters of their call."""
        found: dict[str, list[RecordedAnswer]] = defaultdict(list)
        for key, given in self._by_key():
            for value in _texts_in(self._snapshot.answers[key].call.params):
                found[value].append(given)
        return found

    @cached_property
    def _listings(self) -> dict[tuple[str, str], list[RecordedAnswer]]:
        """Answers to calls without parameters, by operation and region.

        And by operation and no region.
        """
        found: dict[tuple[str, str], list[RecordedAnswer]] = defaultdict(list)
        for key, given in self._by_key():
            call = self._snapshot.answers[key].call
            if next(_texts_in(call.params), None) is not None:
                continue
            found[call.operation, call.region].append(given)
            if call.region:
                found[call.operation, ""].append(given)
        return found

    def _by_key(self) -> Iterable[tuple[str, RecordedAnswer]]:
        return zip(sorted(self._snapshot.answers), self._answers, strict=True)


def _texts_in(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
        return
    for one in _members(value):
        yield from _texts_in(one)


def _names_of(resource: str) -> list[str]:
    """The names by which a call may name a resource: its id, and the ends of an ARN."""
    if resource == LISTING:
        return []
    ends = (resource, resource.rpartition(":")[2], re.split(r"[:/]", resource)[-1])
    return list(dict.fromkeys(ends))
