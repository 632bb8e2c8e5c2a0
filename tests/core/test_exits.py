"""Exit codes over small assessments, by enumeration."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest

from scanner.core.judging.baseline import Baseline, failures_of
from scanner.core.judging.exit_codes import exit_code, not_run
from scanner.model.answers import State
from scanner.model.checks import Severity
from scanner.model.findings import CheckResult, Verdict
from tests.helpers.reference_scan import ASSESSMENT, CHECKS, COVERAGE, LIBRARY, TARGET, finding

HIGH = "aws-s3-bucket-tls-only"
MEDIUM = "aws-s3-bucket-versioned"
OK = tuple(row for row in COVERAGE if row.state.whole)


def assessment(high: tuple[Verdict, ...], medium: tuple[Verdict, ...] = (), coverage=OK):
    results = [
        CheckResult(
            check=name,
            target=TARGET,
            findings=tuple(finding(name, verdict, "x") for verdict in verdicts),
        )
        for name, verdicts in ((HIGH, high), (MEDIUM, medium))
    ]
    rest = [
        CheckResult(check=name, target=TARGET, findings=())
        for name in CHECKS
        if name not in (HIGH, MEDIUM)
    ]
    return replace(ASSESSMENT, results=(*results, *rest), coverage=coverage)


@pytest.mark.parametrize(
    "verdicts", [pair for size in range(3) for pair in product(Verdict, repeat=size)]
)
def test_findings_at_the_threshold(verdicts: tuple[Verdict, ...]) -> None:
    expected = 1 if Verdict.FAIL in verdicts else 3 if Verdict.UNKNOWN in verdicts else 0
    assert exit_code(assessment(verdicts), LIBRARY, Severity.HIGH) == expected


@pytest.mark.parametrize("verdict", Verdict)
def test_findings_below_the_threshold_decide_nothing(verdict: Verdict) -> None:
    assert exit_code(assessment((Verdict.PASS,), (verdict,)), LIBRARY, Severity.HIGH) == 0


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("unanswered", [0, 1])
def test_a_gap_is_never_clean(state: State, unanswered: int) -> None:
    row = replace(OK[0], state=state, unanswered=unanswered)
    whole = state in (State.OK, State.EMPTY, State.ABSENT) and not unanswered
    assert exit_code(assessment((Verdict.PASS,), coverage=(*OK, row)), LIBRARY, Severity.HIGH) == (
        0 if whole else 3
    )
    assert exit_code(assessment((Verdict.FAIL,), coverage=(*OK, row)), LIBRARY, Severity.HIGH) == 1


def test_an_open_list_of_regions_is_never_clean() -> None:
    clean = assessment((Verdict.PASS,))
    target = {**clean.targets[0], "regions_open": "ec2:DescribeRegions denied"}
    assert exit_code(clean, LIBRARY, Severity.HIGH) == 0
    assert exit_code(replace(clean, targets=(target,)), LIBRARY, Severity.HIGH) == 3


@pytest.mark.parametrize("left_out", sorted(CHECKS))
def test_running_fewer_checks_never_improves(left_out: str) -> None:
    whole = assessment((Verdict.PASS,))
    fewer = replace(
        whole, results=tuple(result for result in whole.results if result.check != left_out)
    )
    graver = CHECKS[left_out].severity.rank >= Severity.HIGH.rank
    assert exit_code(fewer, LIBRARY, Severity.HIGH) == (3 if graver else 0)
    assert not_run(fewer, LIBRARY, Severity.LOW) == (left_out,)


def test_a_check_run_on_one_of_two_targets_is_not_run() -> None:
    whole = assessment((Verdict.PASS,))
    second = {**whole.targets[0], "id": "aws:999999999999"}
    assert exit_code(replace(whole, targets=(*whole.targets, second)), LIBRARY, Severity.HIGH) == 3


def test_a_check_of_another_cloud_is_not_missed() -> None:
    whole = assessment((Verdict.PASS,))
    other = {**whole.targets[0], "id": "gcp:project"}
    assert exit_code(replace(whole, targets=(*whole.targets, other)), LIBRARY, Severity.HIGH) == 0


# -- selections ------------------------------------------------------------------------------------


@pytest.mark.parametrize("left_out", sorted(CHECKS))
def test_what_nobody_selected_is_not_missed(left_out: str) -> None:
    whole = assessment((Verdict.PASS,))
    fewer = replace(
        whole,
        results=tuple(result for result in whole.results if result.check != left_out),
        asked=frozenset(set(CHECKS) - {left_out}),
    )
    assert exit_code(fewer, LIBRARY, Severity.LOW) == 0
    assert not_run(fewer, LIBRARY, Severity.LOW) == ()
    assert not_run(replace(fewer, asked=frozenset(CHECKS)), LIBRARY, Severity.LOW) == (left_out,)


def test_a_selection_of_which_nothing_ran_is_not_clean() -> None:
    nothing = replace(assessment(()), results=(), asked=frozenset())
    assert exit_code(nothing, LIBRARY, Severity.LOW) == 3


# -- baselines -------------------------------------------------------------------------------------


@pytest.mark.parametrize(("before", "now"), list(product(Verdict, repeat=2)))
def test_only_what_did_not_fail_before_is_new(before: Verdict, now: Verdict) -> None:
    baseline = Baseline(failing=failures_of(assessment((before,))), since={})
    expected = {Verdict.FAIL: 0 if before is Verdict.FAIL else 1, Verdict.UNKNOWN: 3}.get(now, 0)
    assert exit_code(assessment((now,)), LIBRARY, Severity.HIGH, baseline) == expected


@pytest.mark.parametrize("member", ["target", "region", "id"])
def test_another_resource_is_another_failure(member: str) -> None:
    one = finding(HIGH, Verdict.FAIL, "x")
    other = replace(one, resource=replace(one.resource, **{member: "other"}))
    whole = assessment(())
    results = (replace(whole.results[0], findings=(other,)), *whole.results[1:])
    baseline = Baseline(failing=failures_of(replace(whole, results=results)), since={})
    assert exit_code(assessment((Verdict.FAIL,)), LIBRARY, Severity.HIGH, baseline) == 1


def test_a_baseline_hides_no_gap() -> None:
    row = replace(OK[0], state=State.DENIED)
    failing = assessment((Verdict.FAIL,), coverage=(*OK, row))
    baseline = Baseline(failing=failures_of(failing), since={})
    assert exit_code(failing, LIBRARY, Severity.HIGH, baseline) == 3
    assert exit_code(assessment((Verdict.FAIL,)), LIBRARY, Severity.HIGH, baseline) == 0
