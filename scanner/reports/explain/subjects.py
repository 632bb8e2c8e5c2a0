"""Finds what an id names: a check, control, criterion, parameter, operation or resource."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from scanner.core.judging.links import Links
from scanner.core.permissions import kind_requests
from scanner.errors import TscanError
from scanner.model.controls import Criterion, Framework
from scanner.model.findings import Finding
from scanner.model.kinds import Request
from scanner.model.library import Library
from scanner.rendering.sanitize import sanitized
from scanner.words import did_you_mean

PermissionsOf = Callable[[str, str], tuple[str, ...]]
"""The permissions of an operation of a cloud whose kind names none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A check, control, manual control or parameter, by its id in the library."""

    type: str
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedCriterion:
    """A criterion or objective, with its framework."""

    framework: Framework
    criterion: Criterion


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedOperation:
    """An operation, or the operations that need a permission."""

    id: str
    operations: tuple[str, ...]
    kinds: tuple[str, ...]
    """Kinds of resources that are read by it."""
    permissions: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedResource:
    """A resource with its findings."""

    id: str
    findings: tuple[Finding, ...]


Subject = Named | NamedCriterion | NamedOperation | NamedResource


class Names:
    """Everything in a library that has an id, by type."""

    def __init__(self, library: Library, permissions_of: PermissionsOf) -> None:
        self._library = library
        self._permissions_of = permissions_of

    def subject(self, name: str) -> Subject | None:
        """What a name stands for in the library; None: nothing.

        TscanError where several frameworks have a criterion of this name.
        """
        found = self._by_id(name)
        if found is not None:
            return found
        # The case of letters does not matter: `cc6.1` is what people type.
        same = [known for known in self._ids(name) if known.casefold() == name.casefold()]
        if len(same) == 1:
            return self._by_id(same[0])
        if not _may_be_operation(name):
            return None
        return self._by_permission(name)

    def ids(self, name: str) -> list[str]:
        """Every id, and every permission if a misspelt name looks like one: what it may mean."""
        found = list(self._ids(name))
        if not _may_be_operation(name):
            return found
        for _, request, permissions in self._requests(self._library.kinds):
            found.append(request.operation)
            found += permissions
        return found

    def _ids(self, name: str) -> Iterator[str]:
        library = self._library
        for known in (library.checks, library.controls, library.manual, library.parameters):
            yield from known
        for framework, criterion in Links(library).criteria():
            yield criterion.id
            yield f"{framework.id}/{criterion.id}"
        if _may_be_operation(name):
            requests = self._kind_requests(library.kinds)
            yield from sorted({request.operation for _, request in requests})

    def _by_id(self, name: str) -> Subject | None:
        library = self._library
        mappings: dict[str, Mapping[str, object]] = {
            "check": library.checks,
            "control": library.controls,
            "manual control": library.manual,
            "parameter": library.parameters,
        }
        # An earlier id of a check leads to the check.
        name = library.current_id(name)
        for kind, known in mappings.items():
            if name in known:
                return Named(type=kind, id=name)
        return self._criterion(name) or self._operation(name)

    def _criterion(self, name: str) -> Subject | None:
        found: list[NamedCriterion] = []
        for framework, criterion in Links(self._library).criteria():
            if name in (criterion.id, f"{framework.id}/{criterion.id}"):
                found.append(NamedCriterion(framework=framework, criterion=criterion))
        if len(found) > 1:
            names = [f"{one.framework.id}/{one.criterion.id}" for one in found]
            raise TscanError(
                f"{len(found)} frameworks have a criterion {name}", f"write {' or '.join(names)}"
            )
        return next(iter(found), None)

    def _operation(self, name: str) -> Subject | None:
        # Each kind that uses it names it: the files of the others need not be read.
        kinds = self._library.kinds_naming(name)
        return self._operations(name, kinds, lambda request, _: request.operation == name)

    def _by_permission(self, name: str) -> Subject | None:
        kinds = list(self._library.kinds)
        return self._operations(name, kinds, lambda _, permissions: name in permissions)

    def _operations(
        self,
        name: str,
        candidates: Iterable[str],
        wanted: Callable[[Request, tuple[str, ...]], bool],
    ) -> Subject | None:
        operations: set[str] = set()
        kinds: set[str] = set()
        permissions: set[str] = set()
        for kind, request, needed in self._requests(candidates):
            if wanted(request, needed):
                operations.add(request.operation)
                kinds.add(kind)
                permissions.update(needed)
        if not operations:
            return None
        return NamedOperation(
            id=name,
            operations=tuple(sorted(operations)),
            kinds=tuple(sorted(kinds)),
            permissions=tuple(sorted(permissions)),
        )

    def _requests(self, kinds: Iterable[str]) -> Iterator[tuple[str, Request, tuple[str, ...]]]:
        """Every request of some kinds with its kind and the permissions that it needs."""
        for name, request in self._kind_requests(kinds):
            cloud = self._library.kinds[name].cloud
            needed = request.permission or self._permissions_of(cloud, request.operation)
            yield name, request, needed

    def _kind_requests(self, kinds: Iterable[str]) -> Iterator[tuple[str, Request]]:
        for name in kinds:
            for request in kind_requests(self._library.kinds[name]):
                yield name, request


def _may_be_operation(name: str) -> bool:
    """Whether a name looks like an operation or a permission: only kinds, all read, know those."""
    return any(mark in name for mark in ":./")


def criterion_type(framework: Framework) -> str:
    """`criterion` for one of the Trust Services Criteria, `objective` for an entity's own."""
    if framework.id.startswith("soc2"):
        return "criterion"
    return "objective"


def resource_subject(name: str, findings: Iterable[Finding]) -> NamedResource | None:
    """The resource with an id or a name; TscanError where several have that name."""
    by_id: dict[tuple[str, str], list[Finding]] = {}
    by_name: dict[tuple[str, str], list[Finding]] = {}
    for finding in findings:
        resource = finding.resource
        key = (resource.target, resource.id)
        if resource.id == name:
            by_id.setdefault(key, []).append(finding)
        elif resource.name == name:
            by_name.setdefault(key, []).append(finding)
    found = by_id or by_name
    if not found:
        return None
    if len(found) > 1:
        raise _several(name, found)
    ((_, identity), mine) = next(iter(found.items()))
    return NamedResource(id=identity, findings=tuple(mine))


def _several(name: str, found: Mapping[tuple[str, str], list[Finding]]) -> TscanError:
    shown = [f"{identity} of {target}" for target, identity in sorted(found)]
    more = ""
    if len(shown) > 5:
        more = f" and {len(shown) - 5} more"
    return TscanError(
        sanitized(f"{len(shown)} resources are called '{name}'"),
        sanitized(f"name one by its id, or its target with --target: {', '.join(shown[:5])}{more}"),
    )


def unknown_subject(name: str, names: Names, findings: Iterable[Finding] | None) -> TscanError:
    """The error for a name that nothing has; `findings` None: no scan is known."""
    if not name.strip():
        return TscanError("the id is empty", "name one, such as CC6.1 or aws-s3-bucket-versioned")
    known = set(names.ids(name))
    for finding in findings or ():
        known.update((finding.resource.id, finding.resource.name))
    known.discard("")
    hint = did_you_mean(name, known)
    if findings is None:
        hint += "; resources are known once 'tscan scan' has committed a scan"
    return TscanError(sanitized(f"nothing is called '{name}'"), sanitized(hint))
