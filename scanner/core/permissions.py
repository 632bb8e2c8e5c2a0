"""Derives the permissions that reading needs, and what is lost where one of them is missing."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final

from scanner.core.reading.read_plan import listing_requests, plan_reads, plan_requests
from scanner.core.reading.types_in_use import inventory_requests
from scanner.model.answers import Answer, State
from scanner.model.checks import Check
from scanner.model.controls import Role
from scanner.model.kinds import Kind, Request, Scope
from scanner.model.library import Library

Default = Callable[[str], tuple[str, ...]]
"""The permissions of an operation whose kind names none."""
_LACKS_PERMISSION: Final = re.compile(
    r"(Client\.)?(AccessDenied|Forbidden|UnauthorizedOperation|AuthorizationError|NotAuthorized)"
    r"(Exception)?|AuthorizationFailed|Authorization_RequestDenied"
    r"|(IAM_)?PERMISSION_DENIED|forbidden|insufficientPermissions"
    r"|(403 )?Resource not accessible by .*",
)
"""Codes by which a provider refuses a caller whom it knows, for want of a permission.

Not among them: expired credentials, and a policy above the account (`AccessDenied: service control
policy`). No permission that the role could be given mends those.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """One permission, with the operations and the checks that need it."""

    action: str
    operations: tuple[str, ...]
    checks: tuple[str, ...]
    """None: only an inventory of types needs it."""


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
    inventories: Iterable[Request] = (),
) -> Mapping[str, Grant]:
    """Every permission that the checks and inventories of types need, in order of its name."""
    operations: dict[str, set[str]] = defaultdict(set)
    users: dict[str, set[str]] = defaultdict(set)
    for check in checks:
        # Planned check by check, so that a permission names the checks that need it.
        for plan in plan_reads(library, [check]).values():
            for request in plan_requests(plan):
                for action in _permissions(request, default):
                    operations[action].add(request.operation)
                    users[action].add(check.id)
    for request in inventories:
        for action in _permissions(request, default):
            operations[action].add(request.operation)
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


def with_permissions(
    answers: Mapping[str, Answer],
    library: Library,
    checks: Iterable[Check],
    default: Default,
) -> Mapping[str, Answer]:
    """The answers of the checks' calls; each denied one names the permission that is missing.

    Without a denied answer nothing is looked up.
    """
    denied = {key: answer for key, answer in answers.items() if _lacks_permission(answer)}
    if not denied:
        return answers
    checks = tuple(checks)
    counting = inventory_requests(library, [check.cloud for check in checks])
    requests = {request.operation: request for request in counting}
    for plan in plan_reads(library, checks).values():
        for request in plan_requests(plan):
            requests[request.operation] = request
    named = dict(answers)
    for key, answer in denied.items():
        needed = requests.get(answer.call.operation)
        if needed is not None:
            named[key] = replace(answer, permission=_permissions(needed, default))
    return named


def _lacks_permission(answer: Answer) -> bool:
    return answer.state is State.DENIED and _LACKS_PERMISSION.fullmatch(answer.code) is not None


def _permissions(request: Request, default: Default) -> tuple[str, ...]:
    return request.permission or default(request.operation)


def _evidenced_controls(library: Library, checks: Collection[str]) -> Iterator[str]:
    for name, control in sorted(library.controls.items()):
        deciding = [link for link in control.checks if link.role is Role.EVIDENCES]
        if any(link.id in checks for link in deciding):
            yield name
