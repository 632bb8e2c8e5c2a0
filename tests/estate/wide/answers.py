"""What the services say of the estate that the server has no word for: backups, findings, scanners,
agents."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from tests.estate.seed import REGIONS
from tests.estate.told import Say

MINE: Final = "123456789012"
NOW: Final = datetime.now(UTC).replace(microsecond=0)
"""One moment for all scans of the estate, so that two of them say the same."""
COUNTS: Final = [
    {"resourceType": "AWS::EC2::SecurityGroup", "count": 4},
    {"resourceType": "AWS::DynamoDB::Table", "count": 3},
]
Request = Mapping[str, Any]


def answers(machines: Mapping[str, str]) -> dict[str, Say]:
    """By operation; `machines` are the ids of the instances by region."""
    return {
        **_backups(),
        **_detection(),
        **_scanning(machines),
        **_recorded(),
        **_containers(),
        **_access_points(),
        "redshift-serverless:ListWorkgroups": lambda region, _: {
            "workgroups": [
                {
                    "workgroupName": "ad-hoc",
                    "workgroupArn": f"arn:aws:redshift-serverless:{region}:{MINE}:workgroup/ad-hoc",
                    "publiclyAccessible": False,
                }
            ]
        },
        **_indexed(),
        "cloudtrail:LookupEvents": lambda *_: {"Events": [_sign_in()]},
        "ec2:DescribeRegions": lambda *_: {"Regions": [{"RegionName": name} for name in REGIONS]},
        "ec2:GetSnapshotBlockPublicAccessState": lambda *_: {"State": "block-all-sharing"},
        "ssm:DescribeInstanceInformation": lambda region, _: {
            "InstanceInformationList": [{"InstanceId": machines[region], "PingStatus": "Online"}]
        },
        "ssm:DescribeInstancePatchStates": lambda region, _: {
            "InstancePatchStates": [_patched(machines[region])]
        },
    }


UNREAD: Final = {
    "appflow:flow": 1,
    "appsync:apis": 2,
    "athena:workgroup": 3,
    "batch:job-queue": 4,
    "bedrock:agent": 5,
    "cognito-idp:userpool": 6,
    "dms:rep": 7,
    "elasticbeanstalk:environment": 8,
    "emr-serverless:applications": 9,
    "firehose:deliverystream": 10,
    "fsx:file-system": 11,
    "glue:job": 12,
    "kafka:cluster": 13,
    "kinesis:stream": 14,
    "lightsail:Instance": 15,
    "mq:broker": 16,
    "qldb:ledger": 17,
    "sagemaker:notebook-instance": 18,
    "timestream:database": 19,
    "workspaces:workspace": 20,
}
"""Types of 20 services that no check reads, with their numbers in the first region."""


def _indexed() -> dict[str, Say]:
    """Resource Explorer: an index in the first region, which lists them and some that are read."""

    def listed(region: str, _: Request) -> Mapping[str, Any]:
        counts = {**UNREAD, "s3:bucket": 3, "kms:key": 2}
        rows = [
            {
                "Arn": f"arn:aws:{name.partition(':')[0]}:{region}:{MINE}:thing/{name}-{number}",
                "OwningAccountId": MINE,
                "Region": region,
                "ResourceType": name,
            }
            for name, count in counts.items()
            for number in range(count)
        ]
        elsewhere = {**rows[0], "Region": "ap-south-1", "ResourceType": "glue:job"}
        return {"Resources": [*rows, elsewhere], "ViewArn": _view(region)}

    return {
        "resource-explorer-2:GetDefaultView": lambda region, _: (
            {"ViewArn": _view(region)} if region == REGIONS[0] else {}
        ),
        "resource-explorer-2:ListResources": listed,
    }


def _view(region: str) -> str:
    return f"arn:aws:resource-explorer-2:{region}:{MINE}:view/all/0f0e"


def _access_points() -> dict[str, Say]:
    point = {"Name": "reports", "NetworkOrigin": "Internet", "Bucket": "acme-points"}
    block = dict.fromkeys(
        ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), False
    )
    return {
        "s3control:ListAccessPoints": lambda *_: {"AccessPointList": [point]},
        "s3control:GetAccessPoint": lambda *_: {**point, "PublicAccessBlockConfiguration": block},
        # Public, so that the block of the access point is asked for as well.
        "s3control:GetAccessPointPolicyStatus": lambda *_: {"PolicyStatus": {"IsPublic": True}},
    }


def _ago(*, hours: float) -> datetime:
    return NOW - timedelta(hours=hours)


def _table(region: str) -> str:
    return f"arn:aws:dynamodb:{region}:{MINE}:table/stock"


def _sign_in() -> dict[str, Any]:
    return {
        "EventId": "root-signed-in",
        "EventName": "ConsoleLogin",
        "EventSource": "signin.amazonaws.com",
        "EventTime": _ago(hours=30),
        "Username": "root",
    }


def _backups() -> dict[str, Say]:
    def jobs(region: str, _: Request) -> Mapping[str, Any]:
        begun = {"ResourceArn": _table(region), "CreationDate": _ago(hours=90)}
        again = {
            "ResourceArn": _table(region),
            "CreationDate": _ago(hours=80),
            "CompletionDate": _ago(hours=79),
        }
        return {
            "BackupJobs": [
                {**begun, "BackupJobId": f"{region}-1", "State": "FAILED"},
                {**again, "BackupJobId": f"{region}-2", "State": "COMPLETED"},
            ]
        }

    def saved(region: str, _: Request) -> Mapping[str, Any]:
        return {"Results": [{"ResourceArn": _table(region), "LastBackupTime": _ago(hours=2)}]}

    def restored(region: str, _: Request) -> Mapping[str, Any]:
        done = {
            "RestoreJobId": f"{region}-1",
            "Status": "COMPLETED",
            "CompletionDate": _ago(hours=900),
        }
        return {"RestoreJobs": [{**done, "SourceResourceArn": _table(region)}]}

    return {
        "backup:ListBackupJobs": jobs,
        "backup:ListProtectedResources": saved,
        "backup:ListRestoreJobs": restored,
    }


def _detection() -> dict[str, Say]:
    def analyzers(region: str, _: Request) -> Mapping[str, Any]:
        arn = f"arn:aws:access-analyzer:{region}:{MINE}:analyzer/outside"
        made = {"arn": arn, "name": "outside", "type": "ACCOUNT", "createdAt": _ago(hours=9000)}
        return {"analyzers": [{**made, "status": "ACTIVE"}]}

    outside = {
        "id": "0b1c",
        "resource": "arn:aws:s3:::acme-public-site",
        "resourceType": "AWS::S3::Bucket",
        "resourceOwnerAccount": MINE,
        "findingType": "ExternalAccess",
        "status": "ACTIVE",
    }
    times = dict.fromkeys(("analyzedAt", "createdAt", "updatedAt"), _ago(hours=40))
    threat = {
        "AccountId": MINE,
        "Arn": f"arn:aws:guardduty:eu-west-1:{MINE}:detector/d/finding/f",
        "Id": "f",
        "Region": "eu-west-1",
        "Resource": {"ResourceType": "Instance"},
        "SchemaVersion": "2.0",
        "Severity": 8.0,
        "Type": "CryptoCurrency:EC2/BitcoinTool.B!DNS",
        "CreatedAt": f"{_ago(hours=3):%Y-%m-%dT%H:%M:%SZ}",
        "UpdatedAt": f"{_ago(hours=3):%Y-%m-%dT%H:%M:%SZ}",
        "Service": {"Archived": False},
    }
    standard = {
        "StandardsSubscriptionArn": f"arn:aws:securityhub:eu-west-1:{MINE}:subscription/aws-foundational/v/1.0.0",
        "StandardsArn": "arn:aws:securityhub:eu-west-1::standards/aws-foundational/v/1.0.0",
        "StandardsInput": {},
        "StandardsStatus": "READY",
    }
    return {
        "accessanalyzer:ListAnalyzers": analyzers,
        "accessanalyzer:ListFindingsV2": lambda *_: {"findings": [{**outside, **times}]},
        "guardduty:GetFindings": lambda *_: {"Findings": [threat]},
        "guardduty:ListFilters": lambda *_: {"FilterNames": ["quiet"]},
        "guardduty:ListFindings": lambda *_: {"FindingIds": ["f"]},
        "macie2:GetAutomatedDiscoveryConfiguration": lambda *_: {"status": "ENABLED"},
        "securityhub:GetEnabledStandards": lambda *_: {"StandardsSubscriptions": [standard]},
    }


def _containers() -> dict[str, Say]:
    """Tasks of ECS, in the regions that have no other clusters."""

    def cluster(region: str) -> str:
        return f"arn:aws:ecs:{region}:{MINE}:cluster/jobs"

    def listed(region: str, _: Request) -> Mapping[str, Any]:
        return {"clusterArns": [] if region == REGIONS[0] else [cluster(region)]}

    return {
        "ecs:ListClusters": listed,
        "ecs:DescribeClusters": lambda region, _: {
            "clusters": [
                {"clusterArn": cluster(region), "status": "ACTIVE", "runningTasksCount": 2}
            ]
        },
    }


def _recorded() -> dict[str, Say]:
    """A security group that was open for an hour, and a database as it is."""
    rule = {
        "ipProtocol": "tcp",
        "fromPort": 22,
        "toPort": 22,
        "ipv6Ranges": [],
        "prefixListIds": [],
    }
    states = {
        "AWS::EC2::SecurityGroup": [
            {"ipPermissions": [{**rule, "ipRanges": ["203.0.113.0/24"]}]},
            {"ipPermissions": [{**rule, "ipRanges": ["0.0.0.0/0"]}]},
            {"ipPermissions": []},
        ],
        "AWS::RDS::DBInstance": [{"publiclyAccessible": False}],
    }

    def known(_: str, request: Request) -> Mapping[str, Any]:
        kind = request["resourceType"]
        return {
            "resourceIdentifiers": [
                {"resourceType": kind, "resourceId": f"{kind.rpartition(':')[2]}-1"}
            ]
        }

    def history(region: str, request: Request) -> Mapping[str, Any]:
        kind, name = request["resourceType"], request["resourceId"]
        about = {"accountId": MINE, "awsRegion": region, "resourceType": kind, "resourceId": name}
        items = [
            {
                **about,
                "configurationItemCaptureTime": _ago(hours=20 - number),
                "configurationItemStatus": "OK",
                "configurationStateId": str(number),
                "configuration": json.dumps(state),
            }
            for number, state in enumerate(states[kind])
        ]
        return {"configurationItems": items[::-1]}

    return {
        "config:GetDiscoveredResourceCounts": lambda *_: {
            "totalDiscoveredResources": 7,
            "resourceCounts": COUNTS,
        },
        "config:GetResourceConfigHistory": history,
        "config:ListDiscoveredResources": known,
    }


def _scanning(machines: Mapping[str, str]) -> dict[str, Say]:
    on = {"status": "ENABLED", "errorCode": "ALREADY_ENABLED", "errorMessage": ""}

    def covered(region: str, request: Request) -> Mapping[str, Any]:
        function = f"arn:aws:lambda:{region}:{MINE}:function:bill:$LATEST"
        here = {"AWS_EC2_INSTANCE": machines[region], "AWS_LAMBDA_FUNCTION": function}
        wanted = {row["value"] for row in request["filterCriteria"]["resourceType"]}
        status = {"statusCode": "ACTIVE", "reason": "SUCCESSFUL"}
        rows = [
            {
                "resourceType": kind,
                "resourceId": name,
                "accountId": MINE,
                "scanType": "PACKAGE",
                "scanStatus": status,
            }
            for kind, name in here.items()
            if kind in wanted
        ]
        return {"coveredResources": rows}

    state = {
        "accountId": MINE,
        "state": on,
        "resourceState": dict.fromkeys(("ec2", "ecr", "lambda"), on),
    }
    return {
        "inspector2:BatchGetAccountStatus": lambda *_: {"accounts": [state]},
        "inspector2:ListCoverage": covered,
    }


def _patched(machine: str) -> dict[str, Any]:
    looked = {
        "OperationStartTime": _ago(hours=20),
        "OperationEndTime": _ago(hours=19),
        "Operation": "Scan",
    }
    return {
        **looked,
        "InstanceId": machine,
        "PatchGroup": "",
        "BaselineId": "pb-1",
        "CriticalNonCompliantCount": 0,
    }
