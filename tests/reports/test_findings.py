"""The list of findings: what each filter lets through, and its three forms."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from typing import Any

import pytest

from scanner.errors import TscanError
from scanner.formats import Report
from scanner.formats.json import document
from scanner.model.findings import Verdict
from scanner.reports.explain.subjects import Named, Names
from scanner.reports.findings import (
    COLUMNS,
    Filters,
    Listed,
    as_csv,
    as_json,
    as_table,
    listed,
)
from tests.helpers import reference_scan
from tests.helpers.demo_project import demo_report, failing_finding

NAME = failing_finding().resource.name
SCANS = {"aws:123456789012": "2026-11-26T08:02:47.881Z"}


def chosen(report: Report | None = None, **filters: tuple[str, ...]) -> Listed:
    return listed(report or demo_report(), SCANS, Filters(**filters))


def rows(shown: Listed) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(as_json(shown))["findings"]
    return found


def test_what_fails_and_what_is_unknown_is_listed_and_the_rest_counted() -> None:
    shown = chosen()
    findings = demo_report().assessment.findings
    wanted = [one for one in findings if one.verdict in (Verdict.FAIL, Verdict.UNKNOWN)]
    assert len(shown.findings) == len(wanted)
    assert sorted(map(repr, shown.findings)) == sorted(map(repr, wanted))
    passed = sum(one.verdict is Verdict.PASS for one in findings)
    assert shown.left_out == {Verdict.WAIVED: 0, Verdict.PASS: passed}
    assert f"not listed: {passed} pass (--verdict all)" in "".join(as_table(shown))
    assert chosen(verdict=("all",)).left_out == {}
    assert len(chosen(verdict=("all",)).findings) == len(findings)


@pytest.mark.parametrize(
    ("filters", "holds"),
    [
        ({"criterion": ("CC6.1",)}, lambda row: "CC6.1" in row["criteria"]),
        ({"criterion": ("soc2-2017/cc6.1",)}, lambda row: "CC6.1" in row["criteria"]),
        ({"criterion": ("CC6.1", "A1.2")}, lambda row: {"CC6.1", "A1.2"} & {*row["criteria"]}),
        ({"severity": ("critical,high",)}, lambda row: row["severity"] in ("critical", "high")),
        ({"region": ("global",)}, lambda row: row["resource"]["region"] == ""),
        ({"region": ("eu-west-1",)}, lambda row: row["resource"]["region"] == "eu-west-1"),
        ({"resource": (NAME,)}, lambda row: NAME in (row["resource"]["name"], row["resource"]["id"])),
        ({"resource": ("arn:aws:s3:::*",)}, lambda row: row["resource"]["id"][:12] == "arn:aws:s3::"),
        ({"check": ("aws-s3-*",)}, lambda row: row["check"].startswith("aws-s3-")),
        ({"target": ("aws:123456789012",)}, lambda row: True),
        (
            {"severity": ("critical",), "criterion": ("CC6.1",)},
            lambda row: row["severity"] == "critical" and "CC6.1" in row["criteria"],
        ),
    ],
)  # fmt: skip
def test_a_filter_lets_through_exactly_what_it_names(filters: Any, holds: Any) -> None:
    everything = rows(chosen(verdict=("all",)))
    found = rows(chosen(verdict=("all",), **filters))
    assert found == [row for row in everything if holds(row)]
    assert found


def test_a_control_lists_what_decides_it_and_not_what_only_supports() -> None:
    found = {row["check"] for row in rows(chosen(verdict=("all",), control=("BKP-01",)))}
    assert "aws-dynamodb-pitr-enabled" in found
    assert "aws-s3-bucket-versioned" not in found


@pytest.mark.parametrize(
    ("option", "typed", "meant"),
    [
        ("severity", "hihg", "high"),
        ("verdict", "failed", "fail"),
        ("criterion", "CC61", "CC6.1"),
        ("control", "ENC-2", "ENC-02"),
        ("check", "aws-s3-bucket-versionde", "aws-s3-bucket-versioned"),
        ("check", "aws-s4-*", ""),
        ("region", "eu-west-9", "eu-west-1"),
        ("resource", f"{NAME}x", NAME),
        ("target", "aws:123456789013", "aws:123456789012"),
        # One wrong value among good ones must not go unnoticed.
        ("severity", "high,lowe", "low"),
    ],
)
def test_a_value_that_nothing_has_is_refused(option: str, typed: str, meant: str) -> None:
    with pytest.raises(TscanError, match=f"there is no such {option}") as error:
        chosen(**{option: (typed,)})
    assert meant in error.value.hint


def test_a_region_without_a_finding_is_known() -> None:
    report = reference_scan.REPORT
    assert chosen(report, region=("us-east-1",)).findings == ()


def test_a_name_with_a_comma_is_one_value() -> None:
    report = demo_report()
    name = report.assessment.findings[0].resource.name
    assert chosen(report, resource=(name,), verdict=("all",)).findings
    with pytest.raises(TscanError):
        chosen(report, resource=(f"{name},nothing-of-this",))


def test_json_rows_are_those_of_the_result() -> None:
    report = demo_report()
    in_result = {json.dumps(row) for row in document(report)["findings"]}
    assert {json.dumps(row) for row in rows(chosen(verdict=("all",)))} == in_result


def test_csv_has_a_row_for_each_finding_and_no_formula() -> None:
    text = "".join(as_csv(chosen(reference_scan.REPORT, verdict=("all",))))
    table = list(csv.reader(io.StringIO(text)))
    assert tuple(table[0]) == COLUMNS
    assert len(table) - 1 == len(reference_scan.ASSESSMENT.findings)
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert not [cell for row in table for cell in row if cell.startswith(("=", "+", "@"))]


def test_the_table_fits_its_width_and_folds_only_between_words() -> None:
    shown = chosen(severity=("critical", "high"))
    for line in "".join(as_table(shown, 80)).splitlines():
        assert len(line) <= 80 or " " not in line.strip()
    words = "".join(as_table(shown, 80)).split()
    assert words == "".join(as_table(shown)).split()


def test_the_worst_comes_first() -> None:
    order = [(one.verdict, -one.severity.rank) for one in chosen(verdict=("all",)).findings]
    verdicts = [Verdict.FAIL, Verdict.UNKNOWN, Verdict.WAIVED, Verdict.PASS]
    ranks = [(verdicts.index(verdict), severity) for verdict, severity in order]
    assert ranks == sorted(ranks)


def test_an_earlier_id_of_a_check_lists_its_findings() -> None:
    report = demo_report()
    check = failing_finding().check
    library = replace(report.library, aliases={"aws-old-name": check})
    renamed = replace(report, library=library)
    assert chosen(renamed, check=("aws-old-name",)).findings == chosen(check=(check,)).findings
    assert Names(library, lambda *_: ()).subject("aws-old-name") == Named(type="check", id=check)
