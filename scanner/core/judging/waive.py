"""Applies waivers: an accepted failure or gap becomes waived, and never passes."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Final

from scanner.model.controls import Role
from scanner.model.findings import CheckResult, CoverageRow, Finding, Verdict
from scanner.model.library import Library
from scanner.model.values import OTHER
from scanner.model.waivers import (
    ControlScope,
    FindingScope,
    GapScope,
    Standing,
    Waiver,
    WaiverResult,
)

ANY_RESOURCE: Final = "*"
"""The id in a finding whose listing was not read: any resource may be behind it."""
SEPARATOR = ", "
"""Between the ids in `Finding.waiver`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetWaivers:
    """The waivers that count for one target on its day, and those that lapsed."""

    gaps: tuple[Waiver, ...] = ()
    findings: Mapping[tuple[str, str], Waiver] | None = None
    """By check and resource."""
    controls: frozenset[str] = frozenset()
    """Controls whose failing findings are accepted."""
    lapsed: TargetWaivers | None = None
    """The waivers that would count if their compensating control read `pass`."""
    why: Mapping[str, str] | None = None
    """Why a waiver has lapsed, by its id."""


# -- which waivers count --------------------------------------------------------------------------


def with_current_checks(waivers: Iterable[Waiver], library: Library) -> list[Waiver]:
    """The waivers, with the ids that a library has for their checks: they may name earlier ones."""
    found: list[Waiver] = []
    for waiver in waivers:
        scope = waiver.scope
        if isinstance(scope, FindingScope):
            scope = replace(scope, check=library.current_id(scope.check))
        found.append(replace(waiver, scope=scope))
    return found


def assess_waivers(
    waivers: Iterable[Waiver],
    days: Mapping[str, date],
    statuses: Mapping[str, str],
) -> tuple[WaiverResult, ...]:
    """Whether each waiver counts, and if not, why.

    `days` are those of the scanned targets, `statuses` those of controls without any waiver: no
    waiver decides whether another one counts.
    """
    results: list[WaiverResult] = []
    for waiver in waivers:
        today = days.get(waiver.target)
        standing, why = _standing(waiver, today, statuses)
        result = WaiverResult(
            waiver=waiver,
            standing=standing,
            why=why,
        )
        results.append(result)
    return tuple(results)


def _standing(
    waiver: Waiver,
    today: date | None,
    statuses: Mapping[str, str],
) -> tuple[Standing, str]:
    """Whether a waiver counts on a day, and if not, why."""
    if today is None:
        return Standing.NOT_HERE, f"{waiver.target} was not scanned"
    if today >= waiver.expires:
        return Standing.EXPIRED, f"it ended on {waiver.expires}"
    # Not before it was committed: nobody accepts something after the fact, with an earlier date.
    if today < waiver.begins:
        return Standing.NOT_BEGUN, f"it begins on {waiver.begins}"
    if not waiver.compensating:
        return Standing.IN_FORCE, ""
    status = statuses.get(waiver.compensating, "not shown")
    # `accepted` does not do: one accepted failure would compensate for another.
    if status != "pass":
        return Standing.LAPSED, f"compensating control {waiver.compensating} reads {status}"
    return Standing.IN_FORCE, ""


def waivers_by_target(results: Iterable[WaiverResult]) -> Mapping[str, TargetWaivers]:
    """The waivers that count, by target."""
    by_target: dict[str, list[WaiverResult]] = defaultdict(list)
    for result in results:
        by_target[result.waiver.target].append(result)
    ruled: dict[str, TargetWaivers] = {}
    for target, found in by_target.items():
        ruled[target] = _ruling(found)
    return ruled


def _ruling(results: Sequence[WaiverResult]) -> TargetWaivers:
    in_force: list[Waiver] = []
    lapsed: list[Waiver] = []
    why: dict[str, str] = {}
    for result in results:
        if result.standing is Standing.IN_FORCE:
            in_force.append(result.waiver)
        elif result.standing is Standing.LAPSED:
            lapsed.append(result.waiver)
            why[result.waiver.id] = result.why
    ruling = _by_scope(in_force)
    if not lapsed:
        return replace(ruling, why=why)
    return replace(ruling, lapsed=_by_scope(lapsed), why=why)


def _by_scope(waivers: Sequence[Waiver]) -> TargetWaivers:
    gaps: list[Waiver] = []
    findings: dict[tuple[str, str], Waiver] = {}
    controls: set[str] = set()
    for waiver in waivers:
        scope = waiver.scope
        if isinstance(scope, GapScope):
            gaps.append(waiver)
        elif isinstance(scope, FindingScope):
            findings.setdefault((scope.check, scope.resource), waiver)
        else:
            controls.add(scope.control)
    return TargetWaivers(
        gaps=tuple(gaps),
        findings=findings,
        controls=frozenset(controls),
    )


# -- what they accept -----------------------------------------------------------------------------


def apply_to_result(result: CheckResult, ruling: TargetWaivers | None) -> CheckResult:
    """The result with accepted findings marked, and lapsed waivers named in the reasons."""
    if ruling is None:
        return result
    findings = tuple(_waive_finding(finding, ruling) for finding in result.findings)
    if findings == result.findings:
        return result
    return replace(result, findings=findings)


def _waive_finding(finding: Finding, ruling: TargetWaivers) -> Finding:
    accepting = _accepting(finding, ruling)
    if accepting:
        return replace(
            finding,
            verdict=Verdict.WAIVED,
            waiver=SEPARATOR.join(accepting),
            without_waiver=finding.verdict,
        )
    if ruling.lapsed is None or ruling.why is None:
        return finding
    lapsed: list[str] = []
    for waiver in _accepting(finding, ruling.lapsed):
        if waiver in ruling.why:
            lapsed.append(f"waiver {waiver} has lapsed: {ruling.why[waiver]}")
    if not lapsed:
        return finding
    reasons = [finding.reason, *lapsed]
    reason = "; ".join(reason for reason in reasons if reason)
    return replace(finding, reason=reason)


def _accepting(finding: Finding, ruling: TargetWaivers) -> tuple[str, ...]:
    """Ids of the waivers that together accept a finding; none if they leave a part of it open."""
    if finding.verdict is Verdict.FAIL:
        accepted = ruling.findings or {}
        waiver = accepted.get((finding.check, finding.resource.id))
        return (waiver.id,) if waiver else ()
    if finding.verdict is Verdict.UNKNOWN:
        return _accepting_gaps(finding, ruling)
    return ()


def _accepting_gaps(finding: Finding, ruling: TargetWaivers) -> tuple[str, ...]:
    # Vacuous truth: an unknown that names no call, or has a cause besides calls, is never accepted.
    if not finding.gaps or OTHER in finding.gaps:
        return ()
    target, resource = finding.resource.target, finding.resource.id
    accepting: dict[str, None] = {}
    for call in finding.gaps:
        waiver = _covering(ruling.gaps, target, call, resource)
        if not waiver:
            return ()
        accepting[waiver] = None
    return tuple(accepting)


def apply_to_coverage(row: CoverageRow, ruling: TargetWaivers | None) -> CoverageRow:
    """The row with the waiver that accepts its gap for every resource."""
    complete = row.state.whole and not row.unanswered
    if ruling is None or complete:
        return row
    # Without a resource: a waiver for one resource does not accept the call's gap for the others.
    call = f"{row.operation}@{row.region}"
    waiver = _covering(ruling.gaps, row.target, call, resource="")
    return replace(row, waiver=waiver)


def _covering(
    waivers: Sequence[Waiver],
    target: str,
    call: str,
    resource: str,
) -> str:
    """Id of the first waiver that accepts the gap of a call; empty: none does."""
    for waiver in waivers:
        scope = waiver.scope
        if isinstance(scope, GapScope) and scope.covers(target, call, resource):
            return waiver.id
    return ""


# -- a whole assessment ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Waived:
    """Results and coverage, before and after waivers."""

    results: Sequence[CheckResult]
    coverage: Sequence[CoverageRow]
    controls: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """For each control with a waiver of its own: the targets in which its failures are accepted."""
    waivers: tuple[WaiverResult, ...] = ()


def apply_waivers(
    judged: Waived,
    waivers: Sequence[Waiver],
    library: Library,
    *,
    days: Mapping[str, date],
    statuses: Callable[[Sequence[CheckResult]], Mapping[str, str]],
) -> Waived:
    """Mark what is accepted; `statuses` gives the statuses of controls without any waiver."""
    if not waivers:
        return judged
    waivers = with_current_checks(waivers, library)
    # Assessing all controls is dear: only for waivers that have a compensating one.
    before: Mapping[str, str] = {}
    compensated = [waiver for waiver in waivers if waiver.compensating]
    if any(waiver.target in days for waiver in compensated):
        before = statuses(judged.results)
    weighed = assess_waivers(waivers, days, before)
    by_target = waivers_by_target(weighed)
    results: list[CheckResult] = []
    for result in judged.results:
        ruling = by_target.get(result.target)
        results.append(apply_to_result(result, ruling))
    coverage: list[CoverageRow] = []
    for row in judged.coverage:
        ruling = by_target.get(row.target)
        coverage.append(apply_to_coverage(row, ruling))
    return Waived(
        results=results,
        coverage=coverage,
        controls=_accepted_controls(by_target),
        waivers=_with_counts(weighed, results, library),
    )


def _accepted_controls(by_target: Mapping[str, TargetWaivers]) -> Mapping[str, frozenset[str]]:
    targets: dict[str, set[str]] = defaultdict(set)
    for target, ruling in by_target.items():
        for control in ruling.controls:
            targets[control].add(target)
    accepted: dict[str, frozenset[str]] = {}
    for control, found in targets.items():
        accepted[control] = frozenset(found)
    return accepted


def _with_counts(
    weighed: Iterable[WaiverResult],
    results: Collection[CheckResult],
    library: Library,
) -> tuple[WaiverResult, ...]:
    """The waivers with the number of findings that each accepts in these results."""
    accepted: Counter[str] = Counter()
    for result in results:
        for finding in result.findings:
            if finding.waiver:
                accepted.update(finding.waiver.split(SEPARATOR))
    counted: list[WaiverResult] = []
    for one in weighed:
        scope = one.waiver.scope
        number = accepted[one.waiver.id]
        if one.standing is Standing.IN_FORCE and not number:
            one = _without_finding(one, results)
        if isinstance(scope, ControlScope) and one.standing is Standing.IN_FORCE:
            number = _failures(scope, results, library)
        counted.append(replace(one, accepts=number))
    return tuple(counted)


def _without_finding(one: WaiverResult, results: Iterable[CheckResult]) -> WaiverResult:
    """A waiver that accepts nothing; not in force if nothing was found of its resource.

    Shown as in force, a waiver with a misspelt resource would look as if it did something.
    """
    scope = one.waiver.scope
    if isinstance(scope, ControlScope) or not scope.resource:
        return one
    check = ""
    if isinstance(scope, FindingScope):
        check = scope.check
    found = _findings_of(results, scope.target, check)
    wanted = {scope.resource}
    if check:
        # Its listing was not read: any resource may be behind that finding.
        wanted.add(ANY_RESOURCE)
    if any(finding.resource.id in wanted for finding in found):
        return one
    why = f"there is no finding for '{scope.resource}'"
    if check:
        why = f"{check} has no finding for '{scope.resource}'"
    named = named_so(scope.resource, found)
    if named:
        why = f"'{scope.resource}' is a name: did you mean {' or '.join(named)}?"
    return replace(one, standing=Standing.NOT_HERE, why=why)


def _findings_of(results: Iterable[CheckResult], target: str, check: str) -> list[Finding]:
    """The findings in a target: of one check, or of all if it is empty."""
    found: list[Finding] = []
    for result in results:
        if check in ("", result.check) and result.target == target:
            found.extend(result.findings)
    return found


def named_so(name: str, findings: Iterable[Finding]) -> list[str]:
    """Ids of the resources of this name, each once."""
    found = {finding.resource.id for finding in findings if finding.resource.name == name}
    return sorted(found)


def _failures(
    scope: ControlScope,
    results: Iterable[CheckResult],
    library: Library,
) -> int:
    """Failing findings that decide a control, in the target of a waiver."""
    control = library.controls.get(scope.control)
    if control is None:
        return 0
    deciding = {link.id for link in control.checks if link.role is Role.EVIDENCES}
    failures = 0
    for result in results:
        if result.check in deciding and result.target == scope.target:
            failures += result.count(Verdict.FAIL)
    return failures
