"""Recorded listings of Azure as Resource Graph tells the same resources, and what shows that it
told everything."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any, Final
from urllib.parse import quote, urlsplit

from scanner.model.library import Library
from tests.helpers.library import shipped_library
from tests.recordings.azure import ROOT
from tests.recordings.collecting import (
    PRINCIPAL,
    READER,
    Pointed,
    Read,
    azure_subscription,
    azure_subscription_of_nobody,
    read,
)
from tests.recordings.inventories import joined
from tests.recordings.store import Recording, Scenario, scenarios

ARM: Final = "https://management.azure.com"
MINE: Final = "bbbbbbbb-0000-4000-8000-000000000001"
"""A role of the caller's own making."""
COLUMNS: Final = ("id", "name", "type", "location", "kind", "sku", "tags", "identity", "properties")
"""What the reviewed query projects; a column that a resource has nothing of is null, or an empty
text."""

CHECKS: Final[Mapping[str, tuple[str, ...]]] = {
    "Microsoft.Storage/storageAccounts": (
        "azure-storage-tls", "azure-storage-tls-https-only", "azure-storage-no-anonymous-blob",
        "azure-storage-network-restricted", "azure-storage-geo-redundant", "azure-storage-classification-tagged",
    ),
    "Microsoft.Compute/disks": ("azure-vm-disks-encrypted-export",),
    "Microsoft.Compute/virtualMachines": ("azure-vm-patched-automatic", "azure-vm-disks-encrypted"),
    "Microsoft.ContainerService/managedClusters": (
        "azure-aks-api-restricted", "azure-aks-api-restricted-local-accounts",
    ),
    "Microsoft.DBforPostgreSQL/flexibleServers": (
        "azure-postgres-tls-and-resilience-backups", "azure-postgres-tls-and-resilience-standby",
    ),
    "Microsoft.KeyVault/vaults": (
        "azure-keyvault-recoverable", "azure-keyvault-access-restricted", "azure-keyvault-access-restricted-network",
    ),
    "Microsoft.Network/networkWatchers/flowLogs": ("azure-vnet-flow-logs-retention",),
    "Microsoft.RecoveryServices/vaults": (
        "azure-backup-vault-immutable", "azure-backup-vault-immutable-soft-delete",
    ),
    "Microsoft.Sql/servers": ("azure-sql-network-restricted-tls",),
    "Microsoft.Web/sites": ("azure-app-https-tls-https-only",),
}  # fmt: skip
"""By type: the checks that read nothing but its listing."""

AUTHORED: Final[Mapping[str, tuple[Mapping[str, Any], ...]]] = {
    "Microsoft.Storage/storageAccounts": tuple(
        {
            "sku": {"name": sku},
            "tags": {"data-classification": "confidential"},
            "properties": {
                "minimumTlsVersion": tls,
                "supportsHttpsTrafficOnly": good,
                "allowBlobPublicAccess": not good,
                "publicNetworkAccess": network,
                "networkAcls": {
                    "defaultAction": "Deny",
                    "ipRules": [{"value": address}],
                    "ipv6Rules": [],
                },
            },
        }
        for good, sku, tls, network, address in (
            (True, "Standard_GRS", "TLS1_2", "Disabled", "198.51.100.0/24"),
            (False, "Standard_LRS", "TLS1_0", "Enabled", "0.0.0.0/1"),
        )
    ),
    "Microsoft.Compute/disks": tuple(
        {"properties": {"networkAccessPolicy": policy}} for policy in ("DenyAll", "AllowAll")
    ),
    "Microsoft.Compute/virtualMachines": tuple(
        {
            "properties": {
                "osProfile": {
                    "linuxConfiguration": {
                        "patchSettings": {"patchMode": mode, "assessmentMode": mode}
                    },
                },
                "securityProfile": {"encryptionAtHost": mode == "AutomaticByPlatform"},
            },
        }
        for mode in ("AutomaticByPlatform", "ImageDefault")
    ),
    "Microsoft.ContainerService/managedClusters": tuple(
        {
            "properties": {
                "disableLocalAccounts": good,
                "apiServerAccessProfile": {
                    "enablePrivateCluster": private,
                    "authorizedIPRanges": [ranges],
                },
            },
        }
        for good, private, ranges in (
            (True, True, "0.0.0.0/0"),
            (True, False, "198.51.100.0/24"),
            (False, False, "0.0.0.0/0"),
        )
    ),
    "Microsoft.DBforPostgreSQL/flexibleServers": (
        {
            "properties": {
                "backup": {"backupRetentionDays": 35},
                "highAvailability": {"mode": "ZoneRedundant"},
            }
        },
    ),
    "Microsoft.KeyVault/vaults": tuple(
        {
            "properties": {
                "enablePurgeProtection": good,
                "enableRbacAuthorization": good,
                "publicNetworkAccess": "Enabled",
                "networkAcls": {"defaultAction": action, "ipRules": [{"value": "198.51.100.0/24"}]},
            },
        }
        for good, action in ((True, "Deny"), (False, "Allow"))
    ),
    "Microsoft.Network/networkWatchers/flowLogs": tuple(
        {
            "properties": {
                "targetResourceId": f"{ROOT}/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/v",
                "enabled": True,
                "retentionPolicy": {"enabled": True, "days": days},
            },
        }
        for days in (3650, 1)
    ),
    "Microsoft.RecoveryServices/vaults": tuple(
        {
            "properties": {
                "securitySettings": {
                    "immutabilitySettings": {"state": state},
                    "softDeleteSettings": {
                        "softDeleteState": "Enabled" if state == "Locked" else "Disabled"
                    },
                },
            },
        }
        for state in ("Locked", "Disabled")
    ),
    "Microsoft.Sql/servers": tuple(
        {"properties": {"minimalTlsVersion": tls}} for tls in ("1.2", "1.0")
    ),
    "Microsoft.Web/sites": tuple({"properties": {"httpsOnly": good}} for good in (True, False)),
}
"""What is told of such resources today, and was not when they were recorded."""


@cache
def library() -> Library:
    """The whole library."""
    return shipped_library()


def checks(*kinds: str) -> tuple[str, ...]:
    """The checks of some types, or of all."""
    return tuple(name for kind in kinds or CHECKS for name in CHECKS[kind])


@cache
def listed(kind: str) -> tuple[dict[str, Any], ...]:
    """The recorded resources of a type, each id once, and the last of them grown with what is
    younger."""
    found: dict[str, dict[str, Any]] = {}
    for run in scenarios("azure").values():
        for one in run.recordings:
            place = urlsplit(one.url).path.lower().replace("//", "/")
            if place == f"{ROOT}/providers/{kind}".lower() and one.status == 200:
                found |= {row["id"].lower(): row for row in one.body["value"]}
    recorded = tuple({**row, "type": kind} for row in found.values())
    last = recorded[-1] if recorded else _bare(kind)
    return (
        *recorded,
        *(_named(joined(last, more), f"authored-{n}") for n, more in enumerate(AUTHORED[kind])),
    )


def _bare(kind: str) -> dict[str, Any]:
    identity = f"{ROOT}/resourceGroups/g/providers/Microsoft.Network/networkWatchers/w/flowLogs/f"
    return {"id": identity, "name": "f", "type": kind, "location": "westeurope", "properties": {}}


def _named(row: Mapping[str, Any], name: str) -> dict[str, Any]:
    return {**row, "id": f"{row['id'].rpartition('/')[0]}/{name}", "name": name}


def told(row: Mapping[str, Any]) -> dict[str, Any]:
    """A resource as a row of the graph."""
    texts = dict.fromkeys(("kind", "location"), "")
    return {name: row.get(name, texts.get(name)) for name in COLUMNS} | {
        "type": row["type"].lower()
    }


def graph(rows: Sequence[Any], **more: Any) -> dict[str, Any]:
    """An answer of the graph."""
    return {"totalRecords": len(rows), "count": len(rows), "data": list(rows), "facets": [],
            "resultTruncated": "false", **more}  # fmt: skip


def assignment(role: str = READER, scope: str = ROOT, **more: Any) -> dict[str, Any]:
    """A role of whoever asks."""
    properties = {"principalId": "group", "roleDefinitionId": role, "scope": scope, **more}
    return {"id": f"{scope}/roleAssignments/a", "name": "a", "properties": properties}


def allowed(name: str, actions: Sequence[str], without: Sequence[str] = ()) -> dict[str, Any]:
    """A custom role, or a deny assignment."""
    part = {
        "actions": list(actions),
        "notActions": list(without),
        "dataActions": [],
        "notDataActions": [],
    }
    return {"id": name, "name": name, "properties": {"permissions": [part]}}


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """Everything that a subscription answers to who reads it in bulk."""

    pages: tuple[Any, ...]
    """Answers of the graph, in order."""
    assignments: Any = field(default_factory=lambda: [assignment()])
    roles: tuple[dict[str, Any], ...] = ()
    denied: Any = ()
    known: Any = ()
    """What the resource manager lists."""
    more: tuple[Recording, ...] = ()

    @property
    def scenario(self) -> Scenario:
        """As a server gives it."""
        given = {
            f"roleAssignments?$filter=assignedTo('{PRINCIPAL}')": self.assignments,
            **{f"roleDefinitions/{role['name']}": role for role in self.roles},
            "denyAssignments": self.denied,
        }
        address = f"{ARM}/providers/Microsoft.ResourceGraph/resources"
        pages = [recording("POST", address, page, "graph") for page in self.pages]
        authorization = [
            recording(
                "GET",
                f"{ARM}{ROOT}/providers/Microsoft.Authorization/{quote(place, safe='?$=/')}",
                rows,
                place,
            )
            for place, rows in given.items()
        ]
        resources = recording("GET", f"{ARM}{ROOT}/resources", self.known, "resources")
        return Scenario(
            cloud="azure", name="graph", recordings=(*pages, *authorization, resources, *self.more)
        )


def recording(method: str, url: str, body: Any, file: str) -> Recording:
    """An authored response; rows stand for a listing of them."""
    whole = {"value": list(body)} if isinstance(body, list | tuple) else body
    return Recording(
        file=file, method=method, url=url, status=200, headers={}, body=whole, recorded=""
    )


def whole(rows: Sequence[Mapping[str, Any]]) -> Told:
    """What is told where nothing is hidden."""
    return Told(pages=(graph([told(row) for row in rows]),), known=[_short(row) for row in rows])


def _short(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in ("id", "name", "type", "location") if name in row}


def pointed(*, bulk: bool) -> Pointed:
    """The subscription, in bulk or not; in bulk, what shows that it is read whole is not among what
    opens it."""
    config, opening = azure_subscription_of_nobody() if bulk else azure_subscription()
    return replace(config, bulk=bulk), opening


def reads(answers: Told, names: Sequence[str], *, principal: str = PRINCIPAL, **more: Any) -> Read:
    """What is read in bulk by an application that its token names."""
    return read(answers.scenario, library(), names, pointed(bulk=True), principal=principal, **more)


def single(kinds: Sequence[str]) -> Scenario:
    """The same resources as their own listings tell them."""
    rows = [
        recording("GET", f"{ARM}{ROOT}/providers/{kind}", listed(kind), kind)
        for kind in kinds
        if kind.count("/") == 1
    ]
    watcher = {"id": f"{ROOT}/resourceGroups/g/providers/Microsoft.Network/networkWatchers/w", "name": "w",
               "location": "westeurope", "type": "Microsoft.Network/networkWatchers"}  # fmt: skip
    rows.append(
        recording(
            "GET", f"{ARM}{ROOT}/providers/Microsoft.Network/networkWatchers", [watcher], "watchers"
        )
    )
    logs = listed("Microsoft.Network/networkWatchers/flowLogs")
    rows.append(recording("GET", f"{ARM}{watcher['id']}/flowLogs", logs, "logs"))
    for site in listed("Microsoft.Web/sites"):
        rows.append(recording("GET", f"{ARM}{site['id']}/slots", [], f"slots of {site['name']}"))
    return Scenario(cloud="azure", name="listings", recordings=tuple(rows))


def everything() -> Iterator[dict[str, Any]]:
    """The resources of all types."""
    for kind in CHECKS:
        yield from listed(kind)
