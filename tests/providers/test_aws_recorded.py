"""What AWS Config counts, and whom the organization's tree holds: told where they know it, and only
there."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from scanner.core.reading.context import ReadContext
from scanner.model.answers import Answer, Call, State
from scanner.model.values import ABSENT, Unreadable
from scanner.providers.aws.config_recorder import (
    databases,
    recorded_counts,
    records,
    security_groups,
)
from scanner.providers.aws.organization_tree import organization_tree

STARTED = datetime(2026, 1, 1, tzinfo=UTC)
CONTEXT = ReadContext(
    account="1",
    partition="aws",
    region="eu-west-1",
    started=STARTED,
    params={"config_history_days": 31},
)
EVERYTHING = {
    "allSupported": True,
    "recordingStrategy": {"useOnly": "ALL_SUPPORTED_RESOURCE_TYPES"},
}
TABLE, VPC = "AWS::DynamoDB::Table", "AWS::EC2::VPC"
COUNTS = {
    "resourceCounts": [{"resourceType": TABLE, "count": 3}, {"resourceType": VPC, "count": 1}]
}
AT = "2026-03-31T12:00:00.000Z"
RUNNING = {
    "ConfigurationRecordersStatus": [{"name": "r", "recording": True, "lastStatus": "Success"}]
}


def run(reader: Any, answers: Mapping[str, Any], context: ReadContext = CONTEXT) -> Any:
    """What a reader returns; an answer is data, or a state with a code."""
    program = reader(context)
    try:
        call: Call = next(program)
        while True:
            name = call.operation.partition(":")[2]
            found = answers.get(
                f"{name} {' '.join(map(str, call.params.values()))}", answers.get(name)
            )
            state, code = found if isinstance(found, tuple) else (State.OK, "")
            data = None if code else found
            call = program.send(
                Answer(call=call, state=state, code=code, data=data, finished=answers.get("at", AT))
            )
    except StopIteration as stop:
        return stop.value


def config(recorder: dict[str, Any] | None = None, **other: Any) -> dict[str, Any]:
    recorders = [] if recorder is None else [{"name": "r", **recorder}]
    return {
        "DescribeConfigurationRecorders": {"ConfigurationRecorders": recorders},
        "DescribeConfigurationRecorderStatus": RUNNING,
        "GetDiscoveredResourceCounts": COUNTS,
        **other,
    }


def test_what_is_recorded_is_counted() -> None:
    assert run(recorded_counts, config({"recordingGroup": EVERYTHING})) == {TABLE: 3, VPC: 1}
    assert run(
        recorded_counts, config({"recordingGroup": {"allSupported": False, "resourceTypes": [VPC]}})
    ) == {VPC: 1}


def test_where_nothing_is_recorded_nothing_is_counted() -> None:
    assert run(recorded_counts, config()) is ABSENT
    stopped = {"ConfigurationRecordersStatus": [{"name": "r", "recording": False}]}
    found = run(
        recorded_counts,
        config({"recordingGroup": EVERYTHING}, DescribeConfigurationRecorderStatus=stopped),
    )
    assert found is ABSENT


@pytest.mark.parametrize(
    ("recorder", "recorded"),
    [
        ({"recordingGroup": EVERYTHING}, True),
        ({"recordingGroup": {"resourceTypes": [TABLE]}}, True),
        ({"recordingGroup": {"resourceTypes": [VPC]}}, False),
        ({"recordingGroup": {"allSupported": False}}, False),
        ({}, False),
        ({"recordingGroup": "all"}, False),
        ({"recordingGroup": {"allSupported": "yes"}}, False),
        (
            {
                "recordingGroup": {
                    "allSupported": False,
                    "exclusionByResourceTypes": {"resourceTypes": [VPC]},
                    "recordingStrategy": {"useOnly": "EXCLUSION_BY_RESOURCE_TYPES"},
                }
            },
            True,
        ),
        (
            {
                "recordingGroup": {
                    "exclusionByResourceTypes": {"resourceTypes": [TABLE]},
                    "recordingStrategy": {"useOnly": "EXCLUSION_BY_RESOURCE_TYPES"},
                }
            },
            False,
        ),
        (
            {"recordingGroup": EVERYTHING, "recordingMode": {"recordingFrequency": "CONTINUOUS"}},
            True,
        ),
        ({"recordingGroup": EVERYTHING, "recordingMode": {"recordingFrequency": "DAILY"}}, False),
        (
            {
                "recordingGroup": EVERYTHING,
                "recordingMode": {
                    "recordingFrequency": "DAILY",
                    "recordingModeOverrides": [
                        {"resourceTypes": [TABLE], "recordingFrequency": "CONTINUOUS"}
                    ],
                },
            },
            True,
        ),
        (
            {
                "recordingGroup": EVERYTHING,
                "recordingMode": {
                    "recordingFrequency": "CONTINUOUS",
                    "recordingModeOverrides": [
                        {"resourceTypes": [TABLE], "recordingFrequency": "DAILY"}
                    ],
                },
            },
            False,
        ),
    ],
)
def test_a_type_counts_only_where_each_change_of_it_is_written_down(
    recorder: dict[str, Any], recorded: bool
) -> None:
    assert records(recorder, TABLE) is recorded
    assert (TABLE in run(recorded_counts, config(recorder))) is recorded


@pytest.mark.parametrize(
    "name",
    [
        "DescribeConfigurationRecorders",
        "DescribeConfigurationRecorderStatus",
        "GetDiscoveredResourceCounts",
    ],
)
@pytest.mark.parametrize(
    "answer",
    [
        (State.DENIED, "AccessDenied"),
        (State.PARTIAL, "Throttling"),
        {"resourceCounts": 1},
        "x",
        ["x"],
    ],
)
def test_what_config_did_not_say_whole_is_unread(name: str, answer: Any) -> None:
    if answer == {"resourceCounts": 1}:
        members = {
            "ConfigurationRecorders": 1,
            "ConfigurationRecordersStatus": [1],
            "resourceCounts": 1,
        }
        answer = members
    found = run(recorded_counts, config({"recordingGroup": EVERYTHING}, **{name: answer}))
    assert isinstance(found, Unreadable)
    assert name in found.reason


GROUP = "AWS::EC2::SecurityGroup"


def discovered(*rows: dict[str, Any], **other: Any) -> dict[str, Any]:
    known = {"resourceIdentifiers": list(rows)}
    return config({"recordingGroup": EVERYTHING}, **{"ListDiscoveredResources": known, **other})


def test_what_is_gone_for_long_has_no_history_to_look_at() -> None:
    gone = {"resourceId": "gone", "resourceDeletionTime": "2026-02-27T23:59:59.000Z"}
    lately = {"resourceId": "lately", "resourceDeletionTime": "2026-02-28T00:00:00Z"}
    found = run(security_groups, discovered({"resourceId": "is"}, gone, lately))
    assert [(row["resourceId"], row["since"]) for row in found] == [
        ("is", "2026-02-28T00:00:00Z"),
        ("lately", "2026-02-28T00:00:00Z"),
    ]


def test_the_kinds_ask_for_their_own_type_deleted_ones_included() -> None:
    for reader, kind in ((security_groups, GROUP), (databases, "AWS::RDS::DBInstance")):
        answers = discovered(ListDiscoveredResources={}) | {
            f"ListDiscoveredResources {kind} True": {"resourceIdentifiers": [{"resourceId": "a"}]}
        }
        assert [row["resourceId"] for row in run(reader, answers)] == ["a"]


@pytest.mark.parametrize(
    "recorder",
    [
        None,
        {"recordingGroup": {"resourceTypes": [VPC]}},
        {"recordingGroup": EVERYTHING, "recordingMode": {"recordingFrequency": "DAILY"}},
    ],
)
def test_where_changes_are_not_recorded_an_empty_list_is_no_knowledge(
    recorder: dict[str, Any] | None,
) -> None:
    found = run(
        security_groups, config(recorder, ListDiscoveredResources={"resourceIdentifiers": []})
    )
    assert isinstance(found, Unreadable)
    assert found.reason == f"AWS Config does not record every change of {GROUP} in eu-west-1"


@pytest.mark.parametrize("at", ["", "yesterday", "0001-01-01T00:00:00Z"])
def test_without_the_time_of_the_answer_nothing_is_looked_at(at: str) -> None:
    assert isinstance(run(security_groups, discovered({"resourceId": "is"}, at=at)), Unreadable)


@pytest.mark.parametrize("name", ["DescribeConfigurationRecorders", "ListDiscoveredResources"])
def test_a_refusal_leaves_the_changes_unread(name: str) -> None:
    found = run(security_groups, discovered(**{name: (State.DENIED, "AccessDenied")}))
    assert isinstance(found, Unreadable)
    assert found.gaps == {f"config:{name}@eu-west-1"}


TREE = {
    "ListRoots": {"Roots": [{"Id": "r-1"}]},
    "ListChildren r-1 ACCOUNT": {"Children": [{"Id": "1"}]},
    "ListChildren r-1 ORGANIZATIONAL_UNIT": {"Children": [{"Id": "ou-1"}]},
    "ListChildren ou-1 ACCOUNT": {"Children": [{"Id": "2"}, {"Id": "3"}]},
    "ListChildren ou-1 ORGANIZATIONAL_UNIT": {"Children": []},
}


def test_the_tree_is_walked_to_its_leaves() -> None:
    assert run(organization_tree, TREE) == ["1", "2", "3"]


@pytest.mark.parametrize("state", [State.ABSENT, State.ERROR])
def test_without_an_organization_there_is_no_tree(state: State) -> None:
    assert (
        run(organization_tree, {"ListRoots": (state, "AWSOrganizationsNotInUseException")})
        is ABSENT
    )


@pytest.mark.parametrize("name", TREE)
@pytest.mark.parametrize(
    "answer",
    [
        (State.DENIED, "AccessDenied"),
        (State.PARTIAL, "Throttling"),
        {"Roots": [{}], "Children": [{"Id": 7}]},
    ],
)
def test_a_branch_that_was_not_read_leaves_the_tree_unread(name: str, answer: Any) -> None:
    found = run(organization_tree, {**TREE, name: answer})
    assert isinstance(found, Unreadable)
    assert name.split()[0] in found.reason


def test_a_tree_that_is_none_ends() -> None:
    circle = {**TREE, "ListChildren ou-1 ORGANIZATIONAL_UNIT": {"Children": [{"Id": "r-1"}]}}
    assert "cycle" in run(organization_tree, circle).reason


@pytest.mark.parametrize(
    ("recorder", "status"),
    [
        ({"recordingScope": "INTERNAL"}, {}),
        ({"recordingScope": "SHARED"}, {}),
        ({"connectorArn": "arn:aws:config:eu-west-1:123456789012:connector/other-cloud"}, {}),
        ({}, {"lastStatus": "Failure"}),
        ({}, {"lastStatus": "Lost"}),
        ({}, {"lastStatus": None}),
        ({"recordingGroup": {**EVERYTHING, "recordingStrategy": {"useOnly": "BY_TAG"}}}, {}),
    ],
)
def test_a_recorder_that_may_miss_a_change_is_not_relied_on(
    recorder: dict[str, Any], status: dict[str, Any]
) -> None:
    """Config would answer with an empty list, which does not show that nothing changed."""
    states = {
        "ConfigurationRecordersStatus": [{**RUNNING["ConfigurationRecordersStatus"][0], **status}]
    }
    answers = config(
        {"recordingGroup": EVERYTHING, **recorder}, DescribeConfigurationRecorderStatus=states
    )
    assert run(recorded_counts, answers) in (ABSENT, {})
    assert isinstance(run(security_groups, answers), Unreadable)


@pytest.mark.parametrize("status", ["Success", "SUCCESS", "PENDING", "NotApplicable"])
def test_a_recorder_that_did_not_fail_is_relied_on(status: str) -> None:
    states = {
        "ConfigurationRecordersStatus": [{"name": "r", "recording": True, "lastStatus": status}]
    }
    answers = config(
        {"recordingGroup": EVERYTHING, "recordingScope": "PAID"},
        DescribeConfigurationRecorderStatus=states,
    )
    assert run(recorded_counts, answers) == {TABLE: 3, VPC: 1}
