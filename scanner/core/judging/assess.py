"""Assesses controls: derives the status of each from the findings of its checks.

Every branch errs on one side: what was not read, not run or not attested only makes a status worse.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from scanner.core.judging.clauses import attested_elsewhere, unshown_clauses
from scanner.model.answers import Target
from scanner.model.controls import CheckLink, Control, Requirement, Role, WhenEmpty
from scanner.model.findings import CheckResult, ControlResult, Counts, Finding, Status, Verdict
from scanner.model.library import Library
from scanner.words import plural


@dataclass(frozen=True, slots=True, kw_only=True)
class _Evidence:
    """The evidence of one control."""

    control: Control
    library: Library
    results: Mapping[str, Sequence[CheckResult]]
    """By check."""
    targets: frozenset[Target]
    attested: frozenset[str]
    stale: Mapping[str, str]
    accepted: frozenset[str]
    params_set: frozenset[str]

    @property
    def links(self) -> tuple[CheckLink, ...]:
        """Links to checks that decide; one that `supports` never counts."""
        links = self.control.checks
        return tuple(link for link in links if link.role is Role.EVIDENCES)

    @property
    def applicable(self) -> tuple[CheckLink, ...]:
        """Deciding links that have a target in scope, or whose check is not known."""
        return tuple(link for link in self.links if self._is_applicable(link.id))

    def _is_applicable(self, check: str) -> bool:
        # An unknown check might be the one that fails: it applies, and is reported as not run.
        if check not in self.library.checks:
            return True
        return bool(self.targets_of(check))

    @property
    def elsewhere(self) -> tuple[tuple[str, str], ...]:
        """Manual controls that show a clause where no check reads it, each with the cloud."""
        return tuple(attested_elsewhere(self.control, self.library, self.targets))

    @property
    def found(self) -> tuple[CheckResult, ...]:
        """Results of the deciding checks."""
        found: list[CheckResult] = []
        for link in self.links:
            results = self.results.get(link.id, ())
            found.extend(results)
        return tuple(found)

    def targets_of(self, check: str) -> tuple[Target, ...]:
        """Targets in scope that a check applies to; an unknown check might apply to any."""
        if check not in self.library.checks:
            return tuple(sorted(self.targets))
        cloud = self.library.cloud(check)
        targets = [target for target in self.targets if target.cloud == cloud]
        return tuple(sorted(targets))

    def unrun(self, check: str) -> tuple[str, ...]:
        """Targets in scope in which a check was not run."""
        results = self.results.get(check, ())
        ran = {str(result.target) for result in results}
        targets = [str(target) for target in self.targets_of(check)]
        return tuple(target for target in targets if target not in ran)


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
    """The status of a control, given every check's results and the parameters the entity set.

    `attested` are the manual controls with a current attestation, `stale` says why others have
    none; `accepted` are the targets in which a waiver accepts what fails in this control.
    """
    evidence = _Evidence(
        control=control,
        library=library,
        results=results,
        targets=targets,
        attested=attested,
        stale=stale or {},
        accepted=accepted,
        params_set=params_set,
    )
    counts = _count(evidence.found, accepted)
    unshown = _distinct(_unshown(evidence, counts))
    missing = _distinct(_missing_attestations(evidence))
    failing: tuple[str, ...] = ()
    if counts.failed:
        failing = (f"{counts.failed} of {plural(_tested(counts), 'finding')} failed",)
    waived: tuple[str, ...] = ()
    if counts.waived:
        waived = (f"{counts.waived} accepted by waiver",)
    status = _status(evidence, counts, bool(unshown), bool(missing))
    return ControlResult(
        id=control.id,
        status=status,
        reasons=failing + unshown + missing + waived,
        counts=counts,
        complete=not unshown and not missing,
    )


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
    """The status of every control by id; `accepted` are the targets of waivers by control."""
    by_check: dict[str, list[CheckResult]] = {}
    for result in results:
        by_check.setdefault(result.check, []).append(result)
    waived = accepted or {}
    assessed: dict[str, ControlResult] = {}
    for name, control in sorted(library.controls.items()):
        assessed[name] = assess_control(
            control,
            by_check,
            library=library,
            targets=targets,
            params_set=params_set,
            attested=attested,
            stale=stale,
            accepted=waived.get(name, frozenset()),
        )
    return assessed


def _distinct(reasons: Iterable[str]) -> tuple[str, ...]:
    """Each reason once, in order."""
    return tuple(dict.fromkeys(reasons))


def _status(
    evidence: _Evidence,
    counts: Counts,
    unshown: bool,
    missing: bool,
) -> Status:
    """The status; what is unread comes before what is accepted, and both before a pass."""
    if counts.failed:
        return Status.FAIL
    if unshown:
        return Status.NOT_SHOWN
    if missing:
        return Status.NEEDS_EVIDENCE
    if counts.waived:
        return Status.ACCEPTED
    if evidence.applicable and not _tested(counts):
        # `_unshown` found no gap: every population is empty, and the control defines what that is.
        if _may_not_occur(evidence):
            return Status.NO_OCCURRENCE
        return Status.NOT_APPLICABLE
    return Status.PASS


# -- why a control is not shown -------------------------------------------------------------------


def _unshown(evidence: _Evidence, counts: Counts) -> Iterator[str]:
    """Why the control is not shown, whatever else it is."""
    if counts.unknown:
        yield f"{plural(counts.unknown, 'unknown finding')}"
    yield from _not_run(evidence)
    for requirement in evidence.control.must_have:
        if _only_attestations(requirement) or _is_elsewhere(evidence, requirement):
            continue
        if not _is_met(evidence, requirement):
            yield _unmet(evidence, requirement)
    yield from unshown_clauses(evidence.control, evidence.library, evidence.targets)
    yield from _not_collected(evidence)
    yield from _nothing_tested(evidence, counts)


def _not_run(evidence: _Evidence) -> Iterator[str]:
    """Deciding checks that were not run in a target, or that the library lacks."""
    # Running fewer checks, or in fewer targets, must never improve a status.
    for link in evidence.applicable:
        for target in evidence.unrun(link.id):
            yield f"{link.id} was not run in {target}"
        if link.id not in evidence.library.checks:
            yield f"{link.id} is not in the pack"


def _not_collected(evidence: _Evidence) -> Iterator[str]:
    """Deciding evidence that this pack cannot collect yet."""
    clouds = {target.cloud for target in evidence.targets}
    for lack in evidence.control.lacking:
        concerns_scope = lack.cloud == "any" or lack.cloud in clouds
        if lack.role is Role.EVIDENCES and concerns_scope:
            yield f"tscan cannot collect {lack.id} yet"


def _nothing_tested(evidence: _Evidence, counts: Counts) -> Iterator[str]:
    """Vacuous truth: why there is nothing that could show the control."""
    if not evidence.applicable:
        shown_by_people = evidence.control.attestations or evidence.elsewhere
        if not shown_by_people:
            yield "no check of the scanned targets and no attestation evidences it"
    elif not _tested(counts) and not counts.unknown:
        yield from _why_untested(evidence, counts)


def _why_untested(evidence: _Evidence, counts: Counts) -> Iterator[str]:
    says = _when_nobody(evidence)
    may_be_empty = says is WhenEmpty.NOT_APPLICABLE or _may_not_occur(evidence)
    if counts.scoped_out:
        yield "labels put every resource out of scope"
    elif not _all_empty(evidence.found):
        yield "nothing was tested"
    elif not may_be_empty:
        yield _none_to_test(evidence.found)


def _all_empty(results: Sequence[CheckResult]) -> bool:
    """Whether every population was read and nobody is in it; no result at all shows nothing."""
    return bool(results) and all(map(_has_nobody, results))


def _has_nobody(result: CheckResult) -> bool:
    """Whether a population was read whole and has no resource, or none in scope."""
    return result.empty or result.none_in_scope


def _none_to_test(results: Sequence[CheckResult]) -> str:
    """Why nothing was tested: nothing is there, or nothing of it is in scope."""
    if any(result.none_in_scope for result in results):
        return "no resource is in scope of a check, and the control requires one"
    return "there is no resource to test, and the control requires one"


def _missing_attestations(evidence: _Evidence) -> Iterator[str]:
    """The attestations that the control still needs."""
    for manual in evidence.control.attestations:
        if manual not in evidence.attested:
            reason = f"{manual} has no current attestation"
            why = evidence.stale.get(manual, "")
            yield f"{reason}: {why}" if why else reason
    for manual, cloud in evidence.elsewhere:
        if manual not in evidence.attested:
            yield f"{manual} has no current attestation, which {cloud} needs"
    named = set(evidence.control.attestations)
    for requirement in evidence.control.must_have:
        attestations = requirement.attestations
        if not _only_attestations(requirement) or named.issuperset(attestations):
            continue
        if not _is_met(evidence, requirement):
            yield _unmet(evidence, requirement)


def _may_not_occur(evidence: _Evidence) -> bool:
    """Whether a period without any event is a status of its own; a setting always exists."""
    says = _when_nobody(evidence)
    return says is WhenEmpty.NO_OCCURRENCE and "per event" in evidence.control.modes


def _when_nobody(evidence: _Evidence) -> WhenEmpty:
    """What the control reads as where no check has anybody to ask."""
    if all(result.none_in_scope for result in evidence.found):
        return evidence.control.when_none_in_scope
    return evidence.control.when_empty


# -- requirements ---------------------------------------------------------------------------------


def _only_attestations(requirement: Requirement) -> bool:
    return bool(requirement.attestations) and not requirement.checks and not requirement.params


def _is_elsewhere(evidence: _Evidence, requirement: Requirement) -> bool:
    """Whether no scanned cloud has a check of a requirement, and people show the control there."""
    if requirement.attestations or requirement.params or not evidence.elsewhere:
        return False
    return not any(evidence.targets_of(check) for check in requirement.checks)


def _is_met(evidence: _Evidence, requirement: Requirement) -> bool:
    """Whether any one source of a requirement is there."""
    if not evidence.attested.isdisjoint(requirement.attestations):
        return True
    if not evidence.params_set.isdisjoint(requirement.params):
        return True
    return _is_met_by_checks(evidence, requirement.checks)


def _is_met_by_checks(evidence: _Evidence, checks: Sequence[str]) -> bool:
    """Whether a check found its population, and no cloud in scope of these checks is left open."""
    # One cloud says nothing of another: a detector in Azure does not stand for the one in AWS that
    # nobody looked for.
    if _open_checks(evidence, checks):
        return False
    return any(_found_population(evidence, check) for check in checks)


def _found_population(evidence: _Evidence, check: str) -> bool:
    if not evidence.targets_of(check):
        return False
    if not _is_read_completely(evidence, check):
        return False
    return any(_is_found(result) for result in evidence.results.get(check, ()))


def _is_found(result: CheckResult) -> bool:
    """Whether there is a population, be it that it concerns nobody."""
    # Vacuous truth: an empty population may have a finding too, of its emptiness.
    if result.none_in_scope:
        return not result.findings
    return bool(result.findings) and not result.empty


def _open_checks(evidence: _Evidence, checks: Sequence[str]) -> tuple[str, ...]:
    """Checks of the clouds in scope in which none of the checks was read completely."""
    library = evidence.library
    run_here: list[str] = []
    complete: set[str] = set()
    for check in checks:
        if check not in library.checks or not evidence.targets_of(check):
            continue
        run_here.append(check)
        if _is_read_completely(evidence, check):
            complete.add(library.cloud(check))
    return tuple(check for check in run_here if library.cloud(check) not in complete)


def _unmet(evidence: _Evidence, requirement: Requirement) -> str:
    checks = _open_checks(evidence, requirement.checks)
    if not checks:
        checks = tuple(check for check in requirement.checks if evidence.targets_of(check))
    if not checks:
        checks = requirement.checks
    params = tuple(f"params.{name}" for name in requirement.params)
    sources = checks + requirement.attestations + params
    named = " or ".join(sources) or "an unnamed source"
    return f"needs {named}"


def _is_read_completely(evidence: _Evidence, check: str) -> bool:
    """Whether a check was run in every target it applies to, with nothing unread.

    A gap that a waiver accepts counts as read where the check decides the control, whose status is
    then `accepted` at best. Where it does not decide, the control would pass by the waiver.
    """
    if check not in evidence.library.checks or evidence.unrun(check):
        return False
    decides = any(link.id == check for link in evidence.links)
    for result in evidence.results.get(check, ()):
        for finding in result.findings:
            if finding.verdict is Verdict.UNKNOWN:
                return False
            if not decides and _is_accepted_gap(finding):
                return False
    return True


def _is_accepted_gap(finding: Finding) -> bool:
    if finding.verdict is not Verdict.WAIVED:
        return False
    return finding.without_waiver is not Verdict.FAIL


# -- counts ---------------------------------------------------------------------------------------


def _tested(counts: Counts) -> int:
    return counts.passed + counts.failed + counts.waived


def _count(results: Sequence[CheckResult], accepted: frozenset[str]) -> Counts:
    """Findings by verdict; what fails in an accepted target counts as waived in this control."""
    by_verdict = dict.fromkeys(Verdict, 0)
    resources: set[tuple[str, ...]] = set()
    for result in results:
        for finding in result.findings:
            verdict = finding.verdict
            # Only what fails: a waiver of a control accepts nothing that is unread.
            if verdict is Verdict.FAIL and result.target in accepted:
                verdict = Verdict.WAIVED
            by_verdict[verdict] += 1
            ref = finding.resource
            if ref.id != "*" and not _has_nobody(result):
                resource = (ref.target, ref.kind, ref.region, ref.id)
                resources.add(resource)
    return Counts(
        passed=by_verdict[Verdict.PASS],
        failed=by_verdict[Verdict.FAIL],
        unknown=by_verdict[Verdict.UNKNOWN],
        waived=by_verdict[Verdict.WAIVED],
        resources=len(resources),
        scoped_out=sum(result.scoped_out for result in results),
    )
