"""Holds the credentials that sign the requests of one account, and renews those of a role."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from botocore.credentials import DeferredRefreshableCredentials, ReadOnlyCredentials
from botocore.exceptions import ClientError, CredentialRetrievalError, NoCredentialsError

from scanner.client.clock import Clock

_EXPIRED: Final = ("ExpiredToken", "RequestExpired", "TokenRefreshRequired")
_AGAIN: Final = 60.0
"""Seconds after which a second renewal may mend what the first did not."""


class _WithoutAccountId:
    """Credentials that name no account: an endpoint with the account in it would be kept for all
    accounts.
    """

    account_id = None

    def get_deferred_property(self, name: str) -> Callable[[], None]:
        """A property that is looked up when a request is made; None."""
        return lambda: None


class NoAccount(_WithoutAccountId):
    """Stands for credentials in botocore's clients, which serve all accounts and sign for none."""

    method = "tscan"

    def get_frozen_credentials(self) -> ReadOnlyCredentials:
        """Raises NoCredentialsError: each request brings its own credentials."""
        raise NoCredentialsError()


class RoleCredentials(_WithoutAccountId):
    """Credentials of an assumed role: made on first use, and renewed before they expire; safe in
    threads.
    """

    method = "assume-role"

    def __init__(self, assume: Callable[[], Mapping[str, Any]], clock: Clock) -> None:
        self._assume = assume
        self._clock = clock
        self._current = self._unmade()

    def get_frozen_credentials(self) -> ReadOnlyCredentials:
        """The key of this moment; raises what the request for it raises."""
        return self._current.get_frozen_credentials()

    def forget(self) -> None:
        """Let the next use request them anew."""
        self._current = self._unmade()

    def _unmade(self) -> DeferredRefreshableCredentials:
        return DeferredRefreshableCredentials(refresh_using=self._request, method=self.method)

    def _request(self) -> dict[str, str]:
        made = self._assume()["Credentials"]
        # botocore raises RuntimeError for such credentials, which would end the whole scan.
        if made["Expiration"] <= self._clock.now():
            raise CredentialRetrievalError(
                provider=self.method, error_msg="the new credentials are expired"
            )
        return {
            "access_key": made["AccessKeyId"],
            "secret_key": made["SecretAccessKey"],
            "token": made["SessionToken"],
            "expiry_time": made["Expiration"].isoformat(),
        }


class Identity:
    """One account's credentials, for the requests that are made for it."""

    def __init__(self, credentials: Any, clock: Clock) -> None:
        self.credentials = credentials
        """Of botocore, or `RoleCredentials`."""
        self._clock = clock
        self._lock = threading.Lock()
        self._renewed = float("-inf")

    def key(self) -> ReadOnlyCredentials:
        """The key of this moment. Blocks while it is renewed; raises one of `errors.FAILURES`."""
        return self.credentials.get_frozen_credentials()

    def now(self) -> datetime:
        """The time that a request is signed with."""
        return self._clock.now()

    def renew(self) -> bool:
        """Request credentials anew although they have not expired; False where that cannot help."""
        with self._lock:
            if not isinstance(self.credentials, RoleCredentials):
                return False
            now = self._clock.monotonic()
            if now - self._renewed >= _AGAIN:
                self._renewed = now
                self.credentials.forget()
            # Else another thread has just renewed them: its key is worth an attempt.
            return True


def expired(error: ClientError) -> bool:
    """Whether a refusal says that the credentials have expired."""
    code = str(error.response.get("Error", {}).get("Code", ""))
    return code.startswith(_EXPIRED)
