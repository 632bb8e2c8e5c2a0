"""Azure: read by declared requests; azure-identity and aiohttp are imported when a target is
opened.
"""

from __future__ import annotations

from collections.abc import Sequence

from scanner.client.interfaces import Entrance, Rules
from scanner.model.config import TargetConfig


class AzureSource:
    """The source of Azure: a target is a subscription, or a tenant without its subscriptions."""

    def open(self, target: TargetConfig, rules: Rules) -> Sequence[Entrance]:
        """A subscription, or a tenant and every subscription of it; TscanError where that cannot be
        done.
        """
        from scanner.providers.azure.connect import open_azure

        return open_azure(target, rules)

    def several(self, target: TargetConfig) -> bool:
        """Whether it is a tenant, or may be one."""
        return "subscription" not in target.settings
