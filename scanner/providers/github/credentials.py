"""Obtains tokens of GitHub: from the environment, or for an app's installation by the app's private
key.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from scanner.client.failures import Failure
from scanner.client.rest.connect import NO_CREDENTIALS
from scanner.client.rest.http_client import HttpClient, HttpRequest
from scanner.client.rest.tokens import Token
from scanner.content.input_files import read_input
from scanner.model.answers import Caller, State

VARIABLES: Final = ("GITHUB_TOKEN", "GH_TOKEN")
_LIFETIME: Final = 3600.0
"""Seconds after which the environment is read again."""
_CLOCK_TOLERANCE: Final = 60
"""Seconds that GitHub's clock may be behind ours."""
_ASSERTION_LIFETIME: Final = 540
"""Seconds; GitHub accepts ten minutes at most."""


class EnvironmentToken:
    """A token of the environment."""

    @property
    def caller(self) -> Caller:
        """Only GitHub knows whose token it is."""
        return Caller(id="the owner of GITHUB_TOKEN", account="")

    def token(self, audience: str) -> Token | Failure:
        """The token; after a refusal the same again, for there is no other."""
        for name in VARIABLES:
            value = os.environ.get(name)
            if value:
                return Token(value=value.strip(), expires=time.time() + _LIFETIME)
        return Failure(state=State.DENIED, code=NO_CREDENTIALS, message="GITHUB_TOKEN is not set")


@dataclass(frozen=True, slots=True, kw_only=True)
class AppToken:
    """Tokens of an app's installation in an organization."""

    http: HttpClient
    base: str
    """`https://api.github.com`, or that of GitHub Enterprise Server."""
    app: str
    key: Path
    organization: str

    @property
    def caller(self) -> Caller:
        """The app."""
        return Caller(id=f"app {self.app}", account=self.organization)

    def token(self, audience: str) -> Token | Failure:
        """A token of the installation, with the permissions that the organization granted to the
        app.
        """
        assertion = self._assertion()
        if isinstance(assertion, Failure):
            return assertion
        # By the organization: an app may be installed in others too.
        installation = self._request(f"/orgs/{self.organization}/installation", assertion)
        if isinstance(installation, Failure):
            return installation
        path = f"/app/installations/{installation.get('id')}/access_tokens"
        granted = self._request(path, assertion, post=True)
        if isinstance(granted, Failure):
            return granted
        value = granted.get("token")
        expires = granted.get("expires_at")
        if not isinstance(value, str) or not isinstance(expires, str):
            return Failure(state=State.ERROR, code="NoToken", message="GitHub issued no token")
        return Token(value=value, expires=datetime.fromisoformat(expires).timestamp())

    def _assertion(self) -> str | Failure:
        """A JSON Web Token that the app signs for itself."""
        import jwt

        now = int(time.time())
        claims = {
            "iat": now - _CLOCK_TOLERANCE,
            "exp": now + _ASSERTION_LIFETIME,
            "iss": self.app,
        }
        try:
            return jwt.encode(claims, read_input(self.key), algorithm="RS256")
        except OSError as error:
            message = f"{self.key} cannot be read: {error.strerror}"
        except (ValueError, TypeError, jwt.PyJWTError):
            # The error itself is left out: it may quote the key.
            message = f"{self.key} has no RSA private key"
        return Failure(state=State.DENIED, code="NoKey", message=message)

    def _request(
        self, path: str, assertion: str, *, post: bool = False
    ) -> dict[str, Any] | Failure:
        headers = {
            "Authorization": f"Bearer {assertion}",
            "Accept": "application/vnd.github+json",
        }
        request = HttpRequest(post=post, url=self.base + path, headers=headers)
        reply = self.http.send(request)
        if isinstance(reply, Failure):
            return reply
        data = reply.json
        if not isinstance(data, dict):
            data = {}
        elif reply.status in (200, 201):
            return data
        reason = data.get("message", "")
        code = f"{reply.status} {reason}".strip()
        return Failure(state=State.DENIED, code=code, message=f"{path} was denied")
