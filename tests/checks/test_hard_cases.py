"""Checks of services that moto does not hold, on answers as AWS gives them: from the calls to the verdict."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from scanner.collect import collect
from scanner.content import load_library
from scanner.core.params import resolve_params
from scanner.core.project import Estate, plan
from scanner.executors.serial import Serial
from scanner.model.answers import Answer, Call, Snapshot, State, Target
from scanner.model.library import Library
from scanner.pipeline import judge
from scanner.sources import READERS
from tests.core.provider import Provider

ACCOUNT = "111122223333"
HERE, AWAY = "eu-west-1", "us-east-1"
NOW = "2026-01-01T00:00:00Z"
AWS = Target(f"aws:{ACCOUNT}")
DETECTOR = "d1"


@cache
def pack() -> Library:
    return load_library()


class Aws(Provider):
    """Answers made from the arguments where a function stands in the table; else from the table."""

    def ask(self, call: Call) -> Answer:
        said = self.table.get(f"{call.operation}@{call.region}", self.table.get(call.operation))
        if callable(said):
            self.asked.append(call.key)
            return Answer(call=call, state=State.OK, data=said(call.params))
        return super().ask(call)


def verdicts(check: str, table: Mapping[str, Any], **params: Any) -> dict[str, str]:
    """What the check says of each resource, by name or id; asserts that no call is made twice."""
    door = Aws(table, target=AWS, partition="aws", regions=(HERE, AWAY))
    found = pack()
    values = resolve_params(found.parameters, params)
    estate = Estate(target=AWS, account=ACCOUNT, partition="aws", regions=door.regions, regions_open="", params=values)
    answers = collect(door, plan(found, [found.checks[check]], READERS.get, estate), Serial(), lambda _: None)
    assert len(door.asked) == len(set(door.asked))
    snapshot = Snapshot(
        id="x",
        target=AWS,
        partition="aws",
        started=NOW,
        finished=NOW,
        version="0",
        regions=door.regions,
        checks=(check,),
        params=params,
        callers=(),
        answers=answers,
    )
    (result,) = judge([snapshot], found).results
    return {finding.resource.name or finding.resource.id: finding.verdict.value for finding in result.findings}


def denied(_: object = None) -> Answer:
    return Answer(call=Call(operation="", region=""), state=State.DENIED, code="AccessDenied")


def test_backups_of_labelled_resources() -> None:
    saved, late, never = (f"arn:aws:dynamodb:{HERE}:{ACCOUNT}:table/{name}" for name in ("saved", "late", "never"))
    labelled = {"ResourceTagMappingList": [{"ResourceARN": arn, "Tags": []} for arn in (saved, late, never)]}
    asked: list[Any] = []

    def resources(params: Mapping[str, Any]) -> Any:
        asked.append(params)
        return labelled

    rows = [
        {"ResourceArn": saved, "LastBackupTime": "2025-12-31T20:00:00Z"},
        {"ResourceArn": late, "LastBackupTime": "2025-12-01T00:00:00Z"},
    ]
    table: dict[str, Any] = {
        f"resourcegroupstaggingapi:GetResources@{HERE}": resources,
        "resourcegroupstaggingapi:GetResources": {"ResourceTagMappingList": []},
        f"backup:ListProtectedResources@{HERE}": {"Results": rows},
        "backup:ListProtectedResources": {"Results": []},
    }
    check = "aws-backup-critical-resources-protected"
    assert verdicts(check, table) == {saved: "pass", late: "fail", never: "fail"}
    assert asked == [{"TagFilters": [{"Key": "backup", "Values": ["required"]}]}]
    open_table = {**table, "backup:ListProtectedResources": denied()}
    assert verdicts(check, open_table) == {saved: "pass", late: "fail", never: "unknown"}
    nothing = {**table, f"resourcegroupstaggingapi:GetResources@{HERE}": {"ResourceTagMappingList": []}}
    assert set(verdicts(check, nothing).values()) == {"unknown"}


def test_failed_backups_are_made_good() -> None:
    def job(name: str, state: str, source: str, created: str, completed: str) -> dict[str, str]:
        return {
            "BackupJobId": name,
            "State": state,
            "ResourceArn": source,
            "CreationDate": created,
            "CompletionDate": completed,
        }

    jobs = [
        job("1", "FAILED", "a", "2025-12-20T00:00:00Z", "2025-12-20T01:00:00Z"),
        job("2", "COMPLETED", "a", "2025-12-20T08:00:00Z", "2025-12-20T09:00:00Z"),
        job("3", "FAILED", "b", "2025-12-20T00:00:00Z", "2025-12-20T01:00:00Z"),
        job("4", "FAILED", "c", "2025-12-31T20:00:00Z", "2025-12-31T21:00:00Z"),
    ]
    table = {f"backup:ListBackupJobs@{HERE}": {"BackupJobs": jobs}, "backup:ListBackupJobs": {"BackupJobs": []}}
    assert verdicts("aws-backup-jobs-succeed", table) == {"1": "pass", "3": "fail", "4": "pass"}


def machine(name: str) -> dict[str, Any]:
    return {"InstanceId": name, "State": {"Name": "running"}}


def test_patches_come_in_batches_and_a_machine_that_is_left_out_is_not_managed() -> None:
    many = [f"i-{number:03d}" for number in range(60)]
    batches: list[int] = []

    def patches(params: Mapping[str, Any]) -> Any:
        batches.append(len(params["InstanceIds"]))
        counts = {many[0]: 0, many[1]: 3}
        return {
            "InstancePatchStates": [
                {"InstanceId": name, "CriticalNonCompliantCount": counts.get(name, 0)}
                for name in params["InstanceIds"]
                if name != many[2]
            ]
        }

    managed = [{"InstanceId": name, "PingStatus": "Online"} for name in many]
    table: dict[str, Any] = {
        f"ec2:DescribeInstances@{HERE}": {
            "Reservations": [{"Instances": [machine(name) for name in [*many, "i-bare"]]}]
        },
        "ec2:DescribeInstances": {"Reservations": []},
        f"ssm:DescribeInstanceInformation@{HERE}": {"InstanceInformationList": managed},
        "ssm:DescribeInstanceInformation": {"InstanceInformationList": []},
        "ssm:DescribeInstancePatchStates": patches,
    }
    found = verdicts("aws-ssm-instance-patched", table)
    assert sorted(batches) == [10, 50]
    assert (found[many[0]], found[many[1]], found[many[2]], found["i-bare"]) == ("pass", "fail", "fail", "fail")
    table["ssm:DescribeInstancePatchStates"] = denied()
    assert verdicts("aws-ssm-instance-patched", table)[many[1]] == "unknown"


def pipelines(*stages: tuple[str, ...]) -> dict[str, Any]:
    made = [
        {"name": f"s{at}", "actions": [{"actionTypeId": {"category": kind}, "runOrder": 1} for kind in kinds]}
        for at, kinds in enumerate(stages)
    ]
    return {
        f"codepipeline:ListPipelines@{HERE}": {"pipelines": [{"name": "release"}]},
        "codepipeline:ListPipelines": {"pipelines": []},
        "codepipeline:GetPipeline": {"pipeline": {"stages": made}},
        "codepipeline:ListTagsForResource": {"tags": []},
    }


def test_approval_stands_before_deploy() -> None:
    check = "aws-codepipeline-approval-before-deploy"
    assert verdicts(check, pipelines(("Source",), ("Approval",), ("Deploy",))) == {"release": "pass"}
    assert verdicts(check, pipelines(("Source",), ("Deploy",), ("Approval",))) == {"release": "fail"}
    assert verdicts(check, pipelines(("Source",), ("Approval", "Deploy"))) == {"release": "fail"}


def guardduty(finding: dict[str, Any], status: str = "ENABLED") -> dict[str, Any]:
    def findings(params: Mapping[str, Any]) -> Any:
        assert params == {"DetectorId": DETECTOR, "FindingIds": ["f1"]}
        return {"Findings": [{"Id": "f1", **finding}]}

    return {
        f"guardduty:ListDetectors@{HERE}": {"DetectorIds": [DETECTOR]},
        "guardduty:ListDetectors": {"DetectorIds": []},
        "guardduty:GetDetector": {"Status": status},
        "guardduty:ListFindings": {"FindingIds": ["f1"]},
        "guardduty:GetFindings": findings,
    }


def test_serious_findings_are_judged() -> None:
    check = "aws-guardduty-high-findings-triaged"
    old = {"CreatedAt": "2025-10-01T00:00:00Z", "Service": {"Archived": True}}
    assert verdicts(check, guardduty(old)) == {HERE: "fail", AWAY: "fail"}
    assert verdicts(check, guardduty(old), guardduty_archiving_is_judgement=True) == {HERE: "pass", AWAY: "fail"}
    judged = {**old, "Service": {"Archived": True, "UserFeedback": "USEFUL"}}
    assert verdicts(check, guardduty(judged)) == {HERE: "pass", AWAY: "fail"}
    new = {"CreatedAt": "2025-12-30T00:00:00Z", "Service": {"Archived": False}}
    assert verdicts(check, guardduty(new)) == {HERE: "pass", AWAY: "fail"}
    assert verdicts(check, guardduty(new, status="DISABLED")) == {HERE: "fail", AWAY: "fail"}
    assert verdicts(check, {"guardduty:ListDetectors": {"DetectorIds": []}}) == {HERE: "fail", AWAY: "fail"}
    assert verdicts(check, {**guardduty(new), "guardduty:GetFindings": denied()}) == {HERE: "unknown", AWAY: "fail"}


def test_inspector_that_is_off_is_no_pass() -> None:
    check = "aws-inspector-critical-findings-in-sla"

    def status(state: str) -> Callable[[object], Any]:
        kinds = {kind: {"status": state} for kind in ("ec2", "ecr", "lambda")}
        return lambda _: {"accounts": [{"accountId": ACCOUNT, "resourceState": kinds}]}

    table: dict[str, Any] = {
        f"ec2:DescribeInstances@{HERE}": {"Reservations": [{"Instances": [machine("i-1")]}]},
        "ec2:DescribeInstances": {"Reservations": []},
        "ecr:DescribeRepositories": {"repositories": []},
        "lambda:ListFunctions": {"Functions": []},
        "inspector2:BatchGetAccountStatus": status("DISABLED"),
        "inspector2:ListFindings": {"findings": []},
    }
    # The other region holds nothing that could be scanned, and is not asked about.
    assert verdicts(check, table) == {HERE: "fail"}
    table["inspector2:BatchGetAccountStatus"] = status("ENABLED")
    assert verdicts(check, table) == {HERE: "pass"}
    late = {"findingArn": "f", "title": "t", "severity": "CRITICAL", "status": "SUPPRESSED"}
    late |= {"firstObservedAt": "2025-06-01T00:00:00Z", "updatedAt": "2025-06-02T00:00:00Z"}
    table["inspector2:ListFindings"] = {"findings": [late]}
    assert verdicts(check, table) == {HERE: "fail"}


def test_the_order_of_names_is_no_order_of_versions() -> None:
    def shown(version: str) -> dict[str, Any]:
        behaviour = {"ViewerProtocolPolicy": "https-only"}
        item = {"ARN": "d", "DomainName": "d.example", "ViewerCertificate": {"MinimumProtocolVersion": version}}
        item |= {"DefaultCacheBehavior": behaviour, "CacheBehaviors": {"Quantity": 0}}
        return {"cloudfront:ListDistributions": {"DistributionList": {"Items": [item], "IsTruncated": False}}}

    assert verdicts("aws-cloudfront-tls", shown("TLSv1_2016")) == {"d.example": "fail"}
    assert verdicts("aws-cloudfront-tls", shown("TLSv1.2_2021")) == {"d.example": "pass"}
    assert verdicts("aws-cloudfront-tls-viewers", shown("TLSv1")) == {"d.example": "pass"}
    none = {"cloudfront:ListDistributions": {"DistributionList": {"Quantity": 0, "IsTruncated": False}}}
    assert verdicts("aws-cloudfront-tls", none) == {}


def trail(**more: Any) -> dict[str, Any]:
    arn = f"arn:aws:cloudtrail:{HERE}:{ACCOUNT}:trail/main"
    return {
        "Name": "main",
        "TrailARN": arn,
        "HomeRegion": HERE,
        "IsMultiRegionTrail": True,
        "S3BucketName": "b",
        **more,
    }


def test_a_trail_is_one_trail_in_every_region_and_asked_at_home() -> None:
    asked: list[str] = []

    def status(params: Mapping[str, Any]) -> Any:
        asked.append(params["Name"])
        return {"IsLogging": True}

    table: dict[str, Any] = {
        "cloudtrail:DescribeTrails": {"trailList": [trail()]},
        f"cloudtrail:GetTrailStatus@{HERE}": status,
    }
    assert verdicts("aws-cloudtrail-trail-multi-region", table) == {"main": "pass"}
    assert asked == [trail()["TrailARN"]]
    assert verdicts("aws-cloudtrail-multi-region-logging", table) == {ACCOUNT: "pass"}
    one_refused = {**table, f"cloudtrail:DescribeTrails@{AWAY}": denied()}
    # A whole trail was seen; what the other region would have said cannot change that.
    assert verdicts("aws-cloudtrail-multi-region-logging", one_refused) == {ACCOUNT: "pass"}
    all_refused = {**table, "cloudtrail:DescribeTrails": denied()}
    assert verdicts("aws-cloudtrail-multi-region-logging", all_refused) == {ACCOUNT: "unknown"}


def alarmed(pattern: str, topic: str, subscription: str) -> dict[str, Any]:
    logs = f"arn:aws:logs:{HERE}:{ACCOUNT}:log-group:trail:*"
    counted = [{"metricNamespace": "Watch", "metricName": "Root"}]
    alarm = {
        "AlarmArn": f"arn:aws:cloudwatch:{HERE}:{ACCOUNT}:alarm:root",
        "AlarmName": "root",
        "Namespace": "Watch",
        "MetricName": "Root",
        "ActionsEnabled": True,
        "AlarmActions": ["arn:aws:automate:eu-west-1:ec2:stop", topic],
        "Statistic": "Sum",
        "Threshold": 1.0,
        "ComparisonOperator": "GreaterThanOrEqualToThreshold",
        "EvaluationPeriods": 1,
    }
    mine = f"arn:aws:sns:{HERE}:{ACCOUNT}:security"
    told = {"SubscriptionArn": subscription, "TopicArn": mine, "Protocol": "email", "Endpoint": "a@example.com"}
    filtered = {
        "filterName": "root",
        "logGroupName": "trail",
        "filterPattern": pattern,
        "metricTransformations": counted,
    }
    return {
        "cloudtrail:DescribeTrails": {"trailList": [trail(CloudWatchLogsLogGroupArn=logs)]},
        f"cloudtrail:GetTrailStatus@{HERE}": {"IsLogging": True},
        f"logs:DescribeMetricFilters@{HERE}": {"metricFilters": [filtered]},
        "logs:DescribeMetricFilters": {"metricFilters": []},
        f"cloudwatch:DescribeAlarms@{HERE}": {"MetricAlarms": [alarm]},
        "cloudwatch:DescribeAlarms": {"MetricAlarms": []},
        f"sns:ListTopics@{HERE}": {"Topics": [{"TopicArn": mine}]},
        "sns:ListTopics": {"Topics": []},
        "sns:ListSubscriptionsByTopic": {"Subscriptions": [told]},
    }


ROOT = (
    '{ ($.userIdentity.type = "Root") && ($.userIdentity.invokedBy NOT EXISTS) && ($.eventType != "AwsServiceEvent") }'
)
MINE = f"arn:aws:sns:{HERE}:{ACCOUNT}:security"


def test_the_chain_from_filter_to_receiver() -> None:
    check = "aws-cloudwatch-alarm-privileged-activity"
    assert verdicts(check, alarmed(ROOT, MINE, f"{MINE}:1")) == {ACCOUNT: "pass"}
    assert verdicts(check, alarmed(ROOT, MINE, "PendingConfirmation")) == {ACCOUNT: "fail"}
    narrow = ROOT.replace(" }", ' && ($.sourceIPAddress = "10.0.0.1") }')
    assert verdicts(check, alarmed(narrow, MINE, f"{MINE}:1")) == {ACCOUNT: "fail"}
    # A topic of another account is not ours to read, a deleted one of ours is known to be gone.
    assert verdicts(check, alarmed(ROOT, f"arn:aws:sns:{HERE}:999988887777:security", "x")) == {ACCOUNT: "unknown"}
    assert verdicts(check, alarmed(ROOT, f"arn:aws:sns:{HERE}:{ACCOUNT}:gone", "x")) == {ACCOUNT: "fail"}
    # A region that was refused does not hide what another one shows.
    refused = {**alarmed(ROOT, MINE, f"{MINE}:1"), "logs:DescribeMetricFilters": denied()}
    assert verdicts(check, refused) == {ACCOUNT: "pass"}


def test_keys_that_have_no_rotation_are_not_asked_about_it() -> None:
    def describe(params: Mapping[str, Any]) -> Any:
        manager = {"own": "CUSTOMER", "aws": "AWS", "pair": "CUSTOMER"}[params["KeyId"]]
        spec = "RSA_2048" if params["KeyId"] == "pair" else "SYMMETRIC_DEFAULT"
        known = {"KeyManager": manager, "KeySpec": spec, "Origin": "AWS_KMS", "KeyState": "Enabled"}
        return {"KeyMetadata": known}

    def rotation(params: Mapping[str, Any]) -> Any:
        assert params == {"KeyId": "own"}
        return {"KeyRotationEnabled": True}

    keys = [{"KeyId": key, "KeyArn": f"arn:aws:kms:{HERE}:{ACCOUNT}:key/{key}"} for key in ("own", "aws", "pair")]
    table = {f"kms:ListKeys@{HERE}": {"Keys": keys}, "kms:ListKeys": {"Keys": []}}
    table |= {"kms:DescribeKey": describe, "kms:GetKeyRotationStatus": rotation}
    assert verdicts("aws-kms-key-rotation-enabled", table) == {"own": "pass"}


def test_administrators_come_by_every_road() -> None:
    full = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    admin = "arn:aws:iam::aws:policy/AdministratorAccess"
    ann, bob = (f"arn:aws:iam::{ACCOUNT}:user/{name}" for name in ("ann", "bob"))
    version = [{"VersionId": "v1", "IsDefaultVersion": True, "Document": full}]
    details = {
        "User": {
            "UserDetailList": [
                {"Arn": ann, "UserName": "ann", "Path": "/", "GroupList": ["admins"]},
                {"Arn": bob, "UserName": "bob", "Path": "/"},
            ]
        },
        "Group": {"GroupDetailList": [{"GroupName": "admins", "AttachedManagedPolicies": [{"PolicyArn": admin}]}]},
        "Role": {"RoleDetailList": []},
        "LocalManagedPolicy": {"Policies": []},
        "AWSManagedPolicy": {"Policies": [{"Arn": admin, "PolicyVersionList": version}]},
    }
    call = "iam:GetAccountAuthorizationDetails"
    check = "aws-iam-administrators-listed"
    table: dict[str, Any] = {call: lambda params: details[params["Filter"][0]]}
    assert verdicts(check, table, approved_administrators=[ann]) == {ACCOUNT: "pass"}
    assert verdicts(check, table, approved_administrators=[bob]) == {ACCOUNT: "fail"}
    assert verdicts(check, table) == {ACCOUNT: "unknown"}
    unread = {**details, "AWSManagedPolicy": {"Policies": []}}
    table = {call: lambda params: unread[params["Filter"][0]]}
    assert verdicts(check, table, approved_administrators=[bob]) == {ACCOUNT: "unknown"}
    assert verdicts(check, {call: denied()}, approved_administrators=[ann]) == {ACCOUNT: "unknown"}
