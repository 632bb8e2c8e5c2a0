"""Finds the permissions behind the operations that were denied, for the report."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from scanner.core.judging.exit_codes import gaps
from scanner.model.answers import State, Target
from scanner.model.findings import Verdict

if TYPE_CHECKING:
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
    # Imported here: most scans are denied nothing.
    from scanner.core.permissions import losses
    from scanner.providers import PROVIDERS

    unknown = {item.check for item in assessment.findings if item.verdict is Verdict.UNKNOWN}
    found: dict[str, tuple[str, ...]] = {}
    for cloud, operations in denied.items():
        # Evidence may be of a cloud that this installation does not know.
        if cloud not in PROVIDERS:
            continue
        checks = [library.checks[name] for name in sorted(unknown) if library.cloud(name) == cloud]
        default = PROVIDERS.get(cloud).permissions_of
        for loss in losses(library, checks, default, operations):
            found[loss.operation] = loss.permissions
    return found
