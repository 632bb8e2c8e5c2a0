"""Waivers and attestations on the command line: named by options or the configuration, refused
before anything runs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from scanner.cli import run
from scanner.cli.support import options
from scanner.cli.support.judging import Decisions, load_decisions
from scanner.cli.support.options import JudgingOptions
from scanner.model.config import Config
from scanner.model.library import Library
from tests.helpers.estate_recording import SNAPSHOT
from tests.helpers.library import shipped_library

WAIVERS = """\
version: 1
waivers:
  - id: W-1
    finding: {target: "aws:123456789012", check: aws-s3-bucket-versioned, resource: "arn:aws:s3:::acme-scratch"}
    reason: It is emptied every night.
    approver: cto@example.com
    opened: 2026-11-01
    expires: 2027-02-01
"""
ATTESTATION = """\
version: 1
control: MC-39
statement: Every incident was handled.
by: sec@example.com
dated: 2026-11-01
valid_until: 2026-12-31
evidence: [{reference: the register}]
"""


@pytest.fixture(scope="module")
def library() -> Library:
    return shipped_library()


@pytest.fixture(autouse=True)
def _loaded_once(library: Library) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(options, "load", lambda _options: library)
        patch.setattr("scanner.cli.support.judging.load", lambda _options: library)
        yield


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "waivers.yaml").write_text(WAIVERS)
    (tmp_path / "said").mkdir()
    (tmp_path / "said/incidents.yaml").write_text(ATTESTATION)
    return tmp_path


def replayed(folder: Path, capsys: pytest.CaptureFixture[str], *more: str) -> Any:
    said = ["--waivers", str(folder / "waivers.yaml"), "--attestations", str(folder / "said")]
    assert run(["replay", str(SNAPSHOT), *said, *more]) == 1
    return capsys.readouterr().out


def test_a_replay_is_judged_with_both(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    document = json.loads(replayed(folder, capsys, "--format", "json"))
    (finding,) = [one for one in document["findings"] if one["verdict"] == "waived"]
    assert (finding["waiver"], finding["without_waiver"]) == ("W-1", "fail")
    assert document["summary"]["findings"]["waived"] == 1
    assert [(one["id"], one["standing"], one["findings"]) for one in document["waivers"]] == [
        ("W-1", "in force", 1)
    ]
    assert [(one["control"], one["current"]) for one in document["attestations"]] == [
        ("MC-39", True)
    ]
    statuses = {one["id"]: one["status"] for one in document["controls"]}
    assert (statuses["INC-01"], statuses["INC-02"]) == ("pass", "needs evidence")


def test_people_are_told(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = replayed(folder, capsys, "--details")
    assert "Waivers: 1 in force" in text
    assert "approved by cto@example.com, author not known" in text
    assert "Attestations: 1 current of 1" in text


def test_a_mistake_ends_it_before_anything_is_written(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "said/incidents.yaml").write_text(ATTESTATION.replace("MC-39", "MC-999"))
    out = folder / "out.json"
    words = ["--attestations", str(folder / "said"), "--format", f"json={out}", "--quiet"]
    assert run(["replay", str(SNAPSHOT), *words]) == 2
    assert "incidents.yaml:2:10: there is no manual control 'MC-999'" in capsys.readouterr().err
    assert not out.exists()


@pytest.mark.parametrize("option", ["--waivers", "--attestations"])
def test_history_is_judged_with_those_of_its_day(
    folder: Path, option: str, capsys: pytest.CaptureFixture[str]
) -> None:  # fmt: skip
    words = ["--from", "2026-01-01", "--to", "2026-01-02", "--store", str(folder)]
    assert run(["replay", *words, option, str(folder)]) == 2
    assert f"{option} has no meaning for history" in capsys.readouterr().err


def test_options_go_before_the_configuration(folder: Path, library: Library) -> None:
    def asked(**more: Path) -> JudgingOptions:
        none: dict[str, Any] = dict.fromkeys(JudgingOptions.__dataclass_fields__)
        return JudgingOptions(**{**none, **more})

    configured = Config(waivers=str(folder / "waivers.yaml"), attestations=str(folder / "said"))
    found = load_decisions(asked(), library, configured)
    assert ([one.id for one in found.waivers], [one.id for one in found.attestations]) == (
        ["W-1"],
        ["incidents"],
    )
    (folder / "other.yaml").write_text("version: 1\nwaivers: []\n")
    (folder / "none").mkdir()
    others = asked(waivers=folder / "other.yaml", attestations=folder / "none")
    assert load_decisions(others, library, configured) == Decisions()
    assert load_decisions(asked(), library, Config()) == Decisions()
