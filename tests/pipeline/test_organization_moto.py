"""The same against moto, whose organization and roles are not ours: each account's resources are
found in it alone."""

from __future__ import annotations

from typing import Any

import boto3
import pytest

from scanner import pipeline
from scanner.model.answers import AccountState
from scanner.model.config import Config, Organization, TargetConfig
from tests.estate.server import running
from tests.helpers.library import shipped_library

ROLE = "tscan-read"
CHECK = "aws-sqs-queue-kms-encrypted"
KEY = "arn:aws:kms:us-east-1:111122223333:key/6c1b3a2e-0000-4000-8000-000000000000"


def client(service: str, **more: Any) -> Any:
    return boto3.client(service, region_name="us-east-1", **more)


def as_account(account: str, service: str) -> Any:
    arn = f"arn:aws:iam::{account}:role/{ROLE}"
    made = client("sts").assume_role(RoleArn=arn, RoleSessionName="seed")["Credentials"]
    return client(
        service,
        aws_access_key_id=made["AccessKeyId"],
        aws_secret_access_key=made["SecretAccessKey"],
        aws_session_token=made["SessionToken"],
    )


@pytest.mark.slow
def test_motos_organization(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with running() as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        organizations = client("organizations")
        organizations.create_organization(FeatureSet="ALL")
        made = [
            organizations.create_account(Email=f"{name}@example.com", AccountName=name)[
                "CreateAccountStatus"
            ]
            for name in ("one", "two", "gone")
        ]
        one, two, gone = (status["AccountId"] for status in made)
        organizations.close_account(AccountId=gone)
        as_account(one, "sqs").create_queue(QueueName="plain", Attributes={})
        as_account(two, "sqs").create_queue(QueueName="locked", Attributes={"KmsMasterKeyId": KEY})
        own = client("sts").get_caller_identity()["Account"]
        target = TargetConfig(organization=Organization(role=ROLE), regions=("us-east-1",))
        library = shipped_library()
        snapshots = list(pipeline.scan(Config(targets=(target,)), library, checks=(CHECK,)))
    assert {one_.target for one_ in snapshots} == {f"aws:{account}" for account in (own, one, two)}
    (leader,) = (snapshot for snapshot in snapshots if snapshot.accounts)
    assert {account.id: account.state for account in leader.accounts} == {
        own: AccountState.IN_SCOPE,
        one: AccountState.IN_SCOPE,
        two: AccountState.IN_SCOPE,
        gone: AccountState.CLOSED,
    }
    found = {
        (finding.resource.target, finding.resource.name): finding.verdict.value
        for finding in pipeline.judge(snapshots, library).findings
    }
    assert found == {(f"aws:{one}", "plain"): "fail", (f"aws:{two}", "locked"): "pass"}
