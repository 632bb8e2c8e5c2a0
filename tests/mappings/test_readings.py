"""What a few controls read as, where a wrong requirement or role would turn into a false pass."""

from __future__ import annotations

from collections.abc import Collection

import pytest

from scanner.core.assess import assess_control
from scanner.model.answers import Target
from scanner.model.checks import Severity
from scanner.model.controls import Control
from scanner.model.findings import CheckResult, Finding, ResourceRef, Status, Verdict
from scanner.model.library import Library

AWS = Target("aws:123456789012")


def _results(library: Library, control: Control, verdict: Verdict = Verdict.PASS) -> dict[str, list[CheckResult]]:
    """One finding for every AWS check of the library that the control names."""
    named = {link.id for link in control.checks} | {name for need in control.must_have for name in need.checks}
    results: dict[str, list[CheckResult]] = {}
    for identity in sorted(named & set(library.checks)):
        kind = library.checks[identity].kind
        if not kind.startswith("aws."):
            continue
        where = ResourceRef(kind=kind, id="one", name="one", target=str(AWS), region="eu-west-1")
        finding = Finding(check=identity, verdict=verdict, severity=Severity.HIGH, resource=where)
        results[identity] = [CheckResult(check=identity, target=str(AWS), findings=(finding,))]
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


def test_a_second_factor_is_not_shown_on_aws_alone(library: Library) -> None:
    params = {"break_glass_users"}
    assert _status(library, "ACC-02", params=params) is Status.NOT_SHOWN
    assert _status(library, "ACC-02", attested={"MC-73"}) is Status.NOT_SHOWN
    assert _status(library, "ACC-02", params=params, attested={"MC-73"}) is Status.PASS
    assert _status(library, "ACC-02", params=params, attested={"MC-73"}, verdict=Verdict.FAIL) is Status.FAIL


def test_triaged_alerts_need_a_person(library: Library) -> None:
    assert _status(library, "DET-02") is not Status.PASS
    assert _status(library, "CHG-01") is not Status.PASS
    assert _status(library, "MAL-01") is Status.NOT_SHOWN


def test_processing_settings_stand_beside_the_attestation(library: Library) -> None:
    assert _status(library, "PRI-05") is Status.NEEDS_EVIDENCE
    assert _status(library, "PRI-05", attested={"MC-62"}) is Status.PASS
    assert _status(library, "PRI-05", attested={"MC-62"}, verdict=Verdict.FAIL) is Status.PASS, "settings only support"


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
            everything = set(control.attestations) | {a for need in control.must_have for a in need.attestations}
            assert _status(library, control.id, attested=everything) is Status.PASS, control.id
