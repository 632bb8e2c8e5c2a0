"""Token endpoints that answer nonsense: no token and no exception, and the key is in no message."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from scanner.client import bounded_reading
from scanner.client.clock import Clock
from scanner.client.failures import Failure
from scanner.client.rest import http_client
from scanner.client.rest.http_client import HttpClient
from scanner.client.rest.tokens import Credentials, Token, Tokens
from scanner.model.answers import Caller, State
from scanner.providers.azure.credentials import AzureCredentials
from scanner.providers.gcp.credentials import GcpCredentials
from scanner.providers.github.credentials import AppToken
from tests.nonsense.modes import MODES, SLOW, reply
from tests.nonsense.server import Nonsense, serving

SMALL = 64 << 10
HEADER = "managed-identity-header"
_HTTP = HttpClient()
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048).private_bytes(
    serialization.Encoding.PEM,
    serialization.PrivateFormat.PKCS8,
    serialization.NoEncryption(),
)
NOT_SLOW = [mode for mode in MODES if mode not in SLOW and "ever" not in mode]
"""What ends by itself: the libraries' own requests have limits of half a minute."""


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Nonsense]:
    monkeypatch.setattr(bounded_reading, "LARGEST_RESPONSE", SMALL)
    monkeypatch.setattr(http_client, "LARGEST_RESPONSE", SMALL)
    monkeypatch.setattr(time, "sleep", lambda _: None)
    with serving(Nonsense(mode=MODES["empty"])) as made:
        made.change = lambda asked: replace(asked, large=SMALL + 1)
        yield made


def gcp(server: Nonsense, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Credentials:
    account = {
        "type": "service_account",
        "client_email": "a@p.iam.gserviceaccount.com",
        "private_key": KEY.decode(),
        "private_key_id": "1",
        "token_uri": f"{server.url}/token",
    }
    (folder / "key.json").write_text(json.dumps(account))
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(folder / "key.json"))
    return GcpCredentials(_HTTP)


def azure(server: Nonsense, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Credentials:
    monkeypatch.setenv("IDENTITY_ENDPOINT", f"{server.url}/msi")
    monkeypatch.setenv("IDENTITY_HEADER", HEADER)
    return AzureCredentials("managed_identity")


def github(server: Nonsense, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Credentials:
    (folder / "key.pem").write_bytes(KEY)
    key = folder / "key.pem"
    return AppToken(http=_HTTP, base=server.url, app="1", key=key, organization="o")


@pytest.mark.parametrize("cloud", [gcp, azure, github])
def test_nonsense_is_no_token(
    cloud: Any, server: Nonsense, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for mode in NOT_SLOW:
        server.mode = MODES[mode]
        made = cloud(server, tmp_path, monkeypatch)
        outcome = Tokens(made, Clock()).get("https://example.com/.default")
        assert isinstance(outcome, Failure), mode
        assert outcome.code, mode
        for secret in (HEADER, "PRIVATE KEY", "eyJ"):
            assert secret not in outcome.message, mode
    assert server.asked
    assert server.stolen == []


FORMS = {
    "a line break": {"access_token": "a\r\nX: y", "token": "a\nb"},
    "a space": {"access_token": "a b", "token": "a b"},
    "no text": {"access_token": 7, "token": 7},
    "a list": {"access_token": ["a"], "token": ["a"]},
    "none": {},
    "an accent": {"access_token": "é", "token": "é"},
    "an expiry that is none": {"expires_in": "soon", "expires_on": "soon", "expires_at": "soon"},
    "an endless expiry": {"expires_in": 1e308, "expires_on": 10**400, "expires_at": "9" * 5000},
    "no number": {"expires_in": [], "expires_on": {}, "expires_at": None},
}


@pytest.mark.parametrize("cloud", [gcp, azure, github])
@pytest.mark.parametrize("form", FORMS)
def test_a_token_is_sent_as_it_is_or_not_at_all(
    cloud: Any, form: str, server: Nonsense, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = {
        "access_token": "a",
        "token": "a",
        "token_type": "Bearer",
        "expires_in": 3600,
        "expires_on": int(time.time()) + 3600,
        "expires_at": "2099-01-01T00:00:00+00:00",
        "resource": "r",
        "id": 1,
    }
    said = {**usual, **FORMS[form]} if FORMS[form] else {}
    server.good = lambda asked: [reply(json.dumps(said).encode())]
    outcome = Tokens(cloud(server, tmp_path, monkeypatch), Clock()).get("https://example.com/x")
    if isinstance(outcome, Token):
        assert outcome.value == "a"
        assert outcome.expires > 0


class Minting:
    """Credentials that say what a test wants."""

    caller = Caller(id="t", account="")

    def __init__(self, value: Any, expires: float) -> None:
        self.made = Token(value=value, expires=expires)
        self.count = 0

    def token(self, audience: str) -> Token | Failure:
        self.count += 1
        return self.made


@pytest.mark.parametrize("value", ["a\r\nX-Evil: 1", "a b", "", "é", "a\x00", "x" * 200_000])
def test_a_token_that_cannot_be_a_header_is_a_failure(value: str) -> None:
    outcome = Tokens(Minting(value, time.time() + 60), Clock()).get("x")
    assert isinstance(outcome, Failure)
    assert (outcome.state, outcome.code) == (State.ERROR, "MalformedToken")


def test_a_token_without_end_is_renewed_all_the_same() -> None:
    moment = [time.time()]
    now = Clock().now
    assert isinstance(Tokens(Minting("a", float("nan")), Clock()).get("x"), Failure), (
        "no time is later than NaN"
    )
    minting = Minting("a", 1e300)
    tokens = Tokens(minting, replace(Clock(), now=lambda: now().fromtimestamp(moment[0])))
    tokens.get("x")
    moment[0] += 2 * 86_400
    tokens.get("x")
    assert minting.count == 2
