"""Records judged by a pack in an older content format: reported as such, never as damage."""

from __future__ import annotations

import csv
import io
import json
import shutil
import zipfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from scanner.cli import run
from scanner.content.locations import Roots, default_roots
from scanner.content.pack import Pack
from scanner.errors import TscanError
from scanner.history.ledger.commit import commit_scan
from scanner.history.snapshots.content_archive import load_pack, pack_archive
from scanner.history.snapshots.snapshot_file import read_snapshot
from scanner.model.library import Library
from scanner.pipeline import judge
from tests.helpers.estate_recording import SNAPSHOT
from tests.helpers.library import shipped_library
from tests.helpers.recorded_nights import CHECK

Captured = pytest.CaptureFixture[str]
DAY = "2027-06-01"
PERIOD = ["--from", DAY, "--to", DAY]
OLD_KEYS = {
    "checks": {"if_empty:": "none_means:", "stricter:": "tighter:"},
    "resources": {"completeness:": "count_from:"},
}
"""By part: a key of today, and what it was called before."""


def old_pack(folder: Path, renamed: Mapping[str, Mapping[str, str]]) -> tuple[Roots, Library]:
    """Today's content with the keys of an older format, and the library that it once gave."""
    today = default_roots()
    roots = Roots(
        kinds=folder / "resources",
        checks=folder / "checks",
        mappings=folder / "mappings",
    )
    shutil.copytree(today.kinds, roots.kinds)
    shutil.copytree(today.checks, roots.checks)
    shutil.copytree(today.mappings, roots.mappings)
    for part, keys in renamed.items():
        for path in (folder / part).rglob("*.yaml"):
            text = path.read_text()
            for new, old in keys.items():
                text = text.replace(new, old)
            path.write_text(text)
    pack = Pack()
    pack.collect(roots)
    return roots, replace(shipped_library(), sha256=pack.digest())


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> str:
    """One record of the recorded account, whose pack this tscan cannot read."""
    folder = tmp_path_factory.mktemp("old")
    roots, library = old_pack(folder, OLD_KEYS)
    snapshot = replace(
        read_snapshot(SNAPSHOT),
        id="old",
        started=f"{DAY}T00:00:00.000Z",
        finished=f"{DAY}T00:10:00.000Z",
    )
    assessment = judge([snapshot], library)
    place = str(folder / "store")
    commit_scan([snapshot], assessment, library, place, sign=False, roots=roots)
    return place


def unreadable(text: str) -> str:
    """The one line that says why, without anything of this machine."""
    (line,) = [line for line in text.splitlines() if "cannot be read by this version" in line]
    assert "tscan-pack-" not in text
    return line


def test_deep_verification_names_it_and_no_damage(store: str, capsys: Captured) -> None:
    assert run(["verify", store, "--deep"]) == 3
    shown = capsys.readouterr().out
    assert unreadable(shown).startswith("NOT RE-EVALUATED record aws=123456789012/1: pack ")
    assert "DAMAGED" not in shown
    assert "0 of 1 record re-evaluated" in shown
    assert "1 record in 1 chain, 5 files: as committed" in shown


def test_replay_says_so_of_the_scan_and_judges_by_todays_pack(store: str, capsys: Captured) -> None:
    place = [*PERIOD, "--store", store]
    assert run(["replay", *place]) == 3
    assert "not re-evaluated: pack " in unreadable(capsys.readouterr().out)
    assert run(["replay", *place, "--format", "json"]) == 3
    document = json.loads(capsys.readouterr().out)
    assert document["result"] is None
    assert unreadable(document["not_judged"])
    assert run(["replay", *place, "--pack", "today"]) == 1
    assert "(not the pack of the day)" in capsys.readouterr().out


def test_reperformance_is_refused_in_one_line(store: str, capsys: Captured) -> None:
    assert run(["reperform", f"{CHECK}@any", "--store", store]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    message, hint = shown.err.splitlines()
    assert unreadable(message).startswith("pack ")
    assert hint.startswith("  hint: use the version that wrote it (")


def test_an_auditor_package_lists_it_and_is_the_same_file_each_time(
    store: str, tmp_path: Path, capsys: Captured
) -> None:
    made = [tmp_path / "one.zip", tmp_path / "two.zip"]
    for path in made:
        assert run(["handover", *PERIOD, "--store", store, "--output", str(path)]) == 0
    assert made[0].read_bytes() == made[1].read_bytes()
    with zipfile.ZipFile(made[0]) as archive:
        text = archive.read("ipe/not_judged.csv").decode()
    (row,) = csv.DictReader(io.StringIO(text))
    assert row["record"] == "aws=123456789012/1"
    assert unreadable(row["why"])


def test_a_period_says_that_its_controls_are_todays(store: str, capsys: Captured) -> None:
    assert run(["period", *PERIOD, "--store", store]) == 0
    shown = capsys.readouterr().out
    assert "cannot be read from the store: its controls are taken as they are today" in shown
    assert "tscan-pack-" not in shown
    assert run(["period", "--at", DAY, "--store", store, "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["schema"] == "tscan.implemented/1"


@pytest.mark.parametrize("part", sorted(OLD_KEYS))
def test_it_is_refused_before_a_report_begins(tmp_path: Path, part: str) -> None:
    """Also where kinds and mappings are of today's format, and checks are read only when needed."""
    roots, library = old_pack(tmp_path, {part: OLD_KEYS[part]})
    content = pack_archive(roots, library)
    with pytest.raises(TscanError) as caught:
        load_pack(content, library.sha256, lazily=True)
    assert "\n" not in caught.value.message
    assert caught.value.message.startswith(f"{part}/")
