"""The ways in and out of the command line."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

import scanner.cli
from scanner.cli import app, run
from scanner.cli.support.lazy import LazyGroup
from scanner.errors import TscanError

HEAVY = ("aiohttp", "azure", "boto3", "botocore", "duckdb", "google", "jsonschema", "rich", "yaml")


def commands(group: LazyGroup, names: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Every command, with its groups before it."""
    context = click.Context(group)
    for name in group.list_commands(context):
        yield (*names, name)
        command = group.get_command(context, name)
        if isinstance(command, LazyGroup):
            yield from commands(command, (*names, name))


@pytest.mark.parametrize("names", [(), *commands(app)], ids=" ".join)
def test_every_command_helps_with_examples(
    names: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([*names, "--help"]) == 0
    shown = capsys.readouterr().out
    assert "Examples:" in shown
    assert f"tscan {' '.join(names)}".strip() in shown.partition("Examples:")[2]


def test_help_loads_nothing_heavy(root: Path) -> None:
    command = [sys.executable, "-X", "importtime", "-m", "scanner", "--help"]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True)
    loaded = {
        line.rpartition("|")[2].strip().partition(".")[0] for line in done.stderr.splitlines()
    }
    assert "click" in loaded
    assert not loaded & set(HEAVY)


def test_commands_that_judge_nothing_import_no_format(root: Path) -> None:
    program = """
import sys
from scanner.cli import drift, handover, history, history_export, init, period, sample, verify
from scanner.cli.support.output import show
show("text")
assert "scanner.formats" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", program], cwd=root, check=True)


@pytest.mark.parametrize(
    "arguments",
    [
        ["nonsense"],
        ["scan", "--nonsense"],
        ["replay", "--to"],
        ["scan", "--fail-on", "grave"],
        ["checks", "no"],
    ],
)
def test_misuse_is_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(arguments) == 2
    assert "\n  hint: " in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "meant"),
    [
        (["scann"], "'scann'\n  hint: did you mean 'scan'?"),
        (["checks", "lintt"], "did you mean 'lint'?"),
    ],
)
def test_a_misspelt_command_names_the_one_that_was_meant(
    arguments: list[str], meant: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(arguments) == 2
    assert meant in capsys.readouterr().err
    assert run([*arguments[:-1], "xxxxx"]) == 2
    assert "mean" not in capsys.readouterr().err


def _raising(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    @click.command()
    def broken() -> None:
        raise error

    monkeypatch.setattr(scanner.cli.app, "get_command", lambda _context, _name: broken)


def test_an_internal_error_says_so_and_is_never_a_verdict(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _raising(monkeypatch, RuntimeError("AKIA-secret"))
    assert run(["demo"]) == 2
    shown = capsys.readouterr().err
    assert "internal error (RuntimeError)" in shown
    assert "please report that to those you have tscan from" in shown
    assert "AKIA-secret" not in shown


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("cryptography.hazmat", "needs cryptography.hazmat, which is not installed\n  hint: in the checkout of tscan: pip install '.[history]'\n"),
        ("boto3", "needs boto3, which is not installed\n  hint: in the checkout of tscan: pip install '.[aws]'\n"),
        ("scanner.nope", "internal error (ModuleNotFoundError)"),
    ],
)  # fmt: skip
def test_a_package_of_an_extra_that_is_missing_is_named_with_its_extra(
    name: str, shown: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _raising(monkeypatch, ModuleNotFoundError("missing", name=name))
    assert run(["demo"]) == 2
    assert shown in capsys.readouterr().err


def test_the_traceback_is_there_for_those_who_ask(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TSCAN_DEBUG", "1")
    _raising(monkeypatch, RuntimeError("here"))
    assert run(["demo"]) == 2
    assert "RuntimeError: here" in capsys.readouterr().err


def test_an_expected_error_is_its_message_without_control_characters(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _raising(monkeypatch, TscanError("cannot\x1b[2J read", "look"))
    assert run(["demo"]) == 2
    assert capsys.readouterr().err == "cannot\\x1b[2J read\n  hint: look\n"


@pytest.mark.parametrize("error", [KeyboardInterrupt(), click.Abort()])
def test_an_interruption_is_2(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], error: BaseException
) -> None:
    _raising(monkeypatch, error)
    assert run(["demo"]) == 2
    assert "interrupted" in capsys.readouterr().err


def test_a_reader_that_leaves_is_no_noise_and_no_verdict(root: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as closed:
        command = [sys.executable, "-m", "scanner", "--help"]
        done = subprocess.run(
            command, cwd=root, stdout=closed, stderr=subprocess.PIPE, text=True, check=False
        )
    assert done.returncode == 2
    assert done.stderr.strip() == ""


@pytest.mark.parametrize(
    ("arguments", "shown"),
    [
        (["demo", "--wavers", "x"], "no such option '--wavers'\n  hint: did you mean '--waivers'?"),
        (["demo", "--zzzz"], "no such option '--zzzz'\n  hint: see 'tscan demo --help'"),
        (
            ["demo", "--verbose"],
            "no such option '--verbose'\n  hint: write it before the command: tscan --verbose demo",
        ),
        (
            ["demo", "--log-file", "x"],
            "no such option '--log-file'\n"
            "  hint: write it before the command: tscan --log-file FILE demo",
        ),
        (["explain"], "missing argument 'ID'\n  hint: see 'tscan explain --help'"),
        (
            ["history", "show", "x"],
            "SEQ: 'x' is not a whole number\n  hint: see 'tscan history show --help'",
        ),
        (
            ["explain", "CC6.1", "--format", "xml"],
            "--format: unknown format 'xml'\n  hint: known: json, terminal",
        ),
        (["attest", "MC-39", "--covers", "x"], "option '--covers' requires 2 arguments\n  hint: "),
    ],
)
def test_every_usage_error_has_one_form(
    arguments: list[str], shown: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(arguments) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith(shown)
