"""What AWS Config, the tagging API and the organization's tree say beside a listing, from calls to
verdicts."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from scanner.model.answers import Answer, Call, State
from tests.helpers.check_answers import ACCOUNT, AWAY, HERE, denied, verdicts

RECORDING = {
    "config:DescribeConfigurationRecorders": {
        "ConfigurationRecorders": [{"name": "default", "recordingGroup": {"allSupported": True}}]
    },
    "config:DescribeConfigurationRecorderStatus": {
        "ConfigurationRecordersStatus": [
            {"name": "default", "recording": True, "lastStatus": "Success"}
        ]
    },
}
TABLES = {
    f"dynamodb:ListTables@{HERE}": {"TableNames": ["orders"]},
    f"dynamodb:ListTables@{AWAY}": {"TableNames": []},
    "dynamodb:DescribeContinuousBackups": {
        "ContinuousBackupsDescription": {
            "PointInTimeRecoveryDescription": {"PointInTimeRecoveryStatus": "ENABLED"}
        }
    },
}
PITR = "aws-dynamodb-pitr-enabled"


def counts(number: Any) -> dict[str, Any]:
    found = {"resourceCounts": [{"resourceType": "AWS::DynamoDB::Table", "count": number}]}
    return {
        f"config:GetDiscoveredResourceCounts@{HERE}": found,
        f"config:GetDiscoveredResourceCounts@{AWAY}": {"resourceCounts": []},
    }


def test_without_config_and_labels_nothing_changes() -> None:
    assert verdicts(PITR, TABLES) == {"orders": "pass"}


@pytest.mark.parametrize("number", [0, 1])
def test_config_that_knows_no_more_changes_nothing(number: int) -> None:
    assert verdicts(PITR, {**TABLES, **RECORDING, **counts(number)}) == {"orders": "pass"}


def test_a_table_that_only_config_knows_leaves_its_region_open() -> None:
    assert verdicts(PITR, {**TABLES, **RECORDING, **counts(2)}) == {
        "orders": "pass",
        "any DynamoDB table": "unknown",
    }


def test_counts_that_were_refused_are_a_gap() -> None:
    table = {
        **TABLES,
        **RECORDING,
        **counts(1),
        f"config:GetDiscoveredResourceCounts@{HERE}": denied(),
    }
    assert verdicts(PITR, table)["any DynamoDB table"] == "unknown"


def test_a_labelled_table_that_is_not_listed_leaves_its_region_open() -> None:
    def labelled(params: Any) -> dict[str, Any]:
        assert params == {"ResourceTypeFilters": ["dynamodb:table"]}
        arn = f"arn:aws:dynamodb:{HERE}:{ACCOUNT}:table/"
        return {
            "ResourceTagMappingList": [
                {"ResourceARN": f"{arn}orders"},
                {"ResourceARN": f"{arn}hidden"},
            ]
        }

    place = f"resourcegroupstaggingapi:GetResources@{HERE}"
    assert verdicts(PITR, {**TABLES, place: labelled}) == {
        "orders": "pass",
        "any DynamoDB table": "unknown",
    }


def children(params: Any) -> dict[str, Any]:
    tree = {
        ("r-1", "ACCOUNT"): [ACCOUNT],
        ("r-1", "ORGANIZATIONAL_UNIT"): ["ou-1"],
        ("ou-1", "ACCOUNT"): ["2" * 12],
    }
    return {
        "Children": [{"Id": one} for one in tree.get((params["ParentId"], params["ChildType"]), [])]
    }


@pytest.mark.parametrize(("accounts", "open_"), [([ACCOUNT, "2" * 12], False), ([ACCOUNT], True)])
def test_an_account_of_the_tree_that_is_not_listed_is_a_gap(
    accounts: list[str], open_: bool
) -> None:
    rows = [{"Id": one, "Arn": f"arn:{one}", "Name": one, "State": "ACTIVE"} for one in accounts]
    table = {
        "organizations:ListAccounts": {"Accounts": rows},
        "organizations:DescribeOrganization": {"Organization": {"MasterAccountId": ACCOUNT}},
        "organizations:ListRoots": {"Roots": [{"Id": "r-1"}]},
        "organizations:ListChildren": children,
        "organizations:ListParents": {"Parents": [{"Id": "r-1", "Type": "ROOT"}]},
        "organizations:ListPolicies": {"Policies": []},
    }
    found = verdicts("aws-organizations-scp-guardrails", table)
    assert ("any AWS account in the organization" in found) is open_
    assert found[ACCOUNT] == "fail"


# -- what was recorded between two scans -----------------------------------------------------------

HISTORY = "aws-config-history-between-scans"
SSH = {
    "ipProtocol": "tcp",
    "fromPort": 22,
    "toPort": 22,
    "ipv6Ranges": [],
    "prefixListIds": [],
    "userIdGroupPairs": [],
}
OPEN: dict[str, Any] = {"ipPermissions": [{**SSH, "ipRanges": ["0.0.0.0/0"]}]}
SHUT: dict[str, Any] = {"ipPermissions": []}
NO_LISTS: dict[str, Any] = {"ec2:DescribeManagedPrefixLists": {"PrefixLists": []}}


def item(hour: int, state: Any, status: str = "OK") -> dict[str, Any]:
    return {
        "configurationItemCaptureTime": f"2025-12-31T{hour:02}:00:00.000Z",
        "configurationItemStatus": status,
        "configurationStateId": str(hour),
        "configuration": state if isinstance(state, str) else json.dumps(state),
    }


def history(*items: dict[str, Any], groups: Any = None) -> dict[str, Any]:
    known = {
        "resourceIdentifiers": [{"resourceType": "AWS::EC2::SecurityGroup", "resourceId": "sg-1"}]
    }

    def listed(params: Any) -> Answer:
        assert params == {
            "resourceType": "AWS::EC2::SecurityGroup",
            "includeDeletedResources": True,
        }
        call = Call(operation="config:ListDiscoveredResources", region=HERE)
        said = known if groups is None else {"resourceIdentifiers": groups}
        return Answer(call=call, state=State.OK, data=said, finished="2025-12-31T23:59:00.000Z")

    def told(params: Any) -> dict[str, Any]:
        assert params["earlierTime"] == "2025-11-30T00:00:00Z"
        return {"configurationItems": list(items)}

    nobody = replace(
        listed({"resourceType": "AWS::EC2::SecurityGroup", "includeDeletedResources": True})
    )
    return {
        **RECORDING,
        **NO_LISTS,
        f"config:ListDiscoveredResources@{HERE}": listed,
        f"config:ListDiscoveredResources@{AWAY}": replace(nobody, data={"resourceIdentifiers": []}),
        "config:GetResourceConfigHistory": told,
    }


def test_an_hour_of_openness_is_seen_afterwards() -> None:
    found = verdicts(HISTORY, history(item(12, SHUT), item(11, OPEN), item(10, SHUT)))
    assert found == {
        "sg-1 2025-12-31T10:00:00.000Z": "pass",
        "sg-1 2025-12-31T11:00:00.000Z": "fail",
        "sg-1 2025-12-31T12:00:00.000Z": "pass",
    }


def test_a_group_that_is_gone_by_now_is_seen_and_its_end_is_no_state() -> None:
    gone = {"resourceId": "sg-1", "resourceDeletionTime": "2025-12-31T12:00:00.000Z"}
    found = verdicts(
        HISTORY, history(item(12, "null", "ResourceDeleted"), item(11, OPEN), groups=[gone])
    )
    assert found == {"sg-1 2025-12-31T11:00:00.000Z": "fail"}


@pytest.mark.parametrize(
    "state", ["", "null", "[]", "{", '{"ipPermissions": null}', {"ipPermissions": [{}]}]
)
def test_a_state_that_cannot_be_read_is_unknown(state: Any) -> None:
    assert set(verdicts(HISTORY, history(item(11, state))).values()) == {"unknown"}


def test_where_nothing_is_recorded_nothing_is_shown() -> None:
    table = {**history(), "config:DescribeConfigurationRecorders": {"ConfigurationRecorders": []}}
    assert set(verdicts(HISTORY, table).values()) == {"unknown"}


def test_a_history_that_was_refused_is_unknown() -> None:
    found = verdicts(HISTORY, {**history(), "config:GetResourceConfigHistory": denied()})
    assert set(found.values()) == {"unknown"}


def test_a_public_database_is_seen_afterwards() -> None:
    known = {"resourceIdentifiers": [{"resourceId": "db-1"}]}
    call = Call(operation="config:ListDiscoveredResources", region=HERE)
    listed = Answer(call=call, state=State.OK, data=known, finished="2025-12-31T23:59:00.000Z")
    items = [
        item(12, {"publiclyAccessible": False}),
        item(11, {"publiclyAccessible": True}),
        item(10, {}),
    ]
    found = verdicts(
        "aws-config-history-between-scans-databases",
        {
            **RECORDING,
            f"config:ListDiscoveredResources@{HERE}": listed,
            f"config:ListDiscoveredResources@{AWAY}": replace(
                listed, data={"resourceIdentifiers": []}
            ),
            "config:GetResourceConfigHistory": {"configurationItems": items},
        },
    )
    assert [found[f"db-1 2025-12-31T{hour}:00:00.000Z"] for hour in (10, 11, 12)] == [
        "unknown",
        "fail",
        "pass",
    ]


# -- buckets and instances -------------------------------------------------------------------------

BUCKETS = {
    "s3:ListBuckets": {"Buckets": [{"Name": "logs", "BucketRegion": HERE}]},
    "s3:GetBucketEncryption": {
        "ServerSideEncryptionConfiguration": {
            "Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]
        }
    },
}


def tagged(*names: str) -> dict[str, Any]:
    return {"ResourceTagMappingList": [{"ResourceARN": f"arn:aws:s3:::{name}"} for name in names]}


@pytest.mark.parametrize(("names", "open_"), [([], False), (["logs"], False), (["hidden"], True)])
def test_a_tagged_bucket_that_is_not_listed_leaves_the_population_open(
    names: list[str], open_: bool
) -> None:
    table = {**BUCKETS, f"resourcegroupstaggingapi:GetResources@{HERE}": tagged(*names)}
    found = verdicts("aws-s3-bucket-default-encryption-set", table)
    assert found.get("logs") == "pass"
    assert ("any S3 bucket" in found) is open_


def test_tags_that_were_refused_leave_buckets_open() -> None:
    table = {**BUCKETS, f"resourcegroupstaggingapi:GetResources@{HERE}": denied()}
    assert verdicts("aws-s3-bucket-default-encryption-set", table)["any S3 bucket"] == "unknown"


def instances(*names: str) -> dict[str, Any]:
    rows = [
        {
            "InstanceId": name,
            "State": {"Name": "running"},
            "MetadataOptions": {"HttpEndpoint": "enabled", "HttpTokens": "required"},
        }
        for name in names
    ]
    return {
        f"ec2:DescribeInstances@{HERE}": {"Reservations": [{"Instances": rows}]},
        f"ec2:DescribeInstances@{AWAY}": {"Reservations": []},
        f"ec2:DescribeVolumes@{AWAY}": {"Volumes": []},
    }


def volumes(*rows: dict[str, Any]) -> dict[str, Any]:
    return {f"ec2:DescribeVolumes@{HERE}": {"Volumes": list(rows)}}


def attached(name: object, time: object, state: str = "attached") -> dict[str, Any]:
    row = {"InstanceId": name, "AttachTime": time, "State": state}
    return volumes({"Attachments": [row]})


@pytest.mark.parametrize(
    ("volume", "open_"),
    [
        (attached("i-1", "2025-12-01T00:00:00Z"), False),
        (attached("i-2", "2025-12-01T00:00:00Z"), True),
        # Launched while the scan was reading.
        (attached("i-2", "2026-01-01T00:00:01Z"), False),
        (attached("i-2", "2025-12-01T00:00:00Z", "attaching"), True),
        (attached("i-2", "2025-12-01T00:00:00Z", "busy"), True),
        (attached("i-2", "2025-12-01T00:00:00Z", "detaching"), False),
        (attached("i-2", "2025-12-01T00:00:00Z", "detached"), False),
        # Attached to what a service of AWS runs, which is no instance.
        (volumes({"Attachments": [{"InstanceOwningService": "ecs", "State": "attached"}]}), False),
        (attached(None, "2025-12-01T00:00:00Z"), True),
        (attached("", "2025-12-01T00:00:00Z"), True),
        # Unreadable: whether an instance is missing from the listing is not known.
        (attached("i-1", "yesterday"), True),
        (attached(7, "2025-12-01T00:00:00Z"), True),
        (volumes({}), True),
        (volumes({"Attachments": ["i-1"]}), True),
    ],
)
def test_an_instance_that_only_its_volume_names_leaves_its_region_open(
    volume: dict[str, Any], open_: bool
) -> None:
    found = verdicts("aws-ec2-instance-imdsv2-required", {**instances("i-1"), **volume})
    assert found["i-1"] == "pass"
    assert ("any EC2 instance" in found) is open_


def test_volumes_of_another_shape_leave_instances_open() -> None:
    table = {**instances("i-1"), f"ec2:DescribeVolumes@{HERE}": {"Volumes": {}}}
    assert verdicts("aws-ec2-instance-imdsv2-required", table)["any EC2 instance"] == "unknown"
