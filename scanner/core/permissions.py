"""Derives the permissions that reading needs, and what is lost where one of them is missing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from scanner.core.reading.read_plan import listing_requests, plan_reads, plan_requests
from scanner.model.checks import Check
from scanner.model.controls import Role
from scanner.model.kinds import Kind, Request, Scope
from scanner.model.library import Library

Default = Callable[[str], tuple[str, ...]]
"""The permissions of an operation whose kind names none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """One permission, with the operations and the checks that need it."""

    action: str
    operations: tuple[str, ...]
    checks: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """What is not shown while an operation is refused."""

    operation: str
    permissions: tuple[str, ...]
    """The permissions that it needs."""
    checks: tuple[str, ...]
    controls: tuple[str, ...]
    """Controls that one of these checks evidences; one that a check only supports is not lost."""


def kind_requests(kind: Kind) -> Iterator[Request]:
    """Every request that a kind declares, those of an inventory included."""
    yield from listing_requests(kind.listing)
    for count in kind.completeness:
        yield from listing_requests(count.source)
    yield from kind.details.values()
    for reader in kind.readers.values():
        yield from listing_requests(reader)
    if kind.bulk is not None:
        yield kind.bulk.request
        yield from kind.bulk.details.values()
        for count in kind.bulk.completeness:
            yield from listing_requests(count.source)


def required_permissions(
    library: Library,
    checks: Iterable[Check],
    default: Default,
) -> Mapping[str, Grant]:
    """Every permission that the checks need, in order of its name."""
    operations: dict[str, set[str]] = defaultdict(set)
    users: dict[str, set[str]] = defaultdict(set)
    for check in checks:
        # Planned check by check, so that a permission names the checks that need it.
        for plan in plan_reads(library, [check]).values():
            for request in plan_requests(plan):
                for action in _permissions(request, default):
                    operations[action].add(request.operation)
                    users[action].add(check.id)
    grants: dict[str, Grant] = {}
    for action in sorted(operations):
        grants[action] = Grant(
            action=action,
            operations=tuple(sorted(operations[action])),
            checks=tuple(sorted(users[action])),
        )
    return grants


def reads_organization(library: Library, checks: Iterable[Check]) -> bool:
    """Whether a check reads what only the management account of an organization may read."""
    plans = plan_reads(library, checks).values()
    scopes = {plan.kind.scope for plan in plans}
    return Scope.MANAGEMENT in scopes


def losses(
    library: Library,
    checks: Iterable[Check],
    default: Default,
    refused: Iterable[str],
    *,
    blinding: Mapping[str, Scope] = MappingProxyType({}),
) -> tuple[Loss, ...]:
    """For each refused operation, the checks that read it and the controls that they evidence.

    `blinding` are operations that list where a scope is read, such as the regions: without them
    nothing of that scope is complete.
    """
    operations = set(refused) | set(blinding)
    permissions: dict[str, set[str]] = defaultdict(set)
    users: dict[str, set[str]] = defaultdict(set)
    for check in checks:
        for plan in plan_reads(library, [check]).values():
            for operation, scope in blinding.items():
                if plan.kind.scope is scope:
                    users[operation].add(check.id)
            for request in plan_requests(plan):
                if request.operation in operations:
                    permissions[request.operation].update(_permissions(request, default))
                    users[request.operation].add(check.id)
    found: list[Loss] = []
    for operation in sorted(operations):
        # No plan names an operation that lists regions: its permissions are the defaults.
        needed = permissions[operation] or default(operation)
        loss = Loss(
            operation=operation,
            permissions=tuple(sorted(needed)),
            checks=tuple(sorted(users[operation])),
            controls=tuple(_evidenced_controls(library, users[operation])),
        )
        found.append(loss)
    return tuple(found)


def _permissions(request: Request, default: Default) -> tuple[str, ...]:
    return request.permission or default(request.operation)


def _evidenced_controls(library: Library, checks: Collection[str]) -> Iterator[str]:
    for name, control in sorted(library.controls.items()):
        deciding = [link for link in control.checks if link.role is Role.EVIDENCES]
        if any(link.id in checks for link in deciding):
            yield name
