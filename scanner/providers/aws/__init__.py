"""AWS: read through botocore, which is imported when a target is opened and not before."""

from __future__ import annotations

from collections.abc import Sequence

from scanner.client.interfaces import Connected, Connector, Rules
from scanner.errors import TscanError
from scanner.model.config import TargetConfig


class AwsSource:
    """The AWS source: one target is one account."""

    def open(self, target: TargetConfig, rules: Rules) -> Sequence[Connector]:
        """An account, authenticated and with its regions, and the others of its organisation if they are wanted.

        TscanError in one line where that cannot be done.
        """
        try:
            import botocore  # noqa: F401
        except ImportError as error:
            raise TscanError(
                "reading AWS needs botocore, which is not installed", "install tscan[aws]"
            ) from error
        from scanner.providers.aws.connect import connect_front
        from scanner.providers.aws.organization_accounts import entrances

        front = connect_front(target, rules)
        wanted, account = target.settings.get("id", ""), front.session.target.account
        if wanted not in ("", account):
            raise TscanError(
                f"the AWS credentials are of account {account}, not of {wanted}", "choose a profile"
            )
        return (
            (Connected(front.session),)
            if target.organization is None
            else entrances(front, target.organization)
        )

    def several(self, target: TargetConfig) -> bool:
        """Whether it is an organisation."""
        return target.organization is not None
