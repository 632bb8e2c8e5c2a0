"""`tscan permissions` and `tscan scan --preflight`: what is printed, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from scanner.cli import run
from scanner.content import library
from tests.helpers.scripted_aws import ALIAS, CALLER, Provider, iam, query_error, regions, serve

SHOWN = (
    "iam:ListAccountAliases",
    "resource-explorer-2:GetDefaultView",
    "resource-explorer-2:Search",
)
REFUSED = query_error("AccessDenied")
SUMMARY = iam(
    "GetAccountSummary",
    "<SummaryMap><entry><key>AccountMFAEnabled</key><value>1</value></entry></SummaryMap>",
)


@pytest.fixture(scope="module", autouse=True)
def _loaded_once() -> Iterator[None]:
    loaded = library.load_library()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(library, "load_library", lambda *_, **__: loaded)
        yield


def test_the_policy_is_printed_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["permissions", "aws"]) == 0
    document = json.loads(capsys.readouterr().out)
    statement, names = document["Statement"]
    assert document["Version"] == "2012-10-17"
    assert (statement["Effect"], statement["Resource"]) == ("Allow", "*")
    assert len(statement["Action"]) > 80
    assert statement["Action"] == sorted(set(statement["Action"]))
    assert "s3:ListAllMyBuckets" in statement["Action"]
    assert not any("*" in action for action in statement["Action"])
    assert (names["Sid"], names["Action"]) == ("ShownOnly", sorted(SHOWN))


def test_a_selection_asks_for_less(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["permissions", "aws", "--select", "aws-sqs-*", "--format", "list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == sorted(line.split()[0] for line in lines)
    services = {line.partition(":")[0] for line in lines}
    assert "sqs" in services
    assert "s3" not in services
    assert any(line.startswith("ec2:DescribeRegions  every scan") for line in lines)


def test_the_audit_log_is_asked_for_by_who_asks_it(capsys: pytest.CaptureFixture[str]) -> None:
    for words, there in ((), False), (("--who",), True):
        assert run(["permissions", "aws", "--select", "aws-sqs-*", *words]) == 0
        assert ("cloudtrail:LookupEvents" in capsys.readouterr().out) is there


def test_the_leading_account_may_enter_the_others(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["permissions", "aws", "--organization", "tscan-read"]) == 0
    reading, entering = json.loads(capsys.readouterr().out)
    assert {"organizations:ListAccounts", "organizations:DescribeOrganization"} <= set(
        reading["Statement"][0]["Action"]
    )
    assert entering["Statement"][0]["Action"] == ["sts:AssumeRole"]


@pytest.mark.parametrize("form", ["terraform", "cloudformation"])
def test_the_role_is_printed_with_what_was_given(
    form: str, capsys: pytest.CaptureFixture[str]
) -> None:
    arn = "arn:aws:iam::111122223333:root"
    given = ["--format", form, "--trust", arn, "--external-id", "EXAMPLE"]
    assert run(["permissions", "aws", *given]) == 0
    out = capsys.readouterr().out
    assert arn in out
    assert "EXAMPLE" in out
    assert "sts:ExternalId" in out
    assert "s3:ListAllMyBuckets" in out


@pytest.mark.parametrize("form", ["terraform", "cloudformation"])
def test_a_workflow_at_github_gets_the_role(form: str, capsys: pytest.CaptureFixture[str]) -> None:
    given = ["--format", form, "--oidc", "github:example/infra", "--ref", "refs/tags/v1"]
    assert run(["permissions", "aws", *given]) == 0
    out = capsys.readouterr().out
    assert "repo:example/infra:ref:refs/tags/v1" in out
    assert "s3:ListAllMyBuckets" in out
    assert run(["permissions", "aws", "--oidc", "github:a/b", "--account", "111122223333"]) == 0
    (statement,) = json.loads(capsys.readouterr().out)["Statement"]
    assert statement["Action"] == "sts:AssumeRoleWithWebIdentity"
    claims = {
        "token.actions.githubusercontent.com:aud": "sts.amazonaws.com",
        "token.actions.githubusercontent.com:sub": "repo:a/b:ref:refs/heads/main",
    }
    assert statement["Condition"] == {"StringEquals": claims}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--external-id", "EXAMPLE"], "--trust and --external-id need a format of the role"),
        (["--select", "aws-nothing"], "there is no such check"),
        (["--select", "azure-*"], "no check of AWS"),
        (["--format", "terraform", "--trust", "*"], "is not the ARN"),
        (["--oidc", "github:example/*", "--format", "terraform"], "is not one repository"),
        (["--oidc", "github:example/infra"], "is not the number of an AWS account"),
        (["--oidc", "gitlab:a/b"], "names no workflow"),
        (["--oidc", "github:a/b", "--ref", "main"], "is not one branch or tag"),
        (["--oidc", "github:a/b", "--environment", "*"], "is not one environment"),
        (["--environment", "x"], "--ref, --environment and --account need --oidc"),
        (["--oidc", "github:a/b", "--trust", "arn:aws:iam::111122223333:root"], "excludes --trust"),
        (["--ref", "refs/heads/main"], "--ref, --environment and --account need --oidc"),
        (["--missing", "--format", "terraform"], "--missing prints a policy to add"),
        (["--missing"], "holds no scan"),
        (["some.snapshot.jsonl.gz"], "only --missing reads evidence"),
    ],
)
def test_misuse_is_refused(
    arguments: list[str],
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["permissions", "aws", *arguments]) == 2
    captured = capsys.readouterr()
    assert said in captured.err
    assert captured.out == ""


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Provider]:
    """An account that lets itself be opened, and answers nothing else until it is told to."""
    script = {
        "GetCallerIdentity": [CALLER],
        "ListAccountAliases": [ALIAS],
        "DescribeRegions": [regions("eu-west-1", "us-east-1")],
        "*": [REFUSED],
    }
    monkeypatch.chdir(tmp_path)
    with serve(script) as provider:
        monkeypatch.setenv("AWS_ENDPOINT_URL", provider.url)
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
        yield provider


LOOK = [
    "scan",
    "--preflight",
    "--select",
    "aws-iam-root-mfa-enabled",
    "--select",
    "aws-iam-user-console-mfa",
]


def test_a_look_names_what_is_refused_and_what_is_lost(
    provider: Provider, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    provider.script["GetAccountSummary"] = [SUMMARY]
    assert run(LOOK) == 3
    out = capsys.readouterr().out
    assert "denied: iam:GetCredentialReport; it needs iam:GetCredentialReport" in out
    assert "aws-iam-user-console-mfa" in out
    assert "controls: ACC-" in out
    assert "refused: iam:GetAccountSummary" not in out
    assert "iam:GenerateCredentialReport" in out.partition("not tried")[2]
    assert list(tmp_path.iterdir()) == [], "a look writes no evidence"


def test_a_look_asks_each_operation_once(provider: Provider) -> None:
    run([*LOOK, "--select", "aws-sqs-*"])
    names = [name for name, _ in provider.asked]
    assert len(names) == len(set(names))


def test_a_look_that_is_let_in_everywhere_is_clean(
    provider: Provider, capsys: pytest.CaptureFixture[str]
) -> None:
    provider.script["GetAccountSummary"] = [SUMMARY]
    provider.script["GetCredentialReport"] = [query_error("ReportNotPresent", status=410)]
    assert run(LOOK) == 0
    out = capsys.readouterr().out
    assert "allowed: 5" in out
    assert "refused" not in out


def test_a_failure_that_is_no_refusal_is_told_apart(
    provider: Provider, capsys: pytest.CaptureFixture[str]
) -> None:
    provider.script["GetAccountSummary"] = [query_error("ValidationError", status=400)]
    provider.script["GetCredentialReport"] = [query_error("ReportNotPresent", status=410)]
    assert run(LOOK) == 3
    out = capsys.readouterr().out
    assert "unclear: iam:GetAccountSummary" in out
    assert "refused" not in out


def test_regions_that_cannot_be_listed_cost_what_is_read_in_them(
    provider: Provider, capsys: pytest.CaptureFixture[str]
) -> None:
    provider.script["DescribeRegions"] = [REFUSED]
    assert run(["scan", "--preflight", "--select", "aws-sqs-queue-has-dlq"]) == 3
    out = capsys.readouterr().out
    assert "denied: ec2:DescribeRegions" in out
    assert (
        "checks: aws-sqs-queue-has-dlq"
        in out.partition("denied: ec2:DescribeRegions")[2].splitlines()[1]
    )


MISSING = ["permissions", "aws", "--missing"]
SCANNED = ["--select", "aws-iam-root-mfa-enabled", "--select", "aws-s3-bucket-versioned"]


def test_only_what_the_newest_scan_was_refused_is_missing(
    provider: Provider,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    provider.script["GetAccountSummary"] = [SUMMARY]
    evidence = ["--snapshot", "first.snapshot.jsonl.gz", "--region", "eu-west-1"]
    assert run(["scan", *SCANNED, *evidence, "--store", ".tscan", "--quiet"]) in (0, 1, 3)
    capsys.readouterr()
    for words in ([], ["first.snapshot.jsonl.gz"]):
        assert run([*MISSING, *words]) == 0
        document = json.loads(capsys.readouterr().out)
        (statement,) = document["Statement"]
        assert "s3:ListAllMyBuckets" in statement["Action"]
        assert "iam:GetAccountSummary" not in statement["Action"]
        assert "ec2:DescribeRegions" not in statement["Action"]
        assert run([*MISSING, *words, "--format", "list"]) == 0
        lines = capsys.readouterr().out.splitlines()
        line = "s3:ListAllMyBuckets  s3:ListBuckets denied in aws:123456789012: "
        assert [one for one in lines if one.startswith(line)]
        assert len(lines) == len(statement["Action"])
    assert run(["permissions", "gcp", "--missing"]) == 2
    assert "the evidence is of no target of gcp" in capsys.readouterr().err


def test_where_nothing_was_refused_no_policy_is_printed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from dataclasses import replace

    from scanner.history.snapshots.snapshot_file import read_snapshot, write_snapshot
    from scanner.model.answers import State
    from tests.helpers.estate_recording import SNAPSHOT

    snapshot = read_snapshot(SNAPSHOT)
    kept = {
        key: answer for key, answer in snapshot.answers.items() if answer.state is not State.DENIED
    }
    path = tmp_path / "whole.snapshot.jsonl.gz"
    write_snapshot(path, replace(snapshot, answers=kept))
    for form in ("json", "list"):
        assert run([*MISSING, str(path), "--format", form]) == 0
        shown = capsys.readouterr()
        assert (shown.out, shown.err) == ("", "no call was denied\n")
