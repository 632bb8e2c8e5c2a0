"""Evaluates one check over one target: makes a finding for each resource and each gap."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from enum import Enum
from typing import Any, Final

from scanner.core.reading.resources import Gap, Resource
from scanner.model.answers import Target
from scanner.model.checks import Check, IfEmpty
from scanner.model.expressions import Explained, Expression
from scanner.model.findings import CheckResult, Finding, Observation, ResourceRef, Verdict
from scanner.model.values import ABSENT, Unreadable

UNEXPECTED: Final = "the condition returned neither true nor false"

Bindings = Mapping[str, Any]
"""What a condition may name: `self`, `params` and `now`."""
_LabelFilter = Callable[[Mapping[str, Any]], "bool | Unreadable"]
"""Whether the labels of a resource put it in scope."""


class _Outside(Enum):
    """Why a resource is not asked about."""

    WHERE = "where"
    LABEL = "label"


def evaluate_check(
    check: Check,
    resources: Sequence[Resource],
    gaps: Sequence[Gap],
    *,
    target: Target,
    title: str,
    params: Mapping[str, Any],
    now: datetime,
) -> CheckResult:
    """A finding for each resource of the check's population and for each gap in it.

    `title` is what one resource is called: `S3 bucket`.

    No resource is left out in silence: what cannot be decided is an unknown finding.
    """
    findings: list[Finding] = []
    outside: Counter[_Outside] = Counter()
    in_scope = _label_filter(check, params)
    # The loop runs for every resource of every check: what does not change is looked up once, and
    # the way to a pass calls nothing but the conditions.
    is_selective = check.where is not None or in_scope is not None
    pass_when = check.pass_when.evaluate
    for resource in resources:
        bindings = {"self": resource.value, "params": params, "now": now}
        if is_selective:
            place = _place(check, in_scope, resource, bindings)
            if isinstance(place, Finding):
                findings.append(place)
                continue
            if place is not None:
                outside[place] += 1
                continue
        outcome = pass_when(bindings)
        # Not truthiness: a text or a number that comes out of a condition is no pass.
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
            condition = check.pass_when
            finding = _not_passed(check, condition, resource.ref, bindings, outcome)
            findings.append(finding)
    findings.extend(_unknown(check, gap.ref, gap.unread) for gap in gaps)
    return _result(check, target, title, findings, outside)


def _result(
    check: Check,
    target: Target,
    title: str,
    findings: list[Finding],
    outside: Mapping[_Outside, int],
) -> CheckResult:
    """The result, with what an empty population says where nobody was asked."""
    left_out, scoped_out = outside[_Outside.WHERE], outside[_Outside.LABEL]
    # Vacuous truth: a gap is a finding, so that only a complete listing is ever empty.
    nobody = not findings and not scoped_out
    if nobody:
        findings = _nobody_asked(check, target, title, left_out)
    return CheckResult(
        check=check.id,
        target=target,
        findings=tuple(findings),
        empty=nobody and not left_out,
        none_in_scope=nobody and left_out > 0,
        left_out=left_out,
        scoped_out=scoped_out,
    )


def _place(
    check: Check,
    in_scope: _LabelFilter | None,
    resource: Resource,
    bindings: Bindings,
) -> Finding | _Outside | None:
    """Why a resource is outside the check's population, or the finding that this is not known.

    None: it is asked about.
    """
    where = check.where
    if where is not None:
        selected = where.evaluate(bindings)
        if selected is False:
            return _Outside.WHERE
        # Not known to be outside: an unread condition does not leave a resource out.
        if selected is not True:
            return _not_passed(check, where, resource.ref, bindings, selected)
    if in_scope is not None:
        labeled = in_scope(resource.value)
        if labeled is False:
            return _Outside.LABEL
        if isinstance(labeled, Unreadable):
            return _unknown(check, resource.ref, labeled)
    return None


def _not_passed(
    check: Check,
    condition: Expression,
    ref: ResourceRef,
    bindings: Bindings,
    outcome: object,
) -> Finding:
    """The finding of a condition that is not true, with its reason and the deciding values."""
    explained = condition.explain(bindings)
    observed = observations(explained)
    # Two evaluators, the generated code and the careful one, must agree before anything fails.
    if outcome is False and explained.outcome is False:
        return _finding(check, ref, Verdict.FAIL, explained.reason, observed)
    for candidate in (outcome, explained.outcome):
        if isinstance(candidate, Unreadable):
            return _unknown(check, ref, candidate, observed)
    return _unknown(check, ref, Unreadable(UNEXPECTED), observed)


def observations(explained: Explained) -> tuple[Observation, ...]:
    """The values that decided an outcome, as findings carry them."""
    found: list[Observation] = []
    for leaf in explained.observed:
        found.append(Observation(leaf.path, leaf.value, leaf.label, tuple(leaf.wanted)))
    return tuple(found)


def _unknown(
    check: Check,
    ref: ResourceRef,
    unread: Unreadable,
    observed: tuple[Observation, ...] = (),
) -> Finding:
    finding = _finding(check, ref, Verdict.UNKNOWN, unread.reason, observed)
    if not unread.gaps:
        return finding
    gaps = tuple(sorted(unread.gaps))
    return replace(finding, gaps=gaps)


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


def _nobody_asked(check: Check, target: Target, title: str, left_out: int) -> list[Finding]:
    """The finding of a population that was read whole and has nobody to ask, if there is one."""
    # Nothing there and nobody in scope are two facts: an account without local users has a password
    # policy that concerns nobody, one without a detector lacks something.
    says, reason = check.if_empty, f"there is no {title} in {target}"
    if left_out:
        says = check.if_none_in_scope
        reason = f"no {title} in {target} is in scope, {left_out} out of scope"
    if says is IfEmpty.NOT_APPLICABLE:
        return []
    verdict = Verdict.UNKNOWN
    if says is IfEmpty.FAIL:
        verdict = Verdict.FAIL
    ref = ResourceRef(
        kind=check.kind,
        id=target.account,
        name=f"no {title}",
        target=target,
        region="",
    )
    return [_finding(check, ref, verdict, reason)]


def _label_filter(check: Check, params: Mapping[str, Any]) -> _LabelFilter | None:
    """The filter by label; None where every resource is in scope.

    A parameter that the entity did not set filters nothing: more resources are judged, not fewer.
    """
    if check.scope is None:
        return None
    key = params.get(check.scope.tag)
    values = params.get(check.scope.values)
    if not isinstance(key, str) or not isinstance(values, list):
        return None
    if not key or not values:
        return None
    keeps_untagged = params.get(check.scope.untagged, True) is not False

    def in_scope(resource: Mapping[str, Any]) -> bool | Unreadable:
        tags = resource.get("tags", Unreadable("tags were not read"))
        if isinstance(tags, Unreadable):
            return tags
        if tags is ABSENT:
            return keeps_untagged
        if not isinstance(tags, Mapping):
            return Unreadable("tags are not a map")
        label = tags.get(key, ABSENT)
        # An untagged resource is in unless the entity says otherwise: a forgotten tag hides none.
        if label is ABSENT:
            return keeps_untagged
        if isinstance(label, Unreadable):
            return label
        return label in values

    return in_scope
