"""Waivers applied: what fails or is unread becomes waived where somebody accepted just that, and never a pass."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

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

SEPARATOR = ", "


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """Which waivers count for one target on its day, and which would but for their compensating control."""

    gaps: tuple[Waiver, ...] = ()
    findings: Mapping[tuple[str, str], Waiver] | None = None
    """By check and resource."""
    controls: frozenset[str] = frozenset()
    """Controls whose failing findings are accepted."""
    lapsed: Ruling | None = None
    why: Mapping[str, str] | None = None
    """For the lapsed ones, by id: what their compensating control reads."""


def weigh(
    waivers: Iterable[Waiver], days: Mapping[str, date], statuses: Mapping[str, str]
) -> tuple[WaiverResult, ...]:
    """What each waiver is worth: `days` are those of the targets that were scanned, `statuses` those of controls.

    A control reads `pass` with waivers exactly if it does without, so that no waiver decides about another.
    """
    return tuple(_weigh(waiver, days.get(waiver.target), statuses) for waiver in waivers)


def _weigh(waiver: Waiver, today: date | None, statuses: Mapping[str, str]) -> WaiverResult:
    standing, why = Standing.IN_FORCE, ""
    if today is None:
        standing, why = Standing.NOT_HERE, f"{waiver.target} was not scanned"
    elif today >= waiver.expires:
        standing, why = Standing.EXPIRED, f"it ended on {waiver.expires}"
    elif today < waiver.begins:
        standing, why = Standing.NOT_BEGUN, f"it begins on {waiver.begins}"
    elif (
        waiver.compensating and (status := statuses.get(waiver.compensating, "not shown")) != "pass"
    ):
        standing, why = (
            Standing.LAPSED,
            f"compensating control {waiver.compensating} reads {status}",
        )
    return WaiverResult(waiver=waiver, standing=standing, why=why)


def rulings(weighed: Iterable[WaiverResult]) -> Mapping[str, Ruling]:
    """What counts, by target."""
    by_target: dict[str, list[WaiverResult]] = defaultdict(list)
    for one in weighed:
        by_target[one.waiver.target].append(one)
    return {target: _ruling(found) for target, found in by_target.items()}


def _ruling(weighed: Sequence[WaiverResult]) -> Ruling:
    lapsed = [one for one in weighed if one.standing is Standing.LAPSED]
    in_force = [one.waiver for one in weighed if one.standing is Standing.IN_FORCE]
    return replace(
        _sorted(in_force),
        lapsed=_sorted([one.waiver for one in lapsed]) if lapsed else None,
        why={one.waiver.id: one.why for one in lapsed},
    )


def _sorted(waivers: Sequence[Waiver]) -> Ruling:
    findings: dict[tuple[str, str], Waiver] = {}
    for waiver in waivers:
        if isinstance(waiver.scope, FindingScope):
            findings.setdefault((waiver.scope.check, waiver.scope.resource), waiver)
    return Ruling(
        gaps=tuple(waiver for waiver in waivers if isinstance(waiver.scope, GapScope)),
        findings=findings,
        controls=frozenset(
            waiver.scope.control for waiver in waivers if isinstance(waiver.scope, ControlScope)
        ),
    )


def waive(result: CheckResult, ruling: Ruling | None) -> CheckResult:
    """The result with accepted findings marked, and those whose waiver has lapsed telling so."""
    if ruling is None:
        return result
    found = tuple(_waived(finding, ruling) for finding in result.findings)
    return result if found == result.findings else replace(result, findings=found)


def _waived(finding: Finding, ruling: Ruling) -> Finding:
    """Failing: waived by a waiver of that very finding. Unknown: waived only if every call that it lacks is."""
    used = _accepting(finding, ruling)
    if used:
        return replace(
            finding,
            verdict=Verdict.WAIVED,
            waiver=SEPARATOR.join(used),
            without_waiver=finding.verdict,
        )
    lapsed = _accepting(finding, ruling.lapsed) if ruling.lapsed else ()
    if not lapsed or ruling.why is None:
        return finding
    said = "; ".join(
        f"waiver {name} has lapsed: {ruling.why[name]}" for name in lapsed if name in ruling.why
    )
    return replace(finding, reason="; ".join(part for part in (finding.reason, said) if part))


def _accepting(finding: Finding, ruling: Ruling) -> tuple[str, ...]:
    """Ids of the waivers that together accept a finding as it is; none where something is left unaccepted."""
    if finding.verdict is Verdict.FAIL:
        waiver = (ruling.findings or {}).get((finding.check, finding.resource.id))
        return (waiver.id,) if waiver else ()
    if finding.verdict is not Verdict.UNKNOWN or not finding.gaps or OTHER in finding.gaps:
        return ()
    used = [
        _covering(ruling.gaps, finding.resource.target, place, finding.resource.id)
        for place in finding.gaps
    ]
    return tuple(dict.fromkeys(used)) if all(used) else ()


def waive_row(row: CoverageRow, ruling: Ruling | None) -> CoverageRow:
    """The row with the waiver that accepts its gap as a whole; one for a single resource does not."""
    if ruling is None or (row.state.whole and not row.unanswered):
        return row
    return replace(
        row, waiver=_covering(ruling.gaps, row.target, f"{row.operation}@{row.region}", "")
    )


def _covering(waivers: Sequence[Waiver], target: str, place: str, resource: str) -> str:
    return next(
        (
            waiver.id
            for waiver in waivers
            if isinstance(waiver.scope, GapScope) and waiver.scope.covers(target, place, resource)
        ),
        "",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Waived:
    """Results and coverage, before and after waivers."""

    results: Sequence[CheckResult]
    coverage: Sequence[CoverageRow]
    controls: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """For each control with a waiver of its own: the targets in which what fails in it is accepted."""
    waivers: tuple[WaiverResult, ...] = ()


def apply_waivers(
    judged: Waived,
    waivers: Sequence[Waiver],
    library: Library,
    *,
    days: Mapping[str, date],
    statuses: Callable[[Sequence[CheckResult]], Mapping[str, str]],
) -> Waived:
    """What is accepted marked as such; `statuses` tells what controls read without any waiver."""
    if not waivers:
        return judged
    needed = any(waiver.compensating and waiver.target in days for waiver in waivers)
    weighed = weigh(waivers, days, statuses(judged.results) if needed else {})
    ruled = rulings(weighed)
    results = [waive(result, ruled.get(result.target)) for result in judged.results]
    return Waived(
        results=results,
        coverage=[waive_row(row, ruled.get(row.target)) for row in judged.coverage],
        controls=_accepted_controls(ruled),
        waivers=_tallied(weighed, results, library),
    )


def _accepted_controls(ruled: Mapping[str, Ruling]) -> Mapping[str, frozenset[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for target, ruling in ruled.items():
        for control in ruling.controls:
            found[control].add(target)
    return {control: frozenset(targets) for control, targets in found.items()}


def _tallied(
    weighed: Iterable[WaiverResult], results: Collection[CheckResult], library: Library
) -> tuple[WaiverResult, ...]:
    """The waivers with the number of findings that each accepts in these results."""
    used = Counter(
        name
        for result in results
        for finding in result.findings
        if finding.waiver
        for name in finding.waiver.split(SEPARATOR)
    )
    return tuple(
        replace(one, accepts=_failing(one.waiver.scope, results, library))
        if isinstance(one.waiver.scope, ControlScope) and one.standing is Standing.IN_FORCE
        else replace(one, accepts=used[one.waiver.id])
        for one in weighed
    )


def _failing(scope: ControlScope, results: Iterable[CheckResult], library: Library) -> int:
    control = library.controls.get(scope.control)
    deciding = (
        {link.id for link in control.checks if link.role is Role.EVIDENCES} if control else set()
    )
    return sum(
        result.count(Verdict.FAIL)
        for result in results
        if result.check in deciding and result.target == scope.target
    )
