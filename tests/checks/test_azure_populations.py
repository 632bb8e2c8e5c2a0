"""What Azure lists apart, or says by another member, from its answers to a verdict (authored)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.helpers.check_answers import denied
from tests.helpers.check_answers_azure import SUB, listed, values, verdict, verdicts

SITES = "Microsoft.Web:WebApps_List"
SLOTS = "Microsoft.Web:WebApps_ListSlots"
HTTPS = "azure-app-https-tls-https-only"
HERE = f"azure:{SUB}"


@pytest.mark.parametrize(
    ("slots", "found"),
    [
        ([], ["pass"]),
        ([{"httpsOnly": True}], ["pass", "pass"]),
        ([{"httpsOnly": False}], ["pass", "fail"]),
        ([{}], ["pass", "unknown"]),
    ],
)
def test_a_slot_is_an_app_of_its_own(slots: list[Any], found: list[str]) -> None:
    site = listed("Microsoft.Web/sites", "shop", httpsOnly=True)
    rows = [{**listed("x", "x"), "id": f"{site['id']}/slots/s{number}", "name": f"shop/s{number}", "properties": one}
            for number, one in enumerate(slots)]  # fmt: skip
    table = {SITES: values(site), SLOTS: values(*rows)}
    assert sorted(verdicts([HTTPS], table, HERE)[HTTPS]) == sorted(found)


def test_slots_that_were_not_listed_leave_the_population_open() -> None:
    site = listed("Microsoft.Web/sites", "shop", httpsOnly=True)
    for answer in (denied(), {"value": "?"}):
        assert sorted(verdicts([HTTPS], {SITES: values(site), SLOTS: answer}, HERE)[HTTPS]) == [
            "pass",
            "unknown",
        ]


PUBLIC = {
    "azure-storage-network-restricted": "Microsoft.Storage:StorageAccounts_List",
    "azure-keyvault-access-restricted-network": "Microsoft.KeyVault:Vaults_ListBySubscription",
    "azure-sql-network-restricted": "Microsoft.Sql:Servers_List",
    "azure-sql-network-restricted-azure-services": "Microsoft.Sql:Servers_List",
    "azure-postgres-network-restricted": "Microsoft.DBforPostgreSQL:Servers_ListBySubscription",
    "azure-postgres-network-restricted-azure-services": "Microsoft.DBforPostgreSQL:Servers_ListBySubscription",
    "azure-mysql-network-restricted": "Microsoft.DBforMySQL:Servers_List",
    "azure-mysql-network-restricted-azure-services": "Microsoft.DBforMySQL:Servers_List",
}  # fmt: skip
"""Each check that takes a firewall for a restriction, and the listing of what it is asked of."""
RULES = tuple(
    f"Microsoft.{service}:FirewallRules_ListByServer"
    for service in ("Sql", "DBforPostgreSQL", "DBforMySQL")
)
NARROW = {"properties": {"startIpAddress": "203.0.113.7", "endIpAddress": "203.0.113.7"}}
ZEROS = {"properties": {"startIpAddress": "0.0.0.0", "endIpAddress": "0.0.0.0"}}
HALVES = [
    {"properties": {"startIpAddress": "0.0.0.0", "endIpAddress": "127.255.255.255"}},
    {"properties": {"startIpAddress": "128.0.0.0", "endIpAddress": "255.255.255.255"}},
]


def networked(check: str, public: str, rules: list[Any]) -> str:
    closed = {"defaultAction": "Deny", "ipRules": []}
    row = listed("x/y", "n", publicNetworkAccess=public, networkAcls=closed,
                 network={"publicNetworkAccess": public})  # fmt: skip
    table = {PUBLIC[check]: values(row), **dict.fromkeys(RULES, values(*rules))}
    return verdict(check, table)


@pytest.mark.parametrize("check", PUBLIC)
def test_a_perimeter_overrides_the_firewall_which_then_decides_nothing(check: str) -> None:
    assert networked(check, "Enabled", [NARROW]) == "pass"
    assert networked(check, "Disabled", [*HALVES, ZEROS]) == "pass"
    for other in ("SecuredByPerimeter", "Sometimes"):
        assert networked(check, other, [NARROW]) == "unknown"
        assert networked(check, other, [*HALVES, ZEROS]) == "unknown"


@pytest.mark.parametrize(
    "check", [check for check in PUBLIC if "storage" not in check and "vault" not in check]
)
def test_a_database_that_is_open_to_the_internet_or_to_all_of_azure_fails(check: str) -> None:
    rules = [ZEROS] if "services" in check else HALVES
    assert networked(check, "Enabled", [NARROW, *rules]) == "fail"  # fmt: skip


ALL = {"includeUsers": ["All"]}
KINDS_OF_CLIENTS = ("browser", "mobileAppsAndDesktopClients", "exchangeActiveSync", "other")


def policy(users: Any, clients: tuple[str, ...] = ("all",), applications: Any = ("All",)) -> Any:
    empty = {
        f"{verb}{what}": []
        for verb in ("include", "exclude")
        for what in ("Users", "Groups", "Roles")
    }
    return {
        "id": "p", "displayName": "p", "state": "enabled",
        "grantControls": {"operator": "OR", "builtInControls": ["mfa"]},
        "conditions": {
            "clientAppTypes": list(clients), "users": {**empty, **users},
            "applications": {"includeApplications": list(applications), "excludeApplications": []},
        },
    }  # fmt: skip


def directory(check: str, one: Any) -> str:
    table = {
        "graph:ListConditionalAccessPolicies": values(one),
        "graph:GetIdentitySecurityDefaultsEnforcementPolicy": {"isEnabled": False},
    }
    return verdict(check, table, target=f"azure:{SUB}:directory", break_glass_users=[])


@pytest.mark.parametrize(
    ("users", "found"),
    [
        (ALL, "pass"),
        ({"includeUsers": ["None"]}, "fail"),
        ({"includeUsers": ["None"], "includeRoles": ["r"]}, "pass"),
        ({"includeRoles": ["r"]}, "pass"),
        ({"includeGroups": ["g"]}, "pass"),
        ({"includeGuestsOrExternalUsers": {"guestOrExternalUserTypes": "b2bCollaborationGuest"}}, "pass"),
        ({}, "fail"),
    ],
)  # fmt: skip
def test_a_policy_asks_whom_it_includes_by_any_word(users: Any, found: str) -> None:
    assert directory("azure-entra-mfa-enforced-some-form", policy(users)) == found
    nothing = policy(users, applications=("None",))
    assert directory("azure-entra-mfa-enforced-some-form", nothing) == "fail"


@pytest.mark.parametrize(
    ("clients", "found"),
    [
        (("all",), "pass"),
        (KINDS_OF_CLIENTS, "pass"),
        (KINDS_OF_CLIENTS[:3], "fail"),
        (KINDS_OF_CLIENTS[1:], "fail"),
    ],
)
def test_all_kinds_of_clients_by_name_are_all(clients: tuple[str, ...], found: str) -> None:
    assert directory("azure-entra-mfa-enforced", policy(ALL, clients)) == found


@pytest.mark.parametrize(
    ("by_role", "found"),
    [
        ({"state": "On", "roles": ["Owner"]}, "pass"),
        ({"state": "Off", "roles": ["Owner"]}, "fail"),
        ({"state": "On", "roles": []}, "fail"),
    ],
)
def test_alerts_that_go_to_the_holders_of_a_role_go_to_somebody(by_role: Any, found: str) -> None:
    contact = listed("Microsoft.Security/securityContacts", "default", isEnabled=True, emails="",
                     notificationsByRole=by_role, notificationsSources=[{"sourceType": "Alert"}])  # fmt: skip
    table = {"Microsoft.Security:SecurityContacts_List": values(contact)}
    assert verdict("azure-defender-contact-set", table) == found


@pytest.mark.parametrize(("more", "found"), [
    ({}, "fail"),
    ({"encryptionSettingsCollection": {"enabled": False}}, "fail"),
    ({"encryptionSettingsCollection": {"enabled": True}}, "pass"),
])  # fmt: skip
def test_disk_encryption_in_the_machine_counts(more: Any, found: str) -> None:
    disk = listed("Microsoft.Compute/disks", "os", **more,
                  encryption={"type": "EncryptionAtRestWithPlatformKey"})  # fmt: skip
    machine = listed("Microsoft.Compute/virtualMachines", "m",
                     storageProfile={"osDisk": {"managedDisk": {"id": disk["id"]}}})  # fmt: skip
    table = {
        "Microsoft.Compute:VirtualMachines_ListAll": values(machine),
        "Microsoft.Compute:Disks_List": values(disk),
    }
    assert verdict("azure-vm-disks-encrypted", table) == found
