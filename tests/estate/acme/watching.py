"""What watches the account: the trail, logs, alarms, detectors; all of it at home only."""

from __future__ import annotations

import json
from typing import Final

from tests.estate.acme import ACCOUNT, HOME, arn
from tests.estate.seed import Estate

TOPIC: Final = arn("sns", "security-alerts")
METRICS: Final = {
    "root-activity": '{ $.userIdentity.type = "Root" && $.userIdentity.invokedBy NOT EXISTS && $.eventType != "AwsServiceEvent" }',
    "unauthorized-calls": '{ ($.errorCode = "*UnauthorizedOperation") || ($.errorCode = "AccessDenied*") }',
}
TRAIL_LOGS: Final = "/aws/cloudtrail/acme-prod"
CONFIG_ROLE: Final = (
    f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/config.amazonaws.com/AWSServiceRoleForConfig"
)


def watching(estate: Estate) -> None:
    """The trail goes to a bucket and to CloudWatch, where two filters have an alarm."""
    estate.client("sns", HOME).create_topic(Name="security-alerts")
    estate.client("sns", HOME).subscribe(
        TopicArn=TOPIC, Protocol="email", Endpoint="security@acme.example"
    )
    _logs(estate)
    trails = estate.client("cloudtrail", HOME)
    trails.create_trail(
        Name="acme-prod",
        S3BucketName="acme-prod-audit-logs",
        IsMultiRegionTrail=True,
        EnableLogFileValidation=True,
        CloudWatchLogsLogGroupArn=arn("logs", f"log-group:{TRAIL_LOGS}:*"),
        CloudWatchLogsRoleArn=f"arn:aws:iam::{ACCOUNT}:role/trail",
    )
    customers = {"Type": "AWS::S3::Object", "Values": ["arn:aws:s3:::acme-prod-customer-data/"]}
    everything = {"ReadWriteType": "All", "IncludeManagementEvents": True}
    trails.put_event_selectors(
        TrailName="acme-prod", EventSelectors=[{**everything, "DataResources": [customers]}]
    )
    trails.start_logging(Name="acme-prod")
    _alarms(estate)
    _detectors(estate)


def _logs(estate: Estate) -> None:
    logs = estate.client("logs", HOME)
    for name, days in ((TRAIL_LOGS, 365), ("/acme/prod/shop", 30), ("/acme/prod/invoices", 365)):
        logs.create_log_group(logGroupName=name)
        logs.put_retention_policy(logGroupName=name, retentionInDays=days)


def _alarms(estate: Estate) -> None:
    logs, alarms = estate.client("logs", HOME), estate.client("cloudwatch", HOME)
    for name, pattern in METRICS.items():
        to_metric = {"metricName": name, "metricNamespace": "acme", "metricValue": "1"}
        logs.put_metric_filter(
            logGroupName=TRAIL_LOGS,
            filterName=name,
            filterPattern=pattern,
            metricTransformations=[to_metric],
        )
        alarms.put_metric_alarm(
            AlarmName=name,
            Namespace="acme",
            MetricName=name,
            Statistic="Sum",
            Period=300,
            EvaluationPeriods=1,
            Threshold=1,
            ComparisonOperator="GreaterThanOrEqualToThreshold",
            AlarmActions=[TOPIC],
        )
    alarms.put_metric_alarm(
        AlarmName="acme-prod-orders-cpu",
        Namespace="AWS/RDS",
        MetricName="CPUUtilization",
        Dimensions=[{"Name": "DBInstanceIdentifier", "Value": "acme-prod-orders"}],
        Statistic="Average",
        Period=300,
        EvaluationPeriods=3,
        Threshold=80,
        ComparisonOperator="GreaterThanThreshold",
        AlarmActions=[TOPIC],
    )


def _detectors(estate: Estate) -> None:
    estate.client("guardduty", HOME).create_detector(Enable=True)
    estate.client("securityhub", HOME).enable_security_hub()
    recorders = estate.client("config", HOME)
    recorders.put_configuration_recorder(
        ConfigurationRecorder={
            "name": "default",
            "roleARN": CONFIG_ROLE,
            "recordingGroup": {"allSupported": True, "includeGlobalResourceTypes": True},
        }
    )
    recorders.put_delivery_channel(
        DeliveryChannel={"name": "default", "s3BucketName": "acme-prod-audit-logs"}
    )
    recorders.start_configuration_recorder(ConfigurationRecorderName="default")
    rules = estate.client("events", HOME)
    pattern = json.dumps({"source": ["aws.guardduty"], "detail-type": ["GuardDuty Finding"]})
    rules.put_rule(Name="guardduty-findings", EventPattern=pattern, State="ENABLED")
    rules.put_targets(Rule="guardduty-findings", Targets=[{"Id": "people", "Arn": TOPIC}])
