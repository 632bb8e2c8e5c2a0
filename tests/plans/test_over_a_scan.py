"""Plans over a scan: what the scan knows, and what the plan takes from it."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Iterator
from contextlib import redirect_stdout
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from scanner.model.answers import Snapshot
from scanner.model.config import Config, TargetConfig
from scanner.model.findings import Verdict
from scanner.model.plan_findings import PlanChange, PlanFinding
from scanner.pipeline import scan
from scanner.plan import collect_plans, judge_question, plan_question
from tests.estate.seed import Estate
from tests.estate.server import running
from tests.helpers.plan_examples import library, maps
from tests.helpers.small_plan import change, plan

ACCOUNT = "123456789012"
LENGTH = "aws-iam-password-min-length"
ROOT = "aws-iam-root-no-access-key"
ACCOUNT_BLOCK = "aws-s3-account-public-access-blocked"
ENCRYPTED = "aws-s3-bucket-default-encryption-set"
BLOCKED = "aws-s3-bucket-public-access-blocked"
NOT_PUBLIC = "aws-s3-bucket-policy-not-public"
VERSIONED = "aws-s3-bucket-versioned"
ESCALATION = "aws-iam-no-privilege-escalation"
ACL = "aws-s3-bucket-acl-not-public"
DEFAULT_GROUP = "aws-ec2-default-sg-closed"
CHECKS = (
    LENGTH, ROOT, ACCOUNT_BLOCK, ENCRYPTED, BLOCKED, NOT_PUBLIC, VERSIONED, ESCALATION,
    DEFAULT_GROUP,
    ACL,
)  # fmt: skip
CLOSED = dict.fromkeys(
    ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True
)
BLOCK = {
    "block_public_acls": True,
    "ignore_public_acls": True,
    "block_public_policy": True,
    "restrict_public_buckets": True,
}
KMS = {"apply_server_side_encryption_by_default": [{"sse_algorithm": "aws:kms"}]}
POLICY = {"id": "iam-account-password-policy", "minimum_password_length": 16}
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "lambda.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    ],
}


@pytest.fixture(scope="module")
def scanned() -> Iterator[Snapshot]:
    with running() as url:
        _fill(Estate(url))
        own = {
            "AWS_ENDPOINT_URL": url,
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        }
        kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        config = Config(targets=(TargetConfig(regions=("us-east-1",)),))
        with patch.dict(os.environ, kept | own, clear=True), redirect_stdout(io.StringIO()):
            (snapshot,) = scan(config, library(), checks=CHECKS)
        yield snapshot


def _fill(estate: Estate) -> None:
    iam, s3 = estate.client("iam"), estate.client("s3")
    iam.update_account_password_policy(MinimumPasswordLength=16)
    iam.create_user(UserName="ana")
    # The rules of passwords are asked about where somebody signs in with one.
    iam.create_login_profile(UserName="ana", Password="Correct-horse-1")
    for name in ("worker", "other"):
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(TRUST))
    s3.create_bucket(Bucket="ledger")
    s3.put_public_access_block(Bucket="ledger", PublicAccessBlockConfiguration=CLOSED)
    s3.create_bucket(Bucket="open")
    s3.put_bucket_versioning(Bucket="ledger", VersioningConfiguration={"Status": "Enabled"})
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}}
    s3.put_bucket_encryption(Bucket="ledger", ServerSideEncryptionConfiguration={"Rules": [rule]})


def judged(
    scanned: Snapshot, folder: Path, *changes: dict[str, Any]
) -> dict[tuple[str, str], PlanFinding]:
    """The findings of a plan over the scan, by check and address."""
    path = folder / "plan.json"
    path.write_text(json.dumps(plan(*changes)), encoding="utf-8")
    made = collect_plans([str(path)], maps(), {}, name="test", now=datetime.now(UTC))
    asked = plan_question(made, library(), maps(), checks=CHECKS, over=scanned)
    report = judge_question(asked, library(), maps())
    return {(one.check, one.address): one for one in report.findings}


def bucket(**more: Any) -> dict[str, Any]:
    held = {
        "id": "ledger",
        "bucket": "ledger",
        "arn": "arn:aws:s3:::ledger",
        "region": "us-east-1",
        "versioning": [{"enabled": True}],
        "server_side_encryption_configuration": [{"rule": [KMS]}],
        "policy": "",
    }
    return change(
        "aws_s3_bucket.ledger", {**held, **more}, before={**held, **more}, actions=("no-op",)
    )


def role(name: str, after: dict[str, Any] | None, *actions: str) -> dict[str, Any]:
    held = {
        "id": name,
        "name": name,
        "arn": f"arn:aws:iam::{ACCOUNT}:role/{name}",
        "path": "/",
        "assume_role_policy": json.dumps(TRUST),
    }
    after = None if after is None else {**held, **after}
    return change(f"aws_iam_role.{name}", after, before=held, actions=actions)


def test_settings_of_the_account_that_a_plan_deletes_are_not_set_after_it(
    scanned: Snapshot, tmp_path: Path
) -> None:
    address = "aws_iam_account_password_policy.here"
    found = judged(scanned, tmp_path, change(address, None, before=POLICY, actions=("delete",)))
    finding = found[LENGTH, address]
    assert (finding.before, finding.after) == (Verdict.PASS, Verdict.FAIL)
    assert finding.change is PlanChange.WORSE
    # What the root user has is another answer: the scan has it.
    assert found[ROOT, address].after is Verdict.PASS


def test_settings_that_a_plan_only_forgets_stay(scanned: Snapshot, tmp_path: Path) -> None:
    address = "aws_iam_account_password_policy.here"
    found = judged(scanned, tmp_path, change(address, None, before=POLICY, actions=("forget",)))
    (finding,) = [one for (check, _), one in found.items() if check == LENGTH]
    assert finding.after is Verdict.PASS


def test_a_bucket_whose_encryption_is_deleted_has_the_default_of_the_service(
    scanned: Snapshot, tmp_path: Path
) -> None:
    part = {"id": "ledger", "bucket": "ledger", "rule": [KMS]}
    found = judged(
        scanned,
        tmp_path,
        bucket(),
        change(
            "aws_s3_bucket_server_side_encryption_configuration.ledger",
            None,
            before=part,
            actions=("delete",),
        ),
    )
    assert found[ENCRYPTED, "aws_s3_bucket.ledger"].after is Verdict.PASS


@pytest.mark.parametrize(
    ("action", "verdict"), [("delete", Verdict.FAIL), ("forget", Verdict.PASS)]
)
def test_a_part_is_gone_if_it_is_deleted_and_stays_if_it_is_forgotten(
    action: str, verdict: Verdict, scanned: Snapshot, tmp_path: Path
) -> None:
    part = {"id": "ledger", "bucket": "ledger", **BLOCK}
    found = judged(
        scanned,
        tmp_path,
        bucket(),
        change("aws_s3_bucket_public_access_block.ledger", None, before=part, actions=(action,)),
    )
    assert found[BLOCKED, "aws_s3_bucket.ledger"].before is Verdict.PASS
    # A part that is forgotten may be changed elsewhere from now on; nothing of the plan changes it.
    assert found[BLOCKED, "aws_s3_bucket.ledger"].after is verdict


def test_an_answer_that_a_plan_leaves_as_it_is_is_that_of_the_scan(
    scanned: Snapshot, tmp_path: Path
) -> None:
    versions = {"bucket": "ledger", "versioning_configuration": [{"status": "Enabled"}]}
    suspended = {"bucket": "ledger", "versioning_configuration": [{"status": "Suspended"}]}
    found = judged(
        scanned,
        tmp_path,
        bucket(),
        change("aws_s3_bucket_versioning.ledger", suspended, before=versions, actions=("update",)),
    )
    assert found[VERSIONED, "aws_s3_bucket.ledger"].after is Verdict.FAIL
    # The scan knows of the block of the bucket, which no plan has.
    assert found[BLOCKED, "aws_s3_bucket.ledger"].after is Verdict.PASS


def test_an_answer_that_a_plan_changes_is_not_that_of_the_scan(
    scanned: Snapshot, tmp_path: Path
) -> None:
    part = {"bucket": "ledger", "policy": json.dumps(TRUST)}
    found = judged(
        scanned,
        tmp_path,
        bucket(),
        change("aws_s3_bucket_policy.ledger", part, actions=("create",)),
    )
    finding = found[NOT_PUBLIC, "aws_s3_bucket.ledger"]
    assert finding.before is Verdict.PASS
    assert finding.after is not Verdict.FAIL


def test_a_canned_acl_that_changes_is_not_what_the_provider_read(
    scanned: Snapshot, tmp_path: Path
) -> None:
    own = [{"type": "CanonicalUser", "id": "1", "uri": "", "permissions": ["FULL_CONTROL"]}]
    held = {"id": "open", "bucket": "open", "arn": "arn:aws:s3:::open", "grant": own}
    found = judged(
        scanned,
        tmp_path,
        change(
            "aws_s3_bucket.open",
            {**held, "acl": "public-read"},
            before={**held, "acl": "private"},
            actions=("update",),
        ),
    )
    finding = found[ACL, "aws_s3_bucket.open"]
    assert (finding.before, finding.after) == (Verdict.PASS, Verdict.FAIL)


def test_what_a_plan_changes_is_not_known_of_the_same_resource_under_a_kind_without_a_map(
    scanned: Snapshot, tmp_path: Path
) -> None:
    assert "aws.iam.principal" not in maps(), "the kind has a map: another one is needed here"
    found = judged(scanned, tmp_path, role("worker", {"path": "/service/"}, "update"))
    by_name = {
        one.finding.resource.name: one for (check, _), one in found.items() if check == ESCALATION
    }
    assert by_name["worker"].after is Verdict.UNKNOWN
    assert by_name["worker"].change is PlanChange.WEAKENED
    assert by_name["other"].after is Verdict.PASS


def test_a_resource_that_a_plan_deletes_is_gone_under_a_kind_without_a_map(
    scanned: Snapshot, tmp_path: Path
) -> None:
    found = judged(scanned, tmp_path, role("worker", None, "delete"))
    names = {one.finding.resource.name for (check, _), one in found.items() if check == ESCALATION}
    assert names == {"ana", "other"}


def test_what_a_new_policy_changes_of_a_kind_without_a_map_is_open_and_no_news(
    scanned: Snapshot, tmp_path: Path
) -> None:
    policy = {"name": "more", "policy": json.dumps(TRUST)}
    found = judged(scanned, tmp_path, change("aws_iam_policy.more", policy))
    findings = [one for (check, _), one in found.items() if check == ESCALATION]
    assert {one.after for one in findings} == {Verdict.UNKNOWN}
    assert {one.change for one in findings} == {PlanChange.OPEN}


def test_a_plan_that_changes_nothing_leaves_a_kind_without_a_map_as_it_was_scanned(
    scanned: Snapshot, tmp_path: Path
) -> None:
    found = judged(scanned, tmp_path, role("worker", {}, "no-op"))
    findings = [one for (check, _), one in found.items() if check == ESCALATION]
    assert {one.after for one in findings} == {Verdict.PASS}


def test_the_default_group_of_a_vpc_is_never_deleted(scanned: Snapshot, tmp_path: Path) -> None:
    default = next(
        address
        for (check, address) in judged(scanned, tmp_path, role("worker", {}, "no-op"))
        if check == DEFAULT_GROUP
    )
    held = {"id": default, "name": "default", "vpc_id": "vpc-1", "owner_id": ACCOUNT}
    held |= {"arn": f"arn:aws:ec2:us-east-1:{ACCOUNT}:security-group/{default}"}
    found = judged(
        scanned,
        tmp_path,
        change("aws_default_security_group.main", None, before=held, actions=("delete",)),
    )
    assert (DEFAULT_GROUP, default) in found
