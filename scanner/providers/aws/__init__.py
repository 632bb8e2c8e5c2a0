"""Reads AWS through botocore, which is imported when a target is connected and not before."""

from __future__ import annotations

from collections.abc import Sequence

from scanner.client.interfaces import AuditLog, Connected, Connector, Rules
from scanner.core.reading.context import Reader
from scanner.errors import NotConnectedError, TscanError
from scanner.model.answers import Call
from scanner.model.config import TargetConfig
from scanner.registry import Registry, install_hint

_RECORDER = "scanner.providers.aws.config_recorder"
_SECOND = "scanner.providers.aws.second_sources"
_TYPES = "scanner.providers.aws.resource_types"


class AwsProvider:
    """AWS: a target is an account."""

    readers = Registry[Reader](
        "scanner.readers",
        **{
            "aws.access_points": "scanner.providers.aws.access_points:public_access_points",
            "aws.attached_instances": f"{_SECOND}:attached_instances",
            "aws.credential_report": "scanner.providers.aws.credential_report:credential_report",
            "aws.denials": "scanner.providers.aws.scp_denials:denials",
            "aws.organization_tree": "scanner.providers.aws.organization_tree:organization_tree",
            "aws.principals": "scanner.providers.aws.principals:principals",
            "aws.recorded_counts": f"{_RECORDER}:recorded_counts",
            "aws.recorded_databases": f"{_RECORDER}:databases",
            "aws.indexed_types": f"{_TYPES}:indexed_types",
            "aws.recorded_security_groups": f"{_RECORDER}:security_groups",
            "aws.recorded_types": f"{_TYPES}:recorded_types",
            "aws.tagged_buckets": f"{_SECOND}:tagged_buckets",
            "aws.tagged_types": f"{_TYPES}:tagged_types",
            "aws.web_acl": "scanner.providers.aws.web_acls:web_acl",
        },
    )

    def connect(self, target: TargetConfig, rules: Rules) -> Sequence[Connector]:
        """An account, authenticated and with its regions, and the others of its organization if
        they are wanted.

        TscanError in one line where that cannot be done.
        """
        try:
            import boto3  # noqa: F401
        except ImportError as error:
            raise TscanError(
                "reading AWS needs boto3, which is not installed", install_hint("aws")
            ) from error
        from scanner.providers.aws.connect import connect_target
        from scanner.providers.aws.organization_accounts import account_connectors

        front = connect_target(target, rules)
        wanted, account = target.settings.get("id", ""), front.session.target.account
        # The credentials decide the account: those of another one would give evidence under a wrong
        # name.
        if wanted not in ("", account):
            message = f"the AWS credentials belong to account {account}, not {wanted}"
            raise NotConnectedError(message, "choose another profile with --profile or AWS_PROFILE")
        if target.organization is None:
            return (Connected(front.session),)
        return account_connectors(front, target.organization)

    def several(self, target: TargetConfig) -> bool:
        """Whether the target is an organization."""
        return target.organization is not None

    def audit_log(self) -> AuditLog | None:
        """CloudTrail."""
        from scanner.providers.aws.audit_log import CloudTrail

        return CloudTrail()

    def permissions_of(self, operation: str) -> tuple[str, ...]:
        """IAM actions."""
        from scanner.providers.aws.permissions import actions_of

        return actions_of(operation)

    def cli_command(self, call: Call) -> str:
        """An `aws` command."""
        from scanner.providers.aws.cli_equivalents import command

        return command(call)


AWS = AwsProvider()
