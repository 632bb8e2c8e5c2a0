"""Tokens of GitHub: one of the environment, or those that an app's key makes for its installation."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from scanner.client.failures import Failure
from scanner.client.rest.connect import NO_CREDENTIALS
from scanner.client.rest.responses import HttpReply
from scanner.client.rest.tokens import Token
from scanner.client.rest.transport import Net, Outgoing
from scanner.model.answers import Caller, State

VARIABLES: Final = ("GITHUB_TOKEN", "GH_TOKEN")
_LASTS: Final = 3600.0
_ASSERTION: Final = 540
"""Seconds that an app's own assertion is good for; GitHub takes ten minutes at most."""


class EnvironmentToken:
    """A token that the environment holds."""

    def __init__(self, net: Net) -> None:
        """Nothing is read before a token is asked for."""

    @property
    def caller(self) -> Caller:
        """Whose token it is, GitHub alone knows."""
        return Caller(id="the owner of GITHUB_TOKEN", account="")

    def token(self, audience: str) -> Token | Failure:
        """The token; after a refusal the same once more, for there is no other."""
        found = next((os.environ[name] for name in VARIABLES if os.environ.get(name)), "")
        if not found:
            return Failure(
                state=State.DENIED, code=NO_CREDENTIALS, message="GITHUB_TOKEN is not set"
            )
        return Token(value=found.strip(), expires=time.time() + _LASTS)


@dataclass(frozen=True, slots=True, kw_only=True)
class AppToken:
    """Tokens of an app's installation in an organisation."""

    net: Net
    base: str
    """Where GitHub's interface is."""
    app: str
    key: Path
    organization: str

    @property
    def caller(self) -> Caller:
        """The app."""
        return Caller(id=f"app {self.app}", account=self.organization)

    def token(self, audience: str) -> Token | Failure:
        """A token of the installation, which reads what the organisation let the app read."""
        assertion = self._assertion()
        if isinstance(assertion, Failure):
            return assertion
        installation = self._ask(f"/orgs/{self.organization}/installation", assertion, post=False)
        if isinstance(installation, Failure):
            return installation
        made = self._ask(
            f"/app/installations/{installation.get('id')}/access_tokens", assertion, post=True
        )
        if isinstance(made, Failure):
            return made
        value, expires = made.get("token"), made.get("expires_at")
        if not isinstance(value, str) or not isinstance(expires, str):
            return Failure(state=State.ERROR, code="NoToken", message="GitHub made no token")
        return Token(value=value, expires=datetime.fromisoformat(expires).timestamp())

    def _assertion(self) -> str | Failure:
        import jwt

        now = int(time.time())
        claims = {"iat": now - 60, "exp": now + _ASSERTION, "iss": self.app}
        try:
            return jwt.encode(claims, self.key.read_bytes(), algorithm="RS256")
        except OSError as error:
            return Failure(
                state=State.DENIED,
                code="NoKey",
                message=f"{self.key} cannot be read: {error.strerror}",
            )
        except (ValueError, TypeError, jwt.PyJWTError):
            return Failure(
                state=State.DENIED, code="NoKey", message=f"{self.key} holds no private key of RSA"
            )

    def _ask(self, path: str, assertion: str, *, post: bool) -> dict[str, Any] | Failure:
        headers = {"Authorization": f"Bearer {assertion}", "Accept": "application/vnd.github+json"}
        outgoing = Outgoing(post=post, url=self.base + path, headers=headers)
        reply = self.net.send(outgoing).result()
        if not isinstance(reply, HttpReply):
            return reply
        data = reply.json
        if reply.status not in (200, 201) or not isinstance(data, dict):
            said = data.get("message", "") if isinstance(data, dict) else ""
            return Failure(
                state=State.DENIED,
                code=f"{reply.status} {said}".strip(),
                message=f"{path} was refused",
            )
        return data
