"""Google Cloud: read by declared requests; google-auth and aiohttp are imported when a target is
opened.
"""

from __future__ import annotations

from collections.abc import Sequence

from scanner.client.interfaces import Entrance, Rules
from scanner.model.config import TargetConfig


class GcpSource:
    """The source of Google Cloud: a target is a project, or an organisation without its projects."""

    def open(self, target: TargetConfig, rules: Rules) -> Sequence[Entrance]:
        """A project, or an organisation and every project below it; TscanError where that cannot be
        done.
        """
        from scanner.providers.gcp.connect import open_gcp

        return open_gcp(target, rules)

    def several(self, target: TargetConfig) -> bool:
        """Whether it is an organisation."""
        from scanner.providers.gcp.connect import organization_of

        return bool(organization_of(target))
