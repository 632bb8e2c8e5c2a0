"""`tscan scan` with a pipeline that reads no cloud: what is written, when, and what is refused
before."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from scanner import pipeline
from scanner.channels import CHANNELS, Message
from scanner.cli import run
from scanner.cli.support import options
from scanner.collect import Progress
from scanner.errors import TscanError
from scanner.history.snapshots.snapshot_file import read_snapshot
from scanner.model.answers import Snapshot, Target
from scanner.model.config import Organization
from tests.helpers.estate_recording import SNAPSHOT
from tests.helpers.library import shipped_library

Asked = list[dict[str, Any]]


@pytest.fixture(scope="module", autouse=True)
def _loaded_once() -> Iterator[None]:
    library = shipped_library()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(options, "load", lambda _options: library)
        yield


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Asked:
    """What the pipeline was asked for; it answers with the demo's evidence."""
    calls: Asked = []

    def scan(
        config: Any, library: Any, *, progress: Callable[[Progress], None], **given: Any
    ) -> list[Snapshot]:
        calls.append({"config": config, **given})
        progress(Progress(target="aws:1", done=1, known=2, operation="s3:ListBuckets"))
        snapshot = read_snapshot(SNAPSHOT)
        return [
            replace(snapshot, id=f"{snapshot.id}{number}", params=dict(target.params))
            for number, target in enumerate(config.targets)
        ]

    monkeypatch.setattr(pipeline, "scan", scan)
    monkeypatch.chdir(tmp_path)
    return calls


def test_evidence_goes_to_a_folder_of_the_owner(asked: Asked, tmp_path: Path, capsys: Any) -> None:
    assert run(["scan"]) == 1
    (path,) = (tmp_path / ".tscan/snapshots").iterdir()
    assert path.name.startswith("tscan-123456789012-")
    assert path.name.endswith(".snapshot.jsonl.gz")
    assert (tmp_path / ".tscan").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / ".tscan/.gitignore").read_text() == "*\n"
    shown = capsys.readouterr()
    assert "CC6.1" in shown.out
    assert f"evidence: .tscan/snapshots/{path.name}" in shown.err
    assert "reading" not in shown.err, "progress is for a terminal"


def test_what_was_written_is_what_is_judged(
    asked: Asked, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Snapshot] = []
    original = pipeline.judge

    def judge(snapshots: Any, *arguments: Any, **named: Any) -> Any:
        assert list(tmp_path.glob("*.gz")), "judged before it was written"
        seen.extend(snapshots)
        return original(seen, *arguments, **named)

    monkeypatch.setattr("scanner.pipeline.judge", judge)
    assert run(["scan", "--snapshot", "here.snapshot.jsonl.gz", "--quiet"]) == 1
    assert seen == [read_snapshot(tmp_path / "here.snapshot.jsonl.gz")]


@pytest.mark.parametrize("quiet", [["--quiet"], []])
def test_history_that_is_not_signed_says_so_at_each_scan(
    quiet: list[str],
    asked: Asked,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    said = "history: not signed, so that whoever can write {} can change it; 'tscan init' makes"
    # The recorded scan is one scan: a store that has it gets nothing.
    for store, times in (("one", 1), ("two", 1), ("two", 0)):
        target = ["--store", store, "--snapshot", f"{store}{times}.snapshot.jsonl.gz"]
        assert run(["scan", *quiet, *target]) == 1
        assert capsys.readouterr().err.count(said.format(store)) == times
    assert run(["scan", *quiet, "--no-store"]) == 1
    assert said not in capsys.readouterr().err
    assert run(["init"]) == 0
    capsys.readouterr()
    assert run(["scan", *quiet, "--snapshot", "3.snapshot.jsonl.gz"]) == 1
    assert "not signed" not in capsys.readouterr().err


def test_options_stand_over_the_configuration(asked: Asked, tmp_path: Path) -> None:
    (tmp_path / "tscan.yaml").write_text(
        "version: 1\n"
        "targets: [{aws: {profile: audit, regions: [eu-west-1]}}]\n"
        "frameworks: {soc2-2017: {categories: [Availability]}}\n"
    )
    arguments = [
        "--profile",
        "other",
        "--region",
        "us-east-1",
        "--select",
        "aws-kms-*",
        "--threads",
        "3",
    ]
    assert run(["scan", *arguments, "--quiet", "--deadline", "60", "--format", "json=r.json"]) in (
        1,
        3,
    )
    (call,) = asked
    (target,) = call["config"].targets
    assert (target.profile, target.regions) == ("other", ("us-east-1",))
    assert call["config"].categories == {"soc2-2017": ("Availability",)}
    assert all(name.startswith("aws-kms-") for name in call["checks"])
    assert (call["threads"], call["deadline"]) == (3, 60.0)
    assert '"CC6.1"' not in (tmp_path / "r.json").read_text()


@pytest.mark.parametrize(
    ("configured", "arguments", "client"),
    [
        ("", [], None),
        ("client: boto3", [], "boto3"),
        ("", ["--aws-client", "boto3"], "boto3"),
        ("client: boto3", ["--aws-client", "fast"], "fast"),
    ],
)
def test_the_client_of_aws_is_chosen(
    asked: Asked, tmp_path: Path, configured: str, arguments: list[str], client: str | None
) -> None:
    (tmp_path / "tscan.yaml").write_text(f"version: 1\ntargets: [{{aws: {{{configured}}}}}]\n")
    assert run(["scan", *arguments, "--quiet"]) == 1
    (target,) = asked[0]["config"].targets
    assert target.settings.get("client") == client


def test_quiet_is_quiet(asked: Asked, capsys: Any) -> None:
    assert run(["scan", "--quiet", "--no-store"]) == 1
    shown = capsys.readouterr()
    assert shown.err == ""
    assert re.fullmatch(
        r"\d+ pass, \d+ fail, \d+ unknown, \d+ waived; exit code 1: .*\n", shown.out
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--snapshot", "no/where.snapshot.jsonl.gz"], "there is no folder"),
        (["--snapshot", "there.gz"], "never overwritten"),
        (["--config", "missing.yaml"], "missing.yaml"),
        (["--config", "wrong.yaml"], "wrong.yaml:2:1"),
        (["--config", "two.yaml", "--profile", "x"], "names 2 targets"),
        (["--config", "two.yaml", "--snapshot", "one.gz"], "must be a folder"),
        (["--organization", "tscan-read", "--snapshot", "one.gz"], "must be a folder"),
        (["--organization", "arn:aws:iam::1:role/x"], "is not the name of a role"),
        (["--param", "key_max_age_days=old"], "--param key_max_age_days"),
        (
            ["--store", "nowhere://bucket"],
            "nowhere://bucket: unknown kind of store nowhere://",
        ),
    ],
)
def test_what_cannot_be_is_refused_before_the_first_call(
    asked: Asked, tmp_path: Path, capsys: Any, arguments: list[str], message: str
) -> None:
    (tmp_path / "there.gz").write_bytes(b"")
    (tmp_path / "wrong.yaml").write_text("version: 1\ntarget: []\n")
    (tmp_path / "two.yaml").write_text(
        "version: 1\ntargets: [{aws: {profile: a}}, {aws: {profile: b}}]\n"
    )
    before = sorted(tmp_path.iterdir())
    assert run(["scan", *arguments]) == 2
    assert message in capsys.readouterr().err
    assert asked == []
    assert sorted(tmp_path.iterdir()) == before


def test_a_target_that_cannot_be_entered_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    def scan(*_: Any, **__: Any) -> list[Snapshot]:
        raise TscanError("no AWS credentials were found", "give --profile")

    monkeypatch.setattr(pipeline, "scan", scan)
    monkeypatch.chdir(tmp_path)
    assert run(["scan", "--format", "json=out.json"]) == 2
    assert capsys.readouterr().err == "no AWS credentials were found\n  hint: give --profile\n"
    assert list(tmp_path.iterdir()) == []


def test_an_organization_is_one_folder_that_is_judged_again(
    asked: Asked, tmp_path: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = pipeline.scan

    def scan(config: Any, library: Any, **given: Any) -> Iterator[Snapshot]:
        (snapshot,) = original(config, library, **given)
        yield snapshot
        yield replace(snapshot, id="second", target=Target("aws:222222222222"))

    monkeypatch.setattr(pipeline, "scan", scan)
    assert run(["scan", "--organization", "tscan-read", "--external-id", "abc"]) == 1
    (target,) = asked[0]["config"].targets
    assert target.organization == Organization(role="tscan-read", external_id="abc")
    (folder,) = [path for path in (tmp_path / ".tscan/snapshots").iterdir() if path.is_dir()]
    assert len(list(folder.iterdir())) == 2
    assert folder.stat().st_mode & 0o777 == 0o700
    assert f"evidence: 2 files in .tscan/snapshots/{folder.name}" in capsys.readouterr().err
    assert run(["replay", str(folder)]) == 1
    assert "aws:222222222222" in capsys.readouterr().out


def test_a_folder_without_evidence(tmp_path: Path, capsys: Any) -> None:
    assert run(["replay", str(tmp_path)]) == 2
    assert f"{tmp_path} holds no snapshot" in capsys.readouterr().err


ALERTS = """\
version: 1
targets: [{aws: {profile: audit}}]
alerts: [{events: [scan failed], to: ["github-issue://${TOKEN}@o/r?api=http://127.0.0.1:9"]}]
"""


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[str]:
    """Titles and texts that alerts would send."""
    sent: list[str] = []

    def send(_: str, letter: Message) -> str:
        if not letter.entries:
            return ""
        sent.append(f"{letter.title}: {letter.body()}")
        return ""

    monkeypatch.setattr(
        CHANNELS, "_builtin", {"github-issue": "tests.cli.test_scan:_sent", "apprise": ""}
    )
    monkeypatch.setattr("tests.cli.test_scan._sent", send)
    monkeypatch.setenv("TOKEN", "x")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tscan.yaml").write_text(ALERTS)
    return sent


def _sent(*_: Any) -> str:
    raise AssertionError


def _broken(error: Exception) -> Callable[..., Any]:
    def scan(*_: Any, **__: Any) -> Any:
        raise error

    return scan


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (TscanError("no AWS credentials were found"), "no AWS credentials were found"),
        (RuntimeError("a value of the cloud"), "internal error (RuntimeError)"),
    ],
)
def test_a_failed_scan_is_told_once_and_that_it_works_again(
    asked: Asked,
    told: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: Any,
    error: Exception,
    reason: str,
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(pipeline, "scan", _broken(error))
        assert run(["scan", "--quiet"]) == 2
    assert "alerts: 1 event delivered to alerts[0].to[0] (github-issue)" in capsys.readouterr().err
    assert run(["scan", "--quiet", "--select", "aws-kms-*"]) in (1, 3)
    assert len(told) == 1, "a scan of fewer checks says nothing of the whole one"
    assert run(["scan", "--quiet"]) == 1
    assert run(["scan", "--quiet"]) == 1
    assert [text.partition(":")[0] for text in told] == ["tscan", "tscan"]
    assert f"SCAN FAILED | aws (audit) | the scan ended without a record: {reason} | " in told[0]
    assert "SCAN WORKS AGAIN | aws (audit) | " in told[1]


def test_a_store_that_takes_nothing_is_a_failed_scan(
    asked: Asked, told: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: Any, **__: Any) -> Any:
        raise TscanError("the store is full")

    monkeypatch.setattr("scanner.cli.support.commit.commit_scan", refused)
    assert run(["scan", "--quiet"]) == 2
    assert "the scan ended without a record: the store is full" in told[0]


def test_alerts_that_cannot_be_told_do_not_lose_the_scan(
    asked: Asked, told: list[str], capsys: Any
) -> None:
    folder = Path(".tscan/outbox/failed/x")
    folder.mkdir(parents=True)
    assert run(["scan", "--quiet"]) == 1
    Path(".tscan/outbox/failed").rename(".tscan/outbox/f")
    Path(".tscan/outbox/failed").write_text("in the way")
    capsys.readouterr()
    assert run(["scan", "--quiet"]) == 1
    assert len(list(Path(".tscan/log").glob("*/*.json"))) == 1, "the same scan twice is one record"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pipeline, "scan", _broken(TscanError("no credentials")))
        assert run(["scan", "--quiet"]) == 2
    said = capsys.readouterr().err
    assert "alerts: not sent: .tscan/outbox/failed" in said
    assert said.endswith("no credentials\n"), "the scan's own error is the last word"


@pytest.mark.parametrize(
    ("address", "said"),
    [
        (
            "github-issue://${NOT_SET}@o/r",
            "(github-issue) cannot be used: the environment variable NOT_SET is not set",
        ),
        (
            "${TOKEN}",
            "(address from the environment) cannot be used: not an address that Apprise knows",
        ),
        ("slak://${TOKEN}", "(slak) cannot be used: not an address that Apprise knows"),
        ("json://127.0.0.1:9/${TOKEN}", ""),
        ("github-issue://${TOKEN}@o/r?api=http://127.0.0.1:9", ""),
    ],
)
@pytest.mark.parametrize("how", [(), ("--preflight",)])
def test_what_would_keep_alerts_from_leaving_is_said_at_once(
    asked: Asked, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any, how: tuple[str, ...], address: str,
    said: str,
) -> None:  # fmt: skip
    monkeypatch.setenv("TOKEN", "s3cret")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tscan.yaml").write_text(f'version: 1\nalerts: [{{to: ["{address}"]}}]\n')
    run(["scan", "--quiet", *how])
    shown = capsys.readouterr().err
    assert f"alerts: alerts[0].to[0] {said}" in shown if said else "alerts" not in shown
    assert "s3cret" not in shown


def test_without_a_store_nothing_is_told(
    asked: Asked, told: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline, "scan", _broken(TscanError("no credentials")))
    assert run(["scan", "--quiet", "--no-store"]) == 2
    assert told == []
    assert not Path(".tscan/outbox").exists()


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not on this machine")
def test_the_newest_record_is_anchored(
    asked: Asked, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    (tmp_path / "tscan.yaml").write_text("version: 1\nanchor: {git: anchors}\n")
    assert run(["scan", "--quiet"]) == 1
    assert "anchor: not written: anchors: " in capsys.readouterr().err
    assert len(list(tmp_path.glob(".tscan/log/*/*.json"))) == 1
    (tmp_path / "anchors").mkdir()
    for words in (["init"], ["config", "user.name", "a"], ["config", "user.email", "a@b"]):
        subprocess.run(["git", "-C", "anchors", *words], check=True, capture_output=True)
    subprocess.run(
        ["git", "-C", "anchors", "commit", "--allow-empty", "-m", "x"],
        check=True,
        capture_output=True,
    )
    assert run(["scan"]) == 1
    assert (
        "anchor: aws:123456789012 1 is tscan/aws=123456789012/000000000001 in anchors"
        in capsys.readouterr().err
    )
    assert run(["verify"]) == 0
    assert "anchored up to record 1" in capsys.readouterr().out


def test_a_scan_in_a_subfolder_is_that_of_the_project(
    asked: Asked, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    (tmp_path / "tscan.yaml").write_text("version: 1\ntargets: [{aws: {regions: [eu-west-1]}}]\n")
    below = tmp_path / "below"
    below.mkdir()
    monkeypatch.chdir(below)
    assert run(["scan", "--format", "json=../first.json"]) == 1
    assert "configuration: ../tscan.yaml\n" in capsys.readouterr().err
    assert asked[0]["config"].targets[0].regions == ("eu-west-1",)
    assert len(list((tmp_path / ".tscan/snapshots").iterdir())) == 1
    assert list(below.iterdir()) == []
    # It is in history: the first scan that has these findings is this one.
    finished = read_snapshot(SNAPSHOT).finished
    rows = json.loads((tmp_path / "first.json").read_text())["findings"]
    assert {row["first_seen"] for row in rows} == {finished}
    assert run(["scan", "--no-store", "--quiet", "--format", "json=../second.json"]) == 1
    rows = json.loads((tmp_path / "second.json").read_text())["findings"]
    assert {row["first_seen"] for row in rows} == {None}
