"""Obtains tokens of Microsoft Entra by azure-identity: its default chain, or the one credential
that is configured.
"""

from __future__ import annotations

import base64
import binascii
import json
import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from scanner.client.failures import Failure
from scanner.client.rest.connect import NO_CREDENTIALS
from scanner.client.rest.tokens import Token
from scanner.model.answers import Caller, State
from scanner.providers.azure.token_transport import bounded_transport

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential

_CLASSES: Final = {
    "": "DefaultAzureCredential",
    "environment": "EnvironmentCredential",
    "workload_identity": "WorkloadIdentityCredential",
    "managed_identity": "ManagedIdentityCredential",
    "azure_cli": "AzureCliCredential",
    "azure_powershell": "AzurePowerShellCredential",
    "azure_developer_cli": "AzureDeveloperCliCredential",
}
"""The class of azure-identity for each `credential` of the configuration."""
_OF_ONE_TENANT: Final = frozenset({"workload_identity", "managed_identity"})
"""Credentials that belong to one tenant, and accept no other."""
_BY_COMMAND: Final = frozenset({"azure_cli", "azure_powershell", "azure_developer_cli"})
"""Credentials that run a command of this machine, and send nothing themselves."""
_CALLER_CLAIMS: Final = ("upn", "unique_name", "appid", "azp", "oid")


class AzureCredentials:
    """An identity that azure-identity finds; its tokens are for one tenant where that is
    configured.
    """

    def __init__(self, credential: str = "", tenant: str = "") -> None:
        self._name = credential
        self._tenant = tenant
        self._credential: TokenCredential | None = None
        self._claims: Mapping[str, Any] = {}

    @property
    def caller(self) -> Caller:
        """The application or person of the last token, by the token's own claims."""
        detail: dict[str, str] = {}
        object_id = self._claims.get("oid")
        # Role assignments name the caller by this id: without it, no listing is known to be
        # complete.
        if isinstance(object_id, str) and object_id:
            detail["principal"] = object_id.lower()
        return Caller(id=self._identity(), account=self.tenant, detail=detail)

    def _identity(self) -> str:
        for claim in _CALLER_CLAIMS:
            name = self._claims.get(claim)
            if isinstance(name, str):
                return name
        return "an account that the token does not name"

    @property
    def tenant(self) -> str:
        """The tenant of the last token; empty before the first."""
        return str(self._claims.get("tid", ""))

    def token(self, audience: str) -> Token | Failure:
        """A new token for a scope."""
        from azure.core import exceptions
        from azure.identity import CredentialUnavailableError

        options: dict[str, Any] = {}
        if self._tenant and self._name not in _OF_ONE_TENANT:
            options["tenant_id"] = self._tenant
        try:
            if self._credential is None:
                self._credential = self._create()
            access = self._credential.get_token(audience, **options)
        except CredentialUnavailableError as error:
            return _failure(State.DENIED, NO_CREDENTIALS, error)
        except exceptions.ClientAuthenticationError as error:
            code = type(error).__name__
            if not self._name and _is_unconfigured(str(error)):
                code = NO_CREDENTIALS
            return _failure(State.DENIED, code, error)
        except (exceptions.AzureError, OSError, ValueError) as error:
            return _failure(State.ERROR, type(error).__name__, error)
        self._claims = claims_of(access.token)
        return Token(value=access.token, expires=float(access.expires_on))

    def _create(self) -> TokenCredential:
        from azure import identity

        # The chain logs a line for each credential that it tries; the one failure is reported
        # instead.
        logging.getLogger("azure").addHandler(logging.NullHandler())
        options: dict[str, Any] = {}
        if self._name not in _BY_COMMAND:
            options.update(transport=bounded_transport(), retry_total=2)
        if self._tenant and self._name not in _OF_ONE_TENANT:
            options["additionally_allowed_tenants"] = [self._tenant]
        credential: TokenCredential = getattr(identity, _CLASSES[self._name])(**options)
        return credential


def _is_unconfigured(message: str) -> bool:
    """Whether no credential of the default chain could even try, so that Entra refused nothing
    (`AADSTS…`).
    """
    chain_failed = "failed to retrieve a token from the included credentials" in message
    return chain_failed and "AADSTS" not in message


def claims_of(token: str) -> Mapping[str, Any]:
    """The claims of a JSON Web Token; empty for any other token.

    Its signature is not verified here: Azure refuses a token that is not its own, with every call.
    """
    parts = token.split(".")
    if len(parts) != 3:
        return {}
    payload = parts[1]
    # The padding is left out in a token (RFC 7515), and Python insists on it.
    padding = "=" * (-len(payload) % 4)
    try:
        claims = json.loads(base64.urlsafe_b64decode(payload + padding))
    except (ValueError, binascii.Error):
        return {}
    if isinstance(claims, dict):
        return claims
    return {}


def _failure(state: State, code: str, error: Exception) -> Failure:
    message = " ".join(str(error).split())
    return Failure(state=state, code=code, message=message)
