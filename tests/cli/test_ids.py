"""Ids that a command cannot take: it is said what they are, and which command takes them."""

from __future__ import annotations

from pathlib import Path

import pytest

from scanner.cli import run
from tests.helpers.estate_recording import SNAPSHOT

WAIVED = ["--reason", "x", "--approver", "a@b.c", "--expires", "2027-01-01"]
ATTESTED = ["--statement", "x", "--by", "a@b.c", "--valid-until", "2027-01-01", "--evidence", "a b"]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("arguments", "message", "command"),
    [
        (
            ["waive", "CC6.1", *WAIVED, "--snapshot", str(SNAPSHOT)],
            "CC6.1 is a criterion, not a check or control",
            "tscan explain CC6.1",
        ),
        (
            ["attest", "ACC-02", *ATTESTED],
            "ACC-02 is a control, not a manual control",
            "tscan explain ACC-02",
        ),
        (
            ["checks", "show", "cc6.1"],
            "CC6.1 is a criterion, not a check",
            "tscan explain CC6.1",
        ),
        (
            ["checks", "test", "MC-01"],
            "MC-01 is a manual control, not a check",
            "tscan explain MC-01",
        ),
        (
            ["params", "aws-s3-bucket-versioned"],
            "aws-s3-bucket-versioned is a check, not a parameter",
            "tscan explain aws-s3-bucket-versioned",
        ),
        (
            ["matrix", "CC6.1"],
            "CC6.1 is a criterion, and a snapshot is to be named here",
            "tscan explain CC6.1",
        ),
        (
            ["findings", "--control", "ACC-02", "enc-01"],
            "ENC-01 is a control, and a snapshot is to be named here",
            "tscan findings --control ACC-02,ENC-01",
        ),
    ],
)
def test_an_id_of_another_type_is_named_with_the_command_for_it(
    arguments: list[str], message: str, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(arguments) == 2
    assert capsys.readouterr().err == f"{message}\n  hint: see: {command}\n"


def test_a_second_value_of_an_option_is_written_with_a_comma(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["findings", "--severity", "critical", "high"]) == 2
    assert "with commas: --severity critical,high\n" in capsys.readouterr().err
    # Without the option it is but the name of a file.
    assert run(["findings", "high"]) == 2
    assert "high cannot be read: No such file" in capsys.readouterr().err
    (folder / "high").write_text("no snapshot")
    assert run(["findings", "--severity", "critical", "high"]) == 2
    assert "with commas" not in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["checks", "show", ""], "the id of a check is empty\n  hint: "),
        (["explain", " "], "the id is empty\n  hint: name one, such as CC6.1"),
        (["explain", "cc6.1x"], "nothing is called 'cc6.1x'\n  hint: did you mean 'CC6.1'?"),
        (
            ["findings", str(SNAPSHOT), "--region", "mars"],
            "--region mars: there is no such region in this evidence\n  hint: known: ",
        ),
        (
            ["findings", str(SNAPSHOT), "--control", "NO-1"],
            "--control NO-1: there is no such control\n",
        ),
        (
            ["demo", "--checks", "own/a.yaml"],
            "--checks own/a.yaml is a file, not a folder\n  hint: give its folder: --checks own\n",
        ),
        (["checks", "test", "nope.yaml"], "nope.yaml does not exist\n  hint: "),
    ],
)
def test_what_is_wrong_is_said_as_it_was_given(
    arguments: list[str], message: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "own").mkdir()
    (folder / "own/a.yaml").write_text("version: 1\n")
    assert run(arguments) == 2
    assert capsys.readouterr().err.startswith(message)
