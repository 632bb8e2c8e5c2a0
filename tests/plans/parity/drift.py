"""What others change between the first apply and the second plan, over the API."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from tests.estate.seed import Estate

SSH_FROM_ANYWHERE: Final = {
    "IpProtocol": "tcp",
    "FromPort": 22,
    "ToPort": 22,
    "IpRanges": [{"CidrIp": "0.0.0.0/0"}],
}


DESKTOP_FROM_ANYWHERE: Final = {**SSH_FROM_ANYWHERE, "FromPort": 3389, "ToPort": 3389}


def parts(estate: Estate) -> None:
    """Parts that are deleted and changed, and things that Terraform did not make."""
    s3, ec2, iam = estate.client("s3"), estate.client("ec2"), estate.client("iam")
    s3.put_bucket_versioning(Bucket="parts-ledger", VersioningConfiguration={"Status": "Suspended"})
    s3.delete_public_access_block(Bucket="parts-ledger")
    s3.create_bucket(Bucket="by-hand")
    ec2.authorize_security_group_ingress(
        GroupId=_group(ec2, "parts-web"), IpPermissions=[SSH_FROM_ANYWHERE]
    )
    kms = estate.client("kms")
    for key in kms.list_keys()["Keys"]:
        found = kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"]
        if found["Description"] == "ledger":
            kms.disable_key_rotation(KeyId=key["KeyId"])
    estate.client("cloudtrail").stop_logging(Name="parts")
    estate.client("rds").modify_db_instance(
        DBInstanceIdentifier="parts-orders", BackupRetentionPeriod=1, ApplyImmediately=True
    )
    iam.create_login_profile(UserName="parts-ana", Password="Correct-horse-1")
    iam.attach_user_policy(UserName="parts-ana", PolicyArn="arn:aws:iam::aws:policy/ReadOnlyAccess")
    iam.put_role_policy(RoleName="parts-worker", PolicyName="more", PolicyDocument=_everything())
    estate.client("sqs").create_queue(QueueName="by-hand")


def inline(estate: Estate) -> None:
    """Blocks that others add to, and switches that others turn."""
    s3, ec2, iam = estate.client("s3"), estate.client("ec2"), estate.client("iam")
    s3.put_bucket_versioning(
        Bucket="inline-archive", VersioningConfiguration={"Status": "Suspended"}
    )
    s3.delete_bucket_policy(Bucket="inline-logs")
    s3.put_bucket_acl(Bucket="inline-plain", ACL="public-read")
    ec2.authorize_security_group_ingress(
        GroupId=_group(ec2, "inline-database"), IpPermissions=[SSH_FROM_ANYWHERE]
    )
    ec2.modify_instance_metadata_options(
        InstanceId=_instance(ec2), HttpEndpoint="enabled", HttpTokens="optional"
    )
    iam.put_role_policy(RoleName="inline-task", PolicyName="more", PolicyDocument=_everything())
    iam.attach_role_policy(
        RoleName="inline-nothing", PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess"
    )
    iam.put_user_policy(UserName="inline-eve", PolicyName="more", PolicyDocument=_everything())
    queues = estate.client("sqs")
    url = queues.get_queue_url(QueueName="inline-orders")["QueueUrl"]
    queues.set_queue_attributes(QueueUrl=url, Attributes={"RedrivePolicy": ""})
    estate.client("rds").modify_db_cluster(
        DBClusterIdentifier="inline-books", DeletionProtection=True, ApplyImmediately=True
    )
    estate.client("lambda").add_permission(
        FunctionName="inline-report",
        StatementId="anyone",
        Action="lambda:InvokeFunction",
        Principal="*",
    )


def modules(estate: Estate) -> None:
    """Instances of modules that others change, one in another region."""
    s3, ec2 = estate.client("s3"), estate.client("ec2")
    s3.delete_bucket_encryption(Bucket="modules-invoices")
    s3.delete_public_access_block(Bucket="modules-drafts")
    estate.client("s3", "eu-west-1").put_bucket_versioning(
        Bucket="modules-copies", VersioningConfiguration={"Status": "Suspended"}
    )
    ec2.authorize_security_group_ingress(
        GroupId=_group(ec2, "modules-runner"), IpPermissions=[DESKTOP_FROM_ANYWHERE]
    )
    estate.client("rds").modify_db_instance(
        DBInstanceIdentifier="modules-0", DeletionProtection=False, ApplyImmediately=True
    )
    estate.client("iam").attach_role_policy(
        RoleName="modules-mail", PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess"
    )
    queues = estate.client("sqs")
    url = queues.get_queue_url(QueueName="modules-mail")["QueueUrl"]
    queues.set_queue_attributes(QueueUrl=url, Attributes={"KmsMasterKeyId": ""})


def small(estate: Estate) -> None:
    """One part that is gone, one that is new, and one that others made."""
    s3, ec2, iam = estate.client("s3"), estate.client("ec2"), estate.client("iam")
    iam.create_login_profile(UserName="small-ana", Password="Correct-horse-1")
    s3.put_bucket_versioning(Bucket="small-drafts", VersioningConfiguration={"Status": "Enabled"})
    s3.delete_bucket_policy(Bucket="small-ledger")
    ec2.authorize_security_group_ingress(
        GroupId=_group(ec2, "small-parts"), IpPermissions=[DESKTOP_FROM_ANYWHERE]
    )
    iam.put_role_policy(RoleName="small-worker", PolicyName="more", PolicyDocument=_everything())


def _everything() -> str:
    statement = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def _instance(ec2: Any) -> str:
    found: str = ec2.describe_instances()["Reservations"][0]["Instances"][0]["InstanceId"]
    return found


def _group(ec2: Any, name: str) -> str:
    filters = [{"Name": "group-name", "Values": [name]}]
    found: str = ec2.describe_security_groups(Filters=filters)["SecurityGroups"][0]["GroupId"]
    return found


DRIFT: Final[Mapping[str, Callable[[Estate], None]]] = {
    "inline": inline,
    "modules": modules,
    "parts": parts,
    "small": small,
}
