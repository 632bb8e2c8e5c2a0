"""An estate in which everything is as it should be: exit code 0, and 3 as soon as any one call is
refused."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from scanner.content import load_library
from scanner.content.locations import Roots, default_roots
from scanner.core.judging.exit_codes import exit_code
from scanner.core.reading.types_in_use import inventory_requests
from scanner.errors import EXIT_CLEAN, EXIT_UNREAD
from scanner.history.snapshots.snapshot_file import read_snapshot, write_snapshot
from scanner.model.answers import Snapshot, State
from scanner.model.checks import Severity
from scanner.model.config import Config, TargetConfig
from scanner.model.findings import Verdict
from scanner.model.library import Library
from scanner.pipeline import judge, scan
from tests.estate.seed import TLS_ONLY, Estate
from tests.estate.server import running
from tests.helpers.refusals import changed, denied, improvements, worsened

REGION = "us-east-1"
CHECKS = (
    "s3/aws-s3-account-public-access-blocked",
    "s3/aws-s3-bucket-access-logged",
    "s3/aws-s3-bucket-acl-not-public",
    "s3/aws-s3-bucket-classification-tagged",
    "s3/aws-s3-bucket-policy-not-public",
    "s3/aws-s3-bucket-public-access-blocked",
    "s3/aws-s3-bucket-tls-only",
    "s3/aws-s3-bucket-versioned",
    "s3/aws-s3-confidential-bucket-kms-encrypted",
    "kms/aws-kms-key-rotation-enabled",
    "iam/aws-iam-password-min-length",
    "iam/aws-iam-user-console-mfa",
    "ec2/aws-ec2-default-sg-closed",
    "ec2/aws-ec2-sg-no-public-admin-ports",
    "ec2/aws-ec2-vpc-flow-logs-enabled",
    "ebs/aws-ebs-encryption-by-default",
    "sqs/aws-sqs-queue-kms-encrypted",
    "guardduty/aws-guardduty-enabled",
)
"""Checks whose services moto holds whole."""


def seed(endpoint: str) -> None:
    estate = Estate(endpoint)
    everything = {"BlockPublicAcls": True, "IgnorePublicAcls": True, "BlockPublicPolicy": True}
    block = {**everything, "RestrictPublicBuckets": True}
    key = estate.client("kms").create_key()["KeyMetadata"]
    estate.client("kms").enable_key_rotation(KeyId=key["KeyId"])
    _bucket(estate, block, key["Arn"])
    _people(estate)
    _network(estate)
    estate.client("sqs").create_queue(QueueName="orders", Attributes={"KmsMasterKeyId": key["Arn"]})
    estate.client("guardduty").create_detector(Enable=True)
    control = estate.client("s3control")
    control.meta.events.register(
        "before-sign",
        lambda request, **_: setattr(request, "url", request.url.replace("//123456789012.", "//")),
    )
    control.put_public_access_block(AccountId="123456789012", PublicAccessBlockConfiguration=block)


def _bucket(estate: Estate, block: dict[str, bool], key: str) -> None:
    s3, name = estate.client("s3"), "ledger"
    s3.create_bucket(Bucket=name)
    s3.put_public_access_block(Bucket=name, PublicAccessBlockConfiguration=block)
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    s3.put_bucket_tagging(
        Bucket=name, Tagging={"TagSet": [{"Key": "data-classification", "Value": "confidential"}]}
    )
    rule = {
        "ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}
    }
    s3.put_bucket_encryption(Bucket=name, ServerSideEncryptionConfiguration={"Rules": [rule]})
    statement = {**TLS_ONLY, "Resource": [f"arn:aws:s3:::{name}", f"arn:aws:s3:::{name}/*"]}
    s3.put_bucket_policy(
        Bucket=name, Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    )
    s3.create_bucket(Bucket=f"{name}-logs")
    s3.put_bucket_acl(Bucket=f"{name}-logs", ACL="log-delivery-write")
    target = {"TargetBucket": f"{name}-logs", "TargetPrefix": "x/"}
    s3.put_bucket_logging(Bucket=name, BucketLoggingStatus={"LoggingEnabled": target})
    s3.delete_bucket(Bucket=f"{name}-logs")


def _people(estate: Estate) -> None:
    iam = estate.client("iam")
    iam.update_account_password_policy(MinimumPasswordLength=16)
    iam.create_user(UserName="ana")
    iam.create_login_profile(UserName="ana", Password="Correct-horse-1")
    device = iam.create_virtual_mfa_device(VirtualMFADeviceName="ana")["VirtualMFADevice"][
        "SerialNumber"
    ]
    iam.enable_mfa_device(
        UserName="ana",
        SerialNumber=device,
        AuthenticationCode1="1" * 6,
        AuthenticationCode2="2" * 6,
    )


def _network(estate: Estate) -> None:
    ec2 = estate.client("ec2")
    ec2.enable_ebs_encryption_by_default()
    vpc = ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
    destination = {"LogDestinationType": "s3", "LogDestination": "arn:aws:s3:::ledger"}
    ec2.create_flow_logs(ResourceIds=[vpc], ResourceType="VPC", TrafficType="ALL", **destination)
    for group in ec2.describe_security_groups()["SecurityGroups"]:
        ec2.revoke_security_group_ingress(
            GroupId=group["GroupId"], IpPermissions=group["IpPermissions"]
        )
        ec2.revoke_security_group_egress(
            GroupId=group["GroupId"], IpPermissions=group["IpPermissionsEgress"]
        )


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Library:
    home, shipped = tmp_path_factory.mktemp("pack"), default_roots()
    (home / "mappings").mkdir()
    for name in CHECKS:
        (home / "checks/aws" / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(shipped.checks / f"aws/{name}.yaml", home / f"checks/aws/{name}.yaml")
    shutil.copy(shipped.checks / "parameters.yaml", home / "checks/parameters.yaml")
    return load_library(
        Roots(kinds=shipped.kinds, checks=home / "checks", mappings=home / "mappings")
    )


@pytest.fixture(scope="module")
def estate() -> Iterator[None]:
    with running() as endpoint, pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", endpoint)
        patch.setenv("AWS_ACCESS_KEY_ID", "testing")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
        seed(endpoint)
        yield


def scanned(library: Library) -> Snapshot:
    (found,) = scan(Config(targets=(TargetConfig(regions=(REGION,)),)), library)
    return found


@pytest.fixture(scope="module")
def snapshot(estate: None, library: Library) -> Snapshot:
    return scanned(library)


@pytest.fixture(scope="module")
def inventory_calls(snapshot: Snapshot, library: Library) -> frozenset[str]:
    """The calls of inventories' operations that a scan without inventories does not make."""
    without = scanned(replace(library, inventories={})).answers
    counting = {request.operation for request in inventory_requests(library, ["aws"])}
    return frozenset(
        key
        for key, answer in snapshot.answers.items()
        if answer.call.operation in counting and key not in without
    )


def test_it_is_clean(snapshot: Snapshot, library: Library) -> None:
    assessment = judge([snapshot], library)
    wrong = [
        (f.check, f.reason, f.observed)
        for f in assessment.findings
        if f.verdict is not Verdict.PASS
    ]
    assert wrong == []
    assert {f.check for f in assessment.findings} == set(library.checks)
    assert exit_code(assessment, library, Severity.LOW) == EXIT_CLEAN


def test_every_call_is_read(
    snapshot: Snapshot, library: Library, inventory_calls: frozenset[str]
) -> None:
    """Refusing any one call is exit 3, and shows in a finding that names it, unless the others
    settle the verdict."""
    before = judge([snapshot], library)
    for key, answer in snapshot.answers.items():
        if key in inventory_calls:
            continue
        after = judge([worsened(snapshot, [key], denied)], library)
        assert exit_code(after, library, Severity.LOW) == EXIT_UNREAD, key
        refused = {row.operation for row in after.coverage if row.state is State.DENIED}
        assert refused == {answer.call.operation}, key
        assert list(improvements(before, after, library)) == [], key
        for finding in changed(before, after):
            assert finding.verdict is Verdict.UNKNOWN, key
            assert answer.call.operation in finding.reason, (key, finding)


def test_a_call_of_inventories_alone_decides_nothing(
    snapshot: Snapshot, library: Library, inventory_calls: frozenset[str]
) -> None:
    """Refusing it shows where the inventory is named. The tagging API's list of buckets is the
    second source of a listing: it is none of these, though its operation counts types too."""
    before = judge([snapshot], library)
    tagging = [
        answer.call
        for answer in snapshot.answers.values()
        if answer.call.operation == "resourcegroupstaggingapi:GetResources"
    ]
    alone = {bool(call.params): call.key in inventory_calls for call in tagging}
    assert alone == {False: True, True: False}
    for key in inventory_calls:
        after = judge([worsened(snapshot, [key], denied)], library)
        assert exit_code(after, library, Severity.LOW) == EXIT_CLEAN, key
        assert (after.findings, after.coverage) == (before.findings, before.coverage), key
        reasons = [one.reason for one in after.inventories]
        refused = f"{snapshot.answers[key].call.operation} denied"
        assert any(refused in reason for reason in reasons), (key, reasons)


def test_and_gives_the_same_from_a_file(
    snapshot: Snapshot, library: Library, tmp_path: Path
) -> None:
    write_snapshot(tmp_path / "s.jsonl.gz", snapshot)
    assert judge([read_snapshot(tmp_path / "s.jsonl.gz")], library) == judge([snapshot], library)
