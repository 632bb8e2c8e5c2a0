"""Members and values of Google Cloud that change what another member means, *authored*."""

from __future__ import annotations

from typing import Any, Final

import pytest

from scanner.model.library import Library
from tests.authored.test_gcp_omissions import PROJECT, said
from tests.helpers.authored_gcp_azure import authored

_COMPUTE: Final = f"https://compute.googleapis.com/compute/v1/projects/{PROJECT}"
_CLUSTERS: Final = f"https://container.googleapis.com/v1/projects/{PROJECT}/locations/-/clusters"
_MONITORING: Final = f"https://monitoring.googleapis.com/v3/projects/{PROJECT}"
_LOGGING: Final = f"https://logging.googleapis.com/v2/projects/{PROJECT}"
_CHANNEL: Final = f"projects/{PROJECT}/notificationChannels/1"
_COUNTED: Final = {
    "conditionThreshold": {
        "filter": 'resource.type="global" AND metric.type="logging.googleapis.com/user/changes"',
        "comparison": "COMPARISON_GT",
        "thresholdValue": 0,
        "duration": "0s",
    }
}
_NEVER: Final = {
    "conditionThreshold": {
        "filter": 'metric.type="compute.googleapis.com/instance/cpu/utilization"',
        "comparison": "COMPARISON_GT",
        "thresholdValue": 5,
        "duration": "0s",
    }
}


@pytest.mark.parametrize(
    ("combiner", "conditions", "verdict"),
    [
        ("OR", [_COUNTED, _NEVER], "pass"),
        ("AND", [_COUNTED, _NEVER], "fail"),
        ("AND_WITH_MATCHING_RESOURCE", [_COUNTED, _NEVER], "fail"),
        ("AND", [_COUNTED], "pass"),
        ("OR", [_NEVER], "fail"),
        ("XOR", [_COUNTED, _NEVER], "unknown"),
    ],
)
def test_a_policy_that_waits_for_a_second_condition_does_not_notify(
    library: Library, combiner: str, conditions: list[Any], verdict: str
) -> None:
    policy = {
        "name": f"projects/{PROJECT}/alertPolicies/1",
        "enabled": True,
        "combiner": combiner,
        "conditions": conditions,
        "notificationChannels": [_CHANNEL],
    }
    channel = {"name": _CHANNEL, "type": "email", "enabled": True}
    metric = {"name": "changes", "filter": 'resource.type="gce_firewall_rule"'}
    found = said(
        library,
        "gcp-alert-network-changes",
        authored(f"{_LOGGING}/metrics", {"metrics": [metric]}),
        authored(f"{_MONITORING}/alertPolicies", {"alertPolicies": [policy]}),
        authored(f"{_MONITORING}/notificationChannels", {"notificationChannels": [channel]}),
    )
    assert found[PROJECT].split()[0] == verdict


_OFFICE: Final = [{"cidrBlock": "203.0.113.0/24"}]


@pytest.mark.parametrize(
    ("more", "verdict"),
    [
        ({"masterAuthorizedNetworksConfig": {"enabled": True, "cidrBlocks": _OFFICE,
                                             "gcpPublicCidrsAccessEnabled": False}}, "pass"),
        ({"masterAuthorizedNetworksConfig": {"enabled": True, "cidrBlocks": _OFFICE,
                                             "gcpPublicCidrsAccessEnabled": True}}, "fail"),
        ({"controlPlaneEndpointsConfig": {
            "ipEndpointsConfig": {"enabled": True, "enablePublicEndpoint": False},
            "dnsEndpointConfig": {"allowExternalTraffic": False}}}, "pass"),
        ({"controlPlaneEndpointsConfig": {
            "ipEndpointsConfig": {"enabled": True, "enablePublicEndpoint": False},
            "dnsEndpointConfig": {"allowExternalTraffic": True}}}, "fail"),
    ],
)  # fmt: skip
def test_a_control_plane_has_more_than_one_way_in(
    library: Library, more: dict[str, Any], verdict: str
) -> None:
    pool = {"name": "p", "networkConfig": {"enablePrivateNodes": True}}
    cluster = {"name": "k", "location": "europe-west1", "nodePools": [pool], **more}
    listing = authored(_CLUSTERS, {"clusters": [cluster]})
    found = said(library, "gcp-gke-control-plane-private", listing)
    assert found["k"].split()[0] == verdict


@pytest.mark.parametrize(
    ("written", "verdict"),
    [("TRUE", "pass"), ("Y", "pass"), ("yes", "pass"), ("1", "pass"), ("no", "fail"), ("", "fail")],
)
def test_every_spelling_of_true_is_true(library: Library, written: str, verdict: str) -> None:
    items = [{"key": "enable-oslogin", "value": written}]
    project = {"name": PROJECT, "commonInstanceMetadata": {"items": items}}
    found = said(library, "gcp-compute-oslogin", authored(_COMPUTE, project))
    assert [text.split()[0] for text in found.values()] == [verdict]


@pytest.mark.parametrize(
    ("purpose", "verdicts"),
    [("PRIVATE", ["fail"]), ("PRIVATE_RFC_1918", ["fail"]), ("REGIONAL_MANAGED_PROXY", [])],
)
def test_an_ordinary_subnet_has_two_names(
    library: Library, purpose: str, verdicts: list[str]
) -> None:
    region = f"{_COMPUTE}/regions/europe-west1"
    subnet = {"name": "s", "purpose": purpose, "region": region}
    body = {"items": {"regions/europe-west1": {"subnetworks": [subnet]}}}
    listing = authored(f"{_COMPUTE}/aggregated/subnetworks", body)
    found = said(library, "gcp-subnet-flow-logs", listing)
    assert [text.split()[0] for text in found.values()] == verdicts


def test_a_group_is_not_left_out_for_its_name(library: Library) -> None:
    zone = f"{_COMPUTE}/zones/europe-west1-b"
    group = {
        "name": "gke-proxy",
        "zone": zone,
        "selfLink": f"{zone}/instanceGroupManagers/gke-proxy",
        "instanceTemplate": f"{_COMPUTE}/global/instanceTemplates/proxy",
    }
    groups = {"items": {"zones/europe-west1-b": {"instanceGroupManagers": [group]}}}
    found = said(
        library,
        "gcp-mig-autoscaled",
        authored(f"{_COMPUTE}/aggregated/instanceGroupManagers", groups),
        authored(f"{_COMPUTE}/aggregated/autoscalers", {"items": {}}),
        authored(_CLUSTERS, {"clusters": []}),
    )
    assert found["gke-proxy"].split()[0] == "fail"
