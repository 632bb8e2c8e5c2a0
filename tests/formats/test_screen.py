"""The report without details is one screen, whatever the estate: 60 lines of 80 columns."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from functools import cache

import pytest

from scanner.cli.demo import recorded_library
from scanner.cli.support.denied import denied_permissions
from scanner.formats import FORMATS, Report, Source
from scanner.history.snapshots.snapshot_file import read_snapshot
from scanner.model.answers import State
from scanner.model.checks import Severity
from scanner.model.findings import (
    CheckResult,
    CoverageRow,
    CriterionResult,
    Finding,
    ResourceRef,
    Status,
    Verdict,
)
from scanner.model.waivers import Standing
from scanner.pipeline import judge
from tests.helpers import reference_people as people
from tests.helpers.estate_recording import SNAPSHOT
from tests.helpers.library import shipped_library
from tests.helpers.reference_scan import ASSESSMENT, REPORT

ACCOUNTS = 50
OPERATIONS = ("s3:ListBuckets", "ec2:DescribeInstances", "iam:ListUsers", "kms:ListKeys")


@cache
def demo() -> Report:
    """The demo, judged with the checks that it was recorded for."""
    snapshot = read_snapshot(SNAPSHOT)
    library = recorded_library(shipped_library(), snapshot)
    return Report(
        assessment=judge([snapshot], library), library=library, source=Source(again="tscan demo")
    )


def finding(check: str, target: str, number: int, verdict: Verdict) -> Finding:
    """A finding of a check of the library, with a long name of a resource."""
    gaps: tuple[str, ...] = ()
    if verdict is Verdict.UNKNOWN:
        gaps = (f"{OPERATIONS[number % 4]}@",)
    return Finding(
        check=check,
        verdict=verdict,
        severity=shipped_library().checks[check].severity,
        resource=ResourceRef(
            kind=shipped_library().checks[check].kind,
            id=f"arn:aws:iam::{target[4:]}:role/service-role/a-role-with-a-rather-long-name-{number}",
            name="",
            target=target,
            region="eu-central-1",
        ),
        reason="s3:ListBuckets denied (AccessDenied)" if gaps else "",
        gaps=gaps,
    )


@cache
def organization(verdict: Verdict) -> Report:
    """Fifty accounts in which every check has this verdict, and every criterion a row."""
    library = shipped_library()
    targets = [f"aws:{111122220000 + number}" for number in range(ACCOUNTS)]
    checks = [name for name in library.checks if library.cloud(name) == "aws"]
    results = []
    for target in targets:
        for number, name in enumerate(checks):
            found = (finding(name, target, number, verdict),)
            results.append(CheckResult(check=name, target=target, findings=found))
    status = {Verdict.FAIL: Status.FAIL, Verdict.UNKNOWN: Status.NOT_SHOWN}.get(
        verdict, Status.PASS
    )
    state = State.OK
    if verdict is Verdict.UNKNOWN:
        state = State.DENIED
    coverage = [
        CoverageRow(target=one, region="", operation=name, state=state, answers=1, items=0)
        for one in targets
        for name in OPERATIONS
    ]
    described = ASSESSMENT.targets[0]
    criteria = [
        CriterionResult(
            framework=criterion.framework,
            id=criterion.id,
            status=status,
            evidence_complete=False,
            failing=0,
            controls=criterion.controls,
            primary=criterion.primary,
        )
        for criterion in demo().assessment.criteria
    ]
    assessment = replace(
        demo().assessment,
        targets=tuple({**described, "id": one, "regions_open": "denied"} for one in targets),
        coverage=tuple(coverage),
        results=tuple(results),
        controls=tuple(replace(one, status=status) for one in demo().assessment.controls),
        criteria=tuple(criteria),
        waivers=people.waivers(targets[0]) * 20,
        attestations=people.attestations() * 20,
        notes=tuple(f"{one}: params.x = 400 is looser than the documented 90" for one in targets),
    )
    return Report(
        assessment=assessment,
        library=library,
        permissions=denied_permissions(assessment, library),
        source=Source(again="tscan replay evidence", snapshots="evidence"),
    )


ESTATES: dict[str, Callable[[], Report]] = {
    "demo": demo,
    "reference": lambda: REPORT,
    "everything fails": lambda: organization(Verdict.FAIL),
    "nothing fails": lambda: organization(Verdict.PASS),
    "everything denied": lambda: organization(Verdict.UNKNOWN),
}


def screen(report: Report) -> str:
    return FORMATS.get("terminal")(report)


@pytest.mark.parametrize("estate", ESTATES)
def test_the_report_fits_on_a_screen(estate: str) -> None:
    lines = screen(ESTATES[estate]()).splitlines()
    assert len(lines) <= 60
    assert max(map(len, lines)) <= 80


@pytest.mark.parametrize("estate", ESTATES)
def test_the_answer_stands_at_the_end(estate: str) -> None:
    report = ESTATES[estate]()
    *_, findings, controls, exit_line, conclusion = _unfolded(screen(report))
    verdicts = [item.verdict for item in report.assessment.findings]
    for verdict in Verdict:
        assert f"{verdicts.count(verdict)} {verdict.value}" in findings
    assert controls.startswith("Controls  ") or "more note" in controls or "regions" in controls
    assert exit_line.startswith(f"Exit code {report.exit_code}: ")
    assert conclusion.endswith("a CPA concludes.")


def _unfolded(text: str) -> list[str]:
    lines: list[str] = []
    for line in text.splitlines():
        if line.startswith("          ") or line == "read":
            lines[-1] += " " + line.strip()
        else:
            lines.append(line)
    totals = next(number for number, line in enumerate(lines) if line.startswith("Findings"))
    return [*lines[totals : totals + 2], *lines[-2:]]


def test_the_ten_worst_are_the_gravest_first() -> None:
    text = screen(organization(Verdict.FAIL))
    severities = re.findall(r"^(critical|high|medium|low) ", text, re.M)
    ranks = [Severity(word).rank for word in severities]
    assert 5 <= len(ranks) <= 10
    assert ranks == sorted(ranks, reverse=True)
    assert ranks[0] == Severity.CRITICAL.rank
    assert re.search(r"^ +50 of 50  ", text, re.M)


def test_a_failing_check_names_control_criterion_and_resource() -> None:
    text = screen(demo())
    assert re.search(
        r"^critical Root user has MFA or no password\n"
        r" +1 of 1  account 123456789012: Root user has a….* ACC-02 CC6\.1 \+\d+$",
        text,
        re.M,
    )


def test_a_wide_screen_says_what_was_wanted_and_how_many_fail() -> None:
    text = screen(replace(demo(), width=140))
    value = "backup_retention_days = 0, wanted at least 7"
    assert f"legacy keeps 0 days of backups, fewer than 7 ({value}), and 1 more" in text
    # One of two values that either would do: neither is what was wanted.
    assert "Root user has a password but no MFA device  " in text


def test_what_is_missing_is_the_permission_not_the_call() -> None:
    text = screen(organization(Verdict.UNKNOWN))
    assert "Could not read: 4 permissions missing" in text
    assert re.search(r"^  s3:ListAllMyBuckets +\d+ checks unknown in 50 targets$", text, re.M)
    assert "s3:ListBuckets" not in text
    assert "tscan permissions aws --missing evidence" in text
    assert "No check fails; unknown: " in text


def test_an_unknown_finding_is_counted_though_coverage_names_no_gap() -> None:
    report = organization(Verdict.UNKNOWN)
    without = replace(report, assessment=replace(report.assessment, coverage=()))
    assert "Could not read: 4 operations failed" in screen(without)


def test_a_gap_without_unknown_check_is_counted_and_said_so() -> None:
    report = organization(Verdict.PASS)
    rows = tuple(replace(row, state=State.ERROR) for row in report.assessment.coverage)
    text = screen(replace(report, assessment=replace(report.assessment, coverage=rows)))
    assert "Could not read: 4 operations failed; no check is unknown for it" in text


def test_rows_of_the_matrix_that_do_not_fit_are_counted() -> None:
    report = organization(Verdict.FAIL)
    text = screen(report)
    rows = re.findall(r"^  \S+ +\S.* \d+ of \d+ .*complete$", text, re.M)
    assert f"… and {len(report.assessment.criteria) - len(rows)} more criteria" in text


def test_the_worst_status_keeps_its_row() -> None:
    report = organization(Verdict.PASS)
    *others, last = report.assessment.criteria
    criteria = (*others, replace(last, status=Status.FAIL))
    text = screen(replace(report, assessment=replace(report.assessment, criteria=criteria)))
    assert re.search(rf"^  {last.id} .*complete$", text, re.M)


def test_every_status_has_a_symbol_and_a_word_and_is_told_apart() -> None:
    text = screen(replace(REPORT, details=True, controls=True))
    for shown in (
        "✗ fail",
        "? not shown",
        "~ accepted",
        "– no occurrence",
        "✓ pass",
        "○ needs evidence",
    ):
        assert shown in text


def test_a_criterion_has_no_tick_but_its_evidence_and_deviations() -> None:
    """Whether a criterion is met is the auditor's to say."""
    for report in (REPORT, replace(REPORT, details=True)):
        rows = re.findall(r"^ *(?:CC|A)\d\.\d .*$", screen(report), re.M)
        assert len(rows) == 7
        for row in rows:
            assert re.search(r" \d of \d .*(complete|incomplete)$", row)
            assert not re.search("✓|✗|pass", row)


def test_what_ended_is_named_before_anything_else_of_people() -> None:
    text = screen(REPORT)
    standings = {result.waiver.id: result.standing for result in ASSESSMENT.waivers}
    named = re.findall(r"^  (W-\d+) ", text, re.M)
    assert {standings[name] for name in named} == {Standing.LAPSED, Standing.EXPIRED}
    assert "MC-01: ended on 2025-11-30" in text


def test_a_selection_shows_no_status_of_controls_and_criteria() -> None:
    report = replace(REPORT, selected=True, controls=True)
    for shown in (screen(report), screen(replace(report, details=True))):
        assert "needs evidence" not in shown
        assert "Controls" not in shown
        assert "SOC 2" not in shown
        assert "tscan explain CC6.1" not in shown
        assert "5 selected of 5" in shown


def test_commands_are_whole_and_stand_alone() -> None:
    path = "/srv/evidence/" + "a-long-folder/" * 8 + "night one.snapshot.jsonl.gz"
    source = Source(again=f"tscan replay '{path}'", snapshots=f"'{path}'")
    lines = screen(replace(REPORT, source=source)).splitlines()
    for command in (
        f"tscan replay '{path}' --details",
        f"tscan explain CC6.1 '{path}'",
        f"tscan findings --severity high '{path}'",
        f"tscan permissions aws --missing '{path}'",
    ):
        assert f"  {command}" in lines


def test_details_lose_no_failing_check_and_no_command_is_broken() -> None:
    text = screen(replace(demo(), details=True))
    failing = {item.check for item in demo().assessment.findings if item.verdict is Verdict.FAIL}
    assert all(f"· {check}\n" in text for check in failing)
    options = "BlockPublicAcls=true,IgnorePublicAcls=true,BlockPublicPolicy=true"
    command = f"--public-access-block-configuration {options},RestrictPublicBuckets=true"
    assert command in text
