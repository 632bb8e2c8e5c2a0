"""A small pack that loads, and a way to break it at a marked place."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from scanner.content import Roots, load_library
from scanner.errors import ContentError
from scanner.model.library import Library

MARK = "‸"
"""Stands before the character that an error must point at."""


@dataclass
class Pack:
    """A copy of the small pack in the working folder."""

    folder: Path

    def roots(self, **more: tuple[Path, ...]) -> Roots:
        return Roots(
            kinds=self.folder / "resources",
            checks=self.folder / "checks",
            mappings=self.folder / "mappings",
            **more,
        )

    def load(self, **more: tuple[Path, ...]) -> Library:
        return load_library(self.roots(**more))

    def write(self, name: str, text: str) -> str:
        """Write a file; gives `file:line:column` of the mark in it, if there is one."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.replace(MARK, "").encode())
        before = text.partition(MARK)[0]
        return f"{name}:{before.count(chr(10)) + 1}:{len(before) - before.rfind(chr(10))}"

    def change(self, name: str, old: str, new: str) -> str:
        """Replace one place of a file; gives `file:line:column` of the mark."""
        text = (self.folder / name).read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {name}"
        return self.write(name, text.replace(old, new))

    def problems(self, **more: tuple[Path, ...]) -> list[str]:
        """What is wrong, each as people see it; none when the pack loads."""
        try:
            self.load(**more)
        except ContentError as error:
            return [str(problem) for problem in error.problems]
        return []


@pytest.fixture
def pack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Pack:
    shutil.copytree(Path(__file__).parent / "pack", tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    return Pack(tmp_path)
