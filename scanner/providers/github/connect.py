"""Opening GitHub: one organisation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from scanner.client.interfaces import Connected, Connector, Rules
from scanner.client.rest.connect import Cloud, callers, known, needed, signed_in, tools
from scanner.client.rest.rest_client import RestClient
from scanner.client.rest.session import RestSession
from scanner.client.rest.tokens import Credentials
from scanner.client.rest.transport import Net
from scanner.errors import TscanError
from scanner.model.answers import Call, Target
from scanner.model.config import TargetConfig
from scanner.providers.github.credentials import AppToken, EnvironmentToken
from scanner.providers.github.profile import GithubProfile

GITHUB: Final = Cloud(
    name="GitHub", extra="github", modules=("aiohttp", "jwt"), log_in="set GITHUB_TOKEN"
)
HOST: Final = "https://api.github.com"


def open_github(config: TargetConfig, rules: Rules) -> Sequence[Connector]:
    """An organisation; TscanError where nobody answers."""
    needed(GITHUB)
    name = config.settings.get("organization", "") or config.settings["id"]
    shared = tools(config, rules, GithubProfile(), lambda net: _credentials(net, config, name))
    shared = replace(shared, graphql=_graphql(shared.endpoint))
    signed_in(shared, GITHUB)
    door = RestClient(shared, frozenset({name}))
    answer = door.ask(Call(operation="github:orgs/get", region="", params={"org": name}))
    data = known(
        answer,
        f"organisation {name}",
        GITHUB,
        "check its login, and what the token or app may read",
    )
    login = str(data.get("login", ""))
    if login.lower() != name.lower():
        raise TscanError(
            f"GitHub calls organisation {name} '{login}'", "name it by its login of today"
        )
    return (
        Connected(
            RestSession(
                target=Target(f"github:{login}"),
                name=str(data.get("name", "")),
                callers=callers(shared),
                door=door,
                answers={answer.call.key: answer},
            )
        ),
    )


def _graphql(endpoint: str) -> str:
    """What stands before `/graphql`: beside `/api/v3` of GitHub Enterprise Server, not below it."""
    return endpoint.removesuffix("/v3") if endpoint.endswith("/api/v3") else endpoint


def _credentials(net: Net, config: TargetConfig, organization: str) -> Credentials:
    app, key = config.settings.get("app_id", ""), config.settings.get("private_key", "")
    if bool(app) != bool(key):
        raise TscanError(
            "an app of GitHub is named by 'app_id' and 'private_key' together",
            "write both, or none",
        )
    if not app:
        return EnvironmentToken(net)
    base = config.settings.get("endpoint", "").rstrip("/") or HOST
    return AppToken(net=net, base=base, app=app, key=Path(key), organization=organization)
