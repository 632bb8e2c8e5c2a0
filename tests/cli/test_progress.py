"""Progress on a terminal, and nothing anywhere else."""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import click
import pytest

from scanner.cli.support.progress import announced, shown
from scanner.collect import Progress

STATE = Progress(target="aws:1", done=1, known=9, operation="s3:ListBuckets")
COLOR = re.compile(r"\x1b\[[0-9;]*3[0-9][0-9;]*m")
CLEARED = "\x1b[2K"


class Screen(io.StringIO):
    """A stream that says that it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """An ordinary terminal, whatever the tests run in."""
    for name in ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "100")


def drawn(screen: Screen, state: Progress = STATE) -> str:
    """What is on the screen once a state was drawn, without colors and movements."""
    with shown(quiet=False, stream=screen) as report:
        report(state)
        # The bar is drawn ten times a second, by a thread of its own.
        waited = time.monotonic() + 600  # ends a test that would never end
        while state.operation not in screen.getvalue() and time.monotonic() < waited:
            time.sleep(0.02)
    return re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", screen.getvalue())


def test_a_terminal_shows_target_calls_and_operation() -> None:
    text = drawn(Screen())
    assert re.search(r"reading aws:1 \S+ 1/9 s3:ListBuckets", text)


def test_several_targets_are_counted() -> None:
    state = Progress(target="aws:1", done=1, known=9, operation="s3:X", ended=2, targets=12)
    assert "2 of 12 targets read, reading aws:1" in drawn(Screen(), state)


def test_a_name_neither_acts_nor_is_markup() -> None:
    state = Progress(target="aws:[bold]\x1b[2J", done=1, known=9, operation="s3:X")
    screen = Screen()
    assert "reading aws:[bold]\\x1b[2J" in drawn(screen, state)
    assert "\x1b[2J" not in screen.getvalue()


def test_the_terminal_is_left_clean() -> None:
    screen = Screen()
    drawn(screen)
    assert screen.getvalue().endswith(CLEARED)


def test_an_interruption_leaves_the_terminal_clean() -> None:
    screen = Screen()

    def interrupted() -> None:
        with shown(quiet=False, stream=screen):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert screen.getvalue().endswith(CLEARED)


def test_color_is_left_out_where_nobody_wants_it(monkeypatch: pytest.MonkeyPatch) -> None:
    colored, plain = Screen(), Screen()
    drawn(colored)
    monkeypatch.setenv("NO_COLOR", "1")
    drawn(plain)
    assert COLOR.search(colored.getvalue())
    assert not COLOR.search(plain.getvalue())


def test_output_of_the_command_is_not_taken_to_the_terminal(
    capsys: pytest.CaptureFixture[str],
) -> None:
    screen = Screen()
    with shown(quiet=False, stream=screen):
        click.echo("a line")
    assert capsys.readouterr().out == "a line\n"
    assert "a line" not in screen.getvalue()


@pytest.mark.parametrize(("stream", "term"), [(io.StringIO, "xterm"), (Screen, "dumb")])
def test_a_pipe_and_a_dumb_terminal_get_nothing(
    monkeypatch: pytest.MonkeyPatch, stream: type[io.StringIO], term: str
) -> None:
    monkeypatch.setenv("TERM", term)
    log = stream()
    with shown(quiet=False, stream=log) as report:
        for _ in range(1000):
            report(STATE)
    assert log.getvalue() == ""


def test_a_closed_standard_error_gets_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", None)
    with shown(quiet=False) as report:
        report(STATE)


def test_quiet_writes_nothing() -> None:
    screen = Screen()
    with shown(quiet=True, stream=screen) as report:
        report(STATE)
    assert screen.getvalue() == ""


def test_rich_is_loaded_for_a_terminal_only(root: Path) -> None:
    program = """
import io, sys
from scanner.cli.support.progress import announced, shown
with shown(quiet=False, stream=io.StringIO()):
    assert "rich" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", program], cwd=root, check=True)


def test_something_is_shown_before_anything_slow_is_imported(root: Path) -> None:
    # In a process of its own: here the modules are loaded already.
    code = """
import io, sys
from scanner.cli.support.progress import announced, shown

class Screen(io.StringIO):
    def isatty(self):
        return True
    def write(self, text):
        slow = {"rich", "boto3", "botocore", "scanner.pipeline"} & sys.modules.keys()
        if not self.getvalue():
            print(repr(text), sorted(slow))
        return super().write(text)

with shown(quiet=False, stream=Screen()):
    pass
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=root,
        env={**os.environ, "TERM": "xterm", "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        check=True,
        text=True,
    )
    assert done.stdout == "'connecting …\\r' []\n"


def test_what_comes_before_the_calls_is_announced_and_removed() -> None:
    screen = Screen()
    with announced("loading checks …", quiet=False, stream=screen):
        assert screen.getvalue() == "loading checks …\r"
    assert screen.getvalue().endswith("\r" + CLEARED)


def test_an_error_begins_on_an_empty_line() -> None:
    screen = Screen()

    def wrong() -> None:
        with announced("loading checks …", quiet=False, stream=screen):
            raise ValueError

    with pytest.raises(ValueError):  # noqa: PT011 - raised above
        wrong()
    assert screen.getvalue().endswith("\r" + CLEARED)


@pytest.mark.parametrize(("quiet", "stream"), [(True, Screen), (False, io.StringIO)])
def test_nothing_is_announced_where_nobody_looks(quiet: bool, stream: type[io.StringIO]) -> None:
    log = stream()
    with announced("loading checks …", quiet=quiet, stream=log):
        pass
    assert log.getvalue() == ""
