"""What a few controls read as, where a wrong requirement or role would turn into a false pass."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import pytest

from scanner.core.judging.assess import assess_control
from scanner.model.answers import Target
from scanner.model.checks import Severity
from scanner.model.controls import Control, Elsewhere, Role
from scanner.model.findings import CheckResult, ControlResult, Finding, ResourceRef, Status, Verdict
from scanner.model.library import Library

AWS = Target("aws:123456789012")
GCP, AZURE = Target("gcp:one"), Target("azure:one")


def _results(
    library: Library, control: Control, verdict: Verdict = Verdict.PASS, target: Target = AWS
) -> dict[str, list[CheckResult]]:
    """One finding for every check of the target's cloud that the control names."""
    named = {link.id for link in control.checks} | {
        name for need in control.must_have for name in need.checks
    }
    results: dict[str, list[CheckResult]] = {}
    for identity in sorted(named & set(library.checks)):
        kind = library.checks[identity].kind
        if library.checks[identity].cloud != target.cloud:
            continue
        where = ResourceRef(kind=kind, id="one", name="one", target=str(target), region="eu-west-1")
        finding = Finding(check=identity, verdict=verdict, severity=Severity.HIGH, resource=where)
        results[identity] = [CheckResult(check=identity, target=str(target), findings=(finding,))]
    return results


def _status(
    library: Library,
    identity: str,
    *,
    attested: Collection[str] = (),
    params: Collection[str] = (),
    verdict: Verdict = Verdict.PASS,
) -> Status:
    control = library.controls[identity]
    return assess_control(
        control,
        _results(library, control, verdict),
        library=library,
        targets=frozenset({AWS}),
        params_set=frozenset(params),
        attested=frozenset(attested),
    ).status


def _everything(
    library: Library, identity: str, *found: Target, scope: Collection[Target] = ()
) -> ControlResult:
    """The control where people and parameters say all that they can, and every check of some
    targets passes."""
    control = library.controls[identity]
    results: dict[str, list[CheckResult]] = {}
    for target in found:
        results |= _results(library, control, target=target)
    return assess_control(
        control,
        results,
        library=library,
        targets=frozenset(scope or found),
        params_set=frozenset(name for need in control.must_have for name in need.params),
        attested=frozenset(library.manual),
    )


SPOKEN_OF = {
    "ACC-01": (AWS, GCP),  # Azure has no sign-in of its own
    "ACC-06": (AWS, GCP, AZURE),
    "ACC-08": (AWS, GCP, AZURE),
    "CNF-02": (AWS, GCP, AZURE),
    "DET-01": (AWS, GCP, AZURE),
    "DET-02": (AWS, GCP, AZURE),
    "LOG-01": (AWS, GCP, AZURE),
}
"""Controls that must have been read from somewhere, and the clouds that can each show them alone."""


@pytest.mark.parametrize(
    ("identity", "target"), [(name, one) for name, clouds in SPOKEN_OF.items() for one in clouds]
)
def test_each_cloud_can_show_a_control_alone(
    library: Library, identity: str, target: Target
) -> None:
    assert _everything(library, identity, target).status is Status.PASS
    for other in SPOKEN_OF[identity]:
        if other != target:
            both = _everything(library, identity, target, scope=(target, other))
            assert both.status is Status.NOT_SHOWN
            assert [
                one
                for one in both.reasons
                if one.startswith("needs ") and f"{target.cloud}-" in one
            ] == []
            assert _everything(library, identity, target, other).status is Status.PASS


def test_what_must_have_been_read_is_named_for_each_cloud_that_decides(library: Library) -> None:
    """A requirement of one cloud's checks alone leaves a control that others evidence open for
    ever."""
    for control in library.controls.values():
        links = [library.checks[one.id] for one in control.checks if one.role is Role.EVIDENCES]
        deciding = {check.cloud for check in links} & {"aws", "gcp", "azure"}
        for need in control.must_have:
            named = {library.checks[name].cloud for name in need.checks}
            if named and not need.attestations and not need.params:
                assert deciding <= named, (control.id, need.checks)


def test_a_detector_in_one_cloud_does_not_stand_for_another(library: Library) -> None:
    """`aws-guardduty-enabled` is no link of DET-02: nothing but the requirement asks for it."""
    control = library.controls["DET-02"]
    results = _results(library, control) | _results(library, control, target=AZURE)
    scope, attested = frozenset({AWS, AZURE}), frozenset(library.manual)
    for lost in ("aws-guardduty-enabled", "azure-defender-plans-on"):
        rest = {name: found for name, found in results.items() if name != lost}
        found = assess_control(control, rest, library=library, targets=scope, attested=attested)
        assert (found.status, found.reasons) == (Status.NOT_SHOWN, (f"needs {lost}",))
    assert (
        assess_control(control, results, library=library, targets=scope, attested=attested).status
        is Status.PASS
    )


def test_a_second_factor_is_not_shown_on_aws_alone(library: Library) -> None:
    params = {"break_glass_users"}
    assert _status(library, "ACC-02", params=params) is Status.NOT_SHOWN
    assert _status(library, "ACC-02", attested={"MC-73"}) is Status.NOT_SHOWN
    assert _status(library, "ACC-02", params=params, attested={"MC-73"}) is Status.PASS
    assert (
        _status(library, "ACC-02", params=params, attested={"MC-73"}, verdict=Verdict.FAIL)
        is Status.FAIL
    )


def test_triaged_alerts_need_a_person(library: Library) -> None:
    assert _status(library, "DET-02") is not Status.PASS
    assert _status(library, "CHG-01") is not Status.PASS
    assert _status(library, "MAL-01") is Status.NEEDS_EVIDENCE
    assert _status(library, "MAL-01", attested=["MC-79"]) is Status.PASS


def test_processing_settings_stand_beside_the_attestation(library: Library) -> None:
    assert _status(library, "PRI-05") is Status.NEEDS_EVIDENCE
    assert _status(library, "PRI-05", attested={"MC-62"}) is Status.PASS
    assert _status(library, "PRI-05", attested={"MC-62"}, verdict=Verdict.FAIL) is Status.PASS, (
        "settings only support"
    )


@pytest.mark.parametrize("identity", ["ACC-09", "ACC-01"])
def test_approved_lists_must_be_set(library: Library, identity: str) -> None:
    assert _status(library, identity) is Status.NOT_SHOWN


def test_without_any_evidence_nothing_passes(library: Library) -> None:
    for control in library.controls.values():
        nothing = assess_control(control, {}, library=library, targets=frozenset({AWS}))
        assert nothing.status in (Status.NOT_SHOWN, Status.NEEDS_EVIDENCE), control.id
        assert nothing.reasons, control.id


def test_what_only_people_can_show_needs_evidence(library: Library) -> None:
    for control in library.controls.values():
        if not control.checks and not control.lacking:
            assert _status(library, control.id) is Status.NEEDS_EVIDENCE, control.id
            everything = set(control.attestations) | {
                a for need in control.must_have for a in need.attestations
            }
            assert _status(library, control.id, attested=everything) is Status.PASS, control.id


# -- every control in every cloud ------------------------------------------------------------------

CLOUDS = (AWS, GCP, AZURE)


@pytest.mark.parametrize("target", CLOUDS, ids=lambda target: str(target.cloud))
def test_every_control_can_be_shown_in_an_estate_of_one_cloud(
    library: Library, target: Target
) -> None:
    """Where all checks pass, all parameters are set and people show what they can."""
    # A policy of another identity provider: no cloud's own scan brings it.
    beyond = {"ACC-02"}
    wrong: dict[str, tuple[str, ...]] = {}
    for control in library.controls.values():
        found = _everything(library, control.id, target)
        stated = [
            clause
            for clause in control.clauses
            if (other := clause.in_cloud(target.cloud)) and not other.attestations
        ]
        if control.checks and found.status is not Status.PASS and not stated:
            wrong[control.id] = found.reasons
    assert wrong.keys() <= beyond, wrong


def test_a_statement_is_its_clauses_and_each_has_evidence(library: Library) -> None:
    for control in library.controls.values():
        assert control.clauses, control.id
        for clause in control.clauses:
            assert clause.checks or clause.attestations or clause.elsewhere, clause.says
            assert clause.says.endswith("."), clause.says


def test_every_link_says_what_its_failure_means(library: Library) -> None:
    sentences: dict[str, set[str]] = {}
    for control in library.controls.values():
        for link in control.checks:
            assert link.deviation.endswith("."), (control.id, link.id)
            assert len(link.deviation) > 30, (control.id, link.id)
            sentences.setdefault(link.deviation, set()).add(link.id)
    assert {text: ids for text, ids in sentences.items() if len(ids) > 1} == {}


def test_a_clause_that_nothing_reads_in_a_cloud_keeps_the_control_not_shown(
    library: Library,
) -> None:
    control = library.controls["VUL-01"]
    recorded, scanned, drift = control.clauses
    bare = replace(control, clauses=(recorded, scanned, replace(drift, checks=(), elsewhere=())))
    found = _assessed(library, bare, AWS)
    assert found.status is Status.NOT_SHOWN
    assert found.reasons == (f"nothing evidences: {drift.says}",)
    other = replace(drift, checks=())
    found = _assessed(library, replace(control, clauses=(recorded, scanned, other)), AWS)
    assert found.reasons == (f"nothing in aws evidences: {drift.says}",)
    never = replace(other, elsewhere=(Elsewhere(cloud="any", attestations=(), why="So"),))
    found = _assessed(library, replace(control, clauses=(recorded, scanned, never)), AWS)
    assert found.reasons == (f"aws cannot evidence: {drift.says} (So)",)


def test_a_clause_that_people_show_in_a_cloud_needs_them_there_alone(library: Library) -> None:
    control = library.controls["VUL-01"]
    people = frozenset(library.manual) - {"MC-77"}
    assert _assessed(library, control, AWS, attested=people).status is Status.PASS
    found = _assessed(library, control, AZURE, attested=people)
    assert found.status is Status.NEEDS_EVIDENCE
    assert found.reasons == ("MC-77 has no current attestation, which azure needs",)
    both = _assessed(library, control, AWS, AZURE, attested=people)
    assert both.status is Status.NEEDS_EVIDENCE


def _assessed(
    library: Library,
    control: Control,
    *targets: Target,
    attested: Collection[str] | None = None,
) -> ControlResult:
    results: dict[str, list[CheckResult]] = {}
    for target in targets:
        results |= _results(library, control, target=target)
    return assess_control(
        control,
        results,
        library=library,
        targets=frozenset(targets),
        params_set=frozenset(name for need in control.must_have for name in need.params),
        attested=frozenset(library.manual if attested is None else attested),
    )
