"""Reads Google Cloud by declared requests; libraries are imported to connect a target."""

from __future__ import annotations

from collections.abc import Sequence

from scanner.client.interfaces import AuditLog, Connector, Rules
from scanner.core.reading.context import Reader
from scanner.model.answers import Call
from scanner.model.config import TargetConfig
from scanner.registry import Registry

_ANCESTORS = "scanner.providers.gcp.ancestors"
_READERS = "scanner.providers.gcp.readers"
_VISIBILITY = "scanner.providers.gcp.visibility"


class GcpProvider:
    """Google Cloud: a target is a project, or an organization without its projects."""

    readers = Registry[Reader](
        "scanner.readers",
        **{
            "gcp.asset_types": f"{_READERS}:asset_types",
            "gcp.directory_users": f"{_READERS}:directory_users",
            "gcp.inherited_mute_configs": f"{_ANCESTORS}:inherited_mute_configs",
            "gcp.inherited_policies": f"{_ANCESTORS}:inherited_policies",
            "gcp.inherited_sinks": f"{_ANCESTORS}:inherited_sinks",
            "gcp.caller_sees_everything": f"{_VISIBILITY}:caller_sees_everything",
            "gcp.workload_identity_providers": f"{_READERS}:workload_identity_providers",
        },
    )

    def connect(self, target: TargetConfig, rules: Rules) -> Sequence[Connector]:
        """A project, or an organization and its projects; TscanError where it cannot be read."""
        from scanner.providers.gcp.connect import connect_gcp

        return connect_gcp(target, rules)

    def several(self, target: TargetConfig) -> bool:
        """Whether it is an organization."""
        from scanner.providers.gcp.connect import organization_of

        return bool(organization_of(target))

    def audit_log(self) -> AuditLog | None:
        """Cloud Audit Logs."""
        from scanner.providers.gcp.audit_log import CloudAuditLogs

        return CloudAuditLogs()

    def permissions_of(self, operation: str) -> tuple[str, ...]:
        """IAM permissions, and scopes of the directory."""
        from scanner.providers.gcp.permissions import permissions_of

        return permissions_of(operation)

    def cli_command(self, call: Call) -> str:
        """A `curl` command with a token of gcloud."""
        from scanner.providers.gcp.cli_equivalents import command

        return command(call)


GCP = GcpProvider()
