"""tscan from Python: the same verdicts as the commands give, and nothing written."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

import scanner
from scanner import api
from scanner.cli import run
from scanner.errors import ContentError, TscanError
from scanner.history.snapshots.snapshot_file import read_snapshot
from scanner.model.config import Config
from scanner.model.library import Library
from tests.helpers.estate_recording import SNAPSHOT
from tests.pipeline.test_clouds import PROJECTS, Serve, gcp, gcp_script, library, serve

__all__ = ["library", "serve"]


def test_evidence_is_judged_as_the_command_judges_it(tmp_path: Path) -> None:
    assert run(["replay", str(SNAPSHOT), "--format", f"json={tmp_path / 'result.json'}"]) == 1
    wanted = json.loads((tmp_path / "result.json").read_text())
    found = scanner.judge(SNAPSHOT)
    assert found.pack_sha256 == wanted["scan"]["pack_sha256"]
    assert sorted((one.check, one.resource.id, one.verdict) for one in found.findings) == sorted(
        (one["check"], one["resource"]["id"], one["verdict"]) for one in wanted["findings"]
    )
    assert {one.id: one.status for one in found.controls} == {
        one["id"]: one["status"] for one in wanted["controls"]
    }
    assert scanner.judge(
        read_snapshot(SNAPSHOT), checks=["aws-iam-root-mfa-enabled"]
    ).findings == tuple(one for one in found.findings if one.check == "aws-iam-root-mfa-enabled")


def test_waivers_and_parameters_are_those_that_are_given(tmp_path: Path) -> None:
    (tmp_path / "waivers.yaml").write_text("version: 1\nwaivers: [{}]\n")
    with pytest.raises(ContentError, match=r"waivers.yaml:2:"):
        scanner.judge(SNAPSHOT, waivers=tmp_path / "waivers.yaml")
    assert scanner.judge(SNAPSHOT, params={"admin_ports": [22]}).params["set"] == {
        "aws:123456789012": {"admin_ports": [22]}
    }


def test_what_cannot_be_judged_is_refused() -> None:
    with pytest.raises(TscanError, match="a second snapshot of aws:123456789012"):
        scanner.judge(SNAPSHOT, str(SNAPSHOT))
    with pytest.raises(TscanError, match="no snapshot"):
        scanner.judge()
    with pytest.raises(AttributeError, match="no attribute 'audit'"):
        scanner.audit  # noqa: B018


def test_a_scan_reads_what_is_configured_and_writes_nothing(
    library: Library,
    serve: Serve,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    provider = serve(gcp_script(**{"/v3/projects": PROJECTS[-1]}))
    config = Config(targets=(gcp(provider, project="alpha"),))
    found = scanner.scan(config, library=library, checks=["gcp-own"])
    assert [(one.check, one.resource.id, one.verdict) for one in found.findings] == [
        ("gcp-own", "one", "pass")
    ]
    assert not list(tmp_path.iterdir())


def test_a_configuration_is_held_against_the_library(tmp_path: Path) -> None:
    (tmp_path / "tscan.yaml").write_text("version: 1\nparams: {no_such: 1}\n")
    with pytest.raises(ContentError, match=r"tscan.yaml:2:10: .*no_such"):
        scanner.scan(tmp_path / "tscan.yaml")


def test_the_version_costs_nothing() -> None:
    code = "import sys, scanner; scanner.__version__; print(sorted(one for one in sys.modules if 'scanner' in one))"
    shown = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout
    assert shown == "['scanner']\n"
    assert scanner.judge is api.judge
