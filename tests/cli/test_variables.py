"""Options from the environment: every option has a variable, and no other variable is taken."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from scanner.cli import app, run
from scanner.cli.support.variables import NO_OPTIONS, bind_variables


def every_command() -> Iterator[tuple[str, click.Command]]:
    pending: list[tuple[str, click.Command]] = [("tscan", app)]
    while pending:
        path, command = pending.pop()
        yield path, command
        if isinstance(command, click.Group):
            ctx = click.Context(command, info_name=path)
            for name in command.list_commands(ctx):
                found = command.get_command(ctx, name)
                assert found is not None
                pending.append((f"{path} {name}", found))


def test_every_option_has_a_variable_of_its_own_name() -> None:
    seen: dict[str, str] = {}
    for path, command in every_command():
        bind_variables(command, path)
        for option in command.params:
            if not isinstance(option, click.Option) or option.name == "version":
                continue
            (long,) = [name for name in option.opts if name.startswith("--")]
            expected = f"{path} {long[2:]}".upper().replace(" ", "_").replace("-", "_")
            assert option.envvar == expected
            assert expected not in seen, f"{path} {long} and {seen[expected]}"
            seen[expected] = f"{path} {long}"
    assert "TSCAN_SCAN_FAIL_ON" in seen
    assert "TSCAN_PERIOD_FROM" in seen
    assert "TSCAN_CHECKS_LIST_CLOUD" in seen
    assert not NO_OPTIONS & set(seen)


def test_the_variables_that_are_no_options_are_all_that_the_code_reads(root: Path) -> None:
    read: set[str] = set()
    for path in (root / "scanner").rglob("*.py"):
        read.update(re.findall(r"\bTSCAN_[A-Z_]+\b", path.read_text(encoding="utf-8")))
    # An example of an option in a docstring is one too.
    assert read - NO_OPTIONS <= {"TSCAN_FAIL_ON", "TSCAN_SCAN_REGION"}


def test_a_variable_sets_an_option_and_the_line_goes_before_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TSCAN_CHECKS_LIST_CLOUD", "gcp")
    assert run(["checks", "list"]) == 0
    assert "aws-" not in capsys.readouterr().out
    assert run(["checks", "list", "--cloud", "github"]) == 0
    assert "gcp-" not in capsys.readouterr().out
    monkeypatch.setenv("TSCAN_CHECKS_LIST_CLOUD", "")
    assert run(["checks", "list"]) == 0
    assert "aws-" in capsys.readouterr().out


def test_a_variable_holds_several_values(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TSCAN_PERMISSIONS_AWS_SELECT", "aws-s3-bucket-versioned aws-kms-*")
    monkeypatch.setenv("TSCAN_PERMISSIONS_AWS_FORMAT", "list")
    assert run(["permissions", "aws"]) == 0
    shown = capsys.readouterr().out
    assert "s3:GetBucketVersioning" in shown
    assert "kms:GetKeyRotationStatus" in shown
    assert "iam:GetAccountSummary" not in shown


def test_a_value_that_is_wrong_is_misuse(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TSCAN_DEMO_FAIL_ON", "grave")
    assert run(["demo"]) == 2
    shown = capsys.readouterr().err
    # The variable, for the option was not written anywhere.
    assert "TSCAN_DEMO_FAIL_ON: unknown value 'grave'" in shown
    assert "hint: known: critical, high, low, medium" in shown
    monkeypatch.setenv("TSCAN_DEMO_FAIL_ON", "")
    assert run(["demo", "--fail-on", "hihg"]) == 2
    assert (
        "--fail-on: unknown value 'hihg'\n  hint: did you mean 'high'?" in capsys.readouterr().err
    )


def test_a_variable_that_sets_no_option_is_refused_with_the_nearest(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TSCAN_DEMO_FAILON", "critical")
    assert run(["demo"]) == 2
    shown = capsys.readouterr().err
    assert "TSCAN_DEMO_FAILON sets no option of 'tscan demo'" in shown
    assert "did you mean 'TSCAN_DEMO_FAIL_ON'?" in shown
    # Another command is not held up by it.
    assert run(["checks", "list"]) == 0


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("TSCAN_RPLAY_FAIL_ON", "TSCAN_REPLAY_FAIL_ON"),
        ("TSCAN_CLOUD", "TSCAN_CHECKS_LIST_CLOUD"),
        ("TSCAN_KEYFILE", "TSCAN_KEY_FILE"),
        ("TSCAN_CHECKS_LST_CLOUD", "TSCAN_CHECKS_LIST_CLOUD"),
    ],
)
def test_a_variable_of_no_command_is_refused_by_every_command(
    name: str, nearest: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(name, "critical")
    assert run(["checks", "list"]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert f"{name} sets no option\n  hint: did you mean '{nearest}'?" in shown.err
    monkeypatch.setenv(name, "")
    assert run(["checks", "list", "--cloud", "github"]) == 0


@pytest.mark.parametrize("name", sorted(NO_OPTIONS))
def test_variables_that_are_no_options_are_no_mistakes(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, "0")
    assert run(["checks", "list", "--cloud", "github"]) == 0


@pytest.mark.parametrize("name", ["TSCAN_VERSION", "TSCAN_HELP", "TSCAN_CHECKS_HELP"])
def test_no_variable_ends_a_command_before_it_ran(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(name, "1")
    assert run(["checks", "list", "--cloud", "github"]) == 0
    shown = capsys.readouterr().out
    assert " checks\n" in shown
    assert "Usage" not in shown


def test_the_page_names_real_variables(root: Path) -> None:
    page = (root / "docs/command-line.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`(TSCAN_[A-Z_]+)", page))
    known = {*NO_OPTIONS, "TSCAN_VERSION"}
    for path, command in every_command():
        bind_variables(command, path)
        known |= {option.envvar for option in command.params if isinstance(option.envvar, str)}
    assert named <= known
    assert not [name for name in os.environ if name.startswith("TSCAN_")]
