"""Finds the permissions behind the operations that were denied, for the report."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING

from scanner.core.judging.exit_codes import gaps
from scanner.model.answers import State, Target
from scanner.model.findings import Verdict

if TYPE_CHECKING:
    from scanner.model.checks import Check
    from scanner.model.findings import Assessment
    from scanner.model.library import Library


def denied_permissions(assessment: Assessment, library: Library) -> Mapping[str, tuple[str, ...]]:
    """By operation that was denied: the permissions that it needs."""
    denied: dict[str, set[str]] = {}
    for row in gaps(assessment):
        if row.state is State.DENIED:
            denied.setdefault(Target(row.target).cloud, set()).add(row.operation)
    if not denied:
        return {}
    unknown = {item.check for item in assessment.findings if item.verdict is Verdict.UNKNOWN}
    found: dict[str, tuple[str, ...]] = {}
    for cloud, operations in denied.items():
        checks = [library.checks[name] for name in sorted(unknown) if library.cloud(name) == cloud]
        found |= _permissions(library, checks, cloud, operations)
    return found


def _permissions(
    library: Library, checks: Sequence[Check], cloud: str, operations: Collection[str]
) -> dict[str, tuple[str, ...]]:
    # Imported here: most scans are denied nothing.
    from scanner.core.permissions import losses
    from scanner.providers import PROVIDERS

    # Evidence may be of a cloud that this installation does not know.
    if cloud not in PROVIDERS:
        return {}
    permissions_of = PROVIDERS.get(cloud).permissions_of

    def default(operation: str) -> tuple[str, ...]:
        try:
            return permissions_of(operation)
        except KeyError:
            # Evidence of another version may name an operation that this one does not know.
            return ()

    lost = losses(library, checks, default, operations)
    return {loss.operation: loss.permissions for loss in lost}
