"""From findings to controls and from controls to criteria: the algebra, without exceptions.

Every branch leans the same way: what was not read, not run or not attested can only make a status worse.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from scanner.model.answers import Target
from scanner.model.checks import Check
from scanner.model.controls import CheckLink, Control, Criterion, Requirement, Role, WhenEmpty
from scanner.model.findings import CheckResult, ControlResult, Counts, CriterionResult, Finding, Status, Verdict
from scanner.model.library import Library

NEUTRAL: Final = frozenset({Status.NO_OCCURRENCE, Status.NOT_APPLICABLE})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Evidence:
    """What there is to judge one control by."""

    control: Control
    checks: Mapping[str, Check]
    results: Mapping[str, Sequence[CheckResult]]
    targets: frozenset[Target]
    attested: frozenset[str]
    stale: Mapping[str, str]
    accepted: frozenset[str]
    params_set: frozenset[str]

    @property
    def links(self) -> tuple[CheckLink, ...]:
        """Links to checks that decide: `supports` stands beside and never counts, here or below."""
        return tuple(link for link in self.control.checks if link.role is Role.EVIDENCES)

    @property
    def scoped(self) -> tuple[CheckLink, ...]:
        """Deciding links that have a target in scope, or whose check is not known."""
        return tuple(link for link in self.links if link.id not in self.checks or self.targets_of(link.id))

    @property
    def found(self) -> tuple[CheckResult, ...]:
        """Results of the deciding checks."""
        return tuple(result for link in self.links for result in self.results.get(link.id, ()))

    def targets_of(self, check: str) -> tuple[Target, ...]:
        """Targets in scope that a check asks about."""
        known = self.checks.get(check)
        return tuple(sorted(target for target in self.targets if known is None or target.cloud == known.cloud))

    def unrun(self, check: str) -> tuple[str, ...]:
        """Targets in scope in which a check was not run."""
        ran = {str(result.target) for result in self.results.get(check, ())}
        return tuple(str(target) for target in self.targets_of(check) if str(target) not in ran)


def assess_control(
    control: Control,
    results: Mapping[str, Sequence[CheckResult]],
    *,
    library: Library,
    targets: frozenset[Target],
    params_set: frozenset[str] = frozenset(),
    attested: frozenset[str] = frozenset(),
    stale: Mapping[str, str] | None = None,
    accepted: frozenset[str] = frozenset(),
) -> ControlResult:
    """What a control reads as, given every check's results and the parameters that the entity set.

    `attested` are the manual controls with a current attestation, `stale` says why others have none; `accepted` are
    the targets in which a waiver accepts what fails in this control.
    """
    evidence = _Evidence(
        control=control,
        checks=library.checks,
        results=results,
        targets=targets,
        attested=attested,
        stale=stale or {},
        accepted=accepted,
        params_set=params_set,
    )
    counts = _count(evidence.found, accepted)
    unshown = tuple(dict.fromkeys(_unshown(evidence, counts)))
    missing = tuple(dict.fromkeys(_missing(evidence)))
    status = _status(evidence, counts, bool(unshown), bool(missing))
    failing = (f"{counts.failed} of {_tested(counts)} findings fail",) if counts.failed else ()
    waived = (f"{counts.waived} accepted by waiver",) if counts.waived else ()
    return ControlResult(
        id=control.id,
        status=status,
        reasons=failing + unshown + missing + waived,
        counts=counts,
        complete=not unshown and not missing,
    )


def _status(evidence: _Evidence, counts: Counts, unshown: bool, missing: bool) -> Status:
    if counts.failed:
        return Status.FAIL
    if unshown:
        return Status.NOT_SHOWN
    if missing:
        return Status.NEEDS_EVIDENCE
    if counts.waived:
        return Status.ACCEPTED
    if evidence.scoped and not _tested(counts):
        # Not unshown: so every population is empty, and the control says what that means.
        return Status.NO_OCCURRENCE if _may_not_occur(evidence.control) else Status.NOT_APPLICABLE
    return Status.PASS


def _unshown(evidence: _Evidence, counts: Counts) -> Iterator[str]:
    """Why the control is not shown, whatever else it is."""
    if counts.unknown:
        yield f"{counts.unknown} findings are unknown"
    for link in evidence.scoped:
        for target in evidence.unrun(link.id):
            yield f"{link.id} was not run in {target}"
        if link.id not in evidence.checks:
            yield f"{link.id} is not in the library"
    for need in evidence.control.must_have:
        if not _only_attestations(need) and not _met(evidence, need):
            yield _unmet(need)
    clouds = {target.cloud for target in evidence.targets}
    for lack in evidence.control.lacking:
        if lack.role is Role.EVIDENCES and (lack.cloud == "any" or lack.cloud in clouds):
            yield f"{lack.id} cannot be collected yet"
    yield from _hollow(evidence, counts)


def _hollow(evidence: _Evidence, counts: Counts) -> Iterator[str]:
    """Guards against vacuous truth: why there is nothing that the control could be judged by."""
    if not evidence.scoped:
        if not evidence.control.attestations:
            yield "no check or attestation evidences it here"
        return
    if _tested(counts) or counts.unknown:
        return
    if counts.scoped_out:
        yield "every resource is out of scope by its label"
    elif not evidence.found or not all(result.empty for result in evidence.found):
        yield "nothing was tested"
    elif not _may_not_occur(evidence.control) and evidence.control.when_empty is not WhenEmpty.NOT_APPLICABLE:
        yield "there is nothing to test, and the control does not allow that"


def _missing(evidence: _Evidence) -> Iterator[str]:
    """Which statements of people the control waits for."""
    for manual in evidence.control.attestations:
        if manual not in evidence.attested:
            why = evidence.stale.get(manual, "")
            yield f"{manual} has no current attestation{': ' * bool(why)}{why}"
    for need in evidence.control.must_have:
        if _only_attestations(need) and not _met(evidence, need):
            yield _unmet(need)


def _may_not_occur(control: Control) -> bool:
    return control.when_empty is WhenEmpty.NO_OCCURRENCE and "per event" in control.modes


def _only_attestations(need: Requirement) -> bool:
    return bool(need.attestations) and not need.checks and not need.params


def _met(evidence: _Evidence, need: Requirement) -> bool:
    return (
        not evidence.attested.isdisjoint(need.attestations)
        or not evidence.params_set.isdisjoint(need.params)
        or any(_population_read(evidence, check) for check in need.checks)
    )


def _unmet(need: Requirement) -> str:
    sources = need.checks + need.attestations + tuple(f"params.{name}" for name in need.params)
    return f"needs {' or '.join(sources) or 'a source that is not named'}"


def _population_read(evidence: _Evidence, check: str) -> bool:
    """Whether a check was run in every target that it asks about, nothing was unread, and something was there.

    A gap that a waiver accepts is taken for read where the check decides the control, which is then accepted at best;
    elsewhere the control would pass by it.
    """
    found = evidence.results.get(check, ())
    there = any(result.findings and not result.empty for result in found)
    decides = any(link.id == check for link in evidence.links)
    findings = (finding for result in found for finding in result.findings)
    unread = any(finding.verdict is Verdict.UNKNOWN or (_gap(finding) and not decides) for finding in findings)
    return check in evidence.checks and there and not unread and not evidence.unrun(check)


def _gap(finding: Finding) -> bool:
    return finding.verdict is Verdict.WAIVED and finding.without_waiver is not Verdict.FAIL


def _tested(counts: Counts) -> int:
    return counts.passed + counts.failed + counts.waived


def _count(results: Sequence[CheckResult], accepted: frozenset[str]) -> Counts:
    """Findings by verdict; what fails in an accepted target counts as waived here, and stays failing elsewhere."""
    tally = dict.fromkeys(Verdict, 0)
    resources = set()
    for result in results:
        for finding in result.findings:
            fails = finding.verdict is Verdict.FAIL
            tally[Verdict.WAIVED if fails and result.target in accepted else finding.verdict] += 1
            ref = finding.resource
            if ref.id != "*" and not result.empty:
                resources.add((ref.target, ref.kind, ref.region, ref.id))
    return Counts(
        passed=tally[Verdict.PASS],
        failed=tally[Verdict.FAIL],
        unknown=tally[Verdict.UNKNOWN],
        waived=tally[Verdict.WAIVED],
        resources=len(resources),
        scoped_out=sum(result.scoped_out for result in results),
    )


def assess_criterion(criterion: Criterion, controls: Mapping[str, ControlResult], *, framework: str) -> CriterionResult:
    """How a criterion is displayed: by its primary controls alone."""
    links = tuple(link for link in criterion.controls if link.primary)
    primary = [controls[link.control] for link in links if link.control in controls]
    whole = bool(links) and len(primary) == len(links)
    return CriterionResult(
        framework=framework,
        id=criterion.id,
        status=_displayed([result.status for result in primary], whole),
        evidence_complete=whole and all(_complete(result) for result in primary),
        failing=sum(result.status is Status.FAIL for result in primary),
        controls=tuple(link.control for link in criterion.controls),
        primary=tuple(link.control for link in links),
    )


def _displayed(statuses: Sequence[Status], whole: bool) -> Status:
    """The first status in order; without a primary control, or with one that was not assessed, evidence is needed."""
    decided = [status for status in statuses if status not in NEUTRAL]
    if not whole:
        decided.append(Status.NEEDS_EVIDENCE)
    shown = decided or statuses
    return next(status for status in Status if status in shown)


def _complete(result: ControlResult) -> bool:
    # A failing control may be unread besides: it then is no complete evidence, though it reads `fail`.
    return result.complete and result.status not in (Status.NOT_SHOWN, Status.NEEDS_EVIDENCE)


def assess_controls(
    library: Library,
    results: Sequence[CheckResult],
    *,
    targets: frozenset[Target],
    params_set: frozenset[str] = frozenset(),
    attested: frozenset[str] = frozenset(),
    stale: Mapping[str, str] | None = None,
    accepted: Mapping[str, frozenset[str]] | None = None,
) -> Mapping[str, ControlResult]:
    """What every control of a library reads as, by id; `accepted` are the targets of waivers by control."""
    by_check: dict[str, list[CheckResult]] = {}
    for result in results:
        by_check.setdefault(result.check, []).append(result)
    return {
        name: assess_control(
            control,
            by_check,
            library=library,
            targets=targets,
            params_set=params_set,
            attested=attested,
            stale=stale,
            accepted=(accepted or {}).get(name, frozenset()),
        )
        for name, control in sorted(library.controls.items())
    }


def assess_criteria(
    library: Library, controls: Mapping[str, ControlResult], categories: Mapping[str, Sequence[str]]
) -> tuple[CriterionResult, ...]:
    """How every criterion is displayed; of a framework that `categories` names, only those categories."""
    return tuple(
        assess_criterion(criterion, controls, framework=framework.id)
        for framework in library.frameworks.values()
        for criterion in framework.criteria
        if framework.id not in categories or criterion.category in categories[framework.id]
    )
