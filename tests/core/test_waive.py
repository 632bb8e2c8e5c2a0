"""A waiver accepts one named gap until a date; it makes nothing pass and covers nothing beside it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from scanner.core.waive import standing, waive, waive_row
from scanner.model.answers import State
from scanner.model.checks import Severity
from scanner.model.findings import CheckResult, CoverageRow, Finding, ResourceRef, Verdict
from scanner.model.waivers import Waiver

WAIVER = Waiver(
    id="W-1",
    target="aws:1",
    operation="s3:GetBucketPolicy",
    region="eu-west-1",
    resource="",
    reason="The bucket of the auditors is closed to us.",
    approver="cto@example.com",
    opened=date(2026, 1, 1),
    expires=date(2026, 7, 1),
)
GAP = "s3:GetBucketPolicy@eu-west-1"


def finding(verdict: Verdict, *gaps: str, target: str = "aws:1", resource: str = "arn:b") -> Finding:
    ref = ResourceRef(kind="aws.s3.bucket", id=resource, name="b", target=target, region="eu-west-1")
    return Finding(check="c", verdict=verdict, severity=Severity.HIGH, resource=ref, gaps=gaps)


def after(one: Finding, *waivers: Waiver) -> Finding:
    (found,) = waive(CheckResult(check="c", target="aws:1", findings=(one,)), waivers).findings
    return found


def test_a_finding_that_only_waived_gaps_leave_open_is_waived() -> None:
    found = after(finding(Verdict.UNKNOWN, GAP), WAIVER)
    assert (found.verdict, found.waiver) == (Verdict.WAIVED, "W-1")


@pytest.mark.parametrize(
    "one",
    [
        finding(Verdict.FAIL, GAP),
        finding(Verdict.PASS, GAP),
        finding(Verdict.UNKNOWN),
        finding(Verdict.UNKNOWN, "", GAP),
        finding(Verdict.UNKNOWN, GAP, "s3:GetBucketAcl@eu-west-1"),
        finding(Verdict.UNKNOWN, "s3:GetBucketPolicy@eu-west-2"),
        finding(Verdict.UNKNOWN, "s3:GetBucketPolicyStatus@eu-west-1"),
        finding(Verdict.UNKNOWN, GAP, target="aws:2"),
    ],
)
def test_nothing_else_is(one: Finding) -> None:
    assert after(one, WAIVER) == one


def test_several_waivers_add_up_and_are_all_named() -> None:
    other = replace(WAIVER, id="W-2", operation="s3:GetBucketAcl", region="")
    found = after(finding(Verdict.UNKNOWN, "s3:GetBucketAcl@eu-west-1", GAP), WAIVER, other)
    assert found.waiver == "W-2, W-1"


def test_a_waiver_for_a_resource_covers_only_that() -> None:
    one = replace(WAIVER, resource="arn:b")
    assert after(finding(Verdict.UNKNOWN, GAP), one).verdict is Verdict.WAIVED
    assert after(finding(Verdict.UNKNOWN, GAP, resource="arn:c"), one).verdict is Verdict.UNKNOWN


@pytest.mark.parametrize(
    ("today", "counts"),
    [(date(2025, 12, 31), False), (date(2026, 1, 1), True), (date(2026, 6, 30), True), (date(2026, 7, 1), False)],
)
def test_it_stands_from_its_first_day_to_the_day_before_it_expires(today: date, counts: bool) -> None:
    assert standing([WAIVER], today) == ((WAIVER,) if counts else ())


def row(**fields: object) -> CoverageRow:
    plain = CoverageRow(
        target="aws:1", region="eu-west-1", operation="s3:GetBucketPolicy", state=State.DENIED, answers=1, items=0
    )
    return replace(plain, **fields)  # type: ignore[arg-type]


def test_a_gap_in_coverage_is_accepted_only_as_a_whole() -> None:
    assert waive_row(row(), [WAIVER]).waiver == "W-1"
    assert waive_row(row(state=State.OK, unanswered=1), [WAIVER]).waiver == "W-1"
    assert waive_row(row(state=State.OK), [WAIVER]).waiver == ""
    assert waive_row(row(region="eu-west-2"), [WAIVER]).waiver == ""
    assert waive_row(row(), [replace(WAIVER, resource="arn:b")]).waiver == ""
