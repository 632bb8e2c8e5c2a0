"""`--verbose` and `--log-file`: each call with its retries and its time, and no secret."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from scanner.cli import run
from scanner.cli.support import log
from tests.helpers.scripted_aws import ALIAS, CALLER, Provider, query_error, regions, serve

SECRETS = {
    "AWS_ACCESS_KEY_ID": "AKIAEXAMPLEEXAMPLE00",
    "AWS_SECRET_ACCESS_KEY": "not-to-be-written-anywhere",
    "AWS_SESSION_TOKEN": "a-token-of-a-session",
}
SCAN = ["scan", "--no-store", "--quiet", "--select", "aws-iam-root-*", "--region", "eu-west-1"]


@pytest.fixture
def provider(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Provider]:
    """An account that throttles one call once, and then refuses it."""
    monkeypatch.chdir(tmp_path)
    script = {
        "GetCallerIdentity": [CALLER],
        "ListAccountAliases": [ALIAS],
        "DescribeRegions": [regions("eu-west-1")],
        "GetAccountSummary": [query_error("Throttling", 400), query_error("AccessDenied")],
        "*": [query_error("AccessDenied", message="refused\x1b[31m \u202e")],
    }
    with serve(script) as provider:
        for name, value in {**SECRETS, "AWS_ENDPOINT_URL": provider.url}.items():
            monkeypatch.setenv(name, value)
        yield provider


def test_each_call_is_a_line_of_json_with_its_retries(provider: Provider, tmp_path: Path) -> None:
    assert run([*SCAN, "--log-file", "run.log"]) == 3
    path = tmp_path / "run.log"
    events = [json.loads(line) for line in path.read_text().splitlines()]
    assert [events[0]["event"], events[-1]["event"]] == ["started", "ended"]
    calls = {one["operation"]: one for one in events if one["event"] == "call"}
    assert calls["sts:GetCallerIdentity"]["state"] == "ok"
    summary = calls["iam:GetAccountSummary"]
    assert (summary["state"], summary["code"], summary["retries"]) == ("denied", "AccessDenied", 1)
    assert summary["seconds"] >= 0
    failed = [
        one["code"]
        for one in events
        if one["event"] == "attempt failed" and one["operation"] == "iam:GetAccountSummary"
    ]
    assert failed == ["Throttling", "AccessDenied"]
    assert path.stat().st_mode & 0o777 == 0o600


def test_verbose_is_for_people_and_acts_on_no_terminal(
    provider: Provider, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["--verbose", *SCAN, "--verbose"]) == 3
    lines = capsys.readouterr().err.splitlines()
    summary = [line for line in lines if " call operation=iam:GetAccountSummary" in line]
    # Once, although the option stands twice.
    assert len(summary) == 1
    assert "state=denied code=AccessDenied" in summary[0]
    assert "retries=1" in summary[0]
    assert all(line.isprintable() for line in lines)
    assert "\u202e" not in "".join(lines)


def test_no_secret_is_written(
    provider: Provider, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([*SCAN, "--external-id", "an-id-that-is-shared", "--role-arn",
                "arn:aws:iam::123456789012:role/audit", "--verbose", "--log-file", "run.log"]) in (2, 3)  # fmt: skip
    shown = capsys.readouterr()
    written = (tmp_path / "run.log").read_text() + shown.err + shown.out
    assert '"event": "started"' in written
    for secret in (*SECRETS.values(), "an-id-that-is-shared"):
        assert secret not in written


def test_the_log_is_appended_to_and_ends_with_the_command(tmp_path: Path) -> None:
    path = tmp_path / "run.log"
    for _ in range(2):
        assert run(["--log-file", str(path), "checks", "kinds", "bucket"]) == 0
    events = [json.loads(line)["event"] for line in path.read_text().splitlines()]
    assert events == ["started", "ended"] * 2
    logger = logging.getLogger(log.LOGGER)
    assert logger.handlers == []
    assert not logger.isEnabledFor(logging.DEBUG)


def test_a_log_that_cannot_be_opened_is_misuse_before_anything_is_read(
    provider: Provider, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([*SCAN, "--log-file", str(tmp_path)]) == 2
    assert "cannot be written: Is a directory" in capsys.readouterr().err
    assert provider.asked == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the system has no /dev/full")
def test_a_log_that_breaks_is_reported_once_and_ends_no_scan(
    provider: Provider, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([*SCAN, "--log-file", "/dev/full"]) == 3
    assert capsys.readouterr().err.count("the log cannot be written further") == 1
