"""Providers: how each cloud is reached. To add one, write its package with a `Source` and name it here."""

from __future__ import annotations

from collections.abc import Callable

from scanner.client.interfaces import AuditLog, Source
from scanner.core.reading.context import Reader
from scanner.registry import Registry

SOURCES = Registry[Callable[[], Source]](
    "scanner.providers",
    aws="scanner.providers.aws:AwsSource",
    azure="scanner.providers.azure:AzureSource",
    gcp="scanner.providers.gcp:GcpSource",
    github="scanner.providers.github:GithubSource",
)

AUDIT_LOGS = Registry[Callable[[], AuditLog]](
    "scanner.audit_logs",
    aws="scanner.providers.aws.audit_log:CloudTrail",
    azure="scanner.providers.azure.audit_log:ActivityLog",
    gcp="scanner.providers.gcp.audit_log:CloudAuditLogs",
)

PERMISSIONS = Registry[Callable[[str], tuple[str, ...]]](
    "scanner.permissions",
    aws="scanner.providers.aws.permissions:actions_of",
    azure="scanner.providers.azure.permissions:actions_of",
    gcp="scanner.providers.gcp.permissions:permissions_of",
    github="scanner.providers.github.permissions:permissions_of",
)
"""By cloud: the permissions that an operation needs, where its kind names no other."""

READERS = Registry[Reader](
    "scanner.readers",
    **{
        "aws.credential_report": "scanner.providers.aws.credential_report:credential_report",
        "aws.denials": "scanner.providers.aws.scp_denials:denials",
        "aws.organization_tree": "scanner.providers.aws.organization_tree:organization_tree",
        "aws.principals": "scanner.providers.aws.principals:principals",
        "azure.break_glass_sign_ins": "scanner.providers.azure.readers:break_glass_sign_ins",
        "azure.directory_administrators": "scanner.providers.azure.readers:directory_administrators",
        "azure.nothing_hidden": "scanner.providers.azure.visibility:caller_sees_everything",
        "azure.subscription_administrators": "scanner.providers.azure.readers:subscription_administrators",
        "aws.recorded_counts": "scanner.providers.aws.config_recorder:recorded_counts",
        "aws.recorded_databases": "scanner.providers.aws.config_recorder:databases",
        "aws.recorded_security_groups": "scanner.providers.aws.config_recorder:security_groups",
        "gcp.directory_users": "scanner.providers.gcp.readers:directory_users",
        "gcp.inherited_mute_configs": "scanner.providers.gcp.ancestors:inherited_mute_configs",
        "gcp.inherited_policies": "scanner.providers.gcp.ancestors:inherited_policies",
        "gcp.inherited_sinks": "scanner.providers.gcp.ancestors:inherited_sinks",
        "gcp.nothing_hidden": "scanner.providers.gcp.visibility:caller_sees_everything",
        "gcp.workload_identity_providers": "scanner.providers.gcp.readers:workload_identity_providers",
        "github.branch_rules": "scanner.providers.github.readers:branch_rules",
        "github.nothing_hidden": "scanner.providers.github.visibility:caller_sees_everything",
    },
)
"""Programs of calls that kinds name; they need no SDK, so that a snapshot is replayed without one."""
