"""What AWS says of acme-prod where the simulator has no answer, or one without dates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from tests.estate.acme import ACCOUNT, HOME, REGIONS, arn
from tests.estate.acme.people import credential_report
from tests.estate.told import Say

Request = Mapping[str, Any]
CALLER: Final = f"arn:aws:sts::{ACCOUNT}:assumed-role/tscan-audit/nightly"

SUMMARY: Final = {
    "AccountAccessKeysPresent": 0,
    "AccountMFAEnabled": 1,
    "AccountSigningCertificatesPresent": 0,
    "Groups": 2,
    "MFADevices": 1,
    "MFADevicesInUse": 1,
    "Policies": 1,
    "Roles": 3,
    "Users": 3,
}
"""What `people` makes."""


def answers(night: datetime, instances: Sequence[str]) -> dict[str, Say]:
    """By operation, for the scan of one night."""
    return {
        **_account(night),
        **_backups(night),
        **_detection(night),
        **_inspector(instances),
        **_systems_manager(night, instances),
    }


def _same(answer: Mapping[str, Any]) -> Say:
    """An answer that is the same in every region and to every request."""
    return lambda *_: answer


def _at_home(answer: Mapping[str, Any], elsewhere: Mapping[str, Any]) -> Say:
    def say(region: str, _: Request) -> Mapping[str, Any]:
        return answer if region == HOME else elsewhere

    return say


def _account(night: datetime) -> dict[str, Say]:
    report = {
        "Content": credential_report(night),
        "ReportFormat": "text/csv",
        "GeneratedTime": night,
    }
    identity = {"UserId": "AROAEXAMPLE:nightly", "Account": ACCOUNT, "Arn": CALLER}
    delivered = {
        "IsLogging": True,
        "LatestDeliveryTime": night - timedelta(minutes=9),
        "LatestCloudWatchLogsDeliveryTime": night - timedelta(minutes=4),
        "LatestDigestDeliveryTime": night - timedelta(minutes=40),
        "StartLoggingTime": night - timedelta(days=270),
    }
    recorder = {
        "name": "default",
        "recording": True,
        "lastStatus": "Success",
        "lastStatusChangeTime": night - timedelta(minutes=6),
    }
    return {
        "sts:GetCallerIdentity": _same(identity),
        "iam:GetAccountSummary": _same({"SummaryMap": SUMMARY}),
        "iam:GenerateCredentialReport": _same({"State": "COMPLETE"}),
        "iam:GetCredentialReport": _same(report),
        "cloudtrail:GetTrailStatus": _same(delivered),
        "cloudtrail:LookupEvents": _same({"Events": []}),
        "config:DescribeConfigurationRecorderStatus": _at_home(
            {"ConfigurationRecordersStatus": [recorder]}, {"ConfigurationRecordersStatus": []}
        ),
        "config:GetDiscoveredResourceCounts": _same(
            {"totalDiscoveredResources": 0, "resourceCounts": []}
        ),
        "config:ListDiscoveredResources": _same({"resourceIdentifiers": []}),
        # People come from IAM; the simulator has an Identity Center in every region.
        "sso-admin:ListInstances": _same({"Instances": []}),
        "redshift-serverless:ListWorkgroups": _same({"workgroups": []}),
        "ec2:DescribeRegions": _same({"Regions": [{"RegionName": name} for name in REGIONS]}),
        "ec2:GetSnapshotBlockPublicAccessState": _at_home(
            {"State": "block-all-sharing"}, {"State": "unblocked"}
        ),
    }


def _backups(night: datetime) -> dict[str, Say]:
    orders = arn("rds", "db:acme-prod-orders")
    job = {
        "BackupJobId": "backup-1",
        "ResourceArn": orders,
        "State": "COMPLETED",
        "CreationDate": night - timedelta(hours=21),
        "CompletionDate": night - timedelta(hours=20),
    }
    point = {
        "ResourceArn": orders,
        "ResourceType": "RDS",
        "LastBackupTime": night - timedelta(hours=20),
    }
    return {
        "backup:ListBackupJobs": _at_home({"BackupJobs": [job]}, {"BackupJobs": []}),
        "backup:ListProtectedResources": _at_home({"Results": [point]}, {"Results": []}),
        # Nobody has tried to restore.
        "backup:ListRestoreJobs": _same({"RestoreJobs": []}),
    }


def _detection(night: datetime) -> dict[str, Say]:
    analyzer = {
        "arn": arn("access-analyzer", "analyzer/external"),
        "name": "external",
        "type": "ACCOUNT",
        "status": "ACTIVE",
        "createdAt": night - timedelta(days=270),
    }
    bucket = {
        "id": "0b1c2d3e",
        "resource": "arn:aws:s3:::acme-prod-www",
        "resourceType": "AWS::S3::Bucket",
        "resourceOwnerAccount": ACCOUNT,
        "findingType": "ExternalAccess",
        "status": "ACTIVE",
        **dict.fromkeys(("analyzedAt", "createdAt", "updatedAt"), night - timedelta(days=40)),
    }
    threat = {
        "AccountId": ACCOUNT,
        "Arn": arn("guardduty", "detector/d/finding/f"),
        "Id": "f",
        "Region": HOME,
        "Resource": {"ResourceType": "Instance"},
        "SchemaVersion": "2.0",
        "Severity": 8.0,
        "Type": "UnauthorizedAccess:EC2/SSHBruteForce",
        "CreatedAt": f"{night - timedelta(hours=5):%Y-%m-%dT%H:%M:%SZ}",
        "UpdatedAt": f"{night - timedelta(hours=5):%Y-%m-%dT%H:%M:%SZ}",
        "Service": {"Archived": False},
    }
    standard = {
        "StandardsSubscriptionArn": arn("securityhub", "subscription/aws-foundational/v/1.0.0"),
        "StandardsArn": f"arn:aws:securityhub:{HOME}::standards/aws-foundational/v/1.0.0",
        "StandardsInput": {},
        "StandardsStatus": "READY",
    }
    return {
        "accessanalyzer:ListAnalyzers": _at_home({"analyzers": [analyzer]}, {"analyzers": []}),
        "accessanalyzer:ListFindingsV2": _same({"findings": [bucket]}),
        "guardduty:GetFindings": _same({"Findings": [threat]}),
        "guardduty:ListFilters": _same({"FilterNames": []}),
        "guardduty:ListFindings": _same({"FindingIds": ["f"]}),
        "macie2:GetAutomatedDiscoveryConfiguration": _same({"status": "DISABLED"}),
        "securityhub:GetEnabledStandards": _at_home(
            {"StandardsSubscriptions": [standard]}, {"StandardsSubscriptions": []}
        ),
    }


def _inspector(instances: Sequence[str]) -> dict[str, Say]:
    on = {"status": "ENABLED", "errorCode": "ALREADY_ENABLED", "errorMessage": ""}
    off = {**on, "status": "DISABLED"}
    ids = {
        "AWS_EC2_INSTANCE": instances,
        "AWS_LAMBDA_FUNCTION": [arn("lambda", "function:acme-prod-invoices:$LATEST")],
        "AWS_ECR_REPOSITORY": [
            arn("ecr", f"repository/{name}") for name in ("acme/shop", "acme/tools")
        ],
    }

    def covered(region: str, request: Request) -> Mapping[str, Any]:
        wanted = [row["value"] for row in request["filterCriteria"]["resourceType"]]
        rows: list[dict[str, Any]] = []
        for kind in wanted if region == HOME else ():
            for name in ids[kind]:
                rows.append(
                    {
                        "resourceType": kind,
                        "resourceId": name,
                        "accountId": ACCOUNT,
                        "scanType": "PACKAGE",
                        "scanStatus": {"statusCode": "ACTIVE", "reason": "SUCCESSFUL"},
                    }
                )
        return {"coveredResources": rows}

    def status(region: str, _: Request) -> Mapping[str, Any]:
        state = on if region == HOME else off
        each = dict.fromkeys(("ec2", "ecr", "lambda"), state)
        return {"accounts": [{"accountId": ACCOUNT, "state": state, "resourceState": each}]}

    return {
        "inspector2:BatchGetAccountStatus": status,
        "inspector2:ListCoverage": covered,
        "inspector2:ListFilters": _same({"filters": []}),
        "inspector2:ListFindings": _same({"findings": []}),
    }


def _systems_manager(night: datetime, instances: Sequence[str]) -> dict[str, Say]:
    # The bastion has no agent.
    managed = instances[:2]
    patched = [
        {
            "InstanceId": name,
            "PatchGroup": "",
            "BaselineId": "pb-1",
            "Operation": "Scan",
            "OperationStartTime": night - timedelta(hours=20),
            "OperationEndTime": night - timedelta(hours=19),
            "CriticalNonCompliantCount": number,
        }
        for number, name in enumerate(managed)
    ]
    online = [{"InstanceId": name, "PingStatus": "Online"} for name in managed]
    return {
        "ssm:DescribeInstanceInformation": _at_home(
            {"InstanceInformationList": online}, {"InstanceInformationList": []}
        ),
        "ssm:DescribeInstancePatchStates": _at_home(
            {"InstancePatchStates": patched}, {"InstancePatchStates": []}
        ),
    }
