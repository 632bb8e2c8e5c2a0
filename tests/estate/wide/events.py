"""What calls what: rules, schedules, topics."""

from __future__ import annotations

import json

from tests.estate.seed import Estate
from tests.estate.wide.compute import ROLE


def events(estate: Estate, region: str) -> None:
    """A rule that hands findings to people, a job by the clock, and one of the scheduler."""
    topics = estate.client("sns", region)
    topic = topics.create_topic(Name="people")["TopicArn"]
    topics.subscribe(TopicArn=topic, Protocol="email", Endpoint="people@example.com")
    rules = estate.client("events", region)
    pattern = json.dumps({"source": ["aws.guardduty"], "detail-type": ["GuardDuty Finding"]})
    rules.put_rule(Name="findings", EventPattern=pattern, State="ENABLED")
    rules.put_targets(Rule="findings", Targets=[{"Id": "people", "Arn": topic}])
    queue = f"arn:aws:sqs:{region}:123456789012:orders"
    rules.put_rule(Name="nightly", ScheduleExpression="rate(1 day)", State="ENABLED")
    rules.put_targets(
        Rule="nightly", Targets=[{"Id": "orders", "Arn": queue, "DeadLetterConfig": {"Arn": queue}}]
    )
    estate.client("scheduler", region).create_schedule(
        Name="nightly",
        ScheduleExpression="rate(1 day)",
        FlexibleTimeWindow={"Mode": "OFF"},
        Target={"Arn": queue, "RoleArn": ROLE},
    )
