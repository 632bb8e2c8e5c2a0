"""Answers of Google Cloud that say success and are not the whole truth, *authored*: what they leave
out is unknown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

import pytest

from scanner.core.permissions import required_permissions
from scanner.model.library import Library
from scanner.providers.gcp.permissions import permissions_of
from tests.helpers.authored_gcp_azure import authored
from tests.recordings.collecting import Pointed, gcp_project, read
from tests.recordings.store import Recording, Scenario

PROJECT: Final = "cloud-custodian"
DATASETS: Final = "gcp-bigquery-dataset-not-public"
OBJECTS: Final = "gcp-storage-bucket-not-public-objects"
HELD: Final = {"permissions": ["bigquery.datasets.get"]}
_LIST: Final = f"https://bigquery.googleapis.com/bigquery/v2/projects/{PROJECT}/datasets"
_DATASET: Final = {"datasetReference": {"datasetId": "d", "projectId": PROJECT}, "location": "EU"}
_ACCESS: Final = [
    {"role": "READER", "specialGroup": "projectReaders", "iamMember": "user:ann@example.com"}
]
_BUCKETS: Final = f"https://storage.googleapis.com/storage/v1/b?project={PROJECT}"
_PREVENTION: Final = (
    f"https://orgpolicy.googleapis.com/v2/projects/{PROJECT}/policies"
    "/storage.publicAccessPrevention:getEffectivePolicy"
)
_PROJECT_LIST: Final = [{"entity": "project-viewers-1", "role": "READER"}]
_EVERYBODY: Final = [{"entity": "allUsers", "role": "READER"}]


def said(
    library: Library, check: str, *recordings: Recording, pointed: Pointed | None = None
) -> dict[str, str]:
    """Verdict and reason by resource; what is said of all resources together has no name."""
    scenario = Scenario(cloud="gcp", name="authored", recordings=recordings)
    found = read(
        scenario,
        library,
        [check],
        pointed or gcp_project(),
        ignore=frozenset({"all", "assetTypes"}),
    )
    assert found.replay.unrecorded == []
    assert sorted(found.replay.asked) == sorted(one.file for one in recordings)
    (result,) = [one for one in found.assessment.results if one.check == check]
    return {
        one.resource.name: f"{one.verdict.value} {one.reason}".strip() for one in result.findings
    }


def datasets(*listed: Mapping[str, Any]) -> tuple[Recording, ...]:
    each = [
        authored(f"{_LIST}/{one['datasetReference']['datasetId']}", {**one, "access": _ACCESS})
        for one in listed
    ]
    return authored(_LIST, {"kind": "bigquery#datasetList", "datasets": list(listed)}), *each


def held(body: Mapping[str, Any], status: int = 200) -> Recording:
    url = f"https://cloudresourcemanager.googleapis.com/v3/projects/{PROJECT}:testIamPermissions"
    return authored(url, body, post=True, status=status)


def test_datasets_are_all_of_them_where_nothing_can_be_left_out(library: Library) -> None:
    found = said(library, DATASETS, *datasets(_DATASET), held(HELD))
    assert list(found) == ["d"]
    assert found["d"].startswith("pass")
    assert said(library, DATASETS, *datasets(), held(HELD)) == {}


@pytest.mark.parametrize("listed", [(), (_DATASET,)])
@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (held({}), "the caller lacks bigquery.datasets.get on the project"),
        (
            held({"permissions": ["bigquery.datasets.getIamPolicy"]}),
            "the caller lacks bigquery.datasets.get on",
        ),
        (
            held({"permissions": "bigquery.datasets.get"}),
            "the caller lacks bigquery.datasets.get on",
        ),
        (
            held({"error": {"status": "PERMISSION_DENIED"}}, 403),
            "projects.testIamPermissions denied",
        ),
    ],
)
def test_datasets_that_may_be_left_out_are_unknown(
    library: Library, listed: tuple[Mapping[str, Any], ...], answer: Recording, why: str
) -> None:
    found = said(library, DATASETS, *datasets(*listed), answer)
    beside = [text for text in found.values() if "the listing may be incomplete" in text]
    assert len(found) == len(listed) + 1
    assert [text.startswith("unknown") and why in text for text in beside] == [True]


def test_an_inventory_of_the_whole_project_leaves_no_dataset_out(library: Library) -> None:
    config, opening = gcp_project()
    name = f"//bigquery.googleapis.com/projects/{PROJECT}/datasets/d"
    row = {"name": name, "assetType": "bigquery.googleapis.com/Dataset"}
    row["resource"] = {"data": {**_DATASET, "access": _ACCESS, "labels": {}}}  # type: ignore[assignment]
    url = f"https://cloudasset.googleapis.com/v1/projects/{PROJECT}/assets?contentType=RESOURCE"
    assets = authored(url, {"readTime": "2026-01-01T00:00:00Z", "assets": [row]})
    found = said(library, DATASETS, assets, pointed=(replace(config, bulk=True), opening))
    assert [text for text in found.values() if not text.startswith("pass")] == []
    assert len(found) == 1


def test_what_is_asked_about_takes_no_permission(library: Library) -> None:
    printed = set(required_permissions(library, [library.checks[DATASETS]], permissions_of))
    assert printed == {"bigquery.datasets.get", "bigquery.datasets.getIamPolicy"}


@pytest.mark.parametrize(
    ("lists", "verdict"),
    [
        ({}, "unknown"),  # as it is told to whoever lacks storage.buckets.getIamPolicy
        ({"acl": []}, "unknown"),
        ({"acl": _PROJECT_LIST}, "pass"),  # a private default list
        ({"acl": _PROJECT_LIST, "defaultObjectAcl": _PROJECT_LIST}, "pass"),
        ({"acl": _PROJECT_LIST, "defaultObjectAcl": _EVERYBODY}, "fail"),
        ({"defaultObjectAcl": _EVERYBODY}, "fail"),
    ],
)
def test_lists_that_a_bucket_does_not_tell_are_unknown(
    library: Library, lists: dict[str, Any], verdict: str
) -> None:
    uniform = {
        "uniformBucketLevelAccess": {"enabled": False},
        "publicAccessPrevention": "inherited",
    }
    bucket = {"name": "b", "location": "EU", "iamConfiguration": uniform, **lists}
    rules = authored(_PREVENTION, {"spec": {"rules": [{"enforce": False}]}})
    listed = authored(_BUCKETS, {"kind": "storage#buckets", "items": [bucket]})
    (text,) = said(library, OBJECTS, listed, rules).values()
    assert text.split()[0] == verdict


@pytest.mark.parametrize(
    ("code", "unknown"), [("UNREACHABLE", True), ("NO_RESULTS_ON_PAGE", False)]
)
@pytest.mark.parametrize(
    ("check", "path"),
    [
        ("gcp-subnet-flow-logs", "aggregated/subnetworks"),
        ("gcp-firewall-no-public-admin-ports", "global/firewalls"),
    ],
)
def test_a_warning_beside_a_list_of_compute_engine_is_not_overlooked(
    library: Library, check: str, path: str, code: str, unknown: bool
) -> None:
    url = f"https://compute.googleapis.com/compute/v1/projects/{PROJECT}/{path}"
    found = said(library, check, authored(url, {"kind": "compute#list", "warning": {"code": code}}))
    assert [text.split()[0] for text in found.values()] == (["unknown"] if unknown else [])
