"""`tscan reperform`: what a finding stands on, and the command that shows the same."""

from __future__ import annotations

import hashlib
import json
import shlex
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from botocore import xform_name

from scanner.cli import run
from scanner.core.reading.read_plan import plan_reads, plan_requests
from scanner.history.ledger.ledger import Ledger
from scanner.history.ledger.record_builder import ScanToCommit
from scanner.history.snapshots.snapshot_file import read_snapshot
from scanner.history.stores import open_store
from scanner.history.verification.reperform import Where, reperform
from scanner.model.answers import Call, canonical
from scanner.model.findings import Verdict
from scanner.pipeline import judge
from scanner.providers import cli_command
from scanner.providers.aws.cli_equivalents import command, kebab
from tests.helpers.estate_recording import SNAPSHOT
from tests.helpers.library import shipped_library
from tests.helpers.recorded_nights import CHECK, FIRST, OWN, Nights

Captured = pytest.CaptureFixture[str]


def shown(capsys: Captured, *arguments: str, code: int = 0) -> Any:
    assert run(["reperform", *arguments, "--format", "json"]) == code
    return json.loads(capsys.readouterr().out)


def test_a_finding_of_history_with_its_evidence(nights: Nights, capsys: Captured) -> None:
    found = shown(capsys, f"{OWN}@acme-ledger", "--store", nights.store)
    assert (found["verdict"], found["recorded"]) == ("pass", "pass")
    assert found["pack_sha256"] == nights.records[1].pack_sha256
    assert found["record"].endswith(nights.records[1].sha256)
    assert found["check"]["pass_when"] == "self.versioning == 'Enabled'"
    assert found["observed"] == [{"path": "self.versioning", "value": "Enabled"}]
    assert found["params"]["record_tag"] == "data"
    by_operation = {one["operation"]: one for one in found["evidence"]}
    assert set(by_operation) == {
        "s3:ListBuckets",
        "s3:GetBucketLocation",
        "s3:GetBucketTagging",
        "s3:GetBucketVersioning",
    }
    read = by_operation["s3:GetBucketVersioning"]
    assert read["data"] == {"Status": "Enabled"}
    assert read["sha256"] == hashlib.sha256(canonical(read["data"]).encode()).hexdigest()
    assert read["request_ids"]
    assert read["native"] == (
        "aws s3api get-bucket-versioning --bucket acme-ledger --region us-east-1 --output json"
    )  # fmt: skip
    assert found["beside"] > 0


def test_the_check_of_a_later_pack_is_not_in_an_earlier_scan(
    nights: Nights, capsys: Captured
) -> None:
    assert run(["reperform", f"{OWN}@acme-ledger", "--store", nights.store, "--at", FIRST]) == 2
    assert f"{OWN} was not evaluated in this scan" in capsys.readouterr().err
    assert run(["reperform", f"{OWN[:-1]}@acme-ledger", "--store", nights.store]) == 2
    assert f"did you mean '{OWN}'?" in capsys.readouterr().err
    found = shown(capsys, f"{CHECK}@acme-ledger", "--store", nights.store, "--at", FIRST)
    assert found["pack_sha256"] == nights.records[0].pack_sha256 != nights.records[1].pack_sha256


def test_a_snapshot_needs_no_store_and_text_says_the_same(capsys: Captured) -> None:
    name = f"{CHECK}@arn:aws:s3:::acme-scratch"
    found = shown(capsys, name, "--snapshot", str(SNAPSHOT))
    assert (found["verdict"], found["recorded"], found["record"]) == ("fail", "", "")
    assert run(["reperform", name, "--snapshot", str(SNAPSHOT)]) == 0
    text = capsys.readouterr().out
    for line in (
        "verdict    fail",
        "pass_when  self.versioning == 'Enabled'",
        "aws s3api get-bucket-versioning",
    ):
        assert line in text
    assert all(f"sha256   {one['sha256']}" in text for one in found["evidence"])


def test_every_finding_of_the_recorded_account_stands_on_named_evidence() -> None:
    """Leaving out what is called evidence changes the finding; leaving out all the rest does not."""
    library, snapshot = shipped_library(), read_snapshot(SNAPSHOT)
    found = [one for one in judge([snapshot], library).findings if one.resource.id != "*"]
    for finding in found[::12]:
        ref = finding.resource
        made = list(reperform(snapshot, Where(library=library), finding.check, ref.id, ref.region))
        (one,) = [item for item in made if item.finding.resource == ref]
        assert one.finding == finding
        keys = {answer.call.key for answer in one.evidence}
        if not keys:
            continue  # nothing was answered, and nothing is what it stands on
        rest = {key: answer for key, answer in snapshot.answers.items() if key not in keys}
        less = judge([replace(snapshot, answers=rest)], library, checks=(finding.check,)).findings
        assert finding not in less


def test_a_forged_record_is_told_from_its_evidence(tmp_path: Path, capsys: Captured) -> None:
    library, snapshot = shipped_library(), read_snapshot(SNAPSHOT)
    assessment = judge([snapshot], library, checks=(CHECK,))
    (result,) = assessment.results
    forged = replace(
        result, findings=tuple(replace(one, verdict=Verdict.PASS) for one in result.findings)
    )
    scan = ScanToCommit(
        snapshot=replace(snapshot, checks=(CHECK,)),
        assessment=replace(assessment, results=(forged,)),
        library=library,
    )
    Ledger(open_store(str(tmp_path / "store"))).commit(scan)
    assert run(["reperform", f"{CHECK}@acme-scratch", "--store", str(tmp_path / "store")]) == 1
    assert "recorded   pass: DIFFERS from what the evidence gives" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nonsense"], "does not name a finding"),
        ([f"{CHECK}@", "--snapshot", str(SNAPSHOT)], "does not name a finding"),
        (["aws-s3-bucket-versoned@x", "--snapshot", str(SNAPSHOT)], f"did you mean '{CHECK}'?"),
        (
            [f"{CHECK}@no-such-bucket", "--snapshot", str(SNAPSHOT)],
            "has no finding for 'no-such-bucket'",
        ),
        (
            [f"{CHECK}@x", "--snapshot", str(SNAPSHOT), "--at", FIRST],
            "--snapshot excludes history options",
        ),
    ],
)
def test_what_names_nothing_is_refused(arguments: list[str], said: str, capsys: Captured) -> None:
    assert run(["reperform", *arguments]) == 2
    assert said in capsys.readouterr().err


def call(operation: str = "s3:GetBucketPolicy", region: str = "eu-west-1", **params: Any) -> Call:
    return Call(operation=operation, region=region, params=params)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (
            call(Bucket="logs"),
            "aws s3api get-bucket-policy --bucket logs --region eu-west-1 --output json",
        ),
        (
            call("config:DescribeConfigRules", ""),
            "aws configservice describe-config-rules --output json",
        ),
        (
            call("ec2:DescribeSnapshots", OwnerIds=["self", "1"], DryRun=False),
            "aws ec2 describe-snapshots --no-dry-run --owner-ids self 1 --region eu-west-1 --output json",
        ),
    ],
)
def test_calls_as_commands(asked: Call, said: str) -> None:
    assert command(asked) == said


@pytest.mark.parametrize(
    "params",
    [
        {"Filter": {"Severity": [{"Value": "HIGH"}]}},
        {"Name": "file:///etc/passwd"},
        {"Name": "--debug"},
        {"Name": "a\nb"},
        {"Name": "ü"},
        {"Names": []},
    ],
)
def test_what_is_no_plain_word_stands_as_json(params: dict[str, Any]) -> None:
    words = shlex.split(command(call("logs:DescribeLogGroups", **params)))
    assert json.loads(words[words.index("--cli-input-json") + 1]) == params


def test_a_name_cannot_leave_its_word() -> None:
    name = "x'; rm -rf / #$(id)`id`"
    words = shlex.split(command(call(Bucket=name)))
    assert words[words.index("--bucket") + 1] == name


def test_names_are_the_clis_own_for_everything_that_is_read() -> None:
    library = shipped_library()
    asked = [
        request
        for need in plan_reads(library, [check for check in library.checks.values() if check.cloud == "aws"]).values()
        for request in plan_requests(need)
    ]  # fmt: skip
    names = {
        name
        for request in asked
        for name in (request.operation.partition(":")[2], *request.arguments)
    }
    assert len(names) > 100
    assert {name: kebab(name) for name in names} == {name: xform_name(name, "-") for name in names}


def test_a_cloud_without_commands_says_so() -> None:
    assert cli_command("mainframe", call()) == "(no command line is known for mainframe)"
