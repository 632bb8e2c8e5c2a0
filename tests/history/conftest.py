"""What several tests of history look at, made once; a repository that takes anchors."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.helpers.recorded_nights import Nights, make_nights


@pytest.fixture(scope="session")
def nights(tmp_path_factory: pytest.TempPathFactory) -> Nights:
    return make_nights(tmp_path_factory.mktemp("nights"))


def git(folder: Path, *words: str) -> str:
    """What git says, with no configuration of this machine."""
    command = ["git", "-C", str(folder), *words]
    environment = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull}
    return subprocess.run(
        command, env=environment, check=True, capture_output=True, text=True
    ).stdout


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A Git repository with a commit, in which git knows who tags."""
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    folder = tmp_path / "anchors"
    folder.mkdir()
    git(folder, "init", "--quiet")
    git(folder, "config", "user.name", "a")
    git(folder, "config", "user.email", "a@example.org")
    git(folder, "commit", "--quiet", "--allow-empty", "--message", "anchors")
    return folder
