"""Tokens of each cloud, and how a target is opened with them: real hosts, a network that answers
from a table.
"""

from __future__ import annotations

import base64
import io
import json
import time
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import jwt
import pytest
import requests
import urllib3
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from requests.adapters import HTTPAdapter

from scanner.client.failures import Failure
from scanner.client.interfaces import Rules
from scanner.client.rest import connect
from scanner.client.rest.http_client import HttpRequest
from scanner.client.rest.responses import HttpReply
from scanner.client.rest.tokens import Token
from scanner.errors import TscanError
from scanner.model.answers import State
from scanner.model.config import TargetConfig
from scanner.providers import PROVIDERS
from scanner.providers.azure.credentials import AzureCredentials, claims_of
from scanner.providers.gcp.credentials import GcpCredentials
from scanner.providers.github.credentials import AppToken, EnvironmentToken

PLATFORM = "https://www.googleapis.com/auth/cloud-platform"
TENANT = "11111111-2222-3333-4444-555555555555"


@dataclass
class Table:
    """A network that answers at once, by how an address begins; what it does not know is not there."""

    replies: dict[str, Any]
    sent: list[HttpRequest] = field(default_factory=list)

    def send(self, request: HttpRequest) -> HttpReply | Failure:
        self.sent.append(request)
        for start, reply in self.replies.items():
            if request.url.startswith(start):
                return _reply(reply)
        return _failure()

    def send_prepared(self, request: requests.PreparedRequest, **_: Any) -> requests.Response:
        """The same for the library that discovers projects."""
        sent = HttpRequest(post=False, url=str(request.url), headers=request.headers)
        reply = self.send(sent)
        assert isinstance(reply, HttpReply)
        response = requests.Response()
        response.status_code = reply.status
        response.raw = urllib3.HTTPResponse(io.BytesIO(reply.body), preload_content=False)
        return response


def _reply(said: Any) -> HttpReply:
    status, body = said if isinstance(said, tuple) else (200, said)
    return HttpReply(status=status, headers={}, body=json.dumps(body).encode())


def _failure() -> Failure:
    return Failure(state=State.ERROR, code="ClientConnectorError", message="nobody is there")


@pytest.fixture(scope="module")
def key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def pem(key: rsa.RSAPrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


# -- Google Cloud
# -----------------------------------------------------------------------------------------------------


@pytest.fixture
def account(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, key: rsa.RSAPrivateKey) -> Path:
    """A key of a service account, named by the environment."""
    path = tmp_path / "key.json"
    data = {
        "type": "service_account", "client_email": "reader@audit.iam.gserviceaccount.com", "private_key_id": "1",
        "private_key": pem(key).decode(), "token_uri": "https://oauth2.googleapis.com/token", "project_id": "audit",
        "client_id": "1",
    }  # fmt: skip
    path.write_text(json.dumps(data))
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(path))
    return path


MINTED = {
    "https://oauth2.googleapis.com/token": {
        "access_token": "minted",
        "expires_in": 3600,
        "token_type": "Bearer",
    }
}


def test_a_service_accounts_key_makes_tokens_on_our_own_way(account: Path) -> None:
    net = Table(dict(MINTED))
    credentials = GcpCredentials(net)  # type: ignore[arg-type]
    made = credentials.token(PLATFORM)
    assert isinstance(made, Token)
    assert (made.value, made.headers, credentials.caller.id) == (
        "minted",
        {},
        "reader@audit.iam.gserviceaccount.com",
    )
    assert made.expires == pytest.approx(time.time() + 3600, abs=60)
    assert "minted" not in repr(made)
    assert [request.url for request in net.sent] == ["https://oauth2.googleapis.com/token"]


def test_a_quota_project_is_said_with_each_request(
    account: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOOGLE_CLOUD_QUOTA_PROJECT", "paying")
    made = GcpCredentials(Table(dict(MINTED))).token(PLATFORM)  # type: ignore[arg-type]
    assert isinstance(made, Token)
    assert made.headers == {"x-goog-user-project": "paying"}


def test_a_service_account_is_impersonated(account: Path) -> None:
    until = "2099-01-01T00:00:00Z"
    net = Table(
        {
            **MINTED,
            "https://iamcredentials.googleapis.com/": {
                "accessToken": "as reader",
                "expireTime": until,
            },
        }
    )
    credentials = GcpCredentials(net, "reader@x.iam.gserviceaccount.com")  # type: ignore[arg-type]
    made = credentials.token(PLATFORM)
    assert isinstance(made, Token)
    assert (made.value, credentials.caller.id) == ("as reader", "reader@x.iam.gserviceaccount.com")
    assert "reader@x.iam.gserviceaccount.com:generateAccessToken" in net.sent[-1].url
    assert json.loads(net.sent[-1].body or b"")["scope"] == [PLATFORM]


@pytest.mark.parametrize(
    ("said", "state", "code"),
    [
        (
            (400, {"error": "invalid_grant", "error_description": "Invalid JWT"}),
            State.DENIED,
            "RefreshError",
        ),
        (None, State.ERROR, "TokenTransportError"),
    ],
)
def test_a_token_that_is_not_made_is_a_failure(
    account: Path, said: Any, state: State, code: str
) -> None:
    replies = {} if said is None else {"https://oauth2.googleapis.com/token": said}
    made = GcpCredentials(Table(replies)).token(PLATFORM)  # type: ignore[arg-type]
    assert isinstance(made, Failure)
    assert (made.state, made.code) == (state, code)


@pytest.mark.parametrize(
    ("content", "said"),
    [("{", "is not a valid json file"), ("{}", "does not have a valid type"), (None, "not found")],
)
def test_a_key_that_is_named_and_cannot_be_used_is_said(
    account: Path, content: str | None, said: str
) -> None:
    account.unlink() if content is None else account.write_text(content)
    made = GcpCredentials(Table({})).token(PLATFORM)  # type: ignore[arg-type]
    assert isinstance(made, Failure)
    assert (made.state, made.code) == (State.DENIED, "DefaultCredentialsError")
    assert str(account) in made.message
    assert said in made.message


def test_where_no_key_is_named_there_are_no_credentials(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("GOOGLE_APPLICATION_CREDENTIALS", raising=False)
    monkeypatch.setenv("CLOUDSDK_CONFIG", str(tmp_path))
    monkeypatch.setenv("NO_GCE_CHECK", "true")
    made = GcpCredentials(Table({})).token(PLATFORM)  # type: ignore[arg-type]
    assert isinstance(made, Failure)
    assert (made.state, made.code) == (State.DENIED, connect.NO_CREDENTIALS)


def test_a_project_is_opened_with_a_token(account: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    row = {"projectId": "alpha", "name": "projects/7", "displayName": "Alpha", "state": "ACTIVE"}
    net = Table({**MINTED, "https://cloudresourcemanager.googleapis.com/v3/projects/alpha": row})
    monkeypatch.setattr(connect, "http_client", lambda: net)
    monkeypatch.setattr(HTTPAdapter, "send", net.send_prepared)
    (entrance,) = PROVIDERS.get("gcp").connect(
        TargetConfig(cloud="gcp", settings={"id": "alpha"}), Rules()
    )
    session = entrance.session  # type: ignore[attr-defined]
    assert (session.target, session.name) == ("gcp:alpha", "Alpha")
    assert session.callers[0].id == "reader@audit.iam.gserviceaccount.com"
    assert net.sent[-1].headers["Authorization"] == "Bearer minted"


# -- Azure
# ------------------------------------------------------------------------------------------------------------


def token_of(tenant: str) -> str:
    claims = (
        base64.urlsafe_b64encode(json.dumps({"tid": tenant, "appid": "app-1"}).encode())
        .decode()
        .rstrip("=")
    )
    return f"e30.{claims}.x"


@dataclass
class Chain:
    """What azure-identity's credentials are to us."""

    tenant: str = TENANT
    error: Exception | None = None
    asked: list[dict[str, str]] = field(default_factory=list)

    def get_token(self, scope: str, **more: str) -> Any:
        self.asked.append({"scope": scope, **more})
        if self.error is not None:
            raise self.error
        return SimpleNamespace(token=token_of(self.tenant), expires_on=int(time.time()) + 3600)


@pytest.fixture
def chain(monkeypatch: pytest.MonkeyPatch) -> Chain:
    found = Chain()
    monkeypatch.setattr(AzureCredentials, "_create", lambda _: found)
    return found


def test_a_token_says_whose_it_is(chain: Chain) -> None:
    credentials = AzureCredentials(tenant=TENANT)  # type: ignore[arg-type]
    made = credentials.token("scope")
    assert isinstance(made, Token)
    assert chain.asked == [{"scope": "scope", "tenant_id": TENANT}]
    assert (credentials.tenant, credentials.caller.id, credentials.caller.account) == (
        TENANT,
        "app-1",
        TENANT,
    )


@pytest.mark.parametrize(
    "token", ["", "a.b", "a.b.c", "a.!!.c", f"a.{base64.b64encode(b'[1]').decode()}.c"]
)
def test_a_token_of_another_form_says_nothing(token: str) -> None:
    assert claims_of(token) == {}


def test_refusals_of_tokens_are_told_apart(chain: Chain) -> None:
    from azure.core.exceptions import ClientAuthenticationError, ServiceRequestError
    from azure.identity import CredentialUnavailableError

    nobody = "DefaultAzureCredential failed to retrieve a token from the included credentials."
    for error, state, code in (
        (CredentialUnavailableError(message="none"), State.DENIED, "NoCredentials"),
        (ClientAuthenticationError(message=nobody), State.DENIED, "NoCredentials"),
        (
            ClientAuthenticationError(message=f"{nobody} AADSTS700016"),
            State.DENIED,
            "ClientAuthenticationError",
        ),
        (ServiceRequestError(message="no way"), State.ERROR, "ServiceRequestError"),
    ):
        chain.error = error
        made = AzureCredentials().token("scope")  # type: ignore[arg-type]
        assert isinstance(made, Failure)
        assert (made.state, made.code) == (state, code)


@pytest.mark.parametrize(
    "member", ["environment", "azure_cli", "azure_powershell", "azure_developer_cli", ""]
)
def test_members_of_the_chain_are_those_that_azure_identity_has(member: str) -> None:
    made = AzureCredentials(member, TENANT)._create()  # type: ignore[arg-type]
    assert hasattr(made, "get_token")


def test_credentials_of_another_tenant_are_refused(
    chain: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    chain.tenant = "99999999-0000-0000-0000-000000000000"
    net = Table({})
    monkeypatch.setattr(connect, "http_client", lambda: net)
    with pytest.raises(TscanError, match=f"belong to tenant {chain.tenant}, not {TENANT}"):
        PROVIDERS.get("azure").connect(
            TargetConfig(cloud="azure", settings={"tenant": TENANT}), Rules()
        )
    assert net.sent == []


# -- GitHub
# -----------------------------------------------------------------------------------------------------------


def test_the_environments_token_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GITHUB_TOKEN", raising=False)
    monkeypatch.setenv("GH_TOKEN", " from gh ")
    made = EnvironmentToken().token("github")  # type: ignore[arg-type]
    assert isinstance(made, Token)
    assert made.value == "from gh"


def app(net: Table, path: Path) -> AppToken:
    return AppToken(
        http=net, base="https://api.github.com", app="12", key=path, organization="acme"
    )  # type: ignore[arg-type]


INSTALLED = {
    "https://api.github.com/orgs/acme/installation": {"id": 77},
    "https://api.github.com/app/installations/77/access_tokens": (
        201, {"token": "of the app", "expires_at": "2099-01-01T00:00:00Z"},
    ),
}  # fmt: skip


def test_an_app_makes_tokens_of_its_installation(tmp_path: Path, key: rsa.RSAPrivateKey) -> None:
    (tmp_path / "app.pem").write_bytes(pem(key))
    net = Table(dict(INSTALLED))
    made = app(net, tmp_path / "app.pem").token("github")
    assert isinstance(made, Token)
    assert made.value == "of the app"
    assert [request.post for request in net.sent] == [False, True]
    assertion = net.sent[0].headers["Authorization"].removeprefix("Bearer ")
    claims = jwt.decode(assertion, key.public_key(), algorithms=["RS256"])
    assert (claims["iss"], claims["exp"] - claims["iat"]) == ("12", 600)


def test_an_app_that_is_not_installed_or_has_no_key_is_a_refusal(
    tmp_path: Path, key: rsa.RSAPrivateKey
) -> None:
    (tmp_path / "app.pem").write_bytes(pem(key))
    (tmp_path / "none.pem").write_bytes(b"no key")
    place = "https://api.github.com/orgs/acme/installation"
    for net, name, code in (
        (Table({place: (404, {"message": "Not Found"})}), "app.pem", "404 Not Found"),
        (Table({}), "app.pem", "ClientConnectorError"),
        (Table({**INSTALLED, place: {"id": 78}}), "app.pem", "ClientConnectorError"),
        (Table(dict(INSTALLED)), "none.pem", "NoKey"),
        (Table(dict(INSTALLED)), "missing.pem", "NoKey"),
    ):
        made = app(net, tmp_path / name).token("github")
        assert isinstance(made, Failure)
        assert made.code == code


def test_half_an_app_is_refused() -> None:
    config = TargetConfig(cloud="github", settings={"id": "acme", "app_id": "12"})
    with pytest.raises(TscanError, match="both 'app_id' and 'private_key'"):
        PROVIDERS.get("github").connect(config, Rules())
