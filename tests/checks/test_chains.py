"""Checks that follow one thing to another: trails home, filters to receivers, principals to their
policies."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from scanner.model.answers import Answer, Call, State
from tests.helpers.check_answers import ACCOUNT, AWAY, HERE, denied, verdicts

WHOLE = f"account {ACCOUNT}"
"""The name of what is found about the account as a whole."""


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
    assert verdicts("aws-cloudtrail-multi-region-logging", table) == {WHOLE: "pass"}
    one_refused = {**table, f"cloudtrail:DescribeTrails@{AWAY}": denied()}
    # A whole trail was seen; what the other region would have said cannot change that.
    assert verdicts("aws-cloudtrail-multi-region-logging", one_refused) == {WHOLE: "pass"}
    all_refused = {**table, "cloudtrail:DescribeTrails": denied()}
    assert verdicts("aws-cloudtrail-multi-region-logging", all_refused) == {WHOLE: "unknown"}


def alarmed(pattern: str, topic: str, subscription: str) -> dict[str, Any]:
    logs = f"arn:aws:logs:{HERE}:{ACCOUNT}:log-group:trail:*"
    counted = [{"metricNamespace": "Watch", "metricName": "Root", "metricValue": "1"}]
    everything = {
        "ReadWriteType": "All",
        "IncludeManagementEvents": True,
        "ExcludeManagementEventSources": [],
        "DataResources": [],
    }
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
    told = {
        "SubscriptionArn": subscription,
        "TopicArn": mine,
        "Protocol": "email",
        "Endpoint": "a@example.com",
    }
    filtered = {
        "filterName": "root",
        "logGroupName": "trail",
        "filterPattern": pattern,
        "metricTransformations": counted,
    }
    return {
        "cloudtrail:DescribeTrails": {"trailList": [trail(CloudWatchLogsLogGroupArn=logs)]},
        f"cloudtrail:GetTrailStatus@{HERE}": {"IsLogging": True},
        f"cloudtrail:GetEventSelectors@{HERE}": {"EventSelectors": [everything]},
        f"logs:DescribeMetricFilters@{HERE}": {"metricFilters": [filtered]},
        "logs:DescribeMetricFilters": {"metricFilters": []},
        f"cloudwatch:DescribeAlarms@{HERE}": {"MetricAlarms": [alarm]},
        "cloudwatch:DescribeAlarms": {"MetricAlarms": []},
        f"sns:ListTopics@{HERE}": {"Topics": [{"TopicArn": mine}]},
        "sns:ListTopics": {"Topics": []},
        "sns:ListSubscriptionsByTopic": {"Subscriptions": [told]},
    }


ROOT = '{ ($.userIdentity.type = "Root") && ($.userIdentity.invokedBy NOT EXISTS) && ($.eventType != "AwsServiceEvent") }'
MINE = f"arn:aws:sns:{HERE}:{ACCOUNT}:security"


def test_the_chain_from_filter_to_receiver() -> None:
    check = "aws-cloudwatch-alarm-privileged-activity"
    assert verdicts(check, alarmed(ROOT, MINE, f"{MINE}:1")) == {WHOLE: "pass"}
    assert verdicts(check, alarmed(ROOT, MINE, "PendingConfirmation")) == {WHOLE: "fail"}
    narrow = ROOT.replace(" }", ' && ($.sourceIPAddress = "10.0.0.1") }')
    assert verdicts(check, alarmed(narrow, MINE, f"{MINE}:1")) == {WHOLE: "fail"}
    # A topic of another account is not ours to read, a deleted one of ours is known to be gone.
    assert verdicts(check, alarmed(ROOT, f"arn:aws:sns:{HERE}:999988887777:security", "x")) == {
        WHOLE: "unknown"
    }
    assert verdicts(check, alarmed(ROOT, f"arn:aws:sns:{HERE}:{ACCOUNT}:gone", "x")) == {
        WHOLE: "fail"
    }
    unparsed = ROOT.replace("&&", "and")
    assert verdicts(check, alarmed(unparsed, MINE, f"{MINE}:1")) == {WHOLE: "unknown"}
    # A region that was denied does not hide what another one shows.
    refused = {**alarmed(ROOT, MINE, f"{MINE}:1"), "logs:DescribeMetricFilters": denied()}
    assert verdicts(check, refused) == {WHOLE: "pass"}


WATCHED = alarmed(ROOT, MINE, f"{MINE}:1")


def changed(operation: str, member: str, **more: Any) -> dict[str, Any]:
    """The chain with other members in the first item of one answer."""
    name = f"{operation}@{HERE}"
    if name not in WATCHED:
        name = operation
    first = {**WATCHED[name][member][0], **more}
    return {**WATCHED, name: {member: [first]}}


EXPRESSION = {
    "Id": "all",
    "MetricStat": {"Metric": {"Namespace": "Watch", "MetricName": "Root"}, "Stat": "Sum"},
}


@pytest.mark.parametrize(
    ("verdict", "table"),
    [
        ("pass", changed("cloudwatch:DescribeAlarms", "MetricAlarms", Metrics=[], Dimensions=[])),
        ("pass", changed("cloudwatch:DescribeAlarms", "MetricAlarms", Statistic="Average")),
        ("pass", changed("cloudwatch:DescribeAlarms", "MetricAlarms", Threshold=1)),
        ("fail", changed("cloudwatch:DescribeAlarms", "MetricAlarms", Threshold=100.0)),
        ("fail", changed("cloudwatch:DescribeAlarms", "MetricAlarms", ActionsEnabled=False)),
        ("fail", changed("cloudwatch:DescribeAlarms", "MetricAlarms", EvaluationPeriods=2)),
        (
            "pass",
            changed(
                "cloudwatch:DescribeAlarms",
                "MetricAlarms",
                EvaluationPeriods=2,
                DatapointsToAlarm=1,
            ),
        ),
        (
            "fail",
            changed("cloudwatch:DescribeAlarms", "MetricAlarms", TreatMissingData="breaching"),
        ),
        ("fail", changed("cloudwatch:DescribeAlarms", "MetricAlarms", TreatMissingData="ignore")),
        ("unknown", changed("cloudwatch:DescribeAlarms", "MetricAlarms", TreatMissingData="later")),
        ("unknown", changed("cloudwatch:DescribeAlarms", "MetricAlarms", Statistic="Median")),
        (
            "fail",
            changed(
                "cloudwatch:DescribeAlarms",
                "MetricAlarms",
                Dimensions=[{"Name": "Env", "Value": "prod"}],
            ),
        ),
        (
            "unknown",
            changed(
                "cloudwatch:DescribeAlarms", "MetricAlarms", Metrics=[EXPRESSION], Statistic=None
            ),
        ),
    ],
)
def test_an_alarm_that_one_event_triggers(verdict: str, table: dict[str, Any]) -> None:
    assert verdicts("aws-cloudwatch-alarm-privileged-activity", table) == {WHOLE: verdict}


def filtered(**more: Any) -> dict[str, Any]:
    """The chain with other members in the transformation of the filter."""
    plain = {"metricNamespace": "Watch", "metricName": "Root", "metricValue": "1"}
    transformations = [{**plain, **more}]
    return changed(
        "logs:DescribeMetricFilters", "metricFilters", metricTransformations=transformations
    )


@pytest.mark.parametrize(
    ("verdict", "table"),
    [
        ("pass", filtered(defaultValue=0.0)),
        ("pass", filtered(defaultValue=0.0, dimensions={})),
        ("pass", filtered(metricValue="10")),
        ("fail", filtered(metricValue="0")),
        ("fail", filtered(defaultValue=1.0)),
        ("fail", filtered(dimensions={"Event": "$.eventName"})),
        ("unknown", filtered(metricValue="$.count")),
    ],
)
def test_a_metric_that_counts_each_event(verdict: str, table: dict[str, Any]) -> None:
    assert verdicts("aws-cloudwatch-alarm-privileged-activity", table) == {WHOLE: verdict}


def test_a_log_group_of_another_account_is_not_known_to_lack_filters() -> None:
    check = "aws-cloudwatch-alarm-privileged-activity"
    away = f"arn:aws:logs:{HERE}:999988887777:log-group:trail:*"
    other = [trail(CloudWatchLogsLogGroupArn=away, IsOrganizationTrail=True)]
    table = {**WATCHED, "cloudtrail:DescribeTrails": {"trailList": other}}
    assert verdicts(check, table) == {WHOLE: "unknown"}
    none = {**WATCHED, "cloudtrail:DescribeTrails": {"trailList": [trail()]}}
    assert verdicts(check, none) == {WHOLE: "fail"}


def test_an_event_bus_of_another_account_may_lead_to_people() -> None:
    rule = f"arn:aws:events:{HERE}:{ACCOUNT}:rule/found"
    pattern = json.dumps({"source": ["aws.guardduty"]})

    def routed(target: str) -> dict[str, Any]:
        listed = {"Name": "found", "Arn": rule, "State": "ENABLED", "EventPattern": pattern}
        return {
            f"events:ListRules@{HERE}": {"Rules": [listed]},
            "events:ListRules": {"Rules": []},
            "events:ListTargetsByRule": {"Targets": [{"Id": "1", "Arn": target}]},
            "sns:ListTopics": {"Topics": []},
        }

    check = "aws-findings-routed-to-people"
    for account, verdict in (("999988887777", "unknown"), (ACCOUNT, "fail")):
        bus = f"arn:aws:events:{HERE}:{account}:event-bus/security"
        assert verdicts(check, routed(bus))[HERE] == verdict


@pytest.mark.parametrize(
    ("more", "verdict"),
    [
        ({}, "pass"),
        ({"account": [ACCOUNT], "region": ["us-west-2", HERE]}, "pass"),
        ({"detail": {"severity": [{"numeric": [">=", 7]}]}}, "pass"),
        ({"account": ["999988887777"]}, "fail"),
        ({"region": ["us-west-2"]}, "fail"),
        ({"resources": [{"suffix": "/prod"}]}, "fail"),
        ({"detail": {"type": [{"prefix": "Backdoor"}]}}, "fail"),
        ({"detail": {"findings": {"Severity": {"Label": ["CRITICAL"]}}}}, "pass"),
        ({"detail": {"findings": {"ProductName": ["Macie"]}}}, "fail"),
    ],
)
def test_a_rule_for_a_part_of_the_findings_is_none_for_all(
    more: dict[str, Any], verdict: str
) -> None:
    arn = f"arn:aws:events:{HERE}:{ACCOUNT}:rule/found"
    topic = f"arn:aws:sns:{HERE}:{ACCOUNT}:people"
    pattern = json.dumps({"source": ["aws.guardduty"], **more})
    rule = {"Name": "found", "Arn": arn, "State": "ENABLED", "EventPattern": pattern}
    reader = {"TopicArn": topic, "Protocol": "email", "Endpoint": "ann@example.com"}
    reader["SubscriptionArn"] = f"{topic}:1"
    table = {
        f"events:ListRules@{HERE}": {"Rules": [rule]},
        "events:ListRules": {"Rules": []},
        "events:ListTargetsByRule": {"Targets": [{"Id": "1", "Arn": topic}]},
        f"sns:ListTopics@{HERE}": {"Topics": [{"TopicArn": topic}]},
        "sns:ListTopics": {"Topics": []},
        "sns:ListSubscriptionsByTopic": {"Subscriptions": [reader]},
    }
    assert verdicts("aws-findings-routed-to-people", table)[HERE] == verdict


def test_keys_that_have_no_rotation_are_not_asked_about_it() -> None:
    def describe(params: Mapping[str, Any]) -> Any:
        manager = {"own": "CUSTOMER", "aws": "AWS", "pair": "CUSTOMER"}[params["KeyId"]]
        spec = "RSA_2048" if params["KeyId"] == "pair" else "SYMMETRIC_DEFAULT"
        known = {"KeyManager": manager, "KeySpec": spec, "Origin": "AWS_KMS", "KeyState": "Enabled"}
        return {"KeyMetadata": known}

    def rotation(params: Mapping[str, Any]) -> Any:
        assert params == {"KeyId": "own"}
        return {"KeyRotationEnabled": True}

    keys = [
        {"KeyId": key, "KeyArn": f"arn:aws:kms:{HERE}:{ACCOUNT}:key/{key}"}
        for key in ("own", "aws", "pair")
    ]
    table = {f"kms:ListKeys@{HERE}": {"Keys": keys}, "kms:ListKeys": {"Keys": []}}
    table |= {"kms:DescribeKey": describe, "kms:GetKeyRotationStatus": rotation}
    assert verdicts("aws-kms-key-rotation-enabled", table) == {"own": "pass"}


def test_administrators_come_by_every_road() -> None:
    full = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}],
    }
    admin = "arn:aws:iam::aws:policy/AdministratorAccess"
    ann, bob = (f"arn:aws:iam::{ACCOUNT}:user/{name}" for name in ("ann", "bob"))
    version = [{"VersionId": "v1", "IsDefaultVersion": True, "Document": full}]
    nothing: dict[str, Any] = {"AttachedManagedPolicies": []}
    details = {
        "User": {
            "UserDetailList": [
                {**nothing, "Arn": ann, "UserName": "ann", "Path": "/", "GroupList": ["admins"]},
                {**nothing, "Arn": bob, "UserName": "bob", "Path": "/", "GroupList": []},
            ]
        },
        "Group": {
            "GroupDetailList": [
                {
                    "Arn": f"arn:aws:iam::{ACCOUNT}:group/admins",
                    "GroupName": "admins",
                    "GroupPolicyList": [],
                    "AttachedManagedPolicies": [{"PolicyArn": admin}],
                }
            ]
        },
        "Role": {"RoleDetailList": []},
        "LocalManagedPolicy": {"Policies": []},
        "AWSManagedPolicy": {"Policies": [{"Arn": admin, "PolicyVersionList": version}]},
    }
    call = "iam:GetAccountAuthorizationDetails"
    check = "aws-iam-administrators-listed"
    table: dict[str, Any] = {call: lambda params: details[params["Filter"][0]]}
    assert verdicts(check, table, approved_administrators=[ann]) == {WHOLE: "pass"}
    assert verdicts(check, table, approved_administrators=[bob]) == {WHOLE: "fail"}
    assert verdicts(check, table) == {WHOLE: "unknown"}
    unread = {**details, "AWSManagedPolicy": {"Policies": []}}
    table = {call: lambda params: unread[params["Filter"][0]]}
    assert verdicts(check, table, approved_administrators=[bob]) == {WHOLE: "unknown"}
    assert verdicts(check, {call: denied()}, approved_administrators=[ann]) == {WHOLE: "unknown"}


def test_a_role_that_was_not_listed_could_be_worth_passing() -> None:
    rights = [{"Effect": "Allow", "Action": ["iam:PassRole", "ec2:RunInstances"], "Resource": "*"}]
    own = [{"PolicyName": "own", "PolicyDocument": {"Version": "2012-10-17", "Statement": rights}}]
    ann = {
        "Arn": f"arn:aws:iam::{ACCOUNT}:user/ann",
        "UserName": "ann",
        "Path": "/",
        "UserPolicyList": own,
        "AttachedManagedPolicies": [],
        "GroupList": [],
    }
    empty: dict[str, Any] = {
        "Policies": [],
        "GroupDetailList": [],
        "RoleDetailList": [],
        "UserDetailList": [],
    }
    cut_off = Answer(
        call=Call(operation="", region=""), state=State.PARTIAL, code="Throttling", data=empty
    )

    def details(roles: object) -> dict[str, Any]:
        known = {"User": {"UserDetailList": [ann]}, "Role": roles}
        return {
            "iam:GetAccountAuthorizationDetails": lambda params: known.get(
                params["Filter"][0], empty
            )
        }

    check = "aws-iam-no-privilege-escalation"
    assert verdicts(check, details(empty)) == {"ann": "pass"}
    assert verdicts(check, details(cut_off))["ann"] == "unknown"
    boss: dict[str, Any] = {
        "Arn": f"arn:aws:iam::{ACCOUNT}:role/boss",
        "RoleName": "boss",
        "Path": "/",
        "AttachedManagedPolicies": [],
    }
    every = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}],
    }
    boss["RolePolicyList"] = [{"PolicyName": "all", "PolicyDocument": every}]
    assert verdicts(check, details({"RoleDetailList": [boss]})) == {"ann": "fail"}
