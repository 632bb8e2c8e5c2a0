"""Judging recorded evidence from the command line: the demo's snapshot stands for any."""

from __future__ import annotations

import gzip
import json
import shlex
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from scanner.cli import run
from scanner.cli.demo import PROJECT
from scanner.cli.support import options
from tests.helpers.estate_recording import SNAPSHOT
from tests.helpers.library import shipped_library


@pytest.fixture(scope="module", autouse=True)
def _loaded_once() -> Iterator[None]:
    library = shipped_library()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(options, "load", lambda _options: library)
        patch.setattr("scanner.cli.support.judging.load", lambda _options: library)
        yield


def _json(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    code = run([*arguments, "--format", "json"])
    document = json.loads(capsys.readouterr().out)
    assert code == document["summary"]["exit_code"]
    return document


def test_details_of_the_demo_end_with_the_matrix(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["demo", "--details"]) == 1
    shown = capsys.readouterr()
    assert shown.err == ""
    document = _json(capsys, "demo")
    assert len(document["criteria"]) == 38
    matrix = shown.out[shown.out.index("SOC 2 Trust Services Criteria") :]
    assert all(criterion["id"] in matrix for criterion in document["criteria"])


def test_replay_is_the_same_bytes_without_a_socket(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def forbidden(*_: object, **__: object) -> None:
        raise AssertionError("replay opened a socket")

    monkeypatch.setattr(socket.socket, "__init__", forbidden)
    texts = []
    for name in ("a", "b"):
        copy = str(shutil.copy(SNAPSHOT, tmp_path / f"{name}.snapshot.jsonl.gz"))
        assert run(["replay", copy, "--quiet", "--format", f"json={tmp_path / name}.json"]) == 1
        texts.append((tmp_path / f"{name}.json").read_bytes())
    assert texts[0] == texts[1]
    lines = capsys.readouterr().out.splitlines()
    # One line for each of the two, and it is the same: the file's name is not in it.
    assert len(lines) == 2
    assert lines[0] == lines[1]


def test_result_follows_the_published_schema(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    schema = json.loads((root / "docs/result.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator(schema).validate(_json(capsys, "demo"))


def test_matrix_has_no_findings(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["matrix", str(SNAPSHOT), "--controls"]) == 1
    shown = capsys.readouterr().out
    assert "CC6.1" in shown
    assert "Controls" in shown
    assert "not proven: Identity Center has no call that reads its second-factor" in shown
    assert "if there is nothing to test: no occurrence:" in shown
    assert "Failing:" not in shown


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--format", "xml"], "--format: unknown format 'xml'\n  hint: known: json, terminal"),
        (["--format", "json="], "the file's name is missing"),
        (["--format", "json=no/such/folder.json"], "there is no folder"),
        (["--format", "json", "--format", "terminal"], "two formats cannot share"),
        (["--select", "aws-s3-bucket-versionde"], "did you mean 'aws-s3-bucket-versioned'"),
        (["--category", "Securty"], "did you mean 'Security'?"),
        (["--param", "no_such=1"], "there is no such parameter"),
        (["--select", "mfa"], "aws-iam-root-mfa-enabled"),
        (["--param", "key_age=1"], "access_key_max_age_days"),
    ],
)
def test_options_that_cannot_be(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["replay", str(SNAPSHOT), *arguments]) == 2
    shown = capsys.readouterr()
    assert message in shown.err
    assert shown.out == ""


def test_a_snapshot_that_cannot_be_used_leaves_nothing_behind(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = gzip.decompress(SNAPSHOT.read_bytes())
    edited = tmp_path / "edited.snapshot.jsonl"
    edited.write_bytes(whole.replace(b'"state":"ok"', b'"state":"no"', 1))
    cut = tmp_path / "cut.snapshot.jsonl"
    cut.write_bytes(whole[: len(whole) // 2])
    for path in (edited, cut, tmp_path / "missing.snapshot.jsonl"):
        out = tmp_path / "out.json"
        assert run(["replay", str(path), "--format", f"json={out}"]) == 2
        shown = capsys.readouterr()
        assert path.name in shown.err
        assert shown.out == ""
        assert not out.exists()


def test_two_snapshots_of_one_target_are_not_counted_twice(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(["replay", str(SNAPSHOT), str(SNAPSHOT)]) == 2
    shown = capsys.readouterr().err
    assert f"{SNAPSHOT} and {SNAPSHOT} are both snapshots of aws:123456789012" in shown
    assert f"hint: name one of them, as in: tscan replay {SNAPSHOT}" in shown


def test_a_selected_check_that_no_resource_meets_is_named(
    capsys: pytest.CaptureFixture[str],
) -> None:
    tested = ["--select", "aws-s3-bucket-versioned"]
    untested = ["--select", "aws-redshift-cluster-protected"]
    assert run(["demo", *untested]) == 0
    shown = capsys.readouterr().out
    assert "No resource was tested" in shown
    assert "No check fails" not in shown
    assert "1 check applied to no resource: aws-redshift-cluster-protected\n" in shown
    assert run(["demo", *tested, *untested]) == 1
    assert "1 check applied to no resource: aws-redshift" in capsys.readouterr().out
    assert run(["demo", *tested]) == 1
    assert "applied to no resource" not in capsys.readouterr().out


def test_a_selection_for_another_cloud_says_how_to_scan_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    name = "gcp-alert-network-changes"
    assert run(["demo", "--select", name]) == 3
    shown = capsys.readouterr().out
    assert f"1 selected check of gcp, which was not scanned: {name}\n" in shown
    assert "To scan it: tscan scan --target gcp:ID\n" in shown
    assert run(["demo", "--select", name, "--select", "aws-s3-bucket-versioned"]) == 1
    assert "was not scanned" not in capsys.readouterr().out


def next_commands(shown: str) -> list[str]:
    """The commands that a report suggests, without what they are for."""
    lines = shown[shown.index("\nNext\n") :].split("\n\n")[0].splitlines()[2:]
    return [line.strip().partition("  ")[0] for line in lines]


def test_suggested_commands_repeat_what_the_report_was_made_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my checks").mkdir()
    (tmp_path / "other.yaml").write_text("version: 1\n")
    shutil.copy(SNAPSHOT, "a.snapshot.jsonl.gz")
    inputs = "--config other.yaml --checks 'my checks'"
    options = ["--checks", "my checks", "--config", "other.yaml"]
    assert (
        run(["replay", "a.snapshot.jsonl.gz", *options, "--param", "recovery_point_hours=9"]) == 1
    )
    *found, again = next_commands(capsys.readouterr().out)
    assert (
        again
        == f"tscan replay a.snapshot.jsonl.gz {inputs} --param recovery_point_hours=9 --details"
    )
    assert [one.split()[1] for one in found] == ["explain", "findings"]
    assert all(one.endswith(f"a.snapshot.jsonl.gz {inputs}") for one in found)
    for command in (*found, again):
        assert run(shlex.split(command)[1:]) in (0, 1)
    assert f"--details a.snapshot.jsonl.gz {inputs}" in capsys.readouterr().out


def test_suggestions_that_change_the_folder_name_files_from_anywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "own").mkdir()
    assert run(["demo", "--mappings", "own"]) == 1
    enter, *found, again = next_commands(capsys.readouterr().out)
    assert enter.endswith("cd demo")
    assert again == "tscan demo --mappings own --details"
    assert all(one.endswith(f"--mappings {tmp_path / 'own'}") for one in found)


def test_a_waiver_whose_check_is_left_out_is_not_selected(
    capsys: pytest.CaptureFixture[str],
) -> None:
    document = _json(capsys, "demo", "--select", "aws-s3-bucket-policy-not-public")
    standings = {one["id"]: (one["standing"], one["why"]) for one in document["waivers"]}
    assert standings == {
        "W-001": ("in force", ""),
        "W-002": ("not selected", "aws-s3-bucket-public-access-blocked is not selected"),
    }
    assert run(["demo", "--select", "aws-s3-bucket-policy-not-public"]) in (0, 1)
    assert "Waivers  1 in force, 1 not selected\n" in capsys.readouterr().out


def test_the_matrix_comes_before_the_waivers(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["matrix", str(SNAPSHOT)]) == 1
    assert "approved by" not in capsys.readouterr().out
    waivers = shutil.copy(PROJECT / "waivers.yaml", tmp_path)
    assert run(["matrix", str(SNAPSHOT), "--waivers", str(waivers), "--details"]) == 1
    shown = capsys.readouterr().out
    assert shown.index("CC6.1") < shown.index("approved by")
