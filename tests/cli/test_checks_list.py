"""`tscan checks list` and `show`: filters, the table at 80 columns, JSON, links and earlier ids."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from scanner.cli import run
from scanner.model.library import Library
from tests.helpers.library import shipped_library

LIBRARY = shipped_library()
Captured = pytest.CaptureFixture[str]


def listed(capsys: Captured, *arguments: str) -> list[dict[str, Any]]:
    assert run(["checks", "list", "--format", "json", *arguments]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["schema"] == "tscan.checks/1"
    rows: list[dict[str, Any]] = document["checks"]
    return rows


def test_all_checks_are_listed_by_service_with_whole_titles(capsys: Captured) -> None:
    assert run(["checks", "list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 80
    assert lines[-1] == f"{len(LIBRARY.checks)} checks"
    titles = [line.strip() for line in lines if line.startswith("    ")]
    assert sorted(titles) == sorted(check.title for check in LIBRARY.checks.values())
    headings = [line for line in lines[:-1] if not line.startswith(" ")]
    assert len(set(headings)) > 40
    ids = [line.split()[1] for line in lines if line.startswith("  ") and line[2] != " "]
    assert sorted(ids) == sorted(LIBRARY.checks)


def test_a_long_title_of_a_user_is_broken_between_words(tmp_path: Path, capsys: Captured) -> None:
    source = Path(LIBRARY.checks["aws-s3-bucket-versioned"].path)
    title = " ".join(["S3 buckets have a title that goes on"] * 4) + " \x1b[31mred"
    text = source.read_text().replace("id: aws-s3-bucket-versioned", "id: aws-s3-long")
    before = next(line for line in text.splitlines() if line.startswith("title:"))
    (tmp_path / "aws-s3-long.yaml").write_text(text.replace(before, f"title: {json.dumps(title)}"))
    assert run(["checks", "list", "--service", "s3", "--checks", str(tmp_path)]) == 0
    shown = capsys.readouterr().out
    assert max(map(len, shown.splitlines())) <= 80
    assert " ".join(title.replace("\x1b", r"\x1b").split()) in " ".join(shown.split())


def test_filters_leave_out_what_does_not_match(capsys: Captured) -> None:
    rows = listed(capsys, "--cloud", "aws", "--service", "s3", "--severity", "high")
    expected = {
        name
        for name, check in LIBRARY.checks.items()
        if LIBRARY.kinds[check.kind].service == "S3"
        and check.severity.value in ("high", "critical")
    }
    assert {row["id"] for row in rows} == expected
    assert expected


def test_a_control_and_a_criterion_list_their_evidence(capsys: Captured) -> None:
    of_control = {row["id"] for row in listed(capsys, "--control", "ENC-01")}
    assert of_control == {link.id for link in LIBRARY.controls["ENC-01"].checks}
    rows = listed(capsys, "--criterion", "CC6.1")
    of_criterion = {row["id"] for row in rows}
    assert of_control < of_criterion < set(LIBRARY.checks)
    assert all("CC6.1" in row["criteria"] for row in rows)
    both = {row["id"] for row in listed(capsys, "--criterion", "CC6.1", "--control", "ENC-01")}
    assert both == of_control


def test_a_row_of_json_has_all_that_is_known(capsys: Captured) -> None:
    (row,) = listed(capsys, "--search", "aws-ec2-instance-imdsv2-required")
    check = LIBRARY.checks["aws-ec2-instance-imdsv2-required"]
    assert row["title"] == check.title
    assert (row["severity"], row["cloud"], row["service"]) == ("high", "aws", "EC2")
    assert row["links"] == list(check.links)
    assert row["controls"] == sorted(
        control.id
        for control in LIBRARY.controls.values()
        if check.id in {link.id for link in control.checks}
    )


def test_a_search_lists_the_best_first_without_headings(capsys: Captured) -> None:
    assert run(["checks", "list", "--search", "os login"]) == 0
    assert capsys.readouterr().out == (
        "  medium    gcp-compute-oslogin\n"
        "    OS Login is on for the project\n"
        "  medium    gcp-compute-oslogin-instances\n"
        "    Compute Engine instances outside GKE do not turn off OS Login\n"
        "2 checks\n"
    )
    assert run(["checks", "list", "--search", "IMDSv2"]) == 0
    assert capsys.readouterr().out.endswith("\n1 check\n")


@pytest.fixture
def renamed(monkeypatch: pytest.MonkeyPatch) -> Library:
    """The shipped library, in which one check had another id before."""
    name = "aws-s3-bucket-versioned"
    check = replace(LIBRARY.checks[name], aliases=("aws-s3-old",))
    library = replace(LIBRARY, checks={**LIBRARY.checks, name: check}, aliases={"aws-s3-old": name})
    monkeypatch.setattr("scanner.content.library.load_library", lambda *_, **__: library)
    return library


def test_a_check_is_shown_by_its_earlier_id(renamed: Library, capsys: Captured) -> None:
    assert run(["checks", "show", "aws-s3-old"]) == 0
    shown = capsys.readouterr()
    assert shown.err == "note: check aws-s3-old is called aws-s3-bucket-versioned now\n"
    assert shown.out.startswith("aws-s3-bucket-versioned\n")
    assert "Earlier ids\n  aws-s3-old\n" in shown.out
    (link,) = renamed.checks["aws-s3-bucket-versioned"].links
    assert f"Links\n  {link}\n" in shown.out


def test_a_selection_by_an_earlier_id_judges_the_check(renamed: Library, capsys: Captured) -> None:
    assert run(["demo", "--format", "json", "--select", "aws-s3-old"]) in (1, 3)
    shown = capsys.readouterr()
    assert "note: check aws-s3-old is called aws-s3-bucket-versioned now" in shown.err
    findings = json.loads(shown.out)["findings"]
    assert {finding["check"] for finding in findings} == {"aws-s3-bucket-versioned"}
