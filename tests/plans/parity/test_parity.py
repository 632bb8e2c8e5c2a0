"""What is said of a plan is what is said of the account: the short form, and its own parts."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tests.helpers.plan_examples import library, maps
from tests.plans.parity.comparison import (
    CONTRADICTION,
    EQUAL,
    OPEN_IN_BOTH,
    OPEN_IN_PLAN,
    OPEN_IN_SCAN,
    Comparison,
    Row,
    Said,
    compare,
    shortfalls,
)
from tests.plans.parity.proof import SHORT, Scope, prove
from tests.plans.parity.terraform import PROVIDER, VARIABLE, Tools, find_tools, shown_state

TOOLS = find_tools()


@pytest.mark.slow
@pytest.mark.skipif(isinstance(TOOLS, str), reason=str(TOOLS))
def test_a_plan_says_what_the_account_does_before_it_and_after_it(tmp_path: Path) -> None:
    assert isinstance(TOOLS, Tools)
    proof = prove(SHORT, TOOLS, tmp_path, library(), Scope.small(library()))
    compared = compare(proof, library(), maps())
    assert shortfalls(compared) == []
    for comparison in compared:
        # A comparison of nothing, or of passes alone, would show nothing.
        verdicts = Counter(row.plan.verdict for row in comparison.of(EQUAL))
        assert verdicts["pass"] >= 8, comparison.name
        assert verdicts["fail"] >= 8, comparison.name
    changed = {
        (row.check, row.plan.address, row.plan.verdict)
        for name in ("before, alone", "after, alone")
        for row in _named(compared, name).of(EQUAL)
    }
    open_group = ("aws-ec2-sg-no-public-admin-ports", "aws_security_group.inline")
    assert {(*open_group, "pass"), (*open_group, "fail")} <= changed


def _named(compared: list[Comparison], name: str) -> Comparison:
    (found,) = [one for one in compared if one.name == name]
    return found


def row(plan: str, scan: str) -> Row:
    return Row("aws-check", "aws.s3.bucket", "b", Said(plan, "", address="a"), Said(scan, ""))


@pytest.mark.parametrize(
    ("plan", "scan", "outcome"),
    [
        ("pass", "pass", EQUAL),
        ("left out", "left out", EQUAL),
        ("pass", "fail", CONTRADICTION),
        ("fail", "left out", CONTRADICTION),
        ("left out", "pass", CONTRADICTION),
        ("unknown", "left out", OPEN_IN_PLAN),
        ("unknown", "pass", OPEN_IN_PLAN),
        ("fail", "unknown", OPEN_IN_SCAN),
        ("unknown", "unknown", OPEN_IN_BOTH),
    ],
)
def test_two_verdicts_are_equal_open_or_a_contradiction(plan: str, scan: str, outcome: str) -> None:
    assert row(plan, scan).outcome == outcome


def test_a_contradiction_is_a_shortfall_on_every_side() -> None:
    comparison = Comparison("after, alone", (row("pass", "fail"),))
    assert shortfalls([comparison]) == [
        "after, alone: aws-check a: pass in the plan, fail in the account"
    ]


@pytest.mark.parametrize(("decided", "count"), [(9, 0), (8, 1)])
def test_of_ten_verdicts_of_the_scan_nine_are_decided_over_it(decided: int, count: int) -> None:
    rows = [row("pass", "pass")] * decided + [row("unknown", "pass")] * (10 - decided)
    comparison = Comparison("before, over the scan", tuple(rows))
    assert comparison.decided(["s3"]) == (decided, 10)
    assert len(shortfalls([comparison])) == count
    assert shortfalls([Comparison("before, alone", tuple(rows))]) == []


def test_a_state_file_is_shown_by_module_and_instance() -> None:
    bucket = {"mode": "managed", "type": "aws_s3_bucket", "name": "b"}
    shown = shown_state(
        {
            "resources": [
                {**bucket, "instances": [{"attributes": {"id": "one"}}]},
                {
                    **bucket,
                    "module": 'module.a["x"]',
                    "instances": [{"index_key": 0, "attributes": {"id": "two"}}],
                },
                {
                    "mode": "data",
                    "type": "aws_region",
                    "name": "here",
                    "instances": [{"index_key": "k", "attributes": {}}],
                },
            ]
        }
    )
    root = shown["values"]["root_module"]
    assert [one["address"] for one in root["resources"]] == [
        "aws_s3_bucket.b",
        'data.aws_region.here["k"]',
    ]
    (child,) = root["child_modules"]
    assert child["address"] == 'module.a["x"]'
    assert [one["address"] for one in child["resources"]] == ['module.a["x"].aws_s3_bucket.b[0]']


@pytest.fixture
def binary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    programs = tmp_path / "bin"
    programs.mkdir()
    found = programs / "terraform"
    found.write_text("#!/bin/sh\n")
    found.chmod(0o755)
    monkeypatch.setenv("PATH", str(programs))
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in (VARIABLE, "TF_CLI_CONFIG_FILE", "XDG_DATA_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_DATA_DIRS", str(tmp_path / "share"))
    return found


def _mirror(folder: Path) -> Path:
    (folder / PROVIDER / "5.0.0").mkdir(parents=True)
    return folder


def test_without_a_provider_it_is_said_what_is_missing(binary: Path) -> None:
    assert VARIABLE in str(find_tools())
    binary.unlink()
    assert find_tools() == "no terraform and no tofu is on the PATH"


def test_a_provider_is_found_where_the_variable_names_it(
    binary: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _mirror(tmp_path / "share" / "terraform" / "plugins")
    monkeypatch.setenv(VARIABLE, str(tmp_path / "empty"))
    assert isinstance(find_tools(), str), "another folder is not taken for the named one"
    monkeypatch.setenv(VARIABLE, str(_mirror(tmp_path / "named")))
    assert find_tools() == Tools(str(binary), tmp_path / "named")


def test_a_provider_is_found_where_the_configuration_of_the_cli_has_it(
    binary: Path, tmp_path: Path
) -> None:
    mirror = _mirror(tmp_path / "mirror")
    text = f'provider_installation {{\n  filesystem_mirror {{\n    path = "{mirror}"\n  }}\n}}\n'
    (tmp_path / ".terraformrc").write_text(text)
    assert find_tools() == Tools(str(binary), mirror)


def test_a_provider_is_found_in_the_folders_of_the_system(binary: Path, tmp_path: Path) -> None:
    mirror = _mirror(tmp_path / "share" / "terraform" / "plugins")
    assert find_tools() == Tools(str(binary), mirror)
