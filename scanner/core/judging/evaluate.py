"""One check over the resources of one target: findings, and what was not asked about."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from scanner.core.reading.resources import Gap, Resource
from scanner.model.answers import Target
from scanner.model.checks import Check, IfEmpty
from scanner.model.expressions import Expression
from scanner.model.findings import CheckResult, Finding, Observation, ResourceRef, Verdict
from scanner.model.values import ABSENT, Unreadable

UNEXPECTED: Final = "the condition gave neither true nor false"

_Pick = Callable[[Mapping[str, Any]], "bool | Unreadable"]


def evaluate_check(
    check: Check,
    resources: Sequence[Resource],
    gaps: Sequence[Gap],
    *,
    target: Target,
    params: Mapping[str, Any],
    now: datetime,
) -> CheckResult:
    """A finding for each resource of the check's population and for each gap in it; none is ever left out silently."""
    findings: list[Finding] = []
    scoped_out = 0
    pick = _picker(check, params)
    where = check.where
    pass_when = check.pass_when.evaluate
    for resource in resources:
        scope = {"self": resource.value, "params": params, "now": now}
        if where is not None and (chosen := where.evaluate(scope)) is not True:
            if chosen is not False:
                findings.append(_undecided(check, where, resource.ref, scope, chosen))
            continue
        if pick is not None and (chosen := pick(resource.value)) is not True:
            if isinstance(chosen, Unreadable):
                findings.append(_unknown(check, resource.ref, chosen))
            else:
                scoped_out += 1
            continue
        outcome = pass_when(scope)
        if outcome is True:
            findings.append(
                Finding(
                    check=check.id,
                    verdict=Verdict.PASS,
                    severity=check.severity,
                    resource=resource.ref,
                )
            )
        else:
            findings.append(_undecided(check, check.pass_when, resource.ref, scope, outcome))
    findings.extend(_unknown(check, gap.ref, gap.unread) for gap in gaps)
    empty = not findings and not scoped_out
    if empty:
        findings.extend(_nothing(check, target))
    return CheckResult(
        check=check.id, target=target, findings=tuple(findings), empty=empty, scoped_out=scoped_out
    )


def _undecided(
    check: Check, condition: Expression, ref: ResourceRef, scope: Mapping[str, Any], outcome: object
) -> Finding:
    """The finding where a condition was not literally true, with its reason and the values that decided it."""
    explained = condition.explain(scope)
    observed = tuple(Observation(leaf.path, leaf.value) for leaf in explained.observed)
    if outcome is False and explained.outcome is False:
        return _finding(check, ref, Verdict.FAIL, explained.reason, observed)
    unread = outcome if isinstance(outcome, Unreadable) else explained.outcome
    return _unknown(
        check, ref, unread if isinstance(unread, Unreadable) else Unreadable(UNEXPECTED), observed
    )


def _unknown(
    check: Check, ref: ResourceRef, unread: Unreadable, observed: tuple[Observation, ...] = ()
) -> Finding:
    found = _finding(check, ref, Verdict.UNKNOWN, unread.reason, observed)
    return replace(found, gaps=tuple(sorted(unread.gaps))) if unread.gaps else found


def _finding(
    check: Check,
    ref: ResourceRef,
    verdict: Verdict,
    reason: str,
    observed: tuple[Observation, ...] = (),
) -> Finding:
    return Finding(
        check=check.id,
        verdict=verdict,
        severity=check.severity,
        resource=ref,
        reason=reason,
        observed=observed,
    )


def _nothing(check: Check, target: Target) -> list[Finding]:
    """What a population that was read whole and is empty says: `if_empty`."""
    if check.if_empty is IfEmpty.NOT_APPLICABLE:
        return []
    verdict = Verdict.FAIL if check.if_empty is IfEmpty.FAIL else Verdict.UNKNOWN
    ref = ResourceRef(
        kind=check.kind, id=target.account, name=f"no {check.kind}", target=target, region=""
    )
    return [
        _finding(
            check,
            ref,
            verdict,
            f"{target} was read whole and holds no {check.kind} that this is asked of",
        )
    ]


def _picker(check: Check, params: Mapping[str, Any]) -> _Pick | None:
    """The choice by label; None where every resource is in.

    A parameter that the entity did not set chooses nothing: the resource is in, which asks more, not less.
    """
    if check.scope is None:
        return None
    key, values = params.get(check.scope.tag), params.get(check.scope.values)
    if not isinstance(key, str) or not key or not isinstance(values, list) or not values:
        return None
    untagged = params.get(check.scope.untagged, True) is not False

    def pick(value: Mapping[str, Any]) -> bool | Unreadable:
        tags = value.get("tags", Unreadable("tags were not read"))
        if isinstance(tags, Unreadable):
            return tags
        if tags is ABSENT:
            return untagged
        if not isinstance(tags, Mapping):
            return Unreadable("tags are not a map")
        label = tags.get(key, ABSENT)
        if isinstance(label, Unreadable):
            return label
        return untagged if label is ABSENT else label in values

    return pick
