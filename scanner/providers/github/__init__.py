"""Reads GitHub by declared requests; urllib3 is imported when a target is connected."""

from __future__ import annotations

from collections.abc import Sequence

from scanner.client.interfaces import AuditLog, Connector, Rules
from scanner.core.reading.context import Reader
from scanner.model.answers import Call
from scanner.model.config import TargetConfig
from scanner.registry import Registry

_SECOND_FACTOR = "scanner.providers.github.second_factor"
_VISIBILITY = "scanner.providers.github.visibility"


class GithubProvider:
    """GitHub: a target is an organization."""

    readers = Registry[Reader](
        "scanner.readers",
        **{
            "github.branch_protection": "scanner.providers.github.readers:branch_protection",
            "github.branch_rules": "scanner.providers.github.readers:branch_rules",
            "github.caller_sees_everything": f"{_VISIBILITY}:caller_sees_everything",
            "github.member_second_factor": f"{_SECOND_FACTOR}:member_second_factor",
            "github.release_branches": "scanner.providers.github.branches:release_branches",
            "github.release_commits": "scanner.providers.github.branches:release_commits",
            "github.repository_types": "scanner.providers.github.repository_types:repository_types",
            "github.second_factor_rule": f"{_SECOND_FACTOR}:second_factor_rule",
        },
    )

    def connect(self, target: TargetConfig, rules: Rules) -> Sequence[Connector]:
        """An organization; TscanError where it cannot be read."""
        from scanner.providers.github.connect import connect_github

        return connect_github(target, rules)

    def several(self, target: TargetConfig) -> bool:
        """Never: an organization is one target."""
        return False

    def audit_log(self) -> AuditLog | None:
        """None: the audit log of GitHub is not read."""
        return None

    def permissions_of(self, operation: str) -> tuple[str, ...]:
        """The permissions of an app."""
        from scanner.providers.github.permissions import permissions_of

        return permissions_of(operation)

    def cli_command(self, call: Call) -> str:
        """A `gh api` command."""
        from scanner.providers.github.cli_equivalents import command

        return command(call)


GITHUB = GithubProvider()
