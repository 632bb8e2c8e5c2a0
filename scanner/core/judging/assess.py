"""From findings to controls: the algebra, without exceptions.

Every branch leans the same way: what was not read, not run or not attested can only make a status worse.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from scanner.model.answers import Target
from scanner.model.controls import CheckLink, Control, Requirement, Role, WhenEmpty
from scanner.model.findings import CheckResult, ControlResult, Counts, Finding, Status, Verdict
from scanner.model.library import Library


@dataclass(frozen=True, slots=True, kw_only=True)
class _Evidence:
    """What there is to judge one control by."""

    control: Control
    library: Library
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
        return tuple(
            link
            for link in self.links
            if link.id not in self.library.checks or self.targets_of(link.id)
        )

    @property
    def found(self) -> tuple[CheckResult, ...]:
        """Results of the deciding checks."""
        return tuple(result for link in self.links for result in self.results.get(link.id, ()))

    def targets_of(self, check: str) -> tuple[Target, ...]:
        """Targets in scope that a check asks about."""
        cloud = self.library.cloud(check) if check in self.library.checks else None
        return tuple(sorted(target for target in self.targets if cloud in (None, target.cloud)))

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
        library=library,
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
        if link.id not in evidence.library.checks:
            yield f"{link.id} is not in the library"
    for need in evidence.control.must_have:
        if not _only_attestations(need) and not _met(evidence, need):
            yield _unmet(evidence, need)
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
    elif (
        not _may_not_occur(evidence.control)
        and evidence.control.when_empty is not WhenEmpty.NOT_APPLICABLE
    ):
        yield "there is nothing to test, and the control does not allow that"


def _missing(evidence: _Evidence) -> Iterator[str]:
    """Which statements of people the control waits for."""
    for manual in evidence.control.attestations:
        if manual not in evidence.attested:
            why = evidence.stale.get(manual, "")
            yield f"{manual} has no current attestation{': ' * bool(why)}{why}"
    said = set(evidence.control.attestations)
    for need in evidence.control.must_have:
        if (
            _only_attestations(need)
            and not said.issuperset(need.attestations)
            and not _met(evidence, need)
        ):
            yield _unmet(evidence, need)


def _may_not_occur(control: Control) -> bool:
    return control.when_empty is WhenEmpty.NO_OCCURRENCE and "per event" in control.modes


def _only_attestations(need: Requirement) -> bool:
    return bool(need.attestations) and not need.checks and not need.params


def _met(evidence: _Evidence, need: Requirement) -> bool:
    return (
        not evidence.attested.isdisjoint(need.attestations)
        or not evidence.params_set.isdisjoint(need.params)
        or _shown_by_checks(evidence, need.checks)
    )


def _shown_by_checks(evidence: _Evidence, checks: Sequence[str]) -> bool:
    """Whether some check found its population, and no cloud in scope that they speak of is left open.

    What one cloud shows says nothing of another: a detector in Azure does not stand for the one that AWS was not
    asked about.
    """
    read = [
        check for check in checks if evidence.targets_of(check) and _read_whole(evidence, check)
    ]
    there = any(
        result.findings and not result.empty
        for check in read
        for result in evidence.results.get(check, ())
    )
    return there and not _open(evidence, checks)


def _open(evidence: _Evidence, checks: Sequence[str]) -> tuple[str, ...]:
    """Checks of the clouds in scope of which none was read whole."""
    library = evidence.library
    asked = [check for check in checks if check in library.checks and evidence.targets_of(check)]
    read = {library.cloud(check) for check in asked if _read_whole(evidence, check)}
    return tuple(check for check in asked if library.cloud(check) not in read)


def _unmet(evidence: _Evidence, need: Requirement) -> str:
    asked = tuple(check for check in need.checks if evidence.targets_of(check))
    checks = _open(evidence, need.checks) or asked or need.checks
    sources = checks + need.attestations + tuple(f"params.{name}" for name in need.params)
    return f"needs {' or '.join(sources) or 'a source that is not named'}"


def _read_whole(evidence: _Evidence, check: str) -> bool:
    """Whether a check was run in every target that it asks about, and nothing was unread.

    A gap that a waiver accepts is taken for read where the check decides the control, which is then accepted at best;
    elsewhere the control would pass by it.
    """
    if check not in evidence.library.checks or evidence.unrun(check):
        return False
    decides = any(link.id == check for link in evidence.links)
    findings = (
        finding for result in evidence.results.get(check, ()) for finding in result.findings
    )
    return not any(
        finding.verdict is Verdict.UNKNOWN or (_gap(finding) and not decides)
        for finding in findings
    )


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
