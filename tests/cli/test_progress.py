"""Progress on a terminal, in a log, and not at all."""

from __future__ import annotations

import io

import pytest

from scanner.cli.support.progress import shown
from scanner.collect import Progress

STATE = Progress(target="aws:1", done=1, known=9, operation="s3:ListBuckets")


class Screen(io.StringIO):
    """A stream that says that it is a terminal."""

    def isatty(self) -> bool:
        return True


def test_a_terminal_is_written_over_and_left_clean(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "30")
    screen = Screen()
    with shown(quiet=False, stream=screen) as report:
        report(STATE)
    assert screen.getvalue() == "\r\x1b[Kreading aws:1: 1 of 9 calls, \r\x1b[K"


def test_an_interruption_leaves_the_terminal_clean(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    screen = Screen()

    def interrupted() -> None:
        with shown(quiet=False, stream=screen):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert screen.getvalue() == "\r\x1b[K"


@pytest.mark.parametrize("stream", [io.StringIO, Screen])
def test_a_log_gets_a_line_now_and_then(
    monkeypatch: pytest.MonkeyPatch, stream: type[io.StringIO]
) -> None:
    monkeypatch.setenv("TERM", "dumb")
    log = stream()
    with shown(quiet=False, stream=log) as report:
        for _ in range(1000):
            report(STATE)
    assert log.getvalue() == "reading aws:1: 1 of 9 calls, s3:ListBuckets\n"


def test_quiet_writes_nothing() -> None:
    screen = Screen()
    with shown(quiet=True, stream=screen) as report:
        report(STATE)
    assert screen.getvalue() == ""
