"""Whose credentials sign a request: one plan serves all accounts, and each call brings the key of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from botocore.credentials import (
    DeferredRefreshableCredentials,
    ReadOnlyCredentials,
)
from botocore.exceptions import ClientError, CredentialRetrievalError, NoCredentialsError

from scanner.client.clock import Clock

_EXPIRED: Final = ("ExpiredToken", "RequestExpired", "TokenRefreshRequired")
_AGAIN: Final = 60.0
"""Seconds after which a second renewal may mend what the first did not."""


class NoAccount:
    """What botocore's clients are given in place of credentials: they serve all accounts, and sign for none."""

    method = "tscan"
    account_id = None

    def get_frozen_credentials(self) -> ReadOnlyCredentials:
        """Nothing: a request is signed with the credentials that it is made with."""
        raise NoCredentialsError()

    def get_deferred_property(self, name: str) -> Callable[[], Any]:
        """Nothing: an endpoint that names the account would be kept for all accounts."""
        return lambda: None


class Identity:
    """One account's credentials, for the requests that are made for it."""

    def __init__(self, credentials: Any, clock: Clock) -> None:
        self.credentials = credentials
        self._clock = clock
        self._lock = threading.Lock()
        self._renewed = float("-inf")

    def key(self) -> ReadOnlyCredentials:
        """The key of this moment, renewed where it is about to expire."""
        return self.credentials.get_frozen_credentials()

    def now(self) -> datetime:
        """The time by which a request is signed."""
        return self._clock.now()

    def renew(self) -> bool:
        """Make credentials anew although their time is not over; False where that cannot help."""
        with self._lock:
            now = self._clock.monotonic()
            if not isinstance(self.credentials, RoleCredentials):
                return False
            if now - self._renewed >= _AGAIN:
                self._renewed = now
                self.credentials.forget()
            # Else another thread has just done so: its key is worth a try.
            return True


class RoleCredentials(DeferredRefreshableCredentials):  # type: ignore[misc]
    """Credentials of an assumed role: made on first use, and anew before they expire; safe in threads."""

    def __init__(self, assume: Callable[[], Mapping[str, Any]], clock: Clock) -> None:
        def refresh() -> dict[str, str]:
            made = assume()["Credentials"]
            if made["Expiration"] <= clock.now():
                raise CredentialRetrievalError(
                    provider=self.method, error_msg="the new credentials are expired"
                )
            return {
                "access_key": made["AccessKeyId"],
                "secret_key": made["SecretAccessKey"],
                "token": made["SessionToken"],
                "expiry_time": made["Expiration"].isoformat(),
            }

        super().__init__(refresh_using=refresh, method="assume-role")

    def forget(self) -> None:
        """Let the next use make them anew."""
        with self._refresh_lock:
            self._frozen_credentials = None


def expired(error: ClientError) -> bool:
    """Whether a provider says that the credentials' time is over."""
    return str(error.response.get("Error", {}).get("Code", "")).startswith(_EXPIRED)
