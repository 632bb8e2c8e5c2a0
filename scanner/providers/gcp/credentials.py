"""Tokens of Google Cloud, by google-auth: application default, workload identity, impersonation."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC
from typing import Any, Final

from scanner.client.failures import Failure
from scanner.client.rest.connect import NO_CREDENTIALS
from scanner.client.rest.tokens import Token
from scanner.client.rest.transport import Net, Outgoing
from scanner.model.answers import Caller, State

_PLATFORM: Final = "https://www.googleapis.com/auth/cloud-platform"
_NAMED: Final = "GOOGLE_APPLICATION_CREDENTIALS"
_SHORT: Final = 300.0
"""Seconds that a token is used whose end is not said."""


@dataclass(frozen=True, slots=True)
class _Response:
    """A response in the form that google-auth reads."""

    status: int
    headers: Mapping[str, str]
    data: bytes


class GcpCredentials:
    """Whoever google-auth finds, or the service account that is to be impersonated."""

    def __init__(self, net: Net, impersonate: str = "") -> None:
        self._net = net
        self._impersonate = impersonate
        self._found: dict[str, Any] = {}
        self._caller = impersonate

    @property
    def caller(self) -> Caller:
        """The account's address, where the credentials say it."""
        return Caller(id=self._caller or "an account that its credentials do not name", account="")

    def token(self, audience: str) -> Token | Failure:
        """A new token for some scopes."""
        from google.auth import exceptions

        try:
            if audience not in self._found:
                self._found[audience] = self._make(audience.split())
            made = self._found[audience]
            made.refresh(self._request)
        except exceptions.DefaultCredentialsError as error:
            # google-auth has one error for none that were found and for a file that is named and
            # cannot be used.
            code = type(error).__name__ if os.environ.get(_NAMED) else NO_CREDENTIALS
            return Failure(
                state=State.DENIED, code=code, message=" ".join(str(error.args[0]).split())
            )
        except exceptions.TransportError as error:
            return Failure(state=State.ERROR, code="TokenTransportError", message=_line(error))
        except (exceptions.GoogleAuthError, OSError, ValueError) as error:
            return Failure(state=State.DENIED, code=type(error).__name__, message=_line(error))
        self._caller = self._caller or _address(made)
        expires = (
            made.expiry.replace(tzinfo=UTC).timestamp() if made.expiry else time.time() + _SHORT
        )
        quota = getattr(made, "quota_project_id", None)
        return Token(
            value=made.token,
            expires=expires,
            headers={"x-goog-user-project": quota} if quota else {},
        )

    def _make(self, scopes: list[str]) -> Any:
        import google.auth
        from google.auth import impersonated_credentials

        default: Any = google.auth.default
        impersonated: Any = impersonated_credentials.Credentials
        source, _ = default(
            scopes=[_PLATFORM] if self._impersonate else scopes, request=self._request
        )
        if not self._impersonate:
            return source
        return impersonated(
            source_credentials=source, target_principal=self._impersonate, target_scopes=scopes
        )

    def _request(
        self,
        url: str,
        method: str = "GET",
        body: bytes | str | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float | None = None,
        **_: Any,
    ) -> _Response:
        """Requests of google-auth go the way of all others: the same proxy, the same authorities,
        no redirects.
        """
        from google.auth import exceptions

        broken: Any = exceptions.TransportError
        content = body.encode() if isinstance(body, str) else body
        pending = self._net.send(
            Outgoing(
                post=method == "POST",
                url=url,
                headers=headers or {},
                body=content,
                seconds=timeout or 30.0,
            )
        )
        pending.wait()
        outcome = pending.outcome
        if isinstance(outcome, BaseException):
            raise outcome
        if isinstance(outcome, Failure):
            raise broken(f"{outcome.code} {outcome.message}")
        return _Response(outcome.status, outcome.headers, outcome.body)


def _address(credentials: Any) -> str:
    names = ("service_account_email", "signer_email", "account")
    found = (getattr(credentials, name, None) for name in names)
    return next((text for text in found if isinstance(text, str) and text), "")


def _line(error: Exception) -> str:
    return " ".join(str(error).split())
