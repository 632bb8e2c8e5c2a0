"""Where reports go: nothing that is not a report's own file is replaced, and a place that fails is
said in one line."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from scanner.cli import run

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
    assert len(done.stderr.splitlines()) == 1
    assert Path("/dev/full").is_char_device()


def test_a_closed_standard_output_is_said(root: Path) -> None:
    command = [sys.executable, "-m", "scanner", "demo"]
    done = subprocess.run(
        ["sh", "-c", 'exec "$@" >&-', "sh", *command], cwd=root, stderr=subprocess.PIPE, check=False
    )
    assert done.returncode == 2
    assert b"standard output is closed" in done.stderr
