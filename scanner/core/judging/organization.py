"""The accounts of an organisation beside the evidence that there is: none is dropped in silence."""

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


def led(snapshots: Sequence[Snapshot]) -> Mapping[Target, Snapshot]:
    """The snapshot of the leading account for each account that an organisation has in scope."""
    return {
        Target(f"{leader.target.cloud}:{account.id}"): leader
        for leader in snapshots
        for account in leader.accounts
        if account.state is AccountState.IN_SCOPE
    }


def missing(snapshots: Sequence[Snapshot]) -> Iterator[Snapshot]:
    """For each account in scope of which there is no evidence: an empty snapshot that says so."""
    there = {snapshot.target for snapshot in snapshots}
    for target, leader in led(snapshots).items():
        if target not in there:
            yield replace(
                leader,
                target=target,
                name=next(
                    account.name for account in leader.accounts if account.id == target.account
                ),
                callers=(),
                answers={},
                accounts=(),
                organization_only=False,
                regions=(),
                regions_excluded=(),
                regions_open="",
                clock_skew=None,
                unentered=f"{target} is in scope of the organisation, and no evidence of it is here",
            )


def unentered(snapshot: Snapshot, checks: Sequence[Check], library: Library) -> list[CheckResult]:
    """Every check of a target that nobody could enter: unknown, for the reason that entering failed."""
    places = frozenset(answer.call.place for answer in snapshot.answers.values()) or frozenset(
        {OTHER}
    )
    unread = Unreadable(snapshot.unentered, gaps=places)
    now = datetime.fromisoformat(snapshot.finished)
    return [
        evaluate_check(
            check,
            (),
            [Gap(ref=_any(check, snapshot, library), unread=unread)],
            target=snapshot.target,
            params={},
            now=now,
        )
        for check in checks
    ]


def _any(check: Check, snapshot: Snapshot, library: Library) -> ResourceRef:
    name = f"any {library.kinds[check.kind].title}"
    return ResourceRef(kind=check.kind, id="*", name=name, target=snapshot.target, region="")


def read_elsewhere(
    results: Sequence[CheckResult], snapshot: Snapshot, library: Library
) -> list[CheckResult]:
    """The results of a target; in one that is an organisation alone, what belongs to accounts is asked of them."""
    if not snapshot.organization_only:
        return list(results)
    return [
        result
        if library.kinds[library.checks[result.check].kind].scope is Scope.MANAGEMENT
        else CheckResult(check=result.check, target=result.target, findings=(), empty=True)
        for result in results
    ]


def read_once(
    results: Sequence[CheckResult], snapshots: Sequence[Snapshot], library: Library
) -> list[CheckResult]:
    """The results, where those on kinds of the organisation stand once, at the account that leads it.

    Only where that account's evidence is here too: else they stay unknown in the member.
    """
    leaders = led(snapshots)
    members = {
        one.target
        for one in snapshots
        if one.target in leaders and one.management_open and not one.unentered
    }
    return [
        CheckResult(check=result.check, target=result.target, findings=(), empty=True)
        if result.target in members
        and library.kinds[library.checks[result.check].kind].scope is Scope.MANAGEMENT
        else result
        for result in results
    ]
