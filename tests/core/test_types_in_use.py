"""Types of resources in use that no check reads: what inventories count, and what they leave open."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from scanner.core.reading.projection import Estate
from scanner.core.reading.types_in_use import TypesInUse, read_types, type_readers
from scanner.model.answers import Answer, Call, State, Target
from scanner.model.findings import InventoryState
from scanner.providers import reader
from tests.helpers.library import shipped_library

KMS, BUCKETS = "aws-kms-key-rotation-enabled", "aws-s3-bucket-versioned"
RECORDING = {
    "config:DescribeConfigurationRecorders": {
        "ConfigurationRecorders": [{"name": "one", "recordingGroup": {"allSupported": True}}]
    },
    "config:DescribeConfigurationRecorderStatus": {
        "ConfigurationRecordersStatus": [
            {"name": "one", "recording": True, "lastStatus": "SUCCESS"}
        ]
    },
    "config:GetDiscoveredResourceCounts": {
        "resourceCounts": [
            {"resourceType": "AWS::SageMaker::NotebookInstance", "count": 2},
            {"resourceType": "AWS::KMS::Key", "count": 4},
        ]
    },
}
TAGGED = {
    "resourcegroupstaggingapi:GetResources": {
        "ResourceTagMappingList": [
            {"ResourceARN": "arn:aws:sagemaker:here:1:notebook-instance/a"},
            {"ResourceARN": "arn:aws:wafv2:here:1:regional/webacl/a/0"},
            {"ResourceARN": "arn:aws:kms:here:1:key/a"},
            {"ResourceARN": "arn:aws:s3:::a-bucket"},
        ]
    }
}
NO_VIEW = {"resource-explorer-2:GetDefaultView": {}}
ALL = {**RECORDING, **TAGGED, **NO_VIEW}


def found(
    table: Mapping[str, Any],
    *,
    target: str = "aws:1",
    regions: tuple[str, ...] = ("here",),
    regions_open: str = "",
) -> TypesInUse:
    """What inventories show beside checks on keys and buckets, given answers by operation."""
    library = shipped_library()
    where = Estate(
        target=Target(target),
        account="1",
        partition="aws",
        regions=regions,
        regions_open=regions_open,
        params={},
        started="2026-01-01T00:00:00Z",
    )
    answers: dict[str, Answer] = {}
    asked = _Asked(table, answers)
    for one in type_readers(library, where, reader):
        while True:
            before = len(answers)
            one.ask(asked)  # type: ignore[arg-type]
            if len(answers) == before:
                break
    checks = [check for check in library.checks.values() if check.id in (KMS, BUCKETS)]
    return read_types(answers, library, checks, reader, where)


class _Asked:
    """A lookup that answers each call when it is made."""

    def __init__(self, table: Mapping[str, Any], answers: dict[str, Answer]) -> None:
        self.table = table
        self.answers = answers

    def run(self, program: Any, context: Any) -> Any:
        running = program(context)
        try:
            call = next(running)
            while True:
                call = running.send(self.answers.setdefault(call.key, self._answer(call)))
        except StopIteration as stop:
            return stop.value

    def _answer(self, call: Call) -> Answer:
        said = self.table.get(call.operation, State.DENIED)
        if isinstance(said, State):
            return Answer(call=call, state=said, code="AccessDenied")
        return Answer(call=call, state=State.OK, data=said)


def numbers(one: TypesInUse) -> dict[str, int]:
    return {row.type: row.count for row in one.unassessed}


def test_a_type_counts_once_whoever_counts_it_and_however_it_is_spelled() -> None:
    types = found(ALL)
    assert numbers(types) == {"AWS::SageMaker::NotebookInstance": 2, "wafv2:webacl": 1}
    (notebooks, _) = types.unassessed
    assert notebooks.by == ("AWS Config", "Tagging API")


def test_regions_are_added() -> None:
    types = found(ALL, regions=("here", "there"))
    assert numbers(types) == {"AWS::SageMaker::NotebookInstance": 4, "wafv2:webacl": 2}


@pytest.mark.parametrize("operation", [*RECORDING, *TAGGED, *NO_VIEW])
def test_a_refused_inventory_is_not_known_and_adds_nothing(operation: str) -> None:
    types = found({name: said for name, said in ALL.items() if name != operation})
    (lost,) = (one for one in types.inventories if one.state is InventoryState.NOT_KNOWN)
    assert operation in lost.reason
    assert numbers(types).items() <= numbers(found(ALL)).items() or operation in RECORDING


def test_an_account_without_any_answer_has_nothing_counted() -> None:
    types = found({})
    assert types.unassessed == ()
    assert {one.state for one in types.inventories} == {InventoryState.NOT_KNOWN}


def test_a_recorder_that_is_off_is_not_in_use() -> None:
    off = {"config:DescribeConfigurationRecorders": {"ConfigurationRecorders": []}}
    states = {one.inventory: one.state for one in found({**ALL, **off}).inventories}
    assert states == {
        "AWS Config": InventoryState.NOT_IN_USE,
        "Tagging API": InventoryState.COUNTED,
        "Resource Explorer": InventoryState.NOT_IN_USE,
    }


@pytest.mark.parametrize(
    ("operation", "said"),
    [
        ("resourcegroupstaggingapi:GetResources", {}),
        ("config:GetDiscoveredResourceCounts", {}),
        ("config:GetDiscoveredResourceCounts", {"resourceCounts": [{"count": 1}]}),
        (
            "config:GetDiscoveredResourceCounts",
            {"resourceCounts": [{"resourceType": "AWS::Glue::Job", "count": True}]},
        ),
        (
            "config:GetDiscoveredResourceCounts",
            {"resourceCounts": [{"resourceType": "AWS::Glue::Job"}]},
        ),
        ("resource-explorer-2:GetDefaultView", {"ViewArn": 1}),
        ("resource-explorer-2:GetDefaultView", []),
    ],
)
def test_an_answer_of_another_shape_is_not_known(operation: str, said: Any) -> None:
    states = [one.state for one in found({**ALL, operation: said}).inventories]
    assert states.count(InventoryState.NOT_KNOWN) == 1


def test_an_aggregator_counts_its_own_region_alone() -> None:
    rows = [
        {"Region": region, "ResourceType": "glue:job"} for region in ("here", "there", "global")
    ]
    table = {
        **ALL,
        "resource-explorer-2:GetDefaultView": {"ViewArn": "arn:view"},
        "resource-explorer-2:ListResources": {"Resources": rows},
    }
    assert numbers(found(table))["glue:job"] == 1


def test_regions_that_are_not_known_are_said() -> None:
    types = found(ALL, regions_open="denied")
    unknown = [one for one in types.inventories if one.region == "*"]
    assert [one.state for one in unknown] == [InventoryState.NOT_KNOWN] * 3


def test_google_counts_by_type() -> None:
    rows = [
        {"assetType": "storage.googleapis.com/Bucket"},
        {"assetType": "spanner.googleapis.com/Instance"},
        {"assetType": "spanner.googleapis.com/Instance"},
    ]
    table = {"cloudasset:searchAllResources": {"results": rows}}
    types = found(table, target="gcp:1")
    assert numbers(types)["spanner.googleapis.com/Instance"] == 2
    for said in ({}, {"results": []}, {"results": [{}]}):
        open_ = found({"cloudasset:searchAllResources": said}, target="gcp:1")
        assert [one.state for one in open_.inventories] == [InventoryState.NOT_KNOWN]


def test_azure_counts_by_type_in_any_case() -> None:
    rows = [{"type": "Microsoft.Batch/batchAccounts"}, {"type": "microsoft.batch/batchaccounts"}]
    types = found({"Microsoft.Resources:Resources_List": {"value": rows}}, target="azure:1")
    assert numbers(types) == {"microsoft.batch/batchaccounts": 2}
    open_ = found({"Microsoft.Resources:Resources_List": {}}, target="azure:1")
    assert [one.state for one in open_.inventories] == [InventoryState.NOT_KNOWN]


def test_github_counts_repositories_by_kind_and_language() -> None:
    rows = [
        {"archived": False, "has_pages": True, "language": "Go"},
        {"archived": True, "has_pages": False, "language": None},
    ]
    types = found({"github:repos/list-for-org": {"items": rows}}, target="github:1")
    assert numbers(types) == {
        "archived repository": 1,
        "code in Go": 1,
        "repository": 1,
        "site of a repository": 1,
    }


def test_a_kind_is_known_by_every_name_that_its_second_sources_use() -> None:
    for kind in shipped_library().kinds.values():
        for source in kind.completeness:
            text = source.value.source
            if text.startswith("answer['AWS::"):
                assert text.split("'")[1] in kind.types, kind.id
