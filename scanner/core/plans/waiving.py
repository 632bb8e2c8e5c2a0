"""Accepts findings of a plan: by address in a file of waivers, and by comments in the source."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import replace
from datetime import date
from typing import Any, Final

from scanner.model.library import Library
from scanner.model.plan_findings import PlanChange, PlanFinding, PlanReport
from scanner.model.waivers import FindingScope, Waiver
from scanner.words import plural

_ACCEPTABLE: Final = (PlanChange.WORSE, PlanChange.WEAKENED, PlanChange.ALREADY)
_NAMED: Final = 10
"""Comments that are named; the others are counted."""
_NOT_SHOWN: Final = "(the reason looks like a secret, and is not kept)"


def with_waivers(report: PlanReport, waivers: Iterable[Waiver], day: date) -> PlanReport:
    """The report with what waivers accept by address on a day, and what they accepted until one."""
    named: dict[tuple[str, str], list[Waiver]] = defaultdict(list)
    for waiver in waivers:
        scope = waiver.scope
        if isinstance(scope, FindingScope) and scope.target == report.target:
            named[scope.check, scope.resource].append(waiver)
    findings: list[PlanFinding] = []
    for finding in report.findings:
        for one in named.get((finding.check, finding.address), ()):
            if day >= one.opened:
                why = f"{one.reason} ({one.id}, {one.approver}, until {one.expires})"
                finding = _waived(finding, why, one.expires, day)
        findings.append(finding)
    return replace(report, findings=tuple(findings))


def with_comments(
    report: PlanReport, plans: Iterable[Mapping[str, Any]], library: Library, day: date
) -> PlanReport:
    """The report with what comments at blocks and module calls accept on a day."""
    comments = _comments(plans, library)
    findings: list[PlanFinding] = []
    used: set[str] = set()
    for finding in report.findings:
        for one in comments.get((finding.check, finding.address), ()):
            reason = one["reason"] if isinstance(one["reason"], str) else _NOT_SHOWN
            place = _place(one)
            if finding.change in _ACCEPTABLE:
                used.add(place)
            why = f"{reason} ({place}, until {one['until']})"
            finding = _waived(finding, why, date.fromisoformat(one["until"]), day)
        findings.append(finding)
    notes = (*report.notes, *_unused(comments, used, {one.check for one in findings}))
    return replace(report, findings=tuple(findings), notes=notes)


def _unused(
    comments: Mapping[tuple[str, str], Iterable[Mapping[str, Any]]],
    used: Set[str],
    evaluated: Set[str],
) -> Iterator[str]:
    """That comments accept nothing, of checks that were evaluated at all."""
    places: set[str] = set()
    for (check, _), found in comments.items():
        if check in evaluated:
            places.update(map(_place, found))
    left = sorted(places - used)
    if left:
        more = f" and {len(left) - _NAMED} more" if len(left) > _NAMED else ""
        named = ", ".join(left[:_NAMED])
        yield f"{plural(len(left), 'waiver')} in comments accept nothing: {named}{more}"


def _comments(
    plans: Iterable[Mapping[str, Any]], library: Library
) -> dict[tuple[str, str], list[Mapping[str, Any]]]:
    """By check and address; of one check, the nearest to the resource comes last."""
    found: dict[tuple[str, str], list[Mapping[str, Any]]] = defaultdict(list)
    for plan in plans:
        for row in plan["resources"]:
            for one in row.get("source", {}).get("waivers", ()):
                found[library.current_id(one["check"]), row["address"]].append(one)
    return found


def _place(comment: Mapping[str, Any]) -> str:
    return f"{comment['file']}:{comment['line']}"


def _waived(finding: PlanFinding, why: str, expires: date, day: date) -> PlanFinding:
    """The finding with a waiver; only a failure, or what is weakened, can be accepted."""
    if finding.change not in _ACCEPTABLE:
        return finding
    if day < expires:
        return replace(finding, waiver=why, expired_waiver="")
    return finding if finding.waiver else replace(finding, expired_waiver=why)
