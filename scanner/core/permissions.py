"""What reading needs to be allowed: operations and permissions by check, and what is lost where one is missing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from scanner.core.reading.read_plan import ReadPlan, listing_requests, plan_reads
from scanner.model.checks import Check
from scanner.model.controls import Role
from scanner.model.kinds import Request, Scope
from scanner.model.library import Library

Default = Callable[[str], tuple[str, ...]]
"""The permissions of an operation whose kind names none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """One permission: the operations that ask for it, and the checks that make them."""

    action: str
    operations: tuple[str, ...]
    checks: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """What is not shown while operations are refused."""

    operation: str
    actions: tuple[str, ...]
    """Permissions that it needs."""
    checks: tuple[str, ...]
    controls: tuple[str, ...]
    """Controls that one of these checks evidences; one that it only supports is not lost."""


def need_requests(need: ReadPlan) -> Iterator[Request]:
    """Every request that a need makes: the listing, what counts it, and the details that are read."""
    yield from listing_requests(need.kind.listing)
    for count in need.kind.completeness:
        yield from listing_requests(count.source)
    for name in need.details:
        if name in need.kind.details:
            yield need.kind.details[name]
        else:
            yield from listing_requests(need.kind.readers[name])


def actions(library: Library, checks: Iterable[Check], default: Default) -> Mapping[str, Grant]:
    """Every permission that the checks need, by its name and in its order."""
    operations: dict[str, set[str]] = defaultdict(set)
    users: dict[str, set[str]] = defaultdict(set)
    for check in checks:
        for need in plan_reads(library, [check]).values():
            for request in need_requests(need):
                for action in _permissions(request, default):
                    operations[action].add(request.operation)
                    users[action].add(check.id)
    return {
        action: Grant(
            action=action,
            operations=tuple(sorted(operations[action])),
            checks=tuple(sorted(users[action])),
        )
        for action in sorted(operations)
    }


def asks_organization(library: Library, checks: Iterable[Check]) -> bool:
    """Whether some check reads what only the account that leads an organisation is told."""
    return any(need.kind.scope is Scope.MANAGEMENT for need in plan_reads(library, checks).values())


def losses(
    library: Library,
    checks: Iterable[Check],
    default: Default,
    refused: Iterable[str],
    *,
    blinding: Mapping[str, Scope] = MappingProxyType({}),
) -> tuple[Loss, ...]:
    """For each refused operation, the checks that read it and the controls that they evidence.

    `blinding` are operations that tell the places of a scope: without them nothing that is read there is whole.
    """
    wanted = set(refused) | set(blinding)
    permissions: dict[str, set[str]] = defaultdict(set)
    users: dict[str, set[str]] = defaultdict(set)
    for check in checks:
        for need in plan_reads(library, [check]).values():
            for operation, scope in blinding.items():
                if need.kind.scope is scope:
                    users[operation].add(check.id)
            for request in need_requests(need):
                if request.operation in wanted:
                    permissions[request.operation] |= set(_permissions(request, default))
                    users[request.operation].add(check.id)
    return tuple(
        Loss(
            operation=operation,
            actions=tuple(sorted(permissions[operation] or default(operation))),
            checks=tuple(sorted(users[operation])),
            controls=tuple(_evidenced(library, users[operation])),
        )
        for operation in sorted(wanted)
    )


def _permissions(request: Request, default: Default) -> tuple[str, ...]:
    return request.permission or default(request.operation)


def _evidenced(library: Library, checks: Collection[str]) -> Iterator[str]:
    for name, control in sorted(library.controls.items()):
        if any(link.id in checks and link.role is Role.EVIDENCES for link in control.checks):
            yield name
