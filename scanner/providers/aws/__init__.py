"""Reads AWS through botocore, which is imported when a target is opened and not before."""

from __future__ import annotations

from collections.abc import Sequence

from scanner.client.interfaces import Connected, Connector, Rules
from scanner.errors import TscanError
from scanner.model.config import TargetConfig


class AwsSource:
    """The AWS provider: one target is one account."""

    def open(self, target: TargetConfig, rules: Rules) -> Sequence[Connector]:
        """The configured account, connected; and the others of its organisation, where they are
        wanted.

        TscanError in one line where that cannot be done.
        """
        try:
            import boto3  # noqa: F401
        except ImportError as error:
            raise TscanError(
                "reading AWS needs boto3, which is not installed", "install tscan[aws]"
            ) from error
        from scanner.providers.aws.connect import connect_target
        from scanner.providers.aws.organization_accounts import account_connectors

        front = connect_target(target, rules)
        wanted, account = target.settings.get("id", ""), front.session.target.account
        # The credentials decide the account: those of another one would give evidence under a wrong
        # name.
        if wanted not in ("", account):
            raise TscanError(
                f"the AWS credentials are of account {account}, not of {wanted}", "choose a profile"
            )
        if target.organization is None:
            return (Connected(front.session),)
        return account_connectors(front, target.organization)

    def several(self, target: TargetConfig) -> bool:
        """Whether the target is an organisation."""
        return target.organization is not None
