"""Checks of services that moto does not hold, on answers as AWS gives them: from the calls to the
verdict."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tests.helpers.check_answers import ACCOUNT, AWAY, HERE, denied, verdicts

DETECTOR = "d1"


def test_backups_of_labelled_resources() -> None:
    saved, late, never = (
        f"arn:aws:dynamodb:{HERE}:{ACCOUNT}:table/{name}" for name in ("saved", "late", "never")
    )
    labelled = {
        "ResourceTagMappingList": [{"ResourceARN": arn, "Tags": []} for arn in (saved, late, never)]
    }
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
    nothing = {
        **table,
        f"resourcegroupstaggingapi:GetResources@{HERE}": {"ResourceTagMappingList": []},
    }
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
    table = {
        f"backup:ListBackupJobs@{HERE}": {"BackupJobs": jobs},
        "backup:ListBackupJobs": {"BackupJobs": []},
    }
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
        "ec2:DescribeVolumes": {"Volumes": []},
        f"ssm:DescribeInstanceInformation@{HERE}": {"InstanceInformationList": managed},
        "ssm:DescribeInstanceInformation": {"InstanceInformationList": []},
        "ssm:DescribeInstancePatchStates": patches,
    }
    found = verdicts("aws-ssm-instance-patched", table)
    assert sorted(batches) == [10, 50]
    assert (found[many[0]], found[many[1]], found[many[2]], found["i-bare"]) == (
        "pass",
        "fail",
        "fail",
        "fail",
    )
    table["ssm:DescribeInstancePatchStates"] = denied()
    assert verdicts("aws-ssm-instance-patched", table)[many[1]] == "unknown"


def pipelines(*stages: tuple[str, ...]) -> dict[str, Any]:
    made = [
        {
            "name": f"s{at}",
            "actions": [{"actionTypeId": {"category": kind}, "runOrder": 1} for kind in kinds],
        }
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
    assert verdicts(check, pipelines(("Source",), ("Approval",), ("Deploy",))) == {
        "release": "pass"
    }
    assert verdicts(check, pipelines(("Source",), ("Deploy",), ("Approval",))) == {
        "release": "fail"
    }
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
    assert verdicts(check, guardduty(old), guardduty_archiving_is_judgement=True) == {
        HERE: "pass",
        AWAY: "fail",
    }
    judged = {**old, "Service": {"Archived": True, "UserFeedback": "USEFUL"}}
    assert verdicts(check, guardduty(judged)) == {HERE: "pass", AWAY: "fail"}
    new = {"CreatedAt": "2025-12-30T00:00:00Z", "Service": {"Archived": False}}
    assert verdicts(check, guardduty(new)) == {HERE: "pass", AWAY: "fail"}
    assert verdicts(check, guardduty(new, status="DISABLED")) == {HERE: "fail", AWAY: "fail"}
    assert verdicts(check, {"guardduty:ListDetectors": {"DetectorIds": []}}) == {
        HERE: "fail",
        AWAY: "fail",
    }
    assert verdicts(check, {**guardduty(new), "guardduty:GetFindings": denied()}) == {
        HERE: "unknown",
        AWAY: "fail",
    }


def test_inspector_that_is_off_is_no_pass() -> None:
    check = "aws-inspector-critical-findings-in-sla"

    def status(state: str) -> Callable[[object], Any]:
        kinds = {kind: {"status": state} for kind in ("ec2", "ecr", "lambda")}
        return lambda _: {"accounts": [{"accountId": ACCOUNT, "resourceState": kinds}]}

    table: dict[str, Any] = {
        f"ec2:DescribeInstances@{HERE}": {"Reservations": [{"Instances": [machine("i-1")]}]},
        "ec2:DescribeInstances": {"Reservations": []},
        "ec2:DescribeVolumes": {"Volumes": []},
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
        item = {
            "ARN": "d",
            "DomainName": "d.example",
            "ViewerCertificate": {"MinimumProtocolVersion": version},
        }
        item |= {"DefaultCacheBehavior": behaviour, "CacheBehaviors": {"Quantity": 0}}
        return {
            "cloudfront:ListDistributions": {
                "DistributionList": {"Items": [item], "IsTruncated": False}
            }
        }

    assert verdicts("aws-cloudfront-tls", shown("TLSv1_2016")) == {"d.example": "fail"}
    assert verdicts("aws-cloudfront-tls", shown("TLSv1.2_2021")) == {"d.example": "pass"}
    assert verdicts("aws-cloudfront-tls-viewers", shown("TLSv1")) == {"d.example": "pass"}
    none = {
        "cloudfront:ListDistributions": {"DistributionList": {"Quantity": 0, "IsTruncated": False}}
    }
    assert verdicts("aws-cloudfront-tls", none) == {}


def test_a_project_that_the_answer_does_not_find_is_unread() -> None:
    """CodeBuild names what it does not find beside the others, and answers all the same."""
    key = {"name": "KEY", "value": "x", "type": "PLAINTEXT"}
    projects = [
        {"name": "bare", "environment": {}},
        {"name": "open", "environment": {"environmentVariables": [key]}},
    ]
    table = {
        f"codebuild:ListProjects@{HERE}": {"projects": ["bare", "open", "gone"]},
        "codebuild:ListProjects": {"projects": []},
        "codebuild:BatchGetProjects": {"projects": projects, "projectsNotFound": ["gone"]},
    }
    found = verdicts("aws-codebuild-no-plaintext-secrets", table)
    assert (found["bare"], found["gone"]) == ("pass", "unknown")
