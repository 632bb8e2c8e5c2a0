"""What opens a bucket or a network of Google Cloud, or keeps it closed, although the resource's own
member does not show it, *authored*."""

from __future__ import annotations

from typing import Any, Final

import pytest

from scanner.model.library import Library
from tests.authored.test_gcp_omissions import PROJECT, said
from tests.helpers.authored_gcp_azure import authored

_STORAGE: Final = "https://storage.googleapis.com/storage/v1/b"
_COMPUTE: Final = f"https://compute.googleapis.com/compute/v1/projects/{PROJECT}/global/networks"
_PREVENTION: Final = (
    f"https://orgpolicy.googleapis.com/v2/projects/{PROJECT}/policies"
    "/storage.publicAccessPrevention:getEffectivePolicy"
)
_ENFORCED: Final = {"enforce": True}
_TAGGED: Final = {"condition": {"expression": "resource.matchTag('acme/public', 'yes')"}}


@pytest.mark.parametrize(
    ("setting", "rules", "status", "verdict"),
    [
        ("inherited", [], 200, "fail"),
        ("enforced", [], 200, "pass"),
        ("inherited", [_ENFORCED], 200, "pass"),
        ("inherited", [_ENFORCED, {**_TAGGED, "enforce": False}], 200, "fail"),
        ("inherited", [{**_TAGGED, **_ENFORCED}], 200, "fail"),
        ("inherited", [_ENFORCED], 403, "unknown"),
    ],
)
def test_the_organization_may_refuse_public_access(
    library: Library, setting: str, rules: list[Any], status: int, verdict: str
) -> None:
    config = {
        "publicAccessPrevention": setting,
        "uniformBucketLevelAccess": {"enabled": True},
    }
    bucket = {"name": "b", "location": "EU", "iamConfiguration": config}
    open_to_all = {"role": "roles/storage.objectViewer", "members": ["allUsers"]}
    found = said(
        library,
        "gcp-storage-bucket-not-public",
        authored(f"{_STORAGE}?project={PROJECT}", {"kind": "storage#buckets", "items": [bucket]}),
        authored(f"{_STORAGE}/b/iam?optionsRequestedPolicyVersion=3", {"bindings": [open_to_all]}),
        authored(_PREVENTION, {"spec": {"rules": rules}}, status=status),
    )
    assert found["b"].split()[0] == verdict


@pytest.mark.parametrize(
    ("match", "verdict"),
    [
        ({"srcThreatIntelligences": ["iplist-public-clouds"]}, "fail"),
        ({"srcThreatIntelligences": ["iplist-tor-exit-nodes"]}, "fail"),
        ({"srcThreatIntelligences": ["iplist-tor-exit-nodes"], "srcFqdns": ["a.test"]}, "fail"),
        ({"srcFqdns": ["a.test"]}, "pass"),
        ({"srcRegionCodes": ["CH"]}, "fail"),
        ({"srcNetworkType": "INTRA_VPC", "srcIpRanges": ["0.0.0.0/0"]}, "pass"),
    ],
)
def test_a_list_of_strangers_machines_is_the_internet(
    library: Library, match: dict[str, Any], verdict: str
) -> None:
    ssh = {"layer4Configs": [{"ipProtocol": "tcp", "ports": ["22"]}]}
    rule = {"action": "allow", "direction": "INGRESS", "priority": 1, "match": {**ssh, **match}}
    policy = {"name": "1", "shortName": "p", "type": "HIERARCHY", "rules": [rule]}
    found = said(
        library,
        "gcp-firewall-no-public-admin-ports-policies",
        authored(_COMPUTE, {"items": [{"name": "n"}]}),
        authored(f"{_COMPUTE}/n/getEffectiveFirewalls", {"firewallPolicys": [policy]}),
    )
    assert found["n"].split()[0] == verdict
