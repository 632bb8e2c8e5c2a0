"""Reads Azure by declared requests; azure-identity and urllib3 are imported when a target is
connected.
"""

from __future__ import annotations

from collections.abc import Sequence

from scanner.client.interfaces import AuditLog, Connector, Rules
from scanner.core.reading.context import Reader
from scanner.model.answers import Call
from scanner.model.config import TargetConfig
from scanner.registry import Registry

_READERS = "scanner.providers.azure.readers"
_VISIBILITY = "scanner.providers.azure.visibility"


class AzureProvider:
    """Azure: a target is a subscription, or a tenant without its subscriptions."""

    readers = Registry[Reader](
        "scanner.readers",
        **{
            "azure.break_glass_sign_ins": f"{_READERS}:break_glass_sign_ins",
            "azure.directory_administrators": f"{_READERS}:directory_administrators",
            "azure.caller_sees_everything": f"{_VISIBILITY}:caller_sees_everything",
            "azure.resource_types": "scanner.providers.azure.resource_types:resource_types",
            "azure.subscription_administrators": f"{_READERS}:subscription_administrators",
        },
    )

    def connect(self, target: TargetConfig, rules: Rules) -> Sequence[Connector]:
        """A subscription, or a tenant and its subscriptions; TscanError where it cannot be read."""
        from scanner.providers.azure.connect import connect_azure

        return connect_azure(target, rules)

    def several(self, target: TargetConfig) -> bool:
        """Whether it is a tenant, or may be one."""
        # A bare id may be that of a tenant: only a request would show it.
        return "subscription" not in target.settings

    def audit_log(self) -> AuditLog | None:
        """The activity log."""
        from scanner.providers.azure.audit_log import ActivityLog

        return ActivityLog()

    def permissions_of(self, operation: str) -> tuple[str, ...]:
        """RBAC actions and Graph permissions."""
        from scanner.providers.azure.permissions import actions_of

        return actions_of(operation)

    def cli_command(self, call: Call) -> str:
        """An `az rest` command."""
        from scanner.providers.azure.cli_equivalents import command

        return command(call)


AZURE = AzureProvider()
