"""An auditor's walk over a simulated week: what each report says of what happened in it.

The third night is missed, on the fourth a call is refused, a parameter changes on the fifth, one
region is left out all week, and a bucket without encryption is found on the second night and
encrypted before the fifth."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from scanner.cli import app
from scanner.content.library import load_library
from scanner.history.ledger.commit import commit_scan
from scanner.history.ledger.evidence_refs import operations
from scanner.history.snapshots.snapshot_file import read_snapshot
from scanner.model.answers import Answer, Snapshot, State
from scanner.pipeline import judge
from scanner.rendering.wrap import wrapped
from tests.helpers.estate_recording import SNAPSHOT
from tests.history.sequences import Content, make_packs

CHECKS = (
    "aws-iam-password-min-length",
    "aws-rds-instance-encrypted",
    "aws-s3-bucket-default-encryption-set",
)
ENCRYPTION = "s3:GetBucketEncryption"
SET = {
    "ServerSideEncryptionConfiguration": {
        "Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]
    }
}
WEEK = ("--from", "2027-01-04", "--to", "2027-01-10")


@dataclass(frozen=True)
class Week:
    """The store of the week, and the configuration that its scans were made with."""

    folder: Path
    bucket: str
    """The bucket that deviates."""

    def tscan(self, *words: str) -> str:
        """What a command prints, folded as on a terminal of 80 columns."""
        place = [] if words[0] == "verify" else ["--config", str(self.folder / "tscan.yaml")]
        found = CliRunner().invoke(
            app,
            [*words, *place, *(["--store"] if words[0] != "verify" else []), self.store],
            prog_name="tscan",
            standalone_mode=False,
        )
        assert found.exception is None
        return wrapped(found.output, 80)

    @property
    def store(self) -> str:
        return str(self.folder / "store")


@pytest.fixture(scope="module")
def week(tmp_path_factory: pytest.TempPathFactory) -> Week:
    folder = tmp_path_factory.mktemp("week")
    (folder / "tscan.yaml").write_text("version: 1\nschedule: daily\n")
    pack, *_ = make_packs(folder)
    good = _encrypted(read_snapshot(SNAPSHOT))
    key = next(
        key for key in sorted(good.answers) if good.answers[key].call.operation == ENCRYPTION
    )
    for day in range(4, 11):
        if day != 6:
            _commit(folder, pack, _night(good, key, day))
    return Week(folder, str(good.answers[key].call.params["Bucket"]))


def _encrypted(taken: Snapshot) -> Snapshot:
    """The recorded account in one of its regions, with everything encrypted."""
    answers: dict[str, Answer] = {}
    read = set().union(*operations(load_library(lazily=True), CHECKS).values())
    for key, answer in taken.answers.items():
        if answer.call.region == "eu-west-1" or answer.call.operation not in read:
            continue
        answers[key] = answer
        if answer.call.operation == ENCRYPTION:
            answers[key] = replace(answer, state=State.OK, data=SET, code="")
        if answer.call.operation == "rds:DescribeDBInstances":
            rows = [{**row, "StorageEncrypted": True} for row in answer.data["DBInstances"]]
            answers[key] = replace(answer, data={**answer.data, "DBInstances": rows})
    return replace(
        taken,
        answers=answers,
        checks=CHECKS,
        regions=("us-east-1",),
        regions_excluded=("eu-west-1",),
        configuration="tscan.yaml",
    )


def _night(good: Snapshot, key: str, day: int) -> Snapshot:
    answers: dict[str, Answer] = dict(good.answers)
    if day in (5, 7):
        code = "ServerSideEncryptionConfigurationNotFoundError"
        answers[key] = replace(answers[key], state=State.ABSENT, data=None, code=code)
    if day == 7:
        others = [one for one in sorted(answers) if answers[one].call.operation == ENCRYPTION]
        refused = others[1]
        denied = replace(answers[refused], state=State.DENIED, data=None, code="AccessDenied")
        answers[refused] = denied
    params: Mapping[str, Any] = {"password_min_length": 8} if day >= 8 else {}
    return replace(
        good,
        id=f"night-{day}",
        started=f"2027-01-{day:02}T02:00:00.000Z",
        finished=f"2027-01-{day:02}T02:10:00.000Z",
        answers=answers,
        params=params,
    )


def _commit(folder: Path, pack: Content, snapshot: Snapshot) -> None:
    assessment = judge([snapshot], pack.library)
    store = str(folder / "store")
    commit_scan([snapshot], assessment, pack.library, store, sign=False, roots=pack.roots)


@pytest.fixture(autouse=True)
def _later(monkeypatch: pytest.MonkeyPatch) -> None:
    later = datetime(2027, 1, 20, 12, tzinfo=UTC)
    for name in ("history_options",):
        monkeypatch.setattr(f"scanner.cli.support.{name}.now", lambda: later)
    monkeypatch.setattr("scanner.cli.period.now", lambda: later)
    monkeypatch.setattr("scanner.cli.sample.now", lambda: later)


def words_of(text: str) -> str:
    """A report as one line: where it is folded is tested elsewhere."""
    assert max(map(len, text.splitlines())) <= 90, "a line is wider than its longest name"
    return " ".join(text.split())


def test_the_period_says_what_happened_in_it(week: Week) -> None:
    text = words_of(week.tscan("period", *WEEK, "--control", "ENC-01"))
    for said in (
        "6 of 7 made, 1 missed missed 2027-01-06T00:00:00Z to 2027-01-07T00:00:00Z",
        "1 region: eu-west-1 why no reason given decided tscan.yaml in all 6 records",
        "s3:GetBucketEncryption@us-east-1 was not answered in 1 run",
        "record 4: params: password_min_length: unset → 8",
        "population 6 resources read;",
        "resources 1 of 6 with a deviation",
        "check-days 2 failing and 0 waived of 35 observed; 1 unread",
        f"deviation arn:aws:s3:::{week.bucket} in us-east-1",
        "opened between 2027-01-04T02:10:00.000Z and 2027-01-05T02:10:00.000Z fixed between "
        "2027-01-07T02:10:00.000Z and 2027-01-08T02:10:00.000Z",
    ):
        assert said in text


def test_at_a_date_each_resource_counts_once(week: Week) -> None:
    text = words_of(week.tscan("period", "--at", "2027-01-07", "--control", "ENC-01"))
    assert "ENC-01 fail Stored data is encrypted (1 fail, 4 pass, 1 unknown)" in text


def test_the_sample_says_what_its_population_lacks(week: Week) -> None:
    words = ("sample", "ENC-01", *WEEK)
    week.tscan(*words)
    week.tscan(*words, "--seed", "1", "--size", "3", "--by", "Ann")
    text = words_of(week.tscan(*words, "--seed", "2", "--size", "3", "--by", "Ann"))
    for said in (
        "Population of ENC-01: 6 resources",
        "deviating 1 resource, all listed",
        "missed run 2027-01-06T00:00:00Z to 2027-01-07T00:00:00Z",
        "1 region: eu-west-1 (no reason given; decided by tscan.yaml; in all 6 records)",
        "s3:GetBucketEncryption@us-east-1 was not answered in 1 run",
        "record 4: params: password_min_length: unset → 8",
        f"deviation: arn:aws:s3:::{week.bucket} (aws-s3-bucket-default-encryption-set): opened",
        "draw 2 seed 2, 3 resources, 2027-01-20T12:00:00Z by Ann; repeated: drawn before with "
        "seed 1",
        "read by aws-s3-bucket-default-encryption-set",
    ):
        assert said in text
    # A call that no check of the control reads takes nothing from its population.
    assert "iam:" not in text


def test_verification_says_what_the_records_state(week: Week) -> None:
    for words in (("verify",), ("verify", "--deep")):
        text = words_of(week.tscan(*words))
        for said in (
            "aws:123456789012: 6 records, 2027-01-04T02:00:00.000Z to 2027-01-10T02:10:00.000Z",
            "longest time between two scans: 2 days, records 2 and 3",
            "1 region: eu-west-1 why no reason given decided tscan.yaml in all 6 records",
            "not answered: s3:GetBucketEncryption@us-east-1 in 1 record, first in 3",
            "changed in record 4: params: password_min_length: unset → 8",
            "record 1: 1 failing finding record 2: 2 failing findings record 4: 0 failing",
            "as committed",
        ):
            assert said in text


def test_the_handover_says_it_in_its_sheets(week: Week) -> None:
    week.tscan("sample", "ENC-01", *WEEK)
    week.tscan("sample", "ENC-01", *WEEK, "--seed", "1", "--size", "3", "--by", "Ann")
    week.tscan("sample", "ENC-01", *WEEK, "--seed", "2", "--size", "3", "--by", "Ann")
    archive = week.folder / "handover.zip"
    week.tscan("handover", *WEEK, "--output", str(archive))
    with zipfile.ZipFile(archive) as zipped:
        sheets = {
            Path(name).stem: list(csv.DictReader(io.StringIO(zipped.read(name).decode())))
            for name in zipped.namelist()
            if name.startswith("ipe/") and name.endswith(".csv")
        }
        assert "store/draws/ENC-01-2027-01-04-2027-01-11/000002.json" in zipped.namelist()
        period = words_of(zipped.read("period.txt").decode())
        assert json.loads(zipped.read("period.json"))["schema"] == "tscan.period/1"
    for said in (
        "missed 2027-01-06T00:00:00Z to 2027-01-07T00:00:00Z",
        "resources 1 of 6 with a deviation",
        f"deviation arn:aws:s3:::{week.bucket} in us-east-1",
        "decided tscan.yaml in all 6 records",
    ):
        assert said in period
    (excluded,) = sheets["exclusions"]
    assert [excluded[name] for name in ("what", "id", "why", "decided", "records")] == [
        "region", "eu-west-1", "", "tscan.yaml", "6",
    ]  # fmt: skip
    draws = [(row["draw"], row["seed"], row["by"], row["seeds_before"]) for row in sheets["draws"]]
    assert draws == [("1", "1", "Ann", ""), ("2", "2", "Ann", "1")]
    days = [row["started"][:10] for row in sheets["scans"]]
    assert days == [f"2027-01-{day:02}" for day in (4, 5, 7, 8, 9, 10)]
    assert {row["parameters_set"] for row in sheets["scans"]} == {
        "{}", '{"password_min_length": 8}',
    }  # fmt: skip
    refused = [row["record"] for row in sheets["refusals"]]
    assert refused == ["aws=123456789012/3"]
    failing = [row["verdicts"] for row in sheets["scans"]]
    assert len(set(failing)) > 1
