"""Where reports go: nothing that is not a report's own file is replaced, and a place that fails is
said in one line."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from scanner.cli import run
from scanner.cli.support.output import destinations, write
from scanner.errors import TscanError
from scanner.formats import FORMATS
from scanner.history.stores.atomic_write import atomic_write
from tests.helpers.reference_scan import REPORT

DEMO = ["demo", "--quiet", "--select", "aws-s3-bucket-versioned"]


def test_a_pipe_is_written_to_and_not_replaced(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    read: list[str] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_text()), daemon=True)
    reader.start()
    assert run([*DEMO, "--format", f"json={pipe}"]) in (0, 1, 3)
    reader.join()
    assert read[0].startswith('{\n  "schema"')
    assert pipe.is_fifo()


def test_a_link_is_followed(tmp_path: Path) -> None:
    link = tmp_path / "latest.json"
    link.symlink_to("real.json")
    assert run([*DEMO, "--format", f"json={link}"]) in (0, 1, 3)
    assert link.is_symlink()
    assert (tmp_path / "real.json").stat().st_size > 1000


def test_two_formats_do_not_share_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run([*DEMO, "--format", "json=out", "--format", "terminal=./out"]) == 2
    assert "share a file" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(
    not Path("/dev/full").is_char_device(), reason="only Linux has a device that is always full"
)
@pytest.mark.parametrize("target", ["", "=/dev/full"], ids=["standard output", "a file"])
def test_a_full_disk_is_said_in_one_line(root: Path, target: str) -> None:
    with Path("/dev/full").open("wb") as full:
        command = [sys.executable, "-m", "scanner", *DEMO, "--format", f"json{target}"]
        done = subprocess.run(command, cwd=root, stdout=full, stderr=subprocess.PIPE, check=False)
    assert done.returncode == 2
    assert b"cannot be written: No space left" in done.stderr
    assert b"internal" not in done.stderr
    _, *hint = done.stderr.splitlines()
    assert hint in ([], [b"  hint: free some space, or name a place on another disk"])
    assert Path("/dev/full").is_char_device()


def test_a_closed_standard_output_is_said(root: Path) -> None:
    command = [sys.executable, "-m", "scanner", "demo"]
    done = subprocess.run(
        ["sh", "-c", 'exec "$@" >&-', "sh", *command], cwd=root, stderr=subprocess.PIPE, check=False
    )
    assert done.returncode == 2
    assert b"standard output is closed" in done.stderr


def test_quiet_is_one_line_on_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["demo", "--quiet"]) == 1
    shown = capsys.readouterr()
    assert shown.err == ""
    (line,) = shown.out.splitlines()
    assert re.fullmatch(
        r"\d+ pass, \d+ fail, \d+ unknown, \d+ waived; "
        r"exit code 1: a finding of severity high or above fails",
        line,
    )


def test_quiet_adds_nothing_to_a_format_on_standard_output(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run([*DEMO, "--format", "json"]) in (0, 1, 3)
    assert json.loads(capsys.readouterr().out)["schema"].startswith("tscan.result/")


def test_quiet_needs_no_standard_output(root: Path, tmp_path: Path) -> None:
    file = tmp_path / "out.json"
    command = [sys.executable, "-m", "scanner", *DEMO, "--format", f"json={file}"]
    done = subprocess.run(
        ["sh", "-c", 'exec "$@" >&-', "sh", *command], cwd=root, stderr=subprocess.PIPE, check=False
    )
    assert done.returncode in (0, 1, 3)
    assert done.stderr == b""
    assert file.stat().st_size > 1000


class Terminal(io.StringIO):
    """Standard output that says that it is a terminal."""

    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


SET: tuple[tuple[dict[str, str], bool, bool], ...] = (
    ({}, True, False),
    ({"TERM": "dumb"}, False, False),
    ({"NO_COLOR": "1"}, False, False),
    ({"NO_COLOR": ""}, True, False),
    ({"FORCE_COLOR": "1"}, True, True),
    ({"FORCE_COLOR": ""}, True, False),
    ({"FORCE_COLOR": "1", "TERM": "dumb"}, True, True),
    ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False, False),
    ({"FORCE_COLOR": "1", "NO_COLOR": ""}, True, True),
)
"""Variables of the environment; whether there is color on a terminal, and in a pipe."""


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """An ordinary terminal, whatever the tests run in."""
    for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    return monkeypatch


def _printed(bare: pytest.MonkeyPatch, *, terminal: bool) -> str:
    stream = Terminal() if terminal else io.StringIO()
    bare.setattr(sys, "stdout", stream)
    write(REPORT, destinations((), quiet=False))
    return stream.getvalue()


@pytest.mark.parametrize("terminal", [True, False], ids=["terminal", "pipe"])
@pytest.mark.parametrize(("variables", "on_terminal", "in_pipe"), SET)
def test_color_is_there_where_it_is_wanted(
    bare: pytest.MonkeyPatch,
    variables: dict[str, str],
    on_terminal: bool,
    in_pipe: bool,
    terminal: bool,
) -> None:
    for name, value in variables.items():
        bare.setenv(name, value)
    expected = on_terminal if terminal else in_pipe
    assert ("\x1b[" in _printed(bare, terminal=terminal)) is expected


@pytest.mark.parametrize("terminal", [True, False], ids=["terminal", "pipe"])
@pytest.mark.parametrize(
    ("columns", "width"), [("140", 140), ("80", 80), ("20", 60), ("", 80), ("wide", 80)]
)
def test_columns_are_those_of_the_environment(
    bare: pytest.MonkeyPatch, columns: str, width: int, terminal: bool
) -> None:
    bare.setenv("COLUMNS", columns)
    bare.setenv("NO_COLOR", "1")
    # A terminal of which no size is known has 80 columns, as a pipe has.
    bare.setattr(os, "get_terminal_size", lambda *_: os.terminal_size((0, 0)))
    text = _printed(bare, terminal=terminal)
    assert text == FORMATS.get("terminal")(replace(REPORT, width=width))


def test_what_cannot_be_written_says_why_and_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(TscanError) as caught, atomic_write(tmp_path / "none/file"):
        raise AssertionError("there is no such folder")
    assert caught.value.hint == f"there is no folder {tmp_path / 'none'}: make it first"
    (tmp_path / "folder/below").mkdir(parents=True)
    with pytest.raises(TscanError) as caught, atomic_write(tmp_path / "folder"):
        pass
    assert caught.value.hint == "name a place that you may write to"
