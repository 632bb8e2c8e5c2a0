"""Buckets, databases, snapshots and backups."""

from __future__ import annotations

import json

from tests.estate.seed import Estate
from tests.estate.wide.answers import MINE

REQUIRED = [{"Key": "backup", "Value": "required"}]
ALL_USERS = "http://acs.amazonaws.com/groups/global/AllUsers"


def buckets(estate: Estate) -> None:
    """A confidential bucket that deletes in time, and one whose public list of rights is not in
    force."""
    s3 = estate.client("s3")
    s3.create_bucket(Bucket="acme-people", ObjectOwnership="BucketOwnerPreferred")
    s3.put_bucket_tagging(
        Bucket="acme-people",
        Tagging={"TagSet": [{"Key": "data-classification", "Value": "confidential"}]},
    )
    rule = {"ID": "all", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 365}}
    s3.put_bucket_lifecycle_configuration(
        Bucket="acme-people", LifecycleConfiguration={"Rules": [rule]}
    )
    # Who holds the bucket's access points decides on it.
    s3.create_bucket(Bucket="acme-points")
    everything = ["arn:aws:s3:::acme-points", "arn:aws:s3:::acme-points/*"]
    delegated = {
        "Effect": "Allow",
        "Principal": {"AWS": "*"},
        "Action": "s3:*",
        "Resource": everything,
        "Condition": {"StringEquals": {"s3:DataAccessPointAccount": MINE}},
    }
    policy = {"Version": "2012-10-17", "Statement": [delegated]}
    s3.put_bucket_policy(Bucket="acme-points", Policy=json.dumps(policy))
    s3.create_bucket(Bucket="acme-once-shared", ObjectOwnership="BucketOwnerPreferred")
    s3.put_bucket_acl(Bucket="acme-once-shared", ACL="public-read")
    s3.put_bucket_ownership_controls(
        Bucket="acme-once-shared",
        OwnershipControls={"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]},
    )


def stores(estate: Estate, region: str) -> None:
    """A table whose capacity follows its load, a cluster, snapshots of all kinds, a warehouse, and
    a plan to save."""
    tables = estate.client("dynamodb", region)
    tables.create_table(
        TableName="stock",
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        BillingMode="PROVISIONED",
        ProvisionedThroughput={"ReadCapacityUnits": 1, "WriteCapacityUnits": 1},
        Tags=REQUIRED,
    )
    scaling = estate.client("application-autoscaling", region)
    for what in ("Read", "Write"):
        scaling.register_scalable_target(
            ServiceNamespace="dynamodb",
            ResourceId="table/stock",
            ScalableDimension=f"dynamodb:table:{what}CapacityUnits",
            MinCapacity=1,
            MaxCapacity=9,
        )
    _databases(estate, region)
    ec2 = estate.client("ec2", region)
    ec2.create_snapshot(VolumeId=ec2.describe_volumes()["Volumes"][0]["VolumeId"])
    estate.client("opensearch", region).create_domain(DomainName="search")
    backups = estate.client("backup", region)
    backups.create_backup_vault(BackupVaultName="nightly")
    rule = {"RuleName": "nightly", "TargetBackupVaultName": "nightly"}
    backups.create_backup_plan(BackupPlan={"BackupPlanName": "nightly", "Rules": [rule]})


def _databases(estate: Estate, region: str) -> None:
    databases = estate.client("rds", region)
    databases.create_db_parameter_group(
        DBParameterGroupName="shop", DBParameterGroupFamily="postgres16", Description="shop"
    )
    databases.create_db_cluster_parameter_group(
        DBClusterParameterGroupName="ledger",
        DBParameterGroupFamily="aurora-postgresql16",
        Description="ledger",
    )
    databases.modify_db_instance(DBInstanceIdentifier="orders", DBParameterGroupName="shop")
    databases.create_db_cluster(
        DBClusterIdentifier="ledger",
        Engine="aurora-postgresql",
        MasterUsername="owner",
        MasterUserPassword="Correct-horse-1",
        DBClusterParameterGroupName="ledger",
    )
    databases.create_db_snapshot(DBInstanceIdentifier="orders", DBSnapshotIdentifier="orders-kept")
    databases.create_db_cluster_snapshot(
        DBClusterIdentifier="ledger", DBClusterSnapshotIdentifier="ledger-kept"
    )
    estate.client("redshift", region).create_cluster(
        ClusterIdentifier="sums",
        NodeType="ra3.large",
        MasterUsername="owner",
        MasterUserPassword="Correct-horse-1",
        ClusterType="single-node",
    )
