"""Lists what is known to exist and was not read by decision: regions, accounts and kinds."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Final

from scanner.core.reading.read_plan import plan_reads
from scanner.model.answers import AccountState, Exclusion, Snapshot
from scanner.model.checks import Check
from scanner.model.library import Library

ACCOUNT: Final = "account"
NO_REASON: Final = "no reason given"
"""What reports show where the configuration gives no reason."""
_REGION_OPTION: Final = "region="
_SELECTING: Final = ("category=", "select=", "severity=")
"""Options of a scope that choose checks, and with them kinds."""


def kinds_left_out(library: Library, cloud: str, checks: Sequence[Check]) -> tuple[str, ...]:
    """Kinds that the checks of a cloud are about, where these checks read nothing of them."""
    read = set(plan_reads(library, checks))
    known = {check.kind for check in library.checks.values() if check.cloud == cloud}
    return tuple(sorted(known - read))


def exclusions(snapshot: Snapshot) -> tuple[Exclusion, ...]:
    """All that a scan left out, each group with its reason and where that was decided."""
    return (*_regions(snapshot), *_accounts(snapshot), *_kinds(snapshot))


def _regions(snapshot: Snapshot) -> Iterator[Exclusion]:
    if not snapshot.regions_excluded:
        return
    options = [entry for entry in snapshot.scope if entry.startswith(_REGION_OPTION)]
    yield Exclusion(
        what="region",
        ids=tuple(sorted(snapshot.regions_excluded)),
        why=snapshot.regions_why,
        decided=_decided(snapshot, options),
        approver=snapshot.regions_approver,
    )


def _accounts(snapshot: Snapshot) -> Iterator[Exclusion]:
    """Accounts, projects or subscriptions that the organization lists and nobody entered."""
    groups: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    for account in snapshot.accounts:
        if account.state is AccountState.EXCLUDED:
            decided = _decided(snapshot, ())
        elif account.state is AccountState.CLOSED:
            decided = "the provider, which lets nobody connect"
        else:
            continue
        groups[account.reason, decided, account.approver].append(account.id)
    for (why, decided, approver), ids in sorted(groups.items()):
        yield Exclusion(
            what=ACCOUNT,
            ids=tuple(sorted(ids)),
            why=why,
            decided=decided,
            approver=approver,
        )


def _kinds(snapshot: Snapshot) -> Iterator[Exclusion]:
    if not snapshot.kinds_excluded:
        return
    options = [entry for entry in snapshot.scope if entry.startswith(_SELECTING)]
    yield Exclusion(
        what="kind",
        ids=tuple(sorted(snapshot.kinds_excluded)),
        why="",
        decided=_decided(snapshot, options),
    )


def _decided(snapshot: Snapshot, options: Sequence[str]) -> str:
    if options:
        return " ".join(f"--{entry.replace('=', ' ', 1)}" for entry in options)
    return snapshot.configuration or "options of the scan"
