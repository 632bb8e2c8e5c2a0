"""Compares the accounts of an organization with the evidence: an account without any is unknown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from scanner.core.judging.evaluate import evaluate_check
from scanner.core.reading.resources import Gap
from scanner.model.answers import AccountState, Snapshot, Target
from scanner.model.checks import Check
from scanner.model.findings import CheckResult, ResourceRef
from scanner.model.kinds import Scope
from scanner.model.library import Library
from scanner.model.values import OTHER, Unreadable


def management_snapshots(snapshots: Sequence[Snapshot]) -> Mapping[Target, Snapshot]:
    """The snapshot of the management account, for each account that it has in scope."""
    leaders: dict[Target, Snapshot] = {}
    for leader in snapshots:
        for account in leader.accounts:
            if account.state is AccountState.IN_SCOPE:
                leaders[Target(f"{leader.target.cloud}:{account.id}")] = leader
    return leaders


def missing_accounts(snapshots: Sequence[Snapshot]) -> Iterator[Snapshot]:
    """For each account in scope without evidence: an empty snapshot that says so."""
    # Without it, leaving an account's snapshot out would improve the result.
    present = {snapshot.target for snapshot in snapshots}
    for target, leader in management_snapshots(snapshots).items():
        if target not in present:
            yield _no_evidence(target, leader)


def _no_evidence(target: Target, leader: Snapshot) -> Snapshot:
    account = next(one for one in leader.accounts if one.id == target.account)
    return replace(
        leader,
        target=target,
        name=account.name,
        callers=(),
        answers={},
        accounts=(),
        organization_only=False,
        regions=(),
        regions_excluded=(),
        regions_open="",
        clock_skew=None,
        unentered=f"{target} is an account of the organization in scope, and was not scanned",
    )


def evaluate_unreachable(
    snapshot: Snapshot,
    checks: Sequence[Check],
    library: Library,
) -> list[CheckResult]:
    """Every check of a target that could not be connected to: unknown, with the reason."""
    answers = snapshot.answers.values()
    calls = {answer.call.place for answer in answers} or {OTHER}
    unread = Unreadable(snapshot.unentered, gaps=frozenset(calls))
    now = datetime.fromisoformat(snapshot.finished)
    results: list[CheckResult] = []
    for check in checks:
        title = library.kinds[check.kind].title
        ref = ResourceRef(
            kind=check.kind,
            id="*",
            name=f"any {title}",
            target=snapshot.target,
            region="",
        )
        gap = Gap(ref=ref, unread=unread)
        result = evaluate_check(
            check,
            (),
            [gap],
            target=snapshot.target,
            title=title,
            params={},
            now=now,
        )
        results.append(result)
    return results


def without_account_kinds(
    results: Sequence[CheckResult],
    snapshot: Snapshot,
    library: Library,
) -> list[CheckResult]:
    """The results of a target; one that is an organization alone has none on kinds of accounts."""
    if not snapshot.organization_only:
        return list(results)
    kept: list[CheckResult] = []
    for result in results:
        if _is_on_organization(result, library):
            kept.append(result)
        else:
            kept.append(_no_findings(result))
    return kept


def organization_kinds_once(
    results: Sequence[CheckResult],
    snapshots: Sequence[Snapshot],
    library: Library,
) -> list[CheckResult]:
    """The results, with those on kinds of the organization only at the account that manages it.

    Only if the evidence of that account is here too: else they stay unknown in the members.
    """
    leaders = management_snapshots(snapshots)
    members: set[Target] = set()
    for snapshot in snapshots:
        # A member that could not be connected to keeps its unknown results.
        reached = snapshot.management_open and not snapshot.unentered
        if reached and snapshot.target in leaders:
            members.add(snapshot.target)
    kept: list[CheckResult] = []
    for result in results:
        if result.target in members and _is_on_organization(result, library):
            kept.append(_no_findings(result))
        else:
            kept.append(result)
    return kept


def _is_on_organization(result: CheckResult, library: Library) -> bool:
    kind = library.checks[result.check].kind
    return library.kinds[kind].scope is Scope.MANAGEMENT


def _no_findings(result: CheckResult) -> CheckResult:
    """The result of a check that is answered at another target."""
    return CheckResult(
        check=result.check,
        target=result.target,
        findings=(),
        empty=True,
    )
