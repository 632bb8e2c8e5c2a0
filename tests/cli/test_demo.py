"""The account that tscan carries: what it shows, and the project that it becomes."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from scanner.cli import run
from scanner.cli.demo import NIGHTS, PROJECT, project_folder, project_inputs, recorded_library
from scanner.content.documents import Document, read_document
from scanner.errors import TscanError
from scanner.history.snapshots.snapshot_file import read_snapshot
from scanner.model.answers import State
from tests.helpers.library import shipped_library

Captured = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project, as `tscan demo --into` writes it."""
    folder = tmp_path_factory.mktemp("demo") / "acme"
    assert run(["demo", "--into", str(folder), "--quiet"]) == 0
    return folder


def _result(capsys: Captured, *options: str) -> Any:
    run(["demo", "--format", "json", *options])
    return json.loads(capsys.readouterr().out)


@pytest.mark.parametrize("night", NIGHTS, ids=lambda night: night.name[:10])
def test_every_call_of_a_night_was_answered(night: Path) -> None:
    snapshot = read_snapshot(night)
    # The simulator has no Resource Explorer: with it, only types in use are counted.
    states = {
        answer.state
        for answer in snapshot.answers.values()
        if not answer.call.operation.startswith("resource-explorer-2:")
    }
    # Another state would be the simulator's own fault, and read as the account's.
    assert states <= {State.OK, State.EMPTY, State.ABSENT, State.DISABLED}
    assert night.name.startswith(snapshot.started[:10])
    assert {answer.started[:10] for answer in snapshot.answers.values()} == {snapshot.started[:10]}
    assert "127.0.0.1" not in "".join(snapshot.answers)
    assert all(answer.request_ids == () for answer in snapshot.answers.values())


def test_most_checks_of_aws_are_answered_by_it() -> None:
    """Not all: a check that is added later needs no new recording. Far fewer, and it is time."""
    library = shipped_library()
    shipped = {name for name in library.checks if library.cloud(name) == "aws"}
    recorded = set(read_snapshot(NIGHTS[-1]).checks)
    assert len(shipped & recorded) >= 0.9 * len(shipped), "run 'make demo-snapshot' and 'make docs'"


def test_a_later_check_changes_no_figure() -> None:
    library = shipped_library()
    snapshot = read_snapshot(NIGHTS[-1])
    later = "aws-s3-bucket-versioned"
    older = tuple(name for name in snapshot.checks if name != later)
    cut = recorded_library(library, _with_checks(snapshot, older))
    assert later not in cut.checks
    assert not any(link.id == later for control in cut.controls.values() for link in control.checks)
    assert set(recorded_library(library, snapshot).checks) == set(library.checks)


def _with_checks(snapshot: Any, checks: tuple[str, ...]) -> Any:
    from dataclasses import replace

    return replace(snapshot, checks=checks)


def test_it_is_called_simulated_and_shows_each_thing(capsys: Captured) -> None:
    document = _result(capsys)
    (target,) = document["scan"]["targets"]
    assert "simulated" in target["name"]
    verdicts = Counter(finding["verdict"] for finding in document["findings"])
    assert verdicts["waived"] == 2
    assert min(verdicts["pass"], verdicts["fail"], verdicts["unknown"]) > 0
    assert {waiver["standing"] for waiver in document["waivers"]} == {"in force"}
    assert [one["current"] for one in document["attestations"]] == [True]
    # What was not read is knowledge about the account, never an error of the simulator.
    reasons = " ".join(finding["reason"] for finding in document["findings"])
    assert not {"(404)", "(500)", "ResponseParserError"} & set(reasons.split())


def test_it_is_named_as_a_company_names_things(capsys: Captured) -> None:
    failing = [row for row in _result(capsys)["findings"] if row["verdict"] == "fail"]
    names = " ".join(row["resource"]["id"] for row in failing)
    assert "acme-prod-" in names
    assert "estate" not in names


def test_waivers_of_the_options_replace_its_own(tmp_path: Path, capsys: Captured) -> None:
    none = tmp_path / "waivers.yaml"
    text = (PROJECT / "waivers.yaml").read_text(encoding="utf-8")
    none.write_text(text.partition("  - id: W-002")[0], encoding="utf-8")
    document = _result(capsys, "--waivers", str(none))
    assert [waiver["id"] for waiver in document["waivers"]] == ["W-001"]
    assert len(document["attestations"]) == 1


def test_git_does_not_decide_on_its_waivers() -> None:
    """In a checkout they are committed long after they were opened."""
    _, decisions = project_inputs(shipped_library())
    assert {waiver.id for waiver in decisions.waivers} == {"W-001", "W-002"}
    assert {waiver.author for waiver in decisions.waivers} == {""}


def test_the_project_has_a_history_with_drift(
    written: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    monkeypatch.chdir(written)
    assert run(["drift", "--format", "json"]) == 1
    changes = json.loads(capsys.readouterr().out)
    text = json.dumps(changes)
    assert "aws-ec2-sg-no-public-admin-ports" in text
    assert "acme-prod-reports" in text
    assert run(["history", "list"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 2


def test_the_project_is_verified_to_the_last_verdict(
    written: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    monkeypatch.chdir(written)
    assert run(["verify", "--deep"]) == 0
    assert "2 of 2 records re-evaluated from evidence" in capsys.readouterr().out


def test_the_project_holds_what_the_demo_judges(written: Path) -> None:
    for path in PROJECT.rglob("*"):
        if path.is_file():
            assert (written / path.relative_to(PROJECT)).read_bytes() == path.read_bytes()
    document = read_document((written / "tscan.yaml").read_bytes(), path="tscan.yaml")
    assert isinstance(document, Document)
    assert [path.name for path in written.parent.iterdir()] == ["acme"]
    # What is written is written there, and nothing into the package that carries it.
    assert sorted(path.name for path in written.iterdir()) == [
        ".tscan", "attestations", "demo-key.pem", "snapshots", "tscan.yaml", "waivers.yaml",
    ]  # fmt: skip
    carried = {path.name for path in PROJECT.iterdir()}
    assert carried == {"attestations", "snapshots", "tscan.yaml", "waivers.yaml"}


@pytest.mark.parametrize("what", ["full folder", "file", "dangling link"])
def test_nothing_is_written_over(tmp_path: Path, what: str, capsys: Captured) -> None:
    place = tmp_path / "acme"
    if what == "full folder":
        place.mkdir()
        (place / "mine").write_text("kept")
    elif what == "file":
        place.write_text("kept")
    else:
        place.symlink_to(tmp_path / "nowhere")
    before = sorted(path.name for path in tmp_path.rglob("*"))
    assert run(["demo", "--into", str(place)]) == 2
    assert "is not an empty folder" in capsys.readouterr().err
    assert sorted(path.name for path in tmp_path.rglob("*")) == before


def test_an_empty_folder_is_filled(tmp_path: Path, capsys: Captured) -> None:
    (tmp_path / "acme").mkdir()
    assert run(["demo", "--into", str(tmp_path / "acme")]) == 0
    assert "a simulated AWS account" in capsys.readouterr().out
    assert (tmp_path / "acme/tscan.yaml").is_file()


def test_a_failure_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    done: list[str] = []

    def second_fails(*arguments: Any, **more: Any) -> list[Any]:
        done.append(arguments[0][0].id)
        if len(done) == 2:
            raise TscanError("the disk is full", "make room")
        return []

    monkeypatch.setattr(project_folder, "commit_scan", second_fails)
    assert run(["demo", "--into", str(tmp_path / "acme")]) == 2
    assert "the disk is full" in capsys.readouterr().err
    assert len(done) == 2
    assert list(tmp_path.iterdir()) == []


def test_what_somebody_left_in_the_package_is_not_the_demo(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Such as the history of a scan that was run there."""
    carried = shutil.copytree(PROJECT, tmp_path / "carried")
    assert run(["demo", "--into", str(tmp_path / "one"), "--quiet"]) == 0
    shutil.copytree(tmp_path / "one/.tscan", carried / ".tscan")
    monkeypatch.setattr(project_folder, "PROJECT", carried)
    assert run(["demo", "--into", str(tmp_path / "two"), "--quiet"]) == 0
    assert len(list((tmp_path / "two/.tscan/keys").iterdir())) == 1


def test_options_that_would_be_ignored_are_refused(tmp_path: Path, capsys: Captured) -> None:
    assert run(["demo", "--into", str(tmp_path / "acme"), "--select", "aws-s3-*"]) == 2
    assert "--select has no meaning beside --into" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_the_project_is_whole_without_the_package(written: Path, tmp_path: Path) -> None:
    """Nothing in it names the folder that it was made in."""
    moved = shutil.copytree(written, tmp_path / "elsewhere")
    assert run(["verify", str(moved / ".tscan")]) == 0
    for path in moved.rglob("*"):
        if path.is_file() and path.suffix in (".yaml", ".json", ".jsonl"):
            assert str(written.parent) not in path.read_text(encoding="utf-8")
