"""The estate: of each thing a good one and a bad one, made over the API."""

from __future__ import annotations

import json
from typing import Any, Final

import boto3
from botocore.config import Config

REGIONS: Final = ("us-east-1", "eu-west-1")
ANYONE: Final = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject"}
TLS_ONLY: Final = {
    "Effect": "Deny",
    "Principal": "*",
    "Action": "s3:*",
    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
}
ADMIN: Final = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}],
}
READ: Final = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "sqs:ListQueues", "Resource": "*"}],
}


class Estate:
    """Clients of one endpoint."""

    def __init__(self, endpoint: str) -> None:
        self._endpoint = endpoint

    def client(self, service: str, region: str = REGIONS[0]) -> Any:
        """A client with made-up credentials."""
        return boto3.client(
            service,
            region_name=region,
            endpoint_url=self._endpoint,
            aws_access_key_id="testing",
            aws_secret_access_key="testing",
            config=Config(retries={"max_attempts": 1}),
        )


def seed(endpoint: str) -> None:
    """Make everything."""
    estate = Estate(endpoint)
    people(estate)
    buckets(estate)
    trail(estate)
    for region in REGIONS:
        network(estate, region)
        storage(estate, region)
        services(estate, region)


def people(estate: Estate) -> None:
    """One administrator too many, one person without a second factor, a weak password policy."""
    iam = estate.client("iam")
    iam.update_account_password_policy(MinimumPasswordLength=8)
    for name in ("ana", "bob"):
        iam.create_user(UserName=name)
        iam.create_login_profile(UserName=name, Password="Correct-horse-1")
    device = iam.create_virtual_mfa_device(VirtualMFADeviceName="ana")["VirtualMFADevice"][
        "SerialNumber"
    ]
    iam.enable_mfa_device(
        UserName="ana",
        SerialNumber=device,
        AuthenticationCode1="123456",
        AuthenticationCode2="654321",
    )
    iam.create_access_key(UserName="bob")
    for name, document in (("admin-for-all", ADMIN), ("read-queues", READ)):
        made = iam.create_policy(PolicyName=name, PolicyDocument=json.dumps(document))["Policy"][
            "Arn"
        ]
        iam.create_group(GroupName=name)
        iam.attach_group_policy(GroupName=name, PolicyArn=made)
    iam.add_user_to_group(GroupName="admin-for-all", UserName="bob")


def buckets(estate: Estate) -> None:
    """A careful bucket, a public one, and one as it comes."""
    s3 = estate.client("s3")
    for name in ("acme-ledger", "acme-public-site", "acme-scratch"):
        s3.create_bucket(Bucket=name)
    everything = ["arn:aws:s3:::acme-ledger", "arn:aws:s3:::acme-ledger/*"]
    s3.put_bucket_policy(
        Bucket="acme-ledger", Policy=_document({**TLS_ONLY, "Resource": everything})
    )
    s3.put_bucket_policy(
        Bucket="acme-public-site",
        Policy=_document({**ANYONE, "Resource": "arn:aws:s3:::acme-public-site/*"}),
    )
    s3.put_bucket_versioning(Bucket="acme-ledger", VersioningConfiguration={"Status": "Enabled"})
    s3.put_bucket_encryption(
        Bucket="acme-ledger",
        ServerSideEncryptionConfiguration={
            "Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}}]
        },
    )
    closed = dict.fromkeys(
        ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True
    )
    s3.put_public_access_block(Bucket="acme-ledger", PublicAccessBlockConfiguration=closed)


def _document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def trail(estate: Estate) -> None:
    """A trail of every region that is not validated."""
    s3 = estate.client("s3")
    s3.create_bucket(Bucket="acme-trail")
    trails = estate.client("cloudtrail")
    trails.create_trail(
        Name="acme",
        S3BucketName="acme-trail",
        IsMultiRegionTrail=True,
        EnableLogFileValidation=False,
    )
    trails.start_logging(Name="acme")


def network(estate: Estate, region: str) -> None:
    """A group that is open to the world, and one that is not."""
    ec2 = estate.client("ec2", region)
    vpc = ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
    for name, source in (("ssh-from-anywhere", "0.0.0.0/0"), ("ssh-from-office", "203.0.113.0/24")):
        group = ec2.create_security_group(GroupName=name, Description=name, VpcId=vpc)["GroupId"]
        rule = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": source}]}
        ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[rule])


def storage(estate: Estate, region: str) -> None:
    """Volumes, tables, queues and databases, encrypted and not."""
    ec2 = estate.client("ec2", region)
    kms = estate.client("kms", region)
    keys = [
        kms.create_key(Description=name)["KeyMetadata"]["KeyId"]
        for name in ("rotated", "forgotten")
    ]
    kms.enable_key_rotation(KeyId=keys[0])
    for encrypted in (True, False):
        ec2.create_volume(AvailabilityZone=f"{region}a", Size=1, Encrypted=encrypted)
        estate.client("rds", region).create_db_instance(
            DBInstanceIdentifier="orders" if encrypted else "legacy",
            DBInstanceClass="db.t3.micro",
            Engine="postgres",
            AllocatedStorage=20,
            MasterUsername="owner",
            MasterUserPassword="Correct-horse-1",
            StorageEncrypted=encrypted,
            PubliclyAccessible=not encrypted,
            BackupRetentionPeriod=7 if encrypted else 0,
        )
    queues = estate.client("sqs", region)
    queues.create_queue(QueueName="orders", Attributes={"KmsMasterKeyId": keys[0]})
    queues.create_queue(QueueName="scratch", Attributes={"SqsManagedSseEnabled": "false"})
    table = {
        "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
        "BillingMode": "PAY_PER_REQUEST",
    }
    tables = estate.client("dynamodb", region)
    for name in ("orders", "scratch"):
        tables.create_table(TableName=name, DeletionProtectionEnabled=name == "orders", **table)
    tables.update_continuous_backups(
        TableName="orders", PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
    )


def services(estate: Estate, region: str) -> None:
    """Repositories, secrets, log groups; a detector in the first region only."""
    images = estate.client("ecr", region)
    for name, good in (("shop", True), ("tools", False)):
        images.create_repository(
            repositoryName=name,
            imageTagMutability="IMMUTABLE" if good else "MUTABLE",
            imageScanningConfiguration={"scanOnPush": good},
        )
    estate.client("secretsmanager", region).create_secret(
        Name="shop/database", SecretString="made-up"
    )
    logs = estate.client("logs", region)
    for name in ("/shop/kept", "/shop/short"):
        logs.create_log_group(logGroupName=name)
    logs.put_retention_policy(logGroupName="/shop/kept", retentionInDays=365)
    logs.put_retention_policy(logGroupName="/shop/short", retentionInDays=7)
    if region == REGIONS[0]:
        estate.client("guardduty", region).create_detector(Enable=True)
