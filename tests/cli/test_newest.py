"""Commands without a path: the newest scans of the project whose tscan.yaml is found."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from scanner.cli import run
from scanner.cli.support import store_location
from scanner.history.ledger.commit import commit_scan
from scanner.history.snapshots.snapshot_file import read_snapshot
from scanner.model.history import Record
from tests.conftest import ROOT
from tests.helpers.demo_project import demo_report, failing_finding, make_project
from tests.helpers.estate_recording import SNAPSHOT
from tests.helpers.library import shipped_library

TARGET = "aws:123456789012"
CHECK = "aws-s3-bucket-versioned"


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Record]:
    folder = tmp_path_factory.mktemp("recorded")
    return folder, make_project(folder)


@pytest.fixture
def project(recorded: tuple[Path, Record], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the project, which is the working directory."""
    folder = tmp_path / "project"
    shutil.copytree(recorded[0], folder)
    monkeypatch.chdir(folder)
    library = shipped_library()
    monkeypatch.setattr("scanner.cli.support.judging.load", lambda _options: library)
    return folder


def out(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> tuple[str, str]:
    assert run(arguments) == code, capsys.readouterr().err
    shown = capsys.readouterr()
    return shown.out, shown.err


# -- what is judged --------------------------------------------------------------------------------


def test_replay_judges_what_the_newest_record_holds(
    project: Path, recorded: tuple[Path, Record], capsys: pytest.CaptureFixture[str]
) -> None:
    text, err = out(capsys, "replay", "--format", "json", code=1)
    assert err == f"newest scan of {TARGET} ({recorded[1].finished})\n"
    newest = json.loads(text)
    of_file = json.loads(out(capsys, "replay", str(SNAPSHOT), "--format", "json", code=1)[0])
    assert {row["first_seen"] for row in newest["findings"]} == {recorded[1].finished}
    assert {row["first_seen"] for row in of_file["findings"]} == {None}
    for row in (*newest["findings"], *of_file["findings"]):
        del row["first_seen"]
    assert newest == of_file


def test_matrix_without_a_path(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text, _ = out(capsys, "matrix", code=1)
    assert "CC6.1" in text
    assert out(capsys, "matrix", "--quiet", code=1)[1] == ""


def test_a_later_scan_is_the_newest_and_keeps_what_was_seen_first(
    project: Path, recorded: tuple[Path, Record], capsys: pytest.CaptureFixture[str]
) -> None:
    snapshot = replace(
        read_snapshot(SNAPSHOT),
        id="later",
        started="2027-01-01T00:00:00.000Z",
        finished="2027-01-01T00:10:00.000Z",
    )
    report = demo_report()
    commit_scan([snapshot], report.assessment, report.library, ".tscan", sign=False)
    text, _ = out(capsys, "findings", "--verdict", "all", "--format", "json")
    document = json.loads(text)
    assert document["scans"] == [{"target": TARGET, "finished": "2027-01-01T00:10:00.000Z"}]
    before = {(one.check, one.resource.id, one.verdict.value) for one in report.assessment.findings}
    since = {True: recorded[1].finished, False: "2027-01-01T00:10:00.000Z"}
    kept = []
    for row in document["findings"]:
        # Two months later some findings are others, by the clock alone.
        kept.append((row["check"], row["resource"]["id"], row["verdict"]) in before)
        assert row["first_seen"] == since[kept[-1]]
    assert set(kept) == {True, False}


@pytest.mark.parametrize("command", [["matrix"], ["replay"], ["findings"]])
def test_without_a_scan_there_is_nothing_to_judge(
    command: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    text, err = out(capsys, *command, code=2)
    assert text == ""
    assert err.startswith("no snapshot is named, and .tscan holds no scan\n")
    assert "tscan scan" in err
    assert list(tmp_path.iterdir()) == []


def test_explain_needs_no_scan(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    text, _ = out(capsys, "explain", CHECK)
    assert "no scan was committed yet" in text
    _, err = out(capsys, "explain", "some-bucket-of-ours", code=2)
    assert "nothing is called 'some-bucket-of-ours'" in err
    assert "resources are known once" in err


@pytest.mark.parametrize("option", [["--store", ".tscan"], ["--target", TARGET]])
def test_options_of_history_beside_a_file_are_refused(
    option: list[str], project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _, err = out(capsys, "replay", str(SNAPSHOT), *option, code=2)
    assert "a snapshot is named" in err


def test_a_target_without_history_is_refused(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _, err = out(capsys, "matrix", "--target", "aws:123456789013", code=2)
    assert f"did you mean '{TARGET}'?" in err


# -- tscan.yaml ------------------------------------------------------------------------------------


def waive(folder: Path) -> str:
    """Write a waiver of the worst finding that was read on that day; the resource's name."""
    finding = failing_finding()
    day = demo_report().assessment.finished[:10]
    scope = f'{{check: {finding.check}, target: "{TARGET}", resource: "{finding.resource.id}"}}'
    (folder / "waivers.yaml").write_text(
        "version: 1\nwaivers:\n  - id: W-1\n"
        f"    finding: {scope}\n    reason: Made up.\n    approver: ann@example.com\n"
        f"    opened: {day}\n    expires: {int(day[:4]) + 1}{day[4:]}\n"
    )
    return finding.resource.name


def test_waivers_of_tscan_yaml_are_in_force(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "tscan.yaml").write_text("version: 1\nwaivers: waivers.yaml\n")
    waive(project)
    for evidence in ([], [str(SNAPSHOT)]):
        text, _ = out(capsys, "findings", *evidence, "--verdict", "waived", "--format", "json")
        (row,) = json.loads(text)["findings"]
        assert row["waiver"] == "W-1"


def test_everything_is_found_from_a_subfolder(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "tscan.yaml").write_text("version: 1\nwaivers: waivers.yaml\nstore: history\n")
    name = waive(project)
    (project / ".tscan").rename(project / "history")
    below = project / "a" / "b"
    below.mkdir(parents=True)
    monkeypatch.chdir(below)
    text, err = out(capsys, "findings", "--verdict", "waived")
    assert name in text
    assert err == f"configuration: {Path('../../tscan.yaml')}\n"
    text, err = out(capsys, "history", "list")
    assert TARGET in text
    assert err.count("configuration:") == 1
    assert list(below.iterdir()) == []


def test_checks_and_mappings_of_tscan_yaml_are_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], root: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    own = tmp_path / "own"
    own.mkdir()
    text = (root / f"checks/aws/s3/{CHECK}.yaml").read_text()
    (own / "aws-s3-own.yaml").write_text(text.replace(CHECK, "aws-s3-own"))
    (tmp_path / "tscan.yaml").write_text("version: 1\nchecks: [own]\n")
    assert "aws-s3-own" in out(capsys, "explain", "aws-s3-own")[0]
    # Named by an option as well, a folder is read once.
    assert "aws-s3-own" in out(capsys, "explain", "aws-s3-own", "--checks", "./own")[0]


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ("checks: [nowhere]", "tscan.yaml:2:10: there is no folder 'nowhere'"),
        ("checks: [own, own]", "tscan.yaml:2:15: 'own' is named twice"),
        ("checks: own", "tscan.yaml:2:9:"),
        ("mappings: []", "tscan.yaml:2:1"),
        ("store: s3:bucket", "s3:bucket is not a store"),
    ],
)
def test_a_wrong_tscan_yaml_is_refused(
    config: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    (tmp_path / "own").mkdir()
    (tmp_path / "tscan.yaml").write_text(f"version: 1\n{config}\n")
    text, err = out(capsys, "findings", code=2)
    assert text == ""
    assert message in err


def nearest(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path | None:
    monkeypatch.chdir(folder)
    return store_location.find_configuration()


def test_the_search_ends_at_the_root_of_a_repository(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tscan.yaml").write_text("version: 1\n")
    below = tmp_path / "repository" / "deep"
    below.mkdir(parents=True)
    assert nearest(below, monkeypatch) == Path("../../tscan.yaml")
    # A worktree has a file of this name.
    (tmp_path / "repository/.git").write_text("gitdir: elsewhere\n")
    assert nearest(below, monkeypatch) is None
    (tmp_path / "repository/tscan.yaml").write_text("version: 1\n")
    assert nearest(below, monkeypatch) == Path("../tscan.yaml")


def test_a_file_of_another_user_above_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "tscan.yaml").write_text("version: 1\n")
    below = tmp_path / "below"
    below.mkdir()
    monkeypatch.setattr(os, "getuid", lambda: (tmp_path / "tscan.yaml").stat().st_uid + 1)
    owner = (tmp_path / "tscan.yaml").stat().st_uid
    if owner == 0:
        # What root wrote is trusted: as root, the file is given to somebody else.
        os.chown(tmp_path / "tscan.yaml", 65534, 65534)
    monkeypatch.chdir(below)
    _, err = out(capsys, "params", code=2)
    assert "../tscan.yaml belongs to another user" in err
    # In its own folder it was chosen by whoever went there.
    assert nearest(tmp_path, monkeypatch) == Path("tscan.yaml")


def test_evidence_of_a_scan_lies_beside_tscan_yaml(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tscan.yaml").write_text("version: 1\n")
    (tmp_path / "below").mkdir()
    assert nearest(tmp_path / "below", monkeypatch)
    assert store_location.default_store() == "../.tscan"
    assert store_location.configured_location().store == "../.tscan"


def test_init_below_a_project_begins_another_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "tscan.yaml").write_text("version: 1\n")
    below = tmp_path / "below"
    below.mkdir()
    monkeypatch.chdir(below)
    out(capsys, "init", "--no-sign")
    assert sorted(path.name for path in below.iterdir()) == [".tscan", "tscan.yaml"]
    assert [path.name for path in tmp_path.iterdir() if path.name == ".tscan"] == []
    # What was written is what is found from here on.
    assert nearest(below, monkeypatch) == Path("tscan.yaml")


# -- the way ---------------------------------------------------------------------------------------


def test_from_a_criterion_to_what_to_mend(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text, _ = out(capsys, "explain", "CC6.1")
    first = text.partition("Mend first")[2]
    assert [f"  {number}. " in first for number in (1, 2, 3, 4)] == [True, True, True, False]
    assert first.count("critical") >= 3
    assert first.count("fix: ") >= 3
    # Each command that is shown works.
    commands = text.partition("\nNext\n")[2].splitlines()
    assert len(commands) == 3
    for command in commands:
        assert run(command.split()[1:]) == 0
    capsys.readouterr()
    document = json.loads(out(capsys, "explain", "CC6.1", "--format", "json")[0])
    assert document["type"] == "criterion"
    assert len(document["result"]["mend"]) == 3


def test_params_explains_one_and_refuses_what_is_none(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "tscan.yaml").write_text("version: 1\nparams: {access_key_max_age_days: 30}\n")
    assert "set to 30" in out(capsys, "params")[0]
    text, _ = out(capsys, "params", "access_key_max_age_days")
    assert "set       30" in text
    _, err = out(capsys, "params", "access_key_max_age_dayz", code=2)
    assert "did you mean 'access_key_max_age_days'?" in err
    _, err = out(capsys, "params", CHECK, code=2)
    assert "is a check, not a parameter" in err


@pytest.mark.parametrize("form", ["table", "csv", "json"])
def test_findings_in_each_form(
    form: str, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text, err = out(capsys, "findings", "--criterion", "CC6.1", "--format", form)
    assert failing_finding().resource.name in text
    assert err == ""
    assert out(capsys, "findings", "--severity", "hihg", "--format", form, code=2)[0] == ""


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ("explanation", ["explain", "CC6.1"]),
        ("explanation", ["explain", "ENC-02", "--details"]),
        ("explanation", ["explain", CHECK]),
        ("explanation", ["explain", "MC-01"]),
        ("explanation", ["explain", "s3:ListAllMyBuckets"]),
        ("explanation", ["params", "approved_administrators"]),
        ("findings", ["findings", "--verdict", "all"]),
        ("parameters", ["params"]),
    ],
)
def test_json_has_the_published_schema(
    schema: str, words: list[str], project: Path, root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    document = json.loads(out(capsys, *words, "--format", "json")[0])
    published = json.loads((root / f"docs/{schema}.schema.json").read_text())
    jsonschema.validate(document, published)
    del document["schema"]
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(document, published)


def findings_schema(root: Path) -> dict[str, Any]:
    """The schema of `tscan findings`: its findings are those of a result."""
    result = json.loads((root / "docs/result.schema.json").read_text())
    time = {"type": "string", "format": "date-time"}
    scan = {
        "type": "object",
        "properties": {"target": {"type": "string"}, "finished": time},
        "required": ["target", "finished"],
        "additionalProperties": False,
    }
    left_out = {
        "type": "object",
        "description": "Findings that only the choice of verdicts left out.",
        "propertyNames": {"enum": ["pass", "fail", "unknown", "waived"]},
        "additionalProperties": {"type": "integer", "minimum": 0},
    }
    return {
        "$schema": result["$schema"],
        "$id": "urn:tscan:schema:findings.schema",
        "title": "tscan.findings/1",
        "description": "The result of tscan findings, worst first.",
        "type": "object",
        "properties": {
            "schema": {"const": "tscan.findings/1"},
            "scans": {"type": "array", "items": scan},
            "left_out": left_out,
            "findings": result["properties"]["findings"],
        },
        "required": ["schema", "scans", "left_out", "findings"],
        "additionalProperties": False,
        "$defs": {name: result["$defs"][name] for name in ("severity", "value")},
    }


def test_findings_have_one_schema(root: Path) -> None:
    published = json.loads((root / "docs/findings.schema.json").read_text())
    assert published == findings_schema(root), "run: python -m tests.cli.test_newest"


if __name__ == "__main__":
    (ROOT / "docs/findings.schema.json").write_text(
        json.dumps(findings_schema(ROOT), indent=2) + "\n"
    )


def test_a_tscan_yaml_that_is_no_file_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    below = tmp_path / "below"
    below.mkdir()
    (tmp_path / "tscan.yaml").mkdir()
    monkeypatch.chdir(below)
    text, err = out(capsys, "params", code=2)
    assert text == ""
    assert err == (
        "../tscan.yaml is not a file\n  hint: rename it, or name the configuration by --config\n"
    )
    # A link to a file that was moved away.
    (below / "tscan.yaml").symlink_to("moved.yaml")
    _, err = out(capsys, "params", code=2)
    assert err.startswith("tscan.yaml is not a file")
