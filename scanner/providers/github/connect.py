"""Connects to one GitHub organization."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from scanner.client.interfaces import Connected, Connector, Rules
from scanner.client.rest.connect import (
    CloudName,
    by_key,
    callers,
    require_modules,
    required_data,
    rest_context,
    sign_in,
)
from scanner.client.rest.http_client import HttpClient
from scanner.client.rest.operations import operations
from scanner.client.rest.rest_client import RestClient
from scanner.client.rest.session import RestSession
from scanner.client.rest.tokens import Credentials
from scanner.errors import NotConnectedError, TscanError
from scanner.model.answers import Call, Target
from scanner.model.config import TargetConfig
from scanner.providers.github.credentials import AppToken, EnvironmentToken
from scanner.providers.github.profile import GithubProfile

GITHUB: Final = CloudName(
    name="GitHub", extra="github", modules=("urllib3", "jwt"), log_in="set GITHUB_TOKEN"
)
HOST: Final = "https://api.github.com"


def connect_github(config: TargetConfig, rules: Rules) -> Sequence[Connector]:
    """An organization; TscanError where it cannot be read."""
    require_modules(GITHUB)
    name = config.settings.get("organization", "") or config.settings["id"]

    def credentials(http: HttpClient) -> Credentials:
        return _credentials(http, config, name)

    context = rest_context(config, rules, GithubProfile(), operations("github"), credentials)
    context = replace(context, graphql_endpoint=_graphql_endpoint(context.endpoint))
    sign_in(context, GITHUB)
    client = RestClient(context, frozenset({name}))
    call = Call(operation="github:orgs/get", region="", params={"org": name})
    answer = client.request(call)
    hint = "check its login, and what the token or app may read"
    data = required_data(answer, f"organization {name}", GITHUB, hint)
    login = str(data.get("login", ""))
    # GitHub redirects the old name of an organization: the evidence would be filed under a name
    # that somebody else may register.
    if login.lower() != name.lower():
        raise NotConnectedError(
            f"GitHub calls organization {name} '{login}'", "use its current login"
        )
    session = RestSession(
        target=Target(f"github:{login}"),
        name=str(data.get("name", "")),
        callers=callers(context),
        client=client,
        answers=by_key([answer]),
    )
    return (Connected(session),)


def _graphql_endpoint(endpoint: str) -> str:
    """The address before `/graphql`: of GitHub Enterprise Server it is beside `/api/v3`, not below
    it.
    """
    if endpoint.endswith("/api/v3"):
        return endpoint.removesuffix("/v3")
    return endpoint


def _credentials(http: HttpClient, config: TargetConfig, organization: str) -> Credentials:
    app = config.settings.get("app_id", "")
    key = config.settings.get("private_key", "")
    # Half an app must not fall back to the token of the environment, which may read something else.
    if bool(app) != bool(key):
        raise TscanError(
            "a GitHub App needs both 'app_id' and 'private_key'",
            "write both, or none",
        )
    if not app:
        return EnvironmentToken()
    base = config.settings.get("endpoint", "").rstrip("/")
    return AppToken(
        http=http,
        base=base or HOST,
        app=app,
        key=Path(key),
        organization=organization,
    )
