"""A scan that is interrupted after its commit says what was committed; one without standard error
runs all the same."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from scanner.cli import scan
from scanner.cli.support import commit, judging
from scanner.cli.support.standard_streams import keep_standard_streams
from scanner.errors import TscanError


class Interrupted:
    """A notifier whose alerts are interrupted."""

    def alert_on_failure(self) -> Any:
        import contextlib

        return contextlib.nullcontext()

    def alert_changes(self, *_: Any) -> None:
        raise KeyboardInterrupt


def inputs(commits: bool) -> Any:
    return SimpleNamespace(
        options=SimpleNamespace(quiet=True, checks=(), mappings=()),
        decisions=SimpleNamespace(waivers=(), attestations=()),
        reading=SimpleNamespace(no_store=True),
        config=SimpleNamespace(anchors=""),
        commits=commits, store="store", library=None, places=(), compare=None, scope=(),
    )  # fmt: skip


@pytest.fixture
def judged(monkeypatch: pytest.MonkeyPatch) -> None:
    result = SimpleNamespace(assessment=None, report=SimpleNamespace(exit_code=0))
    monkeypatch.setattr(judging, "judge_files", lambda *_, **__: result)
    monkeypatch.setattr(judging, "Inputs", lambda **_: None)
    monkeypatch.setattr(scan, "_write_evidence", lambda _: [Path("a.snapshot")])
    monkeypatch.setattr("scanner.history.ledger.commit.open_ledger", lambda _: None)


@pytest.mark.usefixtures("judged")
def test_after_the_commit_it_says_what_is_in_history(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commit, "commit", lambda *_: ["aws:1", "aws:2"])
    with pytest.raises(TscanError, match="interrupted after the commit: aws:1, aws:2 in store"):
        scan._scan(inputs(commits=True), cast(Any, Interrupted()))


@pytest.mark.usefixtures("judged")
def test_without_a_commit_it_is_an_interruption() -> None:
    with pytest.raises(KeyboardInterrupt):
        scan._scan(inputs(commits=False), cast(Any, Interrupted()))


@pytest.mark.usefixtures("judged")
def test_within_the_commit_it_says_how_far_it_came(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(commit, "commit", interrupted)
    monkeypatch.setattr(commit, "committed_chains", lambda *_: ["aws:1"])
    with pytest.raises(TscanError, match="during the commit: aws:1 is in store") as caught:
        scan._scan(inputs(commits=True), cast(Any, Interrupted()))
    assert "tscan history add a.snapshot" in caught.value.hint


class Gone:
    """A stream whose reader has left."""

    def write(self, text: str) -> int:
        raise BrokenPipeError

    def flush(self) -> None:
        raise BrokenPipeError


def test_a_reader_that_left_loses_words_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", Gone())
    keep_standard_streams()
    assert sys.stderr.write("x") == 1
    sys.stderr.flush()


@pytest.mark.skipif(os.name != "posix", reason="descriptors are inherited differently")
def test_no_file_takes_the_place_of_standard_error(tmp_path: Path) -> None:
    program = (
        "import os; from scanner.cli.support.standard_streams import keep_standard_streams as keep;"
        "keep(); print(os.open('evidence', os.O_CREAT | os.O_WRONLY) > 2)"
    )
    done = subprocess.run(
        ["/bin/sh", "-c", 'exec "$0" -c "$1" 2>&-', sys.executable, program],
        cwd=tmp_path, capture_output=True, check=True, text=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )  # fmt: skip
    assert done.stdout == "True\n"
