"""Discovery by google-cloud-resource-manager: requests and evidence are those of declared calls."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from scanner.client.client import ScanContext
from scanner.client.interfaces import Rules, Unreachable
from scanner.client.rest.http_client import HttpClient
from scanner.client.rest.operations import operations
from scanner.client.rest.request import Endpoint
from scanner.client.rest.rest_client import RestClient, RestContext
from scanner.client.rest.tokens import Tokens
from scanner.errors import TscanError
from scanner.model.answers import AccountState, Answer, Call, State
from scanner.model.config import TargetConfig
from scanner.providers import PROVIDERS
from scanner.providers.gcp.profile import GcpProfile
from scanner.providers.gcp.resource_manager import ResourceManager
from tests.helpers.scripted_rest import Minted, Provider, Said, Ticks, served

HOST = "https://cloudresourcemanager.googleapis.com"
FOLDERS = Call(
    operation="cloudresourcemanager:folders.list",
    region="",
    params={"parent": "organizations/1"},
    items=("folders",),
)
PROJECT = Call(
    operation="cloudresourcemanager:projects.get", region="", params={"project": "alpha"}
)
ALPHA = {"projectId": "alpha", "name": "projects/7", "displayName": "Alpha", "state": "ACTIVE"}


@contextmanager
def discovering(
    script: Mapping[str, Said | Sequence[Said]], *, minted: bool = False
) -> Iterator[tuple[RestClient, Provider, Ticks]]:
    """A client of a scripted server; with tokens, they go over plain HTTP, which only tests do."""
    with served(script) as provider:
        ticks = Ticks()
        clock = ticks.clock()
        tokens = Tokens(Minted(ticks), clock) if minted else None
        context = RestContext(
            scan=ScanContext.begin(Rules(), clock),
            profile=GcpProfile(),
            operations=operations("gcp"),
            http=HttpClient(),
            tokens=tokens,
            endpoint=provider.url,
        )
        sender = ResourceManager(tokens, Endpoint(host=HOST, endpoint=provider.url), clock)
        yield RestClient(context, frozenset(), sender), provider, ticks


def answered(script: Mapping[str, Said | Sequence[Said]], call: Call) -> tuple[Answer, Provider]:
    with discovering(script) as (client, provider, _):
        return client.request(call), provider


def test_the_body_is_kept_as_it_came_and_enums_have_names() -> None:
    said = Said(ALPHA | {"unknown_to_the_library": 1}, headers={"x-goog-request-id": "r-1"})
    answer, provider = answered({"/v3/projects/alpha": said}, PROJECT)
    assert answer.data == ALPHA | {"unknown_to_the_library": 1}
    assert (answer.state, answer.request_ids) == (State.OK, ("r-1",))
    ((line, headers, _),) = provider.asked
    assert line == "GET /v3/projects/alpha"
    assert headers["x-tscan-host"] == "cloudresourcemanager.googleapis.com"
    assert headers["user-agent"].startswith("tscan/")
    assert "authorization" not in headers


def test_pages_are_followed_by_our_rules() -> None:
    pages = [
        Said({"folders": [{"name": "folders/2"}], "nextPageToken": "n"}),
        Said({"folders": [{"name": "folders/3"}]}),
    ]
    answer, provider = answered({"/v3/folders": pages}, FOLDERS)
    assert (answer.state, answer.count, answer.pages) == (State.OK, 2, 2)
    assert provider.lines == [
        "GET /v3/folders?parent=organizations%2F1",
        "GET /v3/folders?parent=organizations%2F1&pageToken=n",
    ]
    again = Said({"folders": [{"name": "folders/2"}], "nextPageToken": "n"})
    answer, _ = answered({"/v3/folders": again}, FOLDERS)
    assert (answer.state, answer.code) == (State.PARTIAL, "RepeatedPageToken")


REFUSED = {"error": {"code": 403, "status": "PERMISSION_DENIED", "message": "no"}}
OFF = {"error": {"code": 403, "details": [
    {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "SERVICE_DISABLED",
     "metadata": {"consumer": "projects/other"}},
]}}  # fmt: skip


@pytest.mark.parametrize(
    ("said", "state", "code"),
    [
        (Said(REFUSED, 403), State.DENIED, "PERMISSION_DENIED"),
        (Said({}, 401), State.DENIED, "401"),
        (Said(OFF, 403), State.ERROR, "SERVICE_DISABLED in project other"),
        (Said({}, 404), State.ERROR, "404"),
        (Said({}, 302, {"location": "https://evil.example.com/?t=1"}), State.ERROR, "302"),
        (Said({}, 204), State.ERROR, "204"),
        (Said(b"<html>"), State.ERROR, "UnexpectedBody"),
        (Said(b"\xff\xfe\xff"), State.ERROR, "UnexpectedBody"),
        (Said(b"[1]"), State.ERROR, "UnexpectedBody"),
        (Said(b"[" * 100_000), State.ERROR, "UnexpectedBody"),
        (Said({"folders": "none"}), State.ERROR, "NotAList"),
        (Said({"folders": [7]}), State.OK, ""),
        (Said({"folders": []}, cut=5), State.ERROR, "ConnectionError"),
    ],
)
def test_what_is_no_listing_is_an_answer_by_the_same_rules(
    said: Said, state: State, code: str
) -> None:
    answer, _ = answered({"/v3/folders": said}, FOLDERS)
    assert (answer.state, answer.code) == (state, code)
    assert "evil.example.com/?" not in answer.message


def test_retries_are_ours() -> None:
    script = {"/v3/folders": [Said({}, 429, {"retry-after": "7"}), Said({}, 503), Said({})]}
    with discovering(script) as (client, provider, ticks):
        answer = client.request(FOLDERS)
    assert (answer.state, answer.retries) == (State.EMPTY, 2)
    assert len(provider.asked) == 3
    assert ticks.slept[0] >= 7


def test_nobody_there_is_an_error_without_addresses_of_memory() -> None:
    with discovering({}) as (client, _, ticks):
        endpoint = Endpoint(host=HOST, endpoint="http://127.0.0.1:9")
        sender = ResourceManager(None, endpoint, ticks.clock())
        answer = RestClient(client.rest_context, frozenset(), sender).request(PROJECT)
    assert (answer.state, answer.code) == (State.ERROR, "ConnectionError")
    assert "refused" in answer.message
    assert "0x" not in answer.message


def test_a_token_that_is_refused_is_renewed() -> None:
    script = {"/v3/projects/alpha": [Said({}, 401), Said(ALPHA)]}
    with discovering(script, minted=True) as (client, provider, _):
        assert client.request(PROJECT).state is State.OK
    sent = [headers["authorization"] for _, headers, _ in provider.asked]
    assert sent == ["Bearer token-1", "Bearer token-2"]


def test_no_netrc_replaces_the_token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login a password b\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    with discovering({"/v3/projects/alpha": Said(ALPHA)}, minted=True) as (client, provider, _):
        client.request(PROJECT)
    assert provider.asked[0][1]["authorization"] == "Bearer token-1"


def connect(script: Mapping[str, Said | Sequence[Said]], **settings: str) -> Any:
    with served(script) as provider:
        target = TargetConfig(cloud="gcp", settings={**settings, "endpoint": provider.url})
        return PROVIDERS.get("gcp").connect(target, Rules())


def test_projects_of_a_folder_that_is_refused_are_one_more_target() -> None:
    """Folders and projects have one path each: a folder's listing is refused after the first."""
    script = {
        "/v3/organizations/1": Said({"displayName": "acme", "name": "organizations/1"}),
        "/v3/folders": [Said({"folders": [{"name": "folders/2"}]}), Said(REFUSED, 403)],
        "/v3/projects": Said({"projects": [ALPHA, {**ALPHA, "projectId": "b", "state": "GONE"}]}),
    }
    leader, member, gap = connect(script, organization="1")
    states = {account.id: account.state for account in leader.session.accounts}
    assert states == {
        "alpha": AccountState.IN_SCOPE,
        "b": AccountState.CLOSED,
        "organization": AccountState.IN_SCOPE,
    }
    assert (leader.target, leader.session.name, member.target) == ("gcp:1", "acme", "gcp:alpha")
    assert leader.session.clock_skew is not None
    unreachable = gap.connect()
    assert isinstance(unreachable, Unreachable)
    assert "folders.list denied" in unreachable.why


def test_a_project_that_is_refused_is_one_clear_line() -> None:
    with pytest.raises(TscanError, match="project alpha cannot be read: PERMISSION_DENIED no"):
        connect({"/v3/projects/alpha": Said(REFUSED, 403)}, project="alpha")


def test_help_and_replay_import_nothing_of_it(root: Path) -> None:
    code = (
        "import sys, scanner.cli, scanner.pipeline, scanner.providers.gcp.readers;"
        "print([m for m in sys.modules if m.split('.')[0] in ('google', 'requests', 'grpc')])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=root, check=True
    )
    assert done.stdout.strip() == "[]"
