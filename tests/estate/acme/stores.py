"""Buckets, databases, tables, keys and secrets."""

from __future__ import annotations

import json
from typing import Any, Final

from tests.estate.acme import BACKED_UP, HOME, PRODUCTION
from tests.estate.seed import ANYONE, TLS_ONLY, Estate

CLOSED: Final = dict.fromkeys(
    ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True
)
CLASSES: Final = {
    "acme-prod-customer-data": "confidential",
    "acme-prod-backups": "internal",
    "acme-prod-exports": "internal",
    "acme-prod-www": "public",
    "acme-prod-audit-logs": "internal",
}
"""The buckets by their classification."""


def stores(estate: Estate) -> str:
    """Everything that keeps data; the id of the key that encrypts it."""
    key = _keys(estate)
    _buckets(estate, key)
    _databases(estate, key)
    _tables(estate, key)
    estate.client("secretsmanager", HOME).create_secret(
        Name="acme-prod/orders-db",
        SecretString="made-up",
        KmsKeyId=key,
        # Else the simulator draws one that no seed repeats.
        ClientRequestToken="11112222-3333-4444-5555-666677778888",
    )
    return key


def _keys(estate: Estate) -> str:
    """The id of the key that most things use; another one is not rotated."""
    kms = estate.client("kms", HOME)
    ids = []
    for name in ("acme-prod-data", "acme-prod-legacy"):
        made = kms.create_key(
            Description=name, Tags=[{"TagKey": "environment", "TagValue": "production"}]
        )
        ids.append(made["KeyMetadata"]["KeyId"])
        kms.create_alias(AliasName=f"alias/{name}", TargetKeyId=ids[-1])
    kms.enable_key_rotation(KeyId=ids[0])
    return str(ids[0])


def _buckets(estate: Estate, key: str) -> None:
    s3 = estate.client("s3", HOME)
    for name, value in CLASSES.items():
        s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": HOME})
        tags = [*PRODUCTION, {"Key": "data-classification", "Value": value}]
        s3.put_bucket_tagging(Bucket=name, Tagging={"TagSet": tags})
        s3.put_bucket_encryption(
            Bucket=name, ServerSideEncryptionConfiguration={"Rules": [_encryption(value, key)]}
        )
    for name in ("acme-prod-customer-data", "acme-prod-backups", "acme-prod-audit-logs"):
        s3.put_public_access_block(Bucket=name, PublicAccessBlockConfiguration=CLOSED)
        s3.put_bucket_policy(Bucket=name, Policy=_document(_tls_only(name)))
    for name in ("acme-prod-customer-data", "acme-prod-audit-logs"):
        s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    www = {**ANYONE, "Resource": "arn:aws:s3:::acme-prod-www/*"}
    s3.put_bucket_policy(Bucket="acme-prod-www", Policy=_document(www, _tls_only("acme-prod-www")))
    expire = {
        "ID": "retention",
        "Status": "Enabled",
        "Filter": {"Prefix": ""},
        "Expiration": {"Days": 730},
        "NoncurrentVersionExpiration": {"NoncurrentDays": 30},
    }
    s3.put_bucket_lifecycle_configuration(
        Bucket="acme-prod-customer-data", LifecycleConfiguration={"Rules": [expire]}
    )


def _encryption(value: str, key: str) -> dict[str, Any]:
    default = {"SSEAlgorithm": "AES256"}
    if value == "confidential":
        default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}
    return {"ApplyServerSideEncryptionByDefault": default}


def _tls_only(name: str) -> dict[str, Any]:
    return {**TLS_ONLY, "Resource": [f"arn:aws:s3:::{name}", f"arn:aws:s3:::{name}/*"]}


def _document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def _databases(estate: Estate, key: str) -> None:
    rds = estate.client("rds", HOME)
    common: dict[str, Any] = {
        "Engine": "postgres",
        "EngineVersion": "16.4",
        "MasterUsername": "owner",
        "MasterUserPassword": "Correct-horse-1",
        "AllocatedStorage": 100,
        "PubliclyAccessible": False,
    }
    rds.create_db_instance(
        DBInstanceIdentifier="acme-prod-orders",
        DBInstanceClass="db.m6g.large",
        StorageEncrypted=True,
        KmsKeyId=key,
        MultiAZ=True,
        DeletionProtection=True,
        BackupRetentionPeriod=14,
        MaxAllocatedStorage=500,
        EnableCloudwatchLogsExports=["postgresql"],
        Tags=BACKED_UP,
        **common,
    )
    rds.create_db_instance(
        DBInstanceIdentifier="acme-prod-crm",
        DBInstanceClass="db.t3.medium",
        StorageEncrypted=False,
        MultiAZ=False,
        BackupRetentionPeriod=3,
        Tags=PRODUCTION,
        **common,
    )


def _tables(estate: Estate, key: str) -> None:
    tables = estate.client("dynamodb", HOME)
    for name in ("acme-prod-sessions", "acme-prod-carts"):
        tables.create_table(
            TableName=name,
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            BillingMode="PAY_PER_REQUEST",
            DeletionProtectionEnabled=True,
            SSESpecification={"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": key},
            Tags=PRODUCTION,
        )
    tables.update_continuous_backups(
        TableName="acme-prod-sessions",
        PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True},
    )
