"""AWS: read through botocore, which is imported when a target is opened and not before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scanner.errors import TscanError
from scanner.model.config import TargetConfig
from scanner.sources import Rules

if TYPE_CHECKING:
    from scanner.sources.aws.session import AwsSession


class AwsSource:
    """The AWS source: one target is one account."""

    def open(self, target: TargetConfig, rules: Rules) -> AwsSession:
        """An account, authenticated and with its regions; TscanError in one line where that cannot be done."""
        try:
            import botocore  # noqa: F401
        except ImportError as error:
            raise TscanError("reading AWS needs botocore, which is not installed", "install tscan[aws]") from error
        from scanner.sources.aws.opening import open_session

        return open_session(target, rules)
