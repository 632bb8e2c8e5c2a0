"""Which recordings each kind of Azure is read from, by which checks, and what stands beside them.

Most scenarios recorded a listing alone. What a check asks beyond it was not recorded, and is named
here; where the recording is of a detail alone, the listing that leads to it is authored, and is
named as well."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from tests.recordings.collecting import SUBSCRIPTION, Pointed, azure_subscription
from tests.recordings.replay import Opening

ROOT: Final = f"/subscriptions/{SUBSCRIPTION}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A kind, and the scenario that it is read from."""

    kind: str
    scenario: str
    checks: tuple[str, ...]
    authored: tuple[Opening, ...] = ()
    unrecorded: tuple[str, ...] = ()
    """Words, one of which is in the address of each request that was not recorded."""

    params: Mapping[str, Any] = field(default_factory=dict)

    @property
    def pointed(self) -> Pointed:
        """The subscription, with what is authored beside the recordings."""
        config, opening = azure_subscription()
        return replace(config, params=self.params), (*opening, *self.authored)

    @property
    def name(self) -> str:
        """The row in one word."""
        return f"{self.kind} {self.scenario.rpartition('.')[2]}"


def listed(place: str, *rows: Mapping[str, Any]) -> Opening:
    """An authored listing below the subscription."""
    return Opening(path=f"{ROOT}/{place}", body={"value": list(rows)})


def resource(group: str, type_: str, name: str, **more: Any) -> dict[str, Any]:
    """An authored row of a listing: no more than what leads to a recorded detail."""
    identity = f"{ROOT}/resourceGroups/{group}/providers/{type_}/{name}"
    return {
        "id": identity,
        "name": name.rpartition("/")[2],
        "location": "authored",
        "properties": {},
        **more,
    }


def _each(kind: str, checks: tuple[str, ...], *scenarios: str, **more: Any) -> tuple[Row, ...]:
    return tuple(Row(kind=kind, scenario=scenario, checks=checks, **more) for scenario in scenarios)


def _server(name: str) -> Opening:
    return listed(
        "providers/Microsoft.Sql/servers", resource("test_sqlserver", "Microsoft.Sql/servers", name)
    )


def _databases(server: str, *names: str) -> Opening:
    rows = [
        resource(
            "test_sqlserver",
            "Microsoft.Sql/servers",
            f"{server}/databases/{name}",
            sku={"tier": "Standard"},
        )
        for name in names
    ]
    place = f"resourceGroups/test_sqlserver/providers/Microsoft.Sql/servers/{server}/databases"
    return listed(place, *rows)


def _accounts(**groups: str) -> Opening:
    more = {"kind": "StorageV2", "tags": {"data-classification": "confidential"}}
    rows = [
        resource(group, "Microsoft.Storage/storageAccounts", name, **more)
        for name, group in groups.items()
    ]
    return listed("providers/Microsoft.Storage/storageAccounts", *rows)


ROWS: Final = (
    *_each(
        "azure.authorization.administrator",
        ("azure-rbac-owners-limited",),
        "AccessControlTest.test_find_assignments_by_resources",
        unrecorded=("roleDefinitions", "roleEligibilityScheduleInstances"),
    ),
    *_each(
        "azure.authorization.policy_assignment",
        ("azure-policy-security-baseline-assigned",),
        "PolicyAssignmentTest.test_find_by_name",
    ),
    *_each(
        "azure.authorization.role_assignment",
        ("azure-rbac-user-access-admin-restricted",),
        "AccessControlTest.test_find_assignments_by_resources",
    ),
    *_each(
        "azure.compute.disk",
        ("azure-vm-disks-encrypted-export",),
        "ModifyDiskTypeTests.change-attached-disk-type",
        "ModifyDiskTypeTests.no-change-for-correct-type",
    ),
    *_each(
        "azure.compute.scale_set",
        ("azure-autoscale-configured",),
        "VMSSTest.test_find_by_name",
        unrecorded=("autoscale",),
    ),
    *_each(
        "azure.compute.virtual_machine",
        ("azure-vm-patched-automatic", "azure-vm-disks-encrypted"),
        "ArmResourceTest.test_metric_filter_find",
        "FunctionalActionsTagsTest.test_autotag_user_and_date",
        "FunctionalActionsTagsTest.test_mark_for_op",
        "VMTest.test_vm_backup_status_protected",
        unrecorded=("/disks",),
    ),
    *_each(
        "azure.containerservice.cluster",
        ("azure-aks-api-restricted", "azure-aks-api-restricted-local-accounts"),
        "AksTest.test_find_aks_by_name",
    ),
    *_each(
        "azure.insights.activity_alert",
        (
            "azure-activity-alerts-on-critical-changes-nsg",
            "azure-activity-alerts-on-critical-changes-sql-firewall",
        ),
        "AlertLogsTest.test_find_by_name",
        authored=(listed("providers/Microsoft.Insights/actionGroups"),),
    ),
    *_each(
        "azure.keyvault.vault",
        (
            "azure-keyvault-recoverable",
            "azure-keyvault-access-restricted",
            "azure-keyvault-access-restricted-network",
        ),
        "KeyVaultCertificatesTest.test_key_vault_certificates_keyvault",
        "KeyVaultKeyTest.test_key_vault_key_update_action",
        "KeyVaultTest.test_update_access_policy",
    ),
    *_each(
        "azure.network.application_gateway",
        ("azure-appgw-waf-and-tls", "azure-appgw-waf-and-tls-version"),
        "ApplicationGatewayTest.test_find_by_name",
        "ApplicationGatewayTest.test_find_waf",
        unrecorded=("FirewallPolicies",),
    ),
    *_each(
        "azure.network.security_group",
        (
            "azure-nsg-no-public-admin-ports",
            "azure-nsg-no-public-remote-desktop",
            "azure-nsg-no-public-database-ports",
        ),
        "NetworkSecurityGroupFlowLogsFilterTest.test_flow_log_filter_all",
        "NetworkSecurityGroupTest.test_allow_multiple_ports",
        "NetworkSecurityGroupTest.test_cidr_and_ingress_no_match",
        "NetworkSecurityGroupTest.test_deny_implicit",
    ),
    *_each(
        "azure.mysql.server",
        ("azure-mysql-network-restricted", "azure-mysql-network-restricted-azure-services"),
        "MySQLFlexibleServerTest.test_find_by_name",
        unrecorded=("firewallRules",),
    ),
    *_each(
        "azure.network.watcher",
        ("azure-vnet-flow-logs-retention",),
        "NetworkWatcherTest.test_find_by_name",
        unrecorded=("/flowLogs",),
    ),
    *_each(
        "azure.postgresql.server",
        (
            "azure-postgres-tls-and-resilience",
            "azure-postgres-tls-and-resilience-backups",
            "azure-postgres-tls-and-resilience-standby",
        ),
        "PostgreSQLFlexibleServerTest.test_find_by_name",
        unrecorded=("require_secure_transport",),
    ),
    *_each(
        "azure.recoveryservices.vault",
        ("azure-backup-vault-immutable", "azure-backup-vault-immutable-soft-delete"),
        "RecoveryServicesTest.test_find_by_name",
    ),
    *_each(
        "azure.resources.resource",
        ("azure-lock-on-critical-resources",),
        "ArmResourceTest.common",
        unrecorded=("/locks",),
    ),
    *_each(
        "azure.security.contact",
        ("azure-defender-contact-set",),
        "DefenderTest.test_azure_defender_contacts",
    ),
    *_each(
        "azure.security.plan",
        ("azure-defender-plans-on",),
        "DefenderTest.test_azure_defender_pricing",
        unrecorded=(
            "managedClusters",
            "virtualMachines",
            "Microsoft.Sql",
            "storageAccounts",
            "Microsoft.KeyVault",
        ),
    ),
    *(
        Row(
            kind="azure.sql.database",
            scenario=scenario,
            checks=("azure-sql-tde", "azure-sql-backup-retention"),
            authored=(_server(server),),
            unrecorded=("transparentDataEncryption", "backupShortTermRetentionPolicies"),
        )
        for scenario, server in (
            (
                "LongTermBackupRetentionPolicyActionTest.test_update_monthly_retention_policy",
                "cctestsqlserverideeowhs5iudo",
            ),
            (
                "SqlDatabaseDataEncryptionFilterTest.data_encryption_filter",
                "cctestsqlserverp2fkgne6rt5vw",
            ),
            ("SqlDatabaseTest.test_data_masking_filter", "cctestsqlservertqtfgpqzllch4"),
            ("SqlDatabaseTest.test_get_database_by_name", "cctestsqlserverkonu36uvuesr4"),
        )
    ),
    Row(
        kind="azure.sql.database",
        scenario="SqlDatabaseTest.test_data_encryption_filter",
        checks=("azure-sql-tde",),
        authored=(
            _server("cctestsqlservertqtfgpqzllch4"),
            _databases(
                "cctestsqlservertqtfgpqzllch4", "cclongtermretentiondb", "cctestdb", "master"
            ),
        ),
    ),
    Row(
        kind="azure.sql.database",
        scenario="ShortTermBackupRetentionPolicyActionTest.test_update_short_term_backup_retention_policy",
        checks=("azure-sql-backup-retention",),
        authored=(
            _server("cctestsqlserverideeowhs5iudo"),
            _databases("cctestsqlserverideeowhs5iudo", "cctestdb"),
        ),
    ),
    *_each(
        "azure.sql.server",
        ("azure-sql-network-restricted-tls",),
        "SqlServerSecurityAlertPoliciesFilterTest.test_sql_server_security_alert_policies_filter",
        "SqlServerTest.test_data_encryption_filter",
        "TestFailoverGroupFilter.test_failover_query",
    ),
    *_each(
        "azure.sql.server",
        ("azure-sql-audited", "azure-sql-audited-retention", "azure-sql-network-restricted-tls"),
        "SqlServerTest.auditing",
    ),
    *_each(
        "azure.sql.server",
        ("azure-sql-network-restricted", "azure-sql-network-restricted-azure-services"),
        "SqlServerTest.firewall",
        "SQLServerFirewallActionTest.firewall_action",
        authored=(_server("cctestsqlserverj6y6cbbtaphs4"),),
    ),
    *_each(
        "azure.storage.account",
        (
            "azure-storage-tls",
            "azure-storage-tls-https-only",
            "azure-storage-no-anonymous-blob",
            "azure-storage-network-restricted",
            "azure-storage-geo-redundant",
            "azure-storage-classification-tagged",
        ),
        "AzureEventSubscriptionsTest.test_azure_event_subscription_delete",
        "StorageFileServicesFilterTest.test_filter_with_file_services_delete_policy",
        "StorageMetricsFilterTest.test_blob_metrics_filter",
        "StorageTest.test_storage_settings_require_secure_transfer_min_tls_version",
        "StorageTestFirewallActions.test_bypass_network_rules_action",
    ),
    Row(
        kind="azure.storage.account",
        scenario="StorageTest.test_storage_blob_services",
        checks=("azure-storage-blob-recoverable", "azure-storage-blob-recoverable-versioned"),
        authored=(_accounts(cctstorageyenndgetjsvtg="test_storage"),),
    ),
    Row(
        kind="azure.storage.account",
        scenario="StorageTest.test_storage_management_policy_rules_filter",
        checks=("azure-storage-confidential-expires",),
        authored=(
            _accounts(
                usm2nughsm6pomstr0="test_containerservice",
                cloudcustodiantest="test_functionapp-reqs",
            ),
        ),
        params={"confidential_retention_days": 365},
    ),
    *_each(
        "azure.subscription",
        ("azure-activity-log-exported",),
        "SubscriptionDiagnosticSettingsFilterTest.diag",
    ),
    *_each(
        "azure.web.plan",
        ("azure-autoscale-configured-plans",),
        "AppServicePlanTest.linux_plans",
        "AppServicePlanTest.window_plans",
        unrecorded=("autoscale",),
    ),
    *_each(
        "azure.web.site",
        ("azure-app-https-tls-https-only",),
        "AppServicePlanWebAppsFilterTest.test_plan_with_running_apps_above_threshold",
        "WebAppTest.test_find_by_auth_disabled",
        unrecorded=("/slots",),
    ),
    *_each(
        "azure.web.site",
        ("azure-app-https-tls-https-only", "azure-app-https-tls", "azure-app-https-tls-ftp"),
        "WebAppTest.test_find_by_min_tls",
        unrecorded=("/slots",),
    ),
    Row(
        kind="azure.web.site",
        scenario="DeploymentUnitsTest.test_function_app_dedicated",
        checks=("azure-app-https-tls", "azure-app-https-tls-ftp"),
        unrecorded=("/slots",),
        authored=(
            listed(
                "providers/Microsoft.Web/sites",
                resource(
                    "cloud-custodian-test-deployment-units",
                    "Microsoft.Web/sites",
                    "cc-dedicated-47182748",
                ),
            ),
        ),
    ),
)
