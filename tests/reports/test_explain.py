"""Explanations of one thing by its id: what it rests on, its newest result, what to mend first."""

from __future__ import annotations

from dataclasses import replace

import pytest

from scanner.cli.explain import permissions_of
from scanner.core.judging.links import Links
from scanner.errors import TscanError
from scanner.formats import Report
from scanner.model.checks import Severity
from scanner.model.controls import Criterion
from scanner.model.findings import Finding, Verdict
from scanner.rendering.fix_command import fix_command
from scanner.reports.explain.content import Content, explain_content, parameters_read
from scanner.reports.explain.model import Explanation, Scan
from scanner.reports.explain.result import with_result
from scanner.reports.explain.subjects import (
    NamedCriterion,
    Names,
    resource_subject,
    unknown_subject,
)
from scanner.reports.explain.text import MEND, as_text
from tests.helpers import reference_scan
from tests.helpers.demo_project import demo_report, failing_finding
from tests.helpers.library import shipped_library

SCANS = [Scan(target="aws:123456789012", finished="2026-11-26T08:02:47.881Z")]


def explained(name: str, report: Report | None = None, most: int | None = MEND) -> Explanation:
    library = report.library if report else shipped_library()
    names = Names(library, permissions_of)
    subject = names.subject(name)
    if subject is None:
        assert report
        subject = resource_subject(name, report.assessment.findings)
    assert subject
    content = Content(
        library=library, links=Links(library), permissions_of=permissions_of, params={}
    )
    explanation = explain_content(subject, content)
    if report is None:
        return explanation
    return with_result(explanation, subject, report, SCANS, most)


@pytest.mark.parametrize(
    ("name", "kind", "rests_on", "used_by"),
    [
        ("aws-s3-bucket-versioned", "check", ("operation", "s3:ListBuckets"), ("control", "BKP-01")),
        ("aws-s3-bucket-versioned", "check", ("parameter", "record_tag"), ("control", "PRI-05")),
        ("ENC-02", "control", ("check", "aws-kms-key-rotation-enabled"), ("criterion", "CC6.1")),
        ("CC6.1", "criterion", ("control", "ACC-01"), None),
        ("soc2-2017/CC6.1", "criterion", ("control", "ACC-01"), None),
        ("cc6.1", "criterion", ("control", "ACC-01"), None),
        ("MC-01", "manual control", None, ("control", "ORG-01")),
        ("access_key_max_age_days", "parameter", None, ("check", "aws-iam-access-key-rotated-90d")),
        # Named in the request of a kind, not in the check.
        ("break_glass_accounts", "parameter", None, ("check", "gcp-privileged-use-events")),
        # Named in what a control must have.
        ("approved_administrators", "parameter", None, ("control", "ACC-08")),
        ("s3:GetBucketVersioning", "operation", None, ("check", "aws-s3-bucket-versioned")),
        ("s3:ListAllMyBuckets", "operation", None, ("check", "aws-s3-bucket-versioned")),
        ("cloudasset.assets.listResource", "operation", None, ("check", "gcp-storage-uniform-access")),
    ],
)  # fmt: skip
def test_what_a_thing_rests_on_and_what_rests_on_it(
    name: str, kind: str, rests_on: tuple[str, str] | None, used_by: tuple[str, str] | None
) -> None:
    explanation = explained(name)
    assert explanation.type == kind
    assert explanation.title
    assert explanation.result is None
    if rests_on:
        assert rests_on in [(link.type, link.id) for link in explanation.rests_on]
    if used_by:
        assert used_by in [(link.type, link.id) for link in explanation.used_by]
    assert "no scan was committed yet" in as_text(explanation)


def test_a_permission_names_the_operation_that_needs_it() -> None:
    assert "s3:ListBuckets" in explained("s3:ListAllMyBuckets").title
    facts = {fact.heading: fact.lines for fact in explained("s3:ListBuckets").facts}
    assert facts["permission"] == ("s3:ListAllMyBuckets",)


def test_a_listing_and_a_check_say_what_is_not_listed() -> None:
    for name in ("storage:buckets.list", "gcp-storage-bucket-not-public"):
        explanation = explained(name)
        facts = {fact.heading: fact.lines for fact in explanation.facts}
        (hole,) = facts["does not list"]
        assert hole.startswith("Managed folders: ")
        assert "Managed folders: " in as_text(explanation)
    # What is asked about each bucket lists nothing.
    headings = {fact.heading for fact in explained("storage:buckets.getIamPolicy").facts}
    assert "does not list" not in headings


def test_every_id_of_the_library_is_explained() -> None:
    library = shipped_library()
    names = Names(library, permissions_of)
    content = Content(
        library=library, links=Links(library), permissions_of=permissions_of, params={}
    )
    ids = [*library.controls, *library.manual, *[one.id for _, one in Links(library).criteria()]]
    # Every tenth, for each check plans its calls anew.
    ids += list(library.checks)[::10]
    for name in ids:
        subject = names.subject(name)
        assert subject, name
        assert explain_content(subject, content).id == name


def test_a_criterion_leads_to_the_three_resources_to_mend_first() -> None:
    explanation = explained("CC6.1", demo_report())
    result = explanation.result
    assert result
    assert result.status == "evidence incomplete, 5 of 7 controls deviate"
    severities = [Severity(check.severity).rank for check in result.failing]
    assert severities == sorted(severities, reverse=True)
    assert len(result.mend) == MEND < result.failing_resources
    worst = [resource.failures[0] for resource in result.mend]
    assert {failure.severity for failure in worst} == {"critical"}
    text = as_text(explanation, width=80)
    assert len(text.splitlines()) <= 60
    for resource in result.mend:
        assert resource.name in text
        # The first of its failures is shown with what is wrong and how it is mended.
        failure = resource.failures[0]
        assert failure.sentence.split(",")[0][:50] in as_text(explanation)
        assert failure.command in text
    assert "tscan findings --criterion CC6.1" in text


def test_the_resource_with_the_most_grave_failures_comes_first() -> None:
    report = demo_report()
    result = explained("CC6.1", report, None).result
    assert result
    checks = set(Links(report.library).criterion_checks(_criterion("CC6.1")))
    weights: dict[tuple[str, str], list[int]] = {}
    for finding in report.assessment.findings:
        if finding.verdict is Verdict.FAIL and finding.check in checks:
            place = (finding.resource.region, finding.resource.id)
            counts = weights.setdefault(place, [0, 0, 0, 0])
            counts[3 - finding.severity.rank] += 1
    shown = [weights[one.region, one.resource] for one in result.mend]
    assert shown == sorted(weights.values(), reverse=True)
    assert len(result.mend) == result.failing_resources


def _criterion(name: str) -> Criterion:
    return next(one for _, one in Links(shipped_library()).criteria() if one.id == name)


def test_counts_are_those_of_the_checks_that_decide() -> None:
    report = reference_scan.REPORT
    library = report.library
    links = Links(library)
    control = explained_small("NET-01", report).result
    assert control
    assert control.counts == {"pass": 1, "fail": 7, "unknown": 0, "waived": 0}
    assert control.status == "fail"
    unknown = explained_small("BCK-01", report).result
    assert unknown
    assert unknown.status == "not shown"
    assert f"1 unknown: {reference_scan.REFUSED}" in unknown.notes
    assert "1 unknown: set params.versioned_buckets" in unknown.notes
    assert not unknown.mend
    assert links.criteria_of("aws-iam-root-mfa") == ["CC6.1", "CC6.6"]


def explained_small(name: str, report: Report) -> Explanation:
    """As `explained`, of a library without kinds."""
    subject = Names(report.library, permissions_of).subject(name)
    assert subject
    content = Content(
        library=report.library,
        links=Links(report.library),
        permissions_of=permissions_of,
        params={},
    )
    return with_result(explain_content(subject, content), subject, report, SCANS, MEND)


def test_names_from_a_cloud_act_on_nothing() -> None:
    report = reference_scan.REPORT
    text = as_text(explained_small("NET-01", report), details=True)
    assert "evil" in text
    assert "\x1b" not in text
    assert "\u202e" not in text


def test_a_resource_is_found_by_id_and_by_name() -> None:
    report = demo_report()
    resource = failing_finding().resource
    by_name = explained(resource.name, report)
    by_id = explained(resource.id, report)
    assert by_name == by_id
    assert by_name.type == "resource"
    statuses = [link.status for link in by_name.used_by]
    assert statuses[0] == "fail"
    order = ["fail", "unknown", "waived", "pass"]
    assert statuses == sorted(statuses, key=order.index)
    assert by_name.result
    (mend,) = by_name.result.mend
    assert len(mend.failures) == statuses.count("fail")


def _named(finding: Finding, identity: str, name: str) -> Finding:
    return replace(finding, resource=replace(finding.resource, id=identity, name=name))


def test_a_name_of_two_resources_must_be_given_by_id() -> None:
    one = reference_scan.ASSESSMENT.findings[0]
    findings = [_named(one, "arn:1", "logs"), _named(one, "arn:2", "logs")]
    with pytest.raises(TscanError, match="2 resources are called 'logs'") as error:
        resource_subject("logs", findings)
    assert "arn:1" in error.value.hint
    assert "arn:2" in error.value.hint
    # An id is never taken for the name of another resource.
    findings.append(_named(one, "arn:3", "arn:1"))
    subject = resource_subject("arn:1", findings)
    assert subject
    assert subject.findings == (findings[0],)


def test_a_criterion_of_two_frameworks_must_name_one() -> None:
    library = shipped_library()
    own = replace(library.frameworks["soc2-2017"], id="own", title="Our own")
    both = replace(library, frameworks={**library.frameworks, "own": own})
    names = Names(both, permissions_of)
    with pytest.raises(TscanError, match="2 frameworks have a criterion") as error:
        names.subject("CC6.1")
    assert "own/CC6.1" in error.value.hint
    subject = names.subject("own/CC6.1")
    assert isinstance(subject, NamedCriterion)
    content = Content(library=both, links=Links(both), permissions_of=permissions_of, params={})
    explanation = explain_content(subject, content)
    assert explanation.type == "objective"
    assert ("framework", (own.title,)) in [(one.heading, one.lines) for one in explanation.facts]


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("aws-s3-bucket-versionde", "aws-s3-bucket-versioned"),
        ("CC61", "CC6.1"),
        ("acess_key_max_age_days", "access_key_max_age_days"),
        ("s3:GetBucketVersionin", "s3:GetBucketVersioning"),
        ("s3:ListAllMyBucket", "s3:ListAllMyBuckets"),
    ],
)
def test_an_unknown_id_leads_to_the_nearest_of_all_kinds(typed: str, meant: str) -> None:
    names = Names(shipped_library(), permissions_of)
    assert names.subject(typed) is None
    error = unknown_subject(typed, names, None)
    assert f"'{typed}'" in error.message
    assert meant in error.hint


def test_an_unknown_resource_leads_to_the_nearest_resource() -> None:
    name = failing_finding().resource.name
    names = Names(shipped_library(), permissions_of)
    error = unknown_subject(f"{name}x", names, demo_report().assessment.findings)
    assert f"'{name}'" in error.hint


def test_parameters_of_attributes_and_requests_are_found() -> None:
    library = shipped_library()
    check = library.checks["gcp-privileged-use-events"]
    read = parameters_read(check, library)
    assert {"break_glass_accounts", "approved_break_glass_uses"} <= read


@pytest.mark.parametrize(
    ("fix", "command"),
    [
        ("Console: the key.\nCLI: aws kms enable --id ID\nTerraform: x = true.\n", "aws kms enable --id ID"),
        ("CLI: aws a b --first\n  --second\nTerraform: x.", "aws a b --first --second"),
        ("`gcloud sql patch NAME`. Terraform: x.", "gcloud sql patch NAME"),
        ("Set `params.owners`, then wait.", ""),
        ("CLI: az lock create --name NAME. There is no Terraform for it.", "az lock create --name NAME"),
        ("Ask the owner.", ""),
        # An operation alone cannot be run.
        ("Remove the password: `aws iam delete-login-profile`.", ""),
    ],
)  # fmt: skip
def test_the_command_of_a_fix_is_one_line(fix: str, command: str) -> None:
    assert fix_command(fix) == command


def test_a_command_is_never_wrapped() -> None:
    explanation = explained("aws-s3-bucket-public-access-blocked", demo_report())
    assert explanation.result
    command = explanation.result.mend[0].failures[0].command
    assert len(command) > 60
    assert f"fix: {command}\n" in as_text(explanation, width=60)


def test_details_show_all_that_a_screen_leaves_out() -> None:
    explanation = explained("CC6.1", demo_report(), None)
    short, long = as_text(explanation), as_text(explanation, details=True)
    last = explanation.rests_on[-1].id
    assert last not in short
    assert last in long
    assert "more: --details" not in long
