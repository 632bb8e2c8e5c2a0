"""What a plan holds in clear text is in no snapshot, no log and no report."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from scanner.cli import run
from scanner.errors import TscanError
from scanner.formats.plans import PLAN_FORMATS
from scanner.history.snapshots.snapshot_file import read_snapshot
from scanner.terraform.plan_file import read_plan
from tests.helpers.plan_examples import example_files, planned
from tests.helpers.planted_plans import planted

PLANS = os.environ.get("TSCAN_PLANS", "")
"""A folder of plans; without it, examples of the maps are planted in."""
_EXAMPLES = 5


def subjects() -> Iterator[Any]:
    files = example_files()
    for file in files[:: max(1, len(files) // _EXAMPLES)]:
        yield pytest.param(planned(file.examples[0])[0], id=file.kind)
    for path in sorted(Path(PLANS).rglob("*.json")) if PLANS else ():
        try:
            yield pytest.param(read_plan(str(path)), id=path.name)
        except TscanError:
            continue


@pytest.mark.slow
@pytest.mark.parametrize("all_sensitive", [False, True])
@pytest.mark.parametrize("data", list(subjects()))
def test_no_secret_of_a_plan_is_written_anywhere(
    data: dict[str, Any],
    all_sensitive: bool,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    found = planted(data, all_sensitive=all_sensitive)
    plan, out = tmp_path / "plan.json", tmp_path / "out"
    out.mkdir()
    plan.write_text(json.dumps(found.plan), encoding="utf-8")
    forms: list[str] = []
    for name in PLAN_FORMATS.names:
        forms.extend(("--format", f"{name}={out / name}"))
    keep, log = out / "kept.tscan.gz", out / "log.jsonl"
    options = ["--all", "--keep", str(keep), *forms]
    code = run(["--verbose", "--log-file", str(log), "plan", str(plan), *options])
    assert code in (0, 1)
    shown = capfd.readouterr()
    written = {path.name: path.read_text("utf-8") for path in out.iterdir() if path != keep}
    # Unpacked: a compressed file would hide a secret from the search.
    snapshot = read_snapshot(keep)
    written["snapshot"] = json.dumps([answer.data for answer in snapshot.answers.values()])
    written |= {"standard output": shown.out, "standard error": shown.err}
    assert set(PLAN_FORMATS.names) <= set(written)
    assert len(found.secrets) > 10
    for name, text in written.items():
        assert "Planted" not in text, name


def test_the_search_would_find_a_secret_that_is_kept() -> None:
    data = planned(example_files()[0].examples[0])[0]
    found = planted(data, all_sensitive=False)
    text = json.dumps(found.plan)
    assert all(secret in text for secret in found.secrets[-5:])
