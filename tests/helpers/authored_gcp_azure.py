"""What no recording of Google Cloud and Azure holds, *authored*: a project and a subscription of
their own for it, answers of their organization and tenant, and, of what was recorded, two listings
without rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote, urlencode

from tests.recordings.collecting import SUBSCRIPTION
from tests.recordings.store import Recording

ORGANIZATION: Final = "111111111111"
RECORDED: Final = "cloud-custodian"
PROJECT: Final = "authored-project"
TENANT: Final = "11111111-0000-4000-8000-000000000011"
OTHER: Final = "22222222-0000-4000-8000-000000000022"
"""The authored subscription."""
_ROOT: Final = f"/subscriptions/{OTHER}"
_VAULT: Final = (
    f"/subscriptions/{SUBSCRIPTION}/resourceGroups/test_recoveryservices"
    "/providers/Microsoft.RecoveryServices/vaults/cfbukqrkhntars655e53akvrc4k"
)
_KEY: Final = f"projects/{PROJECT}/locations/europe-west1/keyRings/r/cryptoKeys/k"
_GROUP: Final = f"https://www.googleapis.com/compute/v1/projects/{PROJECT}/zones/europe-west1-b/instanceGroupManagers/g"
_RULE: Final = f"organizations/{ORGANIZATION}/muteConfigs/noise"


def authored(
    url: str, body: Mapping[str, Any], *, post: bool = False, status: int = 200
) -> Recording:
    """A response written by hand."""
    return Recording(
        file=url,
        method="POST" if post else "GET",
        url=url,
        status=status,
        headers={},
        body=body,
        recorded="authored",
    )


def _project(name: str, number: int) -> dict[str, Any]:
    parent = f"organizations/{ORGANIZATION}"
    return {
        "projectId": name,
        "name": f"projects/{number}",
        "displayName": name,
        "state": "ACTIVE",
        "parent": parent,
    }


def _google(service: str, path: str, body: Mapping[str, Any], *, post: bool = False) -> Recording:
    return authored(f"https://{service}.googleapis.com{path}", body, post=post)


def _ancestors(project: str) -> Recording:
    levels = (("project", project), ("organization", ORGANIZATION))
    body = {"ancestor": [{"resourceId": {"type": kind, "id": one}} for kind, one in levels]}
    return _google("cloudresourcemanager", f"/v1/projects/{project}:getAncestry", body, post=True)


def _services(above: str, *detectors: str) -> Recording:
    path = f"{above}/locations/global/securityCenterServices"
    rows = [{"name": f"{path}/{name}", "effectiveEnablementState": "ENABLED"} for name in detectors]
    return _google("securitycentermanagement", f"/v1/{path}", {"securityCenterServices": rows})


def _organization() -> tuple[Recording, ...]:
    """The organization: its two projects, its people, and what it says of findings."""
    above = f"organizations/{ORGANIZATION}"
    manager = "cloudresourcemanager"
    user = {
        "id": "1", "primaryEmail": "ann@example.com", "suspended": False, "archived": False, "isAdmin": False,
        "isEnforcedIn2Sv": True,
        "creationTime": "2020-01-01T00:00:00.000Z", "lastLoginTime": "2020-01-02T00:00:00.000Z",
    }  # fmt: skip
    finding = "findings?filter=" + quote('severity="CRITICAL" OR severity="HIGH"')
    return (
        _google(
            manager,
            f"/v3/{above}",
            {"name": above, "displayName": "acme", "directoryCustomerId": "C1"},
        ),
        _google(manager, f"/v3/folders?parent={above}", {}),
        _google(
            manager,
            f"/v3/projects?parent={above}",
            {"projects": [_project(RECORDED, 1), _project(PROJECT, 2)]},
        ),
        _google(manager, f"/v3/{above}:getIamPolicy", {"bindings": []}, post=True),
        _ancestors(RECORDED),
        _ancestors(PROJECT),
        _google(
            "admin",
            f"/admin/directory/v1/users?{urlencode({'customer': 'C1', 'orderBy': 'email'})}",
            {"users": [user]},
        ),
        _google("essentialcontacts", f"/v1/{above}/contacts", {"contacts": [_contact(above)]}),
        _google(
            "securitycenter",
            f"/v1/{above}/muteConfigs",
            {"muteConfigs": [{"name": _RULE, "filter": "x"}]},
        ),
        _google("securitycenter", f"/v1/{above}/sources/-/{finding}", {"listFindingsResults": []}),
        _services(above, "event-threat-detection"),
    )


def _contact(above: str) -> dict[str, Any]:
    more = {"notificationCategorySubscriptions": ["SECURITY"], "validationState": "VALID"}
    return {"name": f"{above}/contacts/1", "email": "security@example.com", **more}


def _keys() -> tuple[Recording, ...]:
    ring, _, _ = _KEY.rpartition("/cryptoKeys/")
    above, _, _ = ring.rpartition("/keyRings/")
    key = {
        "name": _KEY, "purpose": "ENCRYPT_DECRYPT", "primary": {"state": "ENABLED", "protectionLevel": "SOFTWARE"},
        "rotationPeriod": "7776000s", "nextRotationTime": "2099-01-01T00:00:00Z",
    }  # fmt: skip
    place = {"name": above, "locationId": "europe-west1"}
    return (
        _google("cloudkms", f"/v1/projects/{PROJECT}/locations", {"locations": [place]}),
        _google("cloudkms", f"/v1/{above}/keyRings", {"keyRings": [{"name": ring}]}),
        _google("cloudkms", f"/v1/{ring}:getIamPolicy", {"etag": "ACAB"}),
        _google("cloudkms", f"/v1/{ring}/cryptoKeys", {"cryptoKeys": [key]}),
        _google("cloudkms", f"/v1/{_KEY}:getIamPolicy", {"etag": "ACAB"}),
    )


def _images() -> tuple[Recording, ...]:
    above = f"projects/{PROJECT}/locations/europe-west1"
    repository = {
        "name": f"{above}/repositories/shop", "format": "DOCKER", "mode": "STANDARD_REPOSITORY",
        "vulnerabilityScanningConfig": {"enablementState": "SCANNING_ACTIVE"},
    }  # fmt: skip
    place = {"name": above, "locationId": "europe-west1"}
    return (
        _google("artifactregistry", f"/v1/projects/{PROJECT}/locations", {"locations": [place]}),
        _google("artifactregistry", f"/v1/{above}/repositories", {"repositories": [repository]}),
    )


def _machines() -> tuple[Recording, ...]:
    zone = f"https://www.googleapis.com/compute/v1/projects/{PROJECT}/zones/europe-west1-b"
    group = {"name": "g", "selfLink": _GROUP, "zone": zone}
    path = f"/compute/v1/projects/{PROJECT}/aggregated"
    groups = {"items": {"zones/europe-west1-b": {"instanceGroupManagers": [group]}}}
    return (
        _google("compute", f"{path}/instanceGroupManagers", groups),
        _google("compute", f"{path}/autoscalers", {"items": {}}),
    )


def _stores() -> tuple[Recording, ...]:
    bucket = {
        "id": "ledger", "name": "ledger", "location": "EUROPE-WEST1", "labels": {"data-classification": "confidential"},
        "lifecycle": {"rule": [{"action": {"type": "Delete"}, "condition": {"age": 30}}]},
        "encryption": {"defaultKmsKeyName": _KEY}, "selfLink": "https://www.googleapis.com/storage/v1/b/ledger",
    }  # fmt: skip
    log = f"projects/{PROJECT}/locations/global/buckets/_Required"
    kept = {"name": log, "lifecycleState": "ACTIVE", "retentionDays": 400, "locked": True}
    return (
        _google("storage", f"/storage/v1/b?project={PROJECT}", {"items": [bucket]}),
        _google("logging", f"/v2/projects/{PROJECT}/locations/-/buckets", {"buckets": [kept]}),
        _google("sqladmin", f"/v1/projects/{RECORDED}/operations", {"items": []}),
    )


def google() -> tuple[Recording, ...]:
    """What Google Cloud says."""
    above = f"projects/{PROJECT}"
    return (
        *_organization(),
        *_images(),
        *_keys(),
        *_machines(),
        *_stores(),
        _services(above, "event-threat-detection", "vm-threat-detection"),
    )


def _azure(path: str, *rows: Mapping[str, Any]) -> Recording:
    return authored(f"https://management.azure.com{path}", {"value": list(rows)})


def _subscription(identity: str, name: str) -> dict[str, Any]:
    return {"subscriptionId": identity, "displayName": name, "state": "Enabled", "tenantId": TENANT}


def _resource(type_: str, name: str, **more: Any) -> dict[str, Any]:
    identity = f"{_ROOT}/resourceGroups/g/providers/{type_}/{name}"
    return {"id": identity, "name": name, "location": "westeurope", "properties": {}, **more}


def _watching() -> tuple[Recording, ...]:
    rule = {"state": "Enabled", "expirationDateUtc": "2099-01-01T00:00:00Z"}
    contact = {
        "emails": "s@example.com",
        "isEnabled": True,
        "notificationsSources": [{"sourceType": "Alert"}],
    }
    watcher = _resource("Microsoft.Network/networkWatchers", "here")
    kept = {
        "retentionPolicy": {"enabled": True, "days": 30},
        "enabled": True,
        "targetResourceId": "n",
    }
    flow = {
        "id": f"{watcher['id']}/flowLogs/f",
        "name": "f",
        "location": "westeurope",
        "properties": kept,
    }
    security = f"{_ROOT}/providers/Microsoft.Security"
    return (
        _azure(
            f"{security}/alertsSuppressionRules",
            {"id": f"{security}/r", "name": "r", "properties": rule},
        ),
        _azure(
            f"{security}/securityContacts",
            {"id": f"{security}/c", "name": "default", "properties": contact},
        ),
        _azure(f"{_ROOT}/providers/Microsoft.Network/networkWatchers", watcher),
        _azure(f"{watcher['id']}/flowLogs", flow),
    )


def _accounts() -> tuple[Recording, ...]:
    tags = {"data-classification": "confidential"}
    account = _resource("Microsoft.Storage/storageAccounts", "ledger", kind="StorageV2", tags=tags)
    kept = {
        "properties": {
            "deleteRetentionPolicy": {"enabled": True, "days": 30},
            "isVersioningEnabled": True,
        }
    }
    rule = {
        "enabled": True, "name": "all", "type": "Lifecycle",
        "definition": {
            "actions": {"baseBlob": {"delete": {"daysAfterModificationGreaterThan": 30}}},
            "filters": {"blobTypes": ["blockBlob"]},
        },
    }  # fmt: skip
    at = f"https://management.azure.com{account['id']}"
    return (
        _azure(f"{_ROOT}/providers/Microsoft.Storage/storageAccounts", account),
        authored(f"{at}/blobServices/default", kept),
        authored(f"{at}/managementPolicies/default", {"properties": {"policy": {"rules": [rule]}}}),
    )


def _plans() -> tuple[Recording, ...]:
    plan = _resource(
        "Microsoft.Web/serverfarms", "p", kind="app", sku={"tier": "Standard", "name": "S1"}
    )
    return (
        _azure(f"{_ROOT}/providers/Microsoft.Web/serverfarms?detailed=true", plan),
        _azure(f"{_ROOT}/providers/Microsoft.Insights/autoscaleSettings"),
    )


def azure() -> tuple[Recording, ...]:
    """What Azure says; its directory is `tests/recordings/test_azure_authored.py`'s."""
    user = {
        "id": "u", "userPrincipalName": "ann@example.com", "accountEnabled": True, "userType": "Member",
        "createdDateTime": "2020-01-01T00:00:00Z",
        "signInActivity": {"lastSuccessfulSignInDateTime": "2020-01-02T00:00:00Z"},
    }  # fmt: skip
    wanted = (
        "id,displayName,userPrincipalName,userType,accountEnabled,createdDateTime,signInActivity"
    )
    return (
        _azure(
            "/subscriptions",
            _subscription(SUBSCRIPTION, "recorded"),
            _subscription(OTHER, "authored"),
        ),
        authored(f"https://graph.microsoft.com/v1.0/users?$select={wanted}", {"value": [user]}),
        *_watching(),
        *_accounts(),
        *_plans(),
        _azure(f"{_VAULT}/backupJobs"),
    )
