"""A waiver accepts one named thing until a date; it makes nothing pass and covers nothing beside
it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from scanner.core.judging.waive import (
    Waived,
    apply_to_coverage,
    apply_to_result,
    apply_waivers,
    assess_waivers,
    waivers_by_target,
)
from scanner.model.answers import State
from scanner.model.checks import Severity
from scanner.model.controls import Role
from scanner.model.findings import CheckResult, CoverageRow, Finding, ResourceRef, Verdict
from scanner.model.waivers import ControlScope, FindingScope, GapScope, Standing, Waiver
from tests.helpers.small_library import make_check, make_control, make_library

TARGET = "aws:1"
TODAY = date(2026, 3, 1)
GAP = Waiver(
    id="W-1",
    scope=GapScope(target=TARGET, operation="s3:GetBucketPolicy", region="eu-west-1"),
    reason="The bucket of the auditors is closed to us.",
    approver="cto@example.com",
    opened=date(2026, 1, 1),
    expires=date(2026, 7, 1),
)
FAILURE = replace(GAP, id="W-2", scope=FindingScope(target=TARGET, check="c", resource="arn:b"))
CONTROL = replace(GAP, id="W-3", scope=ControlScope(target=TARGET, control="C"), compensating="D")
PLACE = "s3:GetBucketPolicy@eu-west-1"


def finding(
    verdict: Verdict, *gaps: str, target: str = TARGET, resource: str = "arn:b", check: str = "c"
) -> Finding:
    ref = ResourceRef(
        kind="aws.s3.bucket", id=resource, name="b", target=target, region="eu-west-1"
    )
    return Finding(
        check=check, verdict=verdict, severity=Severity.HIGH, resource=ref, gaps=gaps, reason="why"
    )


def after(
    one: Finding, *waivers: Waiver, today: date = TODAY, statuses: Mapping[str, str] | None = None
) -> Finding:  # fmt: skip
    ruled = waivers_by_target(assess_waivers(waivers, {TARGET: today}, statuses or {}))
    target = one.resource.target
    (found,) = apply_to_result(
        CheckResult(check=one.check, target=target, findings=(one,)), ruled.get(target)
    ).findings
    return found


def said(one: Finding) -> tuple[Verdict, str, Verdict | None]:
    return one.verdict, one.waiver, one.without_waiver


def test_a_finding_that_only_waived_gaps_leave_open_is_waived() -> None:
    assert said(after(finding(Verdict.UNKNOWN, PLACE), GAP)) == (
        Verdict.WAIVED,
        "W-1",
        Verdict.UNKNOWN,
    )


def test_the_failing_finding_that_is_named_is_waived() -> None:
    assert said(after(finding(Verdict.FAIL), FAILURE)) == (Verdict.WAIVED, "W-2", Verdict.FAIL)


@pytest.mark.parametrize(
    "one",
    [
        finding(Verdict.FAIL, PLACE, check="d"),
        finding(Verdict.PASS, PLACE),
        finding(Verdict.UNKNOWN),
        finding(Verdict.UNKNOWN, "", PLACE),
        finding(Verdict.UNKNOWN, PLACE, "s3:GetBucketAcl@eu-west-1"),
        finding(Verdict.UNKNOWN, "s3:GetBucketPolicy@eu-west-2"),
        finding(Verdict.UNKNOWN, "s3:GetBucketPolicyStatus@eu-west-1"),
        finding(Verdict.UNKNOWN, PLACE, target="aws:2"),
        finding(Verdict.PASS),
        finding(Verdict.FAIL, resource="arn:c"),
        finding(Verdict.FAIL, resource="*"),
        finding(Verdict.FAIL, target="aws:2"),
    ],
)
def test_nothing_else_is(one: Finding) -> None:
    assert after(one, GAP, FAILURE, CONTROL, statuses={"D": "pass"}) == one


def test_a_waiver_of_a_failure_does_not_hide_that_it_is_unread() -> None:
    unread = finding(Verdict.UNKNOWN, "s3:GetBucketAcl@eu-west-1")
    assert after(unread, FAILURE) == unread


def test_several_waivers_add_up_and_are_all_named() -> None:
    other = replace(GAP, id="W-4", scope=GapScope(target=TARGET, operation="s3:GetBucketAcl"))
    found = after(finding(Verdict.UNKNOWN, "s3:GetBucketAcl@eu-west-1", PLACE), GAP, other)
    assert found.waiver == "W-4, W-1"


def test_a_waiver_for_a_resource_covers_only_that() -> None:
    one = replace(GAP, scope=replace(GAP.scope, resource="arn:b"))
    assert after(finding(Verdict.UNKNOWN, PLACE), one).verdict is Verdict.WAIVED
    assert after(finding(Verdict.UNKNOWN, PLACE, resource="arn:c"), one).verdict is Verdict.UNKNOWN


@pytest.mark.parametrize(
    ("today", "committed", "standing"),
    [
        (date(2025, 12, 31), None, Standing.NOT_BEGUN), (date(2026, 1, 1), None, Standing.IN_FORCE),
        (date(2026, 6, 30), None, Standing.IN_FORCE), (date(2026, 7, 1), None, Standing.EXPIRED),
        (date(2026, 1, 3), date(2026, 1, 4), Standing.NOT_BEGUN),
        (date(2026, 1, 4), date(2026, 1, 4), Standing.IN_FORCE),
        (date(2025, 12, 31), date(2025, 12, 1), Standing.NOT_BEGUN),
    ],
)  # fmt: skip
def test_it_counts_from_when_it_was_opened_and_written_down_to_the_day_before_it_expires(
    today: date, committed: date | None, standing: Standing
) -> None:
    waiver = replace(FAILURE, committed=committed)
    (weighed,) = assess_waivers([waiver], {TARGET: today}, {})
    assert weighed.standing is standing
    counts = standing is Standing.IN_FORCE
    assert bool(weighed.why) is not counts
    assert (after(finding(Verdict.FAIL), waiver, today=today).verdict is Verdict.WAIVED) is counts


@pytest.mark.parametrize(
    "one", [(GAP, finding(Verdict.UNKNOWN, PLACE)), (FAILURE, finding(Verdict.FAIL))]
)
@pytest.mark.parametrize(
    "status", ["fail", "not shown", "needs evidence", "accepted", "no occurrence", "gone"]
)
def test_without_its_compensating_control_a_waiver_lapses_and_that_is_said(
    one: tuple[Waiver, Finding], status: str
) -> None:
    waiver, before = replace(one[0], compensating="D"), one[1]
    statuses = {} if status == "gone" else {"D": status}
    found = after(before, waiver, statuses=statuses)
    word = "not shown" if status == "gone" else status
    assert (found.verdict, found.waiver) == (before.verdict, "")
    assert (
        found.reason == f"why; waiver {waiver.id} has lapsed: compensating control D reads {word}"
    )
    assert after(before, waiver, statuses={"D": "pass"}).verdict is Verdict.WAIVED


def test_another_waiver_may_stand_where_one_has_lapsed() -> None:
    lapsed = replace(FAILURE, id="W-0", compensating="D")
    assert said(after(finding(Verdict.FAIL), lapsed, FAILURE)) == (
        Verdict.WAIVED,
        "W-2",
        Verdict.FAIL,
    )


def row(**fields: object) -> CoverageRow:
    plain = CoverageRow(
        target=TARGET,
        region="eu-west-1",
        operation="s3:GetBucketPolicy",
        state=State.DENIED,
        answers=1,
        items=0,
    )
    return replace(plain, **fields)  # type: ignore[arg-type]


def test_a_gap_in_coverage_is_accepted_only_as_a_whole() -> None:
    def accepted(one: CoverageRow, waiver: Waiver = GAP) -> str:
        return apply_to_coverage(
            one, waivers_by_target(assess_waivers([waiver], {TARGET: TODAY}, {})).get(one.target)
        ).waiver

    assert accepted(row()) == "W-1"
    assert accepted(row(state=State.OK, unanswered=1)) == "W-1"
    assert accepted(row(state=State.OK)) == ""
    assert accepted(row(region="eu-west-2")) == ""
    assert accepted(row(target="aws:2")) == ""
    assert accepted(row(), replace(GAP, scope=replace(GAP.scope, resource="arn:b"))) == ""
    assert accepted(row(), replace(GAP, compensating="D")) == ""


def applied(*waivers: Waiver, statuses: Mapping[str, str] | None = None, **parts: Any) -> Waived:
    failing = tuple(finding(Verdict.FAIL, resource=name) for name in ("arn:b", "arn:c"))
    results = [CheckResult(check="c", target=TARGET, findings=failing)]
    control = make_control(("c", Role.EVIDENCES))
    library = replace(make_library(make_check("c")), controls={"C": control})
    return apply_waivers(
        Waived(results=results, coverage=[row()]), waivers, library,
        days=parts.get("days", {TARGET: TODAY}), statuses=lambda _: statuses or {},
    )  # fmt: skip


def test_what_each_waiver_accepts_is_counted() -> None:
    found = applied(GAP, FAILURE, CONTROL, statuses={"D": "pass"})
    assert [(one.waiver.id, one.standing.value, one.accepts) for one in found.waivers] == [
        ("W-1", "in force", 0), ("W-2", "in force", 1), ("W-3", "in force", 1),
    ]  # fmt: skip
    assert [one.verdict for one in found.results[0].findings] == [Verdict.WAIVED, Verdict.FAIL]
    assert [one.waiver for one in found.coverage] == ["W-1"]
    assert found.controls == {"C": frozenset({TARGET})}


def test_a_lapsed_control_waiver_accepts_nothing() -> None:
    found = applied(CONTROL, statuses={"D": "fail"})
    assert found.controls == {}
    assert [(one.standing, one.why, one.accepts) for one in found.waivers] == [
        (Standing.LAPSED, "compensating control D reads fail", 0)
    ]


def test_a_waiver_by_name_is_not_in_force_and_names_the_id() -> None:
    by_name = replace(FAILURE, scope=FindingScope(target=TARGET, check="c", resource="b"))
    (result,) = applied(by_name).waivers
    assert (result.standing, result.accepts) == (Standing.NOT_HERE, 0)
    assert result.why.startswith("'b' is a name: did you mean arn:b")


def test_a_gap_waiver_by_name_is_not_in_force_and_names_the_id() -> None:
    scope = replace(GAP.scope, resource="b")
    (result,) = applied(replace(GAP, scope=scope)).waivers
    assert (result.standing, result.accepts) == (Standing.NOT_HERE, 0)
    assert result.why.startswith("'b' is a name: did you mean arn:b")
    (result,) = applied(replace(GAP, scope=replace(GAP.scope, resource="arn:b"))).waivers
    assert result.standing is Standing.IN_FORCE


def test_a_waiver_of_a_resource_that_is_nowhere_is_not_in_force() -> None:
    gone = replace(FAILURE, scope=FindingScope(target=TARGET, check="c", resource="arn:gone"))
    (result,) = applied(gone).waivers
    assert (result.standing, result.why) == (
        Standing.NOT_HERE,
        "c has no finding for 'arn:gone'",
    )


@pytest.mark.parametrize("verdict", [Verdict.PASS, Verdict.UNKNOWN])
def test_a_waiver_of_a_resource_that_does_not_fail_stays_in_force(verdict: Verdict) -> None:
    for resource in ("arn:b", "*"):
        judged = Waived(
            results=[
                CheckResult(
                    check="c", target=TARGET, findings=(finding(verdict, resource=resource),)
                )
            ],
            coverage=[],
        )
        (result,) = apply_waivers(
            judged, [FAILURE], make_library(), days={TARGET: TODAY}, statuses=lambda _: {}
        ).waivers
        assert (result.standing, result.accepts) == (Standing.IN_FORCE, 0)


def test_a_waiver_of_another_target_says_so_and_accepts_nothing() -> None:
    found = applied(FAILURE, days={"aws:2": TODAY})
    assert [(one.standing, one.accepts) for one in found.waivers] == [(Standing.NOT_HERE, 0)]
    assert [one.verdict for one in found.results[0].findings] == [Verdict.FAIL, Verdict.FAIL]
