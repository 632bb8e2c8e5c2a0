"""The page about an entity's own objectives: what it shows is a folder that loads."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from scanner.cli import run
from tests.helpers.estate_recording import SNAPSHOT

FILE = re.compile(r"^```yaml\n# (own/\S+)\n(.*?)^```", re.MULTILINE | re.DOTALL)


@pytest.fixture
def own(root: Path, tmp_path: Path) -> Path:
    """The folder of the page."""
    for name, text in FILE.findall((root / "docs/objectives.md").read_text(encoding="utf-8")):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path / "own"


def test_the_objectives_of_the_page_are_a_table_beside_the_others(
    own: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["matrix", str(SNAPSHOT), "--mappings", str(own), "--controls"]) == 1
    shown = capsys.readouterr().out
    assert "SOC 2 Trust Services Criteria" in shown
    assert "Control objectives of Example Ltd" in shown
    assert re.search(r"^CO-1 .* [1-9] of \d ", shown, re.MULTILINE)
    assert re.search(r"^LDG-01 .*✗ fail", shown, re.MULTILINE)
    assert "it asks: The controller reviews who can post to the ledger" in " ".join(shown.split())


def test_a_category_of_ones_own_stands_alone(own: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(
        [
            "matrix",
            str(SNAPSHOT),
            "--mappings",
            str(own),
            "--category",
            "Access to programs and data",
        ]
    )
    shown = capsys.readouterr().out
    assert "CO-1" in shown
    assert "SOC 2" not in shown


def test_a_control_that_no_objective_names_is_a_mistake(
    own: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = own / "itgc/objectives.yaml"
    path.write_text(
        "".join(line for line in path.read_text().splitlines(keepends=True) if "LDG-01" not in line)
    )
    assert run(["matrix", str(SNAPSHOT), "--mappings", str(own)]) == 2
    assert "LDG-01.yaml:2:5: no criterion names control 'LDG-01'" in capsys.readouterr().err
