"""Members and values that change what a check says, from answers to verdicts."""

from __future__ import annotations

from typing import Any

import pytest

from tests.helpers.check_answers import verdicts

BUCKET = {"Buckets": [{"Name": "b", "BucketRegion": "eu-west-1"}]}


@pytest.mark.parametrize(
    ("status", "verdict"),
    [("Enabled", "pass"), ("Suspended", "fail"), ("Paused", "unknown"), ("enabled", "unknown")],
)
def test_a_value_that_no_model_knows_is_unknown(status: str, verdict: str) -> None:
    table: dict[str, Any] = {
        "s3:ListBuckets": BUCKET,
        "s3:GetBucketTagging": {"TagSet": []},
        "s3:GetBucketVersioning": {"Status": status},
    }
    assert verdicts("aws-s3-bucket-versioned", table) == {"b": verdict}


@pytest.mark.parametrize(("days", "verdict"), [(90, "pass"), (365, "pass"), (2560, "fail")])
def test_a_key_that_is_rotated_once_in_years_fails(days: int, verdict: str) -> None:
    metadata = {
        "KeyManager": "CUSTOMER",
        "KeySpec": "SYMMETRIC_DEFAULT",
        "Origin": "AWS_KMS",
        "KeyState": "Enabled",
    }
    table: dict[str, Any] = {
        "kms:ListKeys@us-east-1": {"Keys": []},
        "kms:ListKeys": {"Keys": [{"KeyId": "k", "KeyArn": "arn:aws:kms:eu-west-1:1:key/k"}]},
        "kms:DescribeKey": {"KeyMetadata": metadata},
        "kms:GetKeyRotationStatus": {"KeyRotationEnabled": True, "RotationPeriodInDays": days},
    }
    assert set(verdicts("aws-kms-key-rotation-enabled", table).values()) == {verdict}
