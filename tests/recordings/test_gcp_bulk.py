"""Google Cloud in bulk: recorded assets read by the real client, beside the same resources as
listings tell them."""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Any
from urllib.parse import urlencode

import pytest

from scanner import pipeline
from scanner.core.reading.inventory import all_inventory_types, inventory_types
from scanner.model.answers import Answer, Snapshot
from scanner.model.findings import Verdict
from scanner.model.library import Library
from tests.helpers.library import shipped_library
from tests.recordings.collecting import Pointed, Read, gcp_project, improvements, read
from tests.recordings.inventories import by_name, joined, poorer, verdicts, worse_alone
from tests.recordings.store import ABSENT, Recording, Scenario, folder, scenarios

pytestmark = pytest.mark.skipif(folder() is None, reason=ABSENT)

PROJECT = "recorded-assets"
HOST = "https://cloudasset.googleapis.com"
READ_AT = "2026-01-01T00:00:00Z"
LISTINGS: Mapping[str, tuple[str, Callable[[list[Any]], Any]]] = {
    "storage.googleapis.com/Bucket": (
        f"https://storage.googleapis.com/storage/v1/b?project={PROJECT}",
        lambda rows: {"kind": "storage#buckets", "items": rows},
    ),
    "compute.googleapis.com/Firewall": (
        f"https://compute.googleapis.com/compute/v1/projects/{PROJECT}/global/firewalls",
        lambda rows: {"kind": "compute#firewallList", "items": rows},
    ),
    "compute.googleapis.com/Subnetwork": (
        f"https://compute.googleapis.com/compute/v1/projects/{PROJECT}/aggregated/subnetworks",
        lambda rows: {
            "kind": "compute#subnetworkAggregatedList",
            "items": {"regions/r": {"subnetworks": rows}},
        },
    ),
    "sqladmin.googleapis.com/Instance": (
        f"https://sqladmin.googleapis.com/v1/projects/{PROJECT}/instances",
        lambda rows: {"kind": "sql#instancesList", "items": rows},
    ),
    "container.googleapis.com/Cluster": (
        f"https://container.googleapis.com/v1/projects/{PROJECT}/locations/-/clusters",
        lambda rows: {"clusters": rows},
    ),
}
"""The types whose own listing tells all that these checks read: its address, and its answer around
the resources."""
CHECKS = (
    "gcp-storage-uniform-access",
    "gcp-storage-recoverable",
    "gcp-storage-bucket-not-public-objects",
    "gcp-firewall-no-public-admin-ports",
    "gcp-firewall-no-public-remote-desktop",
    "gcp-firewall-no-public-database-ports",
    "gcp-sql-not-public",
    "gcp-sql-tls-required",
    "gcp-sql-backups-pitr",
    "gcp-sql-high-availability",
    "gcp-sql-high-availability-deletion-protected",
    "gcp-subnet-flow-logs",
    "gcp-gke-control-plane-private",
    "gcp-gke-control-plane-private-nodes",
    "gcp-binary-authorization-enforced-clusters",
)


AUTHORED: Mapping[str, tuple[Mapping[str, Any], ...]] = {
    "storage.googleapis.com/Bucket": tuple(
        {
            "iamConfiguration": {
                "publicAccessPrevention": how,
                "uniformBucketLevelAccess": {"enabled": how == "enforced"},
            },
            "defaultObjectAcl": [{"entity": "allUsers", "role": "READER"}],
            "softDeletePolicy": {"retentionDurationSeconds": seconds},
            "labels": {"classification": "confidential"},
            "lifecycle": {"rule": [{"action": {"type": "Delete"}, "condition": {"age": 400}}]},
        }
        for how, seconds in (("enforced", "1209600"), ("inherited", "0"))
    ),
    "sqladmin.googleapis.com/Instance": tuple(
        {
            "settings": {
                "availabilityType": kind,
                "ipConfiguration": {
                    "ipv4Enabled": True,
                    "sslMode": mode,
                    "authorizedNetworks": [{"value": network}],
                },
            }
        }
        for kind, mode, network in (
            ("REGIONAL", "ENCRYPTED_ONLY", "198.51.100.0/24"),
            ("ZONAL", "ALLOW_UNENCRYPTED_AND_ENCRYPTED", "0.0.0.0/0"),
        )
    ),
    "container.googleapis.com/Cluster": tuple(
        {
            "controlPlaneEndpointsConfig": {
                "ipEndpointsConfig": {
                    "enabled": True,
                    "enablePublicEndpoint": not good,
                    "authorizedNetworksConfig": {
                        "enabled": good,
                        "cidrBlocks": [{"cidrBlock": "198.51.100.0/24"}],
                    },
                }
            },
            "binaryAuthorization": {
                "evaluationMode": "PROJECT_SINGLETON_POLICY_ENFORCE" if good else "DISABLED"
            },
            "ipAllocationPolicy": {"ipv6AccessType": "INTERNAL"},
            "nodePools": [{"name": "pool", "networkConfig": {"enablePrivateNodes": good}}],
        }
        for good in (True, False)
    ),
}
"""What is told of such resources today, and was not when they were recorded."""


@cache
def _library() -> Library:
    return shipped_library()


@pytest.fixture(scope="module")
def library() -> Library:
    return _library()


@cache
def _assets(kind: str) -> tuple[dict[str, Any], ...]:
    """The recorded assets of a type, each resource once; a name that two share is made one of its
    own."""
    file = kind.replace("/", "__") + ".json"
    bodies = [
        one.body
        for run in scenarios("gcp_cai").values()
        for one in run.recordings
        if one.file == file
    ]
    found: dict[str, dict[str, Any]] = {}
    for asset in (one for body in bodies for one in body["assets"] if "resource" in one):
        data = asset["resource"]["data"]
        if isinstance(data.get("name"), str):
            key = f"{data['name']}-{kind.rpartition('/')[2].lower()}-{len(found)}"
            found[key] = {**asset, "resource": {**asset["resource"], "data": {**data, "name": key}}}
    recorded = tuple(found.values())
    return (
        *recorded,
        *(_grown(recorded[-1], more, number) for number, more in enumerate(AUTHORED.get(kind, ()))),
    )


def _grown(asset: dict[str, Any], more: Mapping[str, Any], number: int) -> dict[str, Any]:
    """A recorded asset with members that are younger than the recordings."""
    data = joined(asset["resource"]["data"], more)
    return {
        **asset,
        "resource": {
            **asset["resource"],
            "data": {**data, "name": f"{data['name']}-authored-{number}"},
        },
    }


def _asked(content: str, types: Sequence[str]) -> str:
    pairs = [
        ("contentType", content),
        ("pageSize", "1000"),
        *(("assetTypes", one) for one in types),
    ]
    return f"{HOST}/v1/projects/{PROJECT}/assets?{urlencode(pairs)}"


def _recording(url: str, body: Any, file: str) -> Recording:
    return Recording(
        file=file, method="GET", url=url, status=200, headers={}, body=body, recorded=""
    )


def _prevention() -> Recording:
    """The organization's rule on public buckets, which no inventory tells; not enforced."""
    name = f"projects/{PROJECT}/policies/storage.publicAccessPrevention"
    return _recording(
        f"https://orgpolicy.googleapis.com/v2/{name}:getEffectivePolicy",
        {"name": name, "spec": {"rules": [{"enforce": False}]}},
        "prevention",
    )


def _in_bulk(
    assets: Sequence[Any], types: Sequence[str], policies: Mapping[str, Sequence[Any]] | None = None
) -> Scenario:
    """Assets as one answer of the inventory; policies by type as answers of their own."""
    rows = [
        _recording(
            _asked("RESOURCE", types), {"readTime": READ_AT, "assets": list(assets)}, "assets"
        ),
        _prevention(),
    ]
    for kind, told in (policies or {}).items():
        rows.append(
            _recording(
                _asked("IAM_POLICY", [kind]), {"readTime": READ_AT, "assets": list(told)}, kind
            )
        )
    return Scenario(cloud="gcp", name="assets", recordings=tuple(rows))


def _pointed(*, bulk: bool) -> Pointed:
    config, opening = gcp_project(PROJECT)
    return replace(config, bulk=bulk), opening


def _types(checks: Sequence[str]) -> tuple[str, ...]:
    return inventory_types(_library(), [_library().checks[name] for name in checks])


@cache
def _bulk() -> Read:
    assets = [one for kind in LISTINGS for one in _assets(kind)]
    return read(_in_bulk(assets, _types(CHECKS)), _library(), CHECKS, _pointed(bulk=True))


@cache
def _single() -> Read:
    rows = {kind: [one["resource"]["data"] for one in _assets(kind)] for kind in LISTINGS}
    listings = tuple(
        _recording(url, around(rows[kind]), kind) for kind, (url, around) in LISTINGS.items()
    )
    scenario = Scenario(cloud="gcp", name="listings", recordings=(*listings, _prevention()))
    return read(scenario, _library(), CHECKS, _pointed(bulk=False))


def _verdicts(found: Snapshot) -> dict[tuple[str, str], Verdict]:
    return verdicts(found, _library())


def test_one_call_answers_for_all_kinds_and_nothing_else_is_asked() -> None:
    # The organization's rule is of the project, and no resource of an inventory.
    assert sorted(_bulk().replay.asked) == ["assets", "prevention"]
    assert _bulk().replay.unrecorded == []
    assert set(_bulk().snapshot.bulk) == set(LISTINGS)
    assert _single().replay.unrecorded == []
    assert _single().snapshot.bulk == ()


def test_a_verdict_in_bulk_is_that_of_the_listing_or_unknown() -> None:
    single, bulk = _verdicts(_single().snapshot), _verdicts(_bulk().snapshot)
    other = {
        name: (one, bulk.get(name))
        for name, one in single.items()
        if bulk.get(name) not in (one, Verdict.UNKNOWN)
    }
    assert other == {}
    same = Counter(
        check
        for (check, _), one in single.items()
        if one is not Verdict.UNKNOWN and bulk[check, _] is one
    )
    # What is decided at all by these resources is decided in bulk for some of them.
    assert same.keys() == {
        check for (check, _), one in single.items() if one is not Verdict.UNKNOWN
    }
    assert sum(same.values()) > 100


def test_what_is_read_in_bulk_is_judged_again_as_it_was() -> None:
    assert _verdicts(_bulk().snapshot) == _verdicts(replace(_bulk().snapshot, id="again"))
    less = replace(_bulk().snapshot, checks=("gcp-sql-not-public",))
    assert {
        name: one
        for name, one in _verdicts(_bulk().snapshot).items()
        if name[0] == "gcp-sql-not-public"
    } == {name: one for name, one in _verdicts(less).items() if name[0] == "gcp-sql-not-public"}


def test_a_snapshot_that_does_not_say_so_was_not_read_in_bulk() -> None:
    assert set(_verdicts(replace(_bulk().snapshot, bulk=())).values()) == {Verdict.UNKNOWN}


def test_both_numbers_of_calls_are_told() -> None:
    (row,) = [
        one for one in _bulk().assessment.coverage if one.operation == "cloudasset:assets.list"
    ]
    assert (row.answers, row.stood_for) == (1, len(LISTINGS))
    assert {one.stood_for for one in _single().assessment.coverage} == {0}


def test_what_an_asset_does_not_tell_improves_nothing() -> None:
    whole = _bulk().snapshot
    (call, answer) = next(
        (key, one)
        for key, one in whole.answers.items()
        if one.call.operation.startswith("cloudasset")
    )
    before = by_name(_verdicts(whole))
    # Of assets about which the same is found, one is enough.
    alike = {
        str(before.get(asset["resource"]["data"]["name"])): asset for asset in answer.data["assets"]
    }
    variants = [(asset, changed) for asset in alike.values() for changed in _poorer(asset)]
    assert len(variants) > 1000
    data = {
        **answer.data,
        "assets": [*answer.data["assets"], *(changed for _, changed in variants)],
    }
    after = by_name(
        _verdicts(replace(whole, answers={**whole.answers, call: replace(answer, data=data)}))
    )
    names = [
        (less["resource"]["data"]["name"], of["resource"]["data"]["name"]) for of, less in variants
    ]
    assert list(worse_alone(before, after, names)) == []


def _poorer(asset: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The asset without one of its members, and with that member emptied."""
    data = asset["resource"]["data"]
    for word, changed in poorer(data, ("name", "region", "location")):
        changed["name"] = f"{data['name']}~{word}"
        yield {**asset, "resource": {**asset["resource"], "data": changed}}


# -- policies --------------------------------------------------------------------------------------

BUCKET = "storage.googleapis.com/Bucket"
PUBLIC = "gcp-storage-bucket-not-public"


def _bucket(name: str) -> dict[str, Any]:
    data = {
        **_assets(BUCKET)[0]["resource"]["data"],
        "name": name,
        "iamConfiguration": {
            "publicAccessPrevention": "inherited",
            "uniformBucketLevelAccess": {"enabled": True},
        },
    }
    return {
        "name": f"//storage.googleapis.com/{name}",
        "assetType": BUCKET,
        "resource": {"data": data},
    }


def _policy(name: str, *members: str) -> dict[str, Any]:
    bindings = [{"role": "roles/storage.objectViewer", "members": list(members)}] if members else []
    return {
        "name": f"//storage.googleapis.com/{name}",
        "assetType": BUCKET,
        "iamPolicy": {"bindings": bindings},
    }


def _policies(*told: dict[str, Any]) -> Scenario:
    names = ("open", "closed", "silent", "empty")
    return _in_bulk([_bucket(name) for name in names], [BUCKET], {BUCKET: told})


TOLD = (_policy("open", "allUsers"), _policy("closed", "user:user1@example.com"), _policy("empty"))


def test_a_policy_that_the_inventory_does_not_tell_is_unread(library: Library) -> None:
    found = read(_policies(*TOLD), library, (PUBLIC,), _pointed(bulk=True))
    told = {
        identity.rpartition("/")[2]: one for (_, identity), one in _verdicts(found.snapshot).items()
    }
    assert told == {
        "open": Verdict.FAIL, "closed": Verdict.PASS, "silent": Verdict.UNKNOWN, "empty": Verdict.UNKNOWN,
    }  # fmt: skip
    (row,) = [one for one in found.assessment.coverage if one.operation == "cloudasset:assets.list"]
    assert (row.answers, row.stood_for) == (2, 5)


def test_a_policy_that_is_told_twice_is_unread(library: Library) -> None:
    found = read(
        _policies(*TOLD, _policy("closed", "allUsers")), library, (PUBLIC,), _pointed(bulk=True)
    )
    assert found.verdicts(PUBLIC) == {Verdict.FAIL: 1, Verdict.UNKNOWN: 3}


def test_refusing_a_call_in_bulk_improves_nothing(library: Library) -> None:
    assert list(improvements(_policies(*TOLD), library, (PUBLIC,), _pointed(bulk=True))) == []
    assets = [one for kind in LISTINGS for one in _assets(kind)]
    scenario = _in_bulk(assets, _types(CHECKS))
    assert list(improvements(scenario, library, CHECKS, _pointed(bulk=True))) == []
    refused = read(scenario, library, CHECKS, _pointed(bulk=True), refuse=lambda _: True)
    assert {
        one for result in refused.assessment.results for one in (f.verdict for f in result.findings)
    } == {Verdict.UNKNOWN}


# -- populations -----------------------------------------------------------------------------------


def _gaps(snapshot: Snapshot) -> list[str]:
    assessment = pipeline.judge([snapshot], _library())
    return [
        one.reason
        for result in assessment.results
        for one in result.findings
        if one.resource.id == "*"
    ]


def _with(snapshot: Snapshot, change: Callable[[Answer], Answer]) -> Snapshot:
    return replace(snapshot, answers={key: change(one) for key, one in snapshot.answers.items()})


def test_a_whole_answer_without_a_type_is_an_empty_population(library: Library) -> None:
    found = read(_in_bulk([], [BUCKET], {BUCKET: ()}), library, (PUBLIC,), _pointed(bulk=True))
    (population,) = [
        one for one in found.assessment.populations if one.kind == "gcp.storage.bucket"
    ]
    assert (population.listed, population.whole) == (0, True)
    assert sorted(found.replay.asked) == ["assets", "prevention"]


def test_an_answer_without_its_time_or_with_a_row_of_another_type_is_not_whole(
    library: Library,
) -> None:
    bare = _in_bulk([], [BUCKET])
    bare = replace(bare, recordings=(replace(bare.recordings[0], body={}),))
    assert _gaps(read(bare, library, (PUBLIC,), _pointed(bulk=True)).snapshot)
    stray = _in_bulk([{"assetType": "storage.googleapis.com/bucket"}], [BUCKET], {BUCKET: ()})
    (reason,) = _gaps(read(stray, library, (PUBLIC,), _pointed(bulk=True)).snapshot)
    assert "has no assetType that was requested" in reason


def test_what_was_not_asked_for_is_no_empty_population(library: Library) -> None:
    found = read(
        _in_bulk([], [BUCKET]), library, ("gcp-storage-uniform-access",), _pointed(bulk=True)
    )
    snapshot = replace(found.snapshot, checks=("gcp-sql-not-public",))
    (reason,) = _gaps(snapshot)
    assert "sqladmin:instances.list was not called" in reason


def test_secrets_are_redacted_where_the_inventory_tells_them(library: Library) -> None:
    kind = "sqladmin.googleapis.com/Instance"
    asset = copy.deepcopy(_assets(kind)[0])
    asset["resource"]["data"]["rootPassword"] = "plain-words"
    found = read(_in_bulk([asset], [kind]), library, ("gcp-sql-not-public",), _pointed(bulk=True))
    (answer,) = [
        one
        for one in found.snapshot.answers.values()
        if one.call.operation.startswith("cloudasset")
    ]
    assert answer.redacted == ("assets[0].resource.data.rootPassword",)
    assert "plain-words" not in str(answer.data)


def test_every_type_is_known(library: Library) -> None:
    known = {one for one in all_inventory_types(library) if ".googleapis.com/" in one}
    assert set(LISTINGS) < known
    assert len(known) == 8
