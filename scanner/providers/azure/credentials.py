"""Tokens of Azure, by azure-identity: its default chain, or one member of it by name."""

from __future__ import annotations

import base64
import binascii
import importlib
import json
import logging
from collections.abc import Mapping
from typing import Any, Final

from scanner.client.failures import Failure
from scanner.client.rest.connect import NO_CREDENTIALS
from scanner.client.rest.tokens import Token
from scanner.client.rest.transport import Net
from scanner.model.answers import Caller, State

_MEMBERS: Final = {
    "": "DefaultAzureCredential",
    "environment": "EnvironmentCredential",
    "workload_identity": "WorkloadIdentityCredential",
    "managed_identity": "ManagedIdentityCredential",
    "azure_cli": "AzureCliCredential",
    "azure_powershell": "AzurePowerShellCredential",
    "azure_developer_cli": "AzureDeveloperCliCredential",
}
"""What the configuration calls a member, and azure-identity's name for it."""
_OF_ANY_TENANT: Final = frozenset({"workload_identity", "managed_identity"})
"""Members that belong to one tenant, and take no other."""


class AzureCredentials:
    """Whoever azure-identity finds; tokens are for one tenant where it is known."""

    def __init__(self, net: Net, member: str = "", tenant: str = "") -> None:
        self._member = member
        self._tenant = tenant
        self._made: Any = None
        self._claims: Mapping[str, Any] = {}

    @property
    def caller(self) -> Caller:
        """The application or person of the last token, as it says itself."""
        claims = self._claims
        names = ("upn", "unique_name", "appid", "azp", "oid")
        found = next((claims[name] for name in names if isinstance(claims.get(name), str)), "")
        held = claims.get("oid")
        detail = {"principal": held.lower()} if isinstance(held, str) and held else {}
        return Caller(
            id=found or "an account that its token does not name",
            account=self.tenant,
            detail=detail,
        )

    @property
    def tenant(self) -> str:
        """The tenant that tokens are of; empty before the first."""
        return str(self._claims.get("tid", ""))

    def token(self, audience: str) -> Token | Failure:
        """A new token for a scope."""
        from azure.core import exceptions
        from azure.identity import CredentialUnavailableError

        try:
            self._made = self._made or self._make()
            for_tenant = (
                {"tenant_id": self._tenant}
                if self._tenant and self._member not in _OF_ANY_TENANT
                else {}
            )
            made = self._made.get_token(audience, **for_tenant)
        except CredentialUnavailableError as error:
            return Failure(state=State.DENIED, code=NO_CREDENTIALS, message=_line(error))
        except exceptions.ClientAuthenticationError as error:
            # The chain says so too where no member of it could even try.
            nobody = (
                "failed to retrieve a token from the included credentials" in str(error)
                and not self._member
            )
            code = NO_CREDENTIALS if nobody and "AADSTS" not in str(error) else type(error).__name__
            return Failure(state=State.DENIED, code=code, message=_line(error))
        except (exceptions.AzureError, OSError, ValueError) as error:
            return Failure(state=State.ERROR, code=type(error).__name__, message=_line(error))
        self._claims = claims_of(made.token)
        return Token(value=made.token, expires=float(made.expires_on))

    def _make(self) -> Any:
        identity: Any = importlib.import_module("azure.identity")
        # What it logs of each member of its chain is said in one line by whoever asked for a token.
        logging.getLogger("azure").addHandler(logging.NullHandler())
        kind = getattr(identity, _MEMBERS[self._member])
        several = {"additionally_allowed_tenants": [self._tenant]} if self._tenant else {}
        return kind() if self._member in _OF_ANY_TENANT else kind(**several)


def claims_of(token: str) -> Mapping[str, Any]:
    """What a token says of itself: who asks, for people to read, and whose roles are asked for.

    Azure takes no token but its own, so that one that lied here would be refused everywhere else.
    """
    part = token.split(".")[1] if token.count(".") == 2 else ""
    try:
        claims = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (ValueError, binascii.Error):
        return {}
    return claims if isinstance(claims, dict) else {}


def _line(error: Exception) -> str:
    return " ".join(str(error).split())
