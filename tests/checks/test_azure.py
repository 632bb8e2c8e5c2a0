"""Azure's checks over answers as Azure writes them, where the way from an answer to a verdict is
long (authored)."""

from __future__ import annotations

from typing import Any

import pytest

from scanner.model.answers import Answer, Call, State
from tests.helpers.check_answers_azure import GROUP, ROOT, SUB, listed, values, verdict, verdicts

VM = "Microsoft.Compute:VirtualMachines_ListAll"
DISKS = "Microsoft.Compute:Disks_List"
VIEW = "Microsoft.Compute:VirtualMachines_InstanceView"
SERVERS = "Microsoft.Sql:Servers_List"
VAULTS, KEYS, KEY = (
    f"Microsoft.KeyVault:{name}" for name in ("Vaults_ListBySubscription", "Keys_List", "Keys_Get")
)
RESOURCES = "Microsoft.Resources:Resources_List"
LOCKS = "Microsoft.Authorization:ManagementLocks_ListAtSubscriptionLevel"
ALERTS = "Microsoft.Insights:ActivityLogAlerts_ListBySubscriptionId"
GROUPS = "Microsoft.Insights:ActionGroups_ListBySubscriptionId"
BACKUP = "Microsoft.RecoveryServices:Vaults_ListBySubscriptionId"
JOBS = "Microsoft.RecoveryServices:BackupJobs_List"


@pytest.mark.parametrize(
    ("attributes", "trigger", "said"),
    [
        ({"exp": 1700000000 + 365 * 86400}, None, "pass"),
        ({"exp": 4070908800}, None, "fail"),
        ({}, None, "fail"),
        ({}, {"timeAfterCreate": "P90D"}, "pass"),
        ({}, {"timeAfterCreate": "P11M"}, "pass"),
        ({}, {"timeAfterCreate": "P12M"}, "fail"),
        ({}, {"timeAfterCreate": "P2Y"}, "fail"),
        ({}, {"timeAfterCreate": "P1Y2M10D"}, "unknown"),
        ({}, {"timeBeforeExpiry": "P30D"}, "fail"),
    ],
)
def test_a_key_is_replaced_by_expiry_or_by_rotation(
    attributes: dict[str, int], trigger: dict[str, str] | None, said: str
) -> None:
    policy = {
        "lifetimeActions": [{"action": {"type": "Notify"}, "trigger": {"timeBeforeExpiry": "P30D"}}]
    }
    if trigger is not None:
        policy["lifetimeActions"].append({"action": {"type": "Rotate"}, "trigger": trigger})
    key = listed("Microsoft.KeyVault/vaults/v/keys", "k")
    whole = {
        "properties": {
            "attributes": {"enabled": True, "created": 1700000000, **attributes},
            "rotationPolicy": policy,
        }
    }
    table = {
        VAULTS: values(listed("Microsoft.KeyVault/vaults", "v")),
        KEYS: values(key),
        KEY: whole,
    }
    assert verdict("azure-keyvault-key-rotated", table) == said


@pytest.mark.parametrize(
    ("place", "said"),
    [
        (ROOT, "pass"),
        (f"{ROOT}/resourcegroups/PROD", "pass"),
        (f"{GROUP}/providers/Microsoft.Sql/servers/s", "pass"),
        (f"{GROUP}/providers/Microsoft.Sql/servers/s/databases/d", "pass"),
        (f"{ROOT}/resourceGroups/other", "fail"),
        (f"{GROUP}/providers/Microsoft.Sql/servers/another", "fail"),
    ],
)
def test_a_lock_above_a_resource_locks_it(place: str, said: str) -> None:
    database = listed("Microsoft.Sql/servers/s/databases", "d") | {
        "type": "Microsoft.Sql/servers/databases"
    }
    lock = {
        "id": f"{place}/providers/Microsoft.Authorization/locks/keep", "name": "keep",
        "properties": {"level": "CanNotDelete"},
    }  # fmt: skip
    table = {RESOURCES: values(database), LOCKS: values(lock)}
    wanted = ["microsoft.sql/servers/databases"]
    assert verdict("azure-lock-on-critical-resources", table, locked_types=wanted) == said


@pytest.mark.parametrize(
    ("leaves", "said"),
    [
        ([{"field": "category", "equals": "Administrative"}], "pass"),
        (
            [
                {"field": "category", "equals": "Administrative"},
                {"field": "resourceType", "equals": "Microsoft.Sql/servers/firewallRules"},
            ],
            "pass",
        ),
        (
            [
                {
                    "anyOf": [
                        {
                            "field": "operationName",
                            "equals": "Microsoft.Sql/servers/firewallRules/write",
                        },
                        {
                            "field": "operationName",
                            "equals": "Microsoft.Sql/servers/firewallRules/delete",
                        },
                    ]
                }
            ],
            "pass",
        ),
        (
            [{"field": "operationName", "equals": "Microsoft.Sql/servers/firewallRules/write"}],
            "fail",
        ),
        (
            [
                {"field": "category", "equals": "Administrative"},
                {"field": "status", "equals": "Failed"},
            ],
            "fail",
        ),
        (
            [
                {"field": "category", "equals": "Administrative"},
                {"field": "caller", "containsAny": ["a"]},
            ],
            "fail",
        ),
        (
            [
                {
                    "anyOf": [
                        {"field": "category", "equals": "Administrative"},
                        {"field": "level", "equals": "Error"},
                    ]
                }
            ],
            "fail",
        ),
    ],
)
def test_an_alert_is_read_as_azure_reads_it(leaves: list[Any], said: str) -> None:
    alert = listed(
        "microsoft.insights/activityLogAlerts", "a", enabled=True, scopes=[ROOT.upper().replace("SUBSC", "subsc")],
        condition={"allOf": leaves},
        actions={"actionGroups": [{"actionGroupId": f"{GROUP}/providers/Microsoft.Insights/actionGroups/sec"}]},
    )  # fmt: skip
    receivers = [{"name": "team", "emailAddress": "sec@example.com"}]
    group = listed("microsoft.insights/actionGroups", "SEC", enabled=True, emailReceivers=receivers)
    table = {ALERTS: values(alert), GROUPS: values(group)}
    assert verdict("azure-activity-alerts-on-critical-changes-sql-firewall", table) == said
    silent = {
        ALERTS: values(alert),
        GROUPS: values(group | {"properties": {"enabled": True, "emailReceivers": []}}),
    }
    assert verdict("azure-activity-alerts-on-critical-changes-sql-firewall", silent) == "fail"


def machine(**properties: Any) -> dict[str, Any]:
    """A machine with an operating system's disk and one more."""
    disks = {
        "osDisk": {"managedDisk": {"id": f"{GROUP.upper()}/providers/Microsoft.Compute/disks/os"}},
        "dataDisks": [{"managedDisk": {"id": f"{GROUP}/providers/Microsoft.Compute/disks/data"}}],
    }
    return listed("Microsoft.Compute/virtualMachines", "VM1", storageProfile=disks, **properties)


def test_every_disk_of_a_machine_must_be_found_and_encrypted() -> None:
    own = {"encryption": {"type": "EncryptionAtRestWithCustomerKey"}}
    system = listed("Microsoft.Compute/disks", "os", **own)
    data = listed("Microsoft.Compute/disks", "data", **own)
    plain = listed(
        "Microsoft.Compute/disks", "data", encryption={"type": "EncryptionAtRestWithPlatformKey"}
    )

    def said(vm: Any, *disks: Any) -> str:
        return verdict("azure-vm-disks-encrypted", {VM: values(vm), DISKS: values(*disks)})

    assert said(machine(), system, data) == "pass"
    assert said(machine(), system, plain) == "fail"
    assert said(machine(), system) == "fail"
    assert said(machine(securityProfile={"encryptionAtHost": True})) == "pass"
    old = machine()
    old["properties"]["storageProfile"]["osDisk"] = {
        "vhd": {"uri": "https://a.blob.core.windows.net/vhds/os.vhd"}
    }
    assert said(old, system, data) == "unknown"


@pytest.mark.parametrize(
    ("summary", "said"),
    [
        ({"criticalAndSecurityPatchCount": 0, "lastModifiedTime": "2025-12-31T00:00:00Z"}, "pass"),
        ({"criticalAndSecurityPatchCount": 3, "lastModifiedTime": "2025-12-31T00:00:00Z"}, "fail"),
        (None, "fail"),
    ],
)
def test_a_machine_is_patched_by_its_assessment(summary: Any, said: str) -> None:
    view = {
        "statuses": [{"code": "PowerState/running"}],
        "patchStatus": {"availablePatchSummary": summary},
    }
    assert verdict("azure-vm-patched", {VM: values(machine()), VIEW: view}) == said


@pytest.mark.parametrize(
    ("container", "said"),
    [
        ("iaasvmcontainerv2;prod;vm1", "pass"),
        ("IaasVMContainer;iaasvmcontainerv2;Prod;vm1", "pass"),
        ("iaasvmcontainerv2;other;vm1", "fail"),
        (None, "unknown"),
    ],
)
def test_a_restore_counts_for_the_machine_that_it_names(container: str | None, said: str) -> None:
    job = {
        "id": f"{GROUP}/providers/Microsoft.RecoveryServices/vaults/v/backupJobs/j", "name": "j",
        "properties": {"jobType": "AzureIaaSVMJob", "entityFriendlyName": "vm1", "operation": "Restore",
                       "status": "Completed", "endTime": "2025-11-01T00:00:00.123Z", "containerName": container},
    }  # fmt: skip
    vault = listed("Microsoft.RecoveryServices/vaults", "v")
    table = {VM: values(machine()), BACKUP: values(vault), JOBS: values(job)}
    assert verdict("azure-backup-restore-tested", table) == said


def test_a_service_that_is_not_registered_has_no_resources() -> None:
    off = Answer(
        call=Call(operation="", region=""),
        state=State.DISABLED,
        code="MissingSubscriptionRegistration",
    )
    checks = ["azure-sql-audited", "azure-activity-alerts-on-critical-changes"]
    # Nothing can be there where the provider is not registered; an alert is a record, and not
    # reading it is a gap.
    said = verdicts(checks, {SERVERS: off, ALERTS: off, GROUPS: off}, f"azure:{SUB}")
    assert said == {checks[0]: [], checks[1]: ["unknown"]}


WRITE, DELETE = (
    f"Microsoft.Authorization/policyAssignments/{verb}" for verb in ("write", "delete")
)
CATEGORY = {"field": "category", "equals": "Administrative"}
EITHER = {"anyOf": [{"field": "operationName", "equals": verb} for verb in (WRITE, DELETE)]}


@pytest.mark.parametrize(
    ("conditions", "said"),
    [
        ([CATEGORY], "pass"),
        ([CATEGORY, EITHER], "pass"),
        ([CATEGORY, {"field": "operationName", "containsAny": [WRITE, DELETE]}], "pass"),
        ([CATEGORY, {"field": "operationName", "containsAny": [WRITE]}], "fail"),
        ([CATEGORY, {"anyOf": [{"field": "operationName", "containsAny": [DELETE, WRITE]}]}], "pass"),
        ([{"field": "category", "containsAny": ["Policy", "Administrative"]}, EITHER], "pass"),
        ([{"field": "category", "containsAny": ["Policy"]}, EITHER], "fail"),
        ([CATEGORY, {**EITHER["anyOf"][0], "containsAny": [WRITE, DELETE]}], "fail"),
        ([CATEGORY, EITHER, {"field": "level", "containsAny": ["Error"]}], "fail"),
    ],
)  # fmt: skip
def test_an_alert_names_one_value_or_several(conditions: list[Any], said: str) -> None:
    receivers = [{"name": "ann", "emailAddress": "ann@example.com", "status": "Enabled"}]
    group = listed("microsoft.insights/actiongroups", "g", enabled=True, emailReceivers=receivers)
    alert = listed(
        "microsoft.insights/activitylogalerts",
        "a",
        enabled=True,
        scopes=[ROOT],
        condition={"allOf": conditions},
        actions={"actionGroups": [{"actionGroupId": group["id"]}]},
    )
    table = {ALERTS: values(alert), GROUPS: values(group)}
    assert verdict("azure-activity-alerts-on-critical-changes", table) == said
