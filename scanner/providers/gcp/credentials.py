"""Obtains tokens of Google Cloud by google-auth: application default credentials, or an
impersonated account.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC
from typing import Any, Final

from scanner.client.failures import Failure
from scanner.client.rest.connect import NO_CREDENTIALS
from scanner.client.rest.http_client import HttpClient, HttpRequest
from scanner.client.rest.tokens import Token
from scanner.model.answers import Caller, State

_PLATFORM: Final = "https://www.googleapis.com/auth/cloud-platform"
_CREDENTIALS_FILE: Final = "GOOGLE_APPLICATION_CREDENTIALS"
_DEFAULT_LIFETIME: Final = 300.0
"""Seconds that a token is used whose end is not reported."""


@dataclass(frozen=True, slots=True)
class _Response:
    """A response in the form that google-auth reads."""

    status: int
    headers: Mapping[str, str]
    data: bytes


class GcpCredentials:
    """The identity that google-auth finds, or the service account that it impersonates."""

    def __init__(self, http: HttpClient, impersonate: str = "") -> None:
        self._http = http
        self._impersonate = impersonate
        # Classes of google-auth, which has no types: one for each set of scopes.
        self._by_audience: dict[str, Any] = {}
        self._caller = impersonate

    @property
    def caller(self) -> Caller:
        """The account's address, where the credentials have it."""
        return Caller(id=self._caller or "an account that the credentials do not name", account="")

    def token(self, audience: str) -> Token | Failure:
        """A new token for scopes, which `audience` lists with spaces between them."""
        from google.auth import exceptions

        try:
            if audience not in self._by_audience:
                self._by_audience[audience] = self._create(audience.split())
            credentials = self._by_audience[audience]
            credentials.refresh(self._request)
        except exceptions.DefaultCredentialsError as error:
            # google-auth has one error for "none found" and for a file that is configured and
            # unusable.
            code = NO_CREDENTIALS
            if os.environ.get(_CREDENTIALS_FILE):
                code = type(error).__name__
            return _failure(State.DENIED, code, error.args[0])
        except exceptions.TransportError as error:
            return _failure(State.ERROR, "TokenTransportError", error)
        except (exceptions.GoogleAuthError, OSError, ValueError) as error:
            return _failure(State.DENIED, type(error).__name__, error)
        self._caller = self._caller or _address(credentials)
        expires = time.time() + _DEFAULT_LIFETIME
        if credentials.expiry:
            expires = credentials.expiry.replace(tzinfo=UTC).timestamp()
        headers: dict[str, str] = {}
        # User credentials have no project of their own, whose quota a request could use.
        quota_project = getattr(credentials, "quota_project_id", None)
        if quota_project:
            headers["x-goog-user-project"] = quota_project
        return Token(value=credentials.token, expires=expires, headers=headers)

    def _create(self, scopes: list[str]) -> Any:
        import google.auth
        from google.auth import impersonated_credentials

        default: Any = google.auth.default
        if not self._impersonate:
            credentials, _project = default(scopes=scopes, request=self._request)
            return credentials
        source, _project = default(scopes=[_PLATFORM], request=self._request)
        impersonated: Any = impersonated_credentials.Credentials
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
        """Sends google-auth's requests: same proxy and authorities as all, no redirects."""
        from google.auth import exceptions

        transport_error: Any = exceptions.TransportError
        if isinstance(body, str):
            body = body.encode()
        reply = self._http.send(
            HttpRequest(
                post=method == "POST",
                url=url,
                headers=headers or {},
                body=body,
                seconds=timeout or 30.0,
            )
        )
        if isinstance(reply, Failure):
            raise transport_error(f"{reply.code} {reply.message}")
        return _Response(reply.status, reply.headers, reply.body)


def _address(credentials: Any) -> str:
    for name in ("service_account_email", "signer_email", "account"):
        address = getattr(credentials, name, None)
        if isinstance(address, str) and address:
            return address
    return ""


def _failure(state: State, code: str, reason: object) -> Failure:
    message = " ".join(str(reason).split())
    return Failure(state=state, code=code, message=message)
