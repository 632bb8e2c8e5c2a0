"""GitHub: read by declared requests; aiohttp is imported when a target is opened."""

from __future__ import annotations

from collections.abc import Sequence

from scanner.client.interfaces import Connector, Rules
from scanner.model.config import TargetConfig


class GithubSource:
    """The source of GitHub: a target is an organisation."""

    def open(self, target: TargetConfig, rules: Rules) -> Sequence[Connector]:
        """An organisation; TscanError where it cannot be read."""
        from scanner.providers.github.connect import open_github

        return open_github(target, rules)

    def several(self, target: TargetConfig) -> bool:
        """An organisation is one target."""
        return False
