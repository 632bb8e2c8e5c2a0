"""A REST provider on loopback that answers from a script, and a client of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from scanner.client.client import ScanContext
from scanner.client.clock import Clock
from scanner.client.failures import Failure
from scanner.client.interfaces import Rules
from scanner.client.rest.http_client import HttpClient
from scanner.client.rest.provider_profile import ProviderProfile
from scanner.client.rest.rest_client import RestClient, RestContext
from scanner.client.rest.tokens import Token, Tokens
from scanner.content.operations import load_operations
from scanner.model.answers import Caller
from scanner.providers.gcp.profile import GcpProfile
from tests.helpers.loopback import Handler, serving

OPERATIONS = """
version: 1
services:
  s:
    host: https://s.example.com
    version: v9
    page: {send: pageToken, next: nextPageToken}
    operations:
      list: {get: /list, permission: s.list, partial: [unreachable, "zones{}.warning"]}
      get: {get: "/things/{id}", permission: s.get, page: none}
      up: {get: "/{+scope}/up", permission: s.up, page: none, shared: true}
      search: {post: "/v1/{+scope}:search", permission: s.search, why: It only reads what is found.}
      array: {get: /array, permission: s.array, root: items, page: {header: link}}
      linked: {get: /linked, permission: s.linked, page: {link: "@odata.nextLink"}, always: [value]}
      inside: {get: /inside, permission: s.inside, page: {send: continue, next: metadata.continue}}
      query:
        post: /graphql
        why: GraphQL is asked by POST, and this only reads.
        permission: []
        page: {send: cursor, next: data.page.end, more: data.page.more}
        graphql: "query($id: ID!, $cursor: String) { things }"
      inventory:
        post: /inventory
        why: A query in a language that only reads.
        permission: []
        page: {send: options.$token, next: $token}
        kql: "things | where kind in~ ({kinds}) | order by id asc"
        total: all
        truncated: cut
  other:
    host: https://other.example.com
    audience: https://other.example.com/.default
    operations:
      get: {get: /other, permission: other.get}
"""


@dataclass
class Said:
    """One scripted response."""

    body: Any = field(default_factory=dict)
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: int = 0
    """Bytes of the announced length that never come."""

    @property
    def raw(self) -> bytes:
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


@dataclass
class Provider:
    """The script, and what was asked."""

    script: dict[str, list[Said]]
    """By path without its query: responses in turn, the last of which stays."""
    asked: list[tuple[str, Mapping[str, str], Any]] = field(default_factory=list)
    """Method with path and query, headers, and body."""
    url: str = ""

    @property
    def lines(self) -> list[str]:
        return [line for line, _, _ in self.asked]


def _handler(provider: Provider) -> type[Handler]:
    class Scripted(Handler):
        def serve(self) -> None:
            body = self.body()
            headers = {name.lower(): value for name, value in self.headers.items()}
            provider.asked.append(
                (f"{self.command} {self.path}", headers, json.loads(body) if body else None)
            )
            replies = provider.script.get(self.path.partition("?")[0]) or [
                Said({"error": {"code": 599}}, 501)
            ]
            said = replies.pop(0) if len(replies) > 1 else replies[0]
            self.send_response_only(said.status)
            usual = {"Content-Type": "application/json", "Date": self.date_time_string()}
            for name, value in {**usual, **said.headers}.items():
                self.send_header(name, value)
            self.give(said.raw, said.cut)

    return Scripted


@contextmanager
def served(script: Mapping[str, Said | Sequence[Said]]) -> Iterator[Provider]:
    """A provider that runs while the block does."""
    listed = {
        path: [said] if isinstance(said, Said) else list(said) for path, said in script.items()
    }
    provider = Provider(script=listed)
    with serving(_handler(provider)) as provider.url:
        yield provider


@dataclass
class Ticks:
    """A clock that only sleep moves."""

    time: float = 0.0
    slept: list[float] = field(default_factory=list)
    began: datetime = datetime(2026, 1, 1, tzinfo=UTC)

    def clock(self) -> Clock:
        return Clock(
            now=self.now, monotonic=lambda: self.time, sleep=self.sleep, jitter=lambda: 0.5
        )

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.began.timestamp() + self.time, UTC)

    def sleep(self, seconds: float) -> None:
        self.time += seconds
        self.slept.append(seconds)


@dataclass
class Minted:
    """Credentials whose tokens are numbered, and last as long as is said."""

    ticks: Ticks
    lasts: float = 3600.0
    made: list[str] = field(default_factory=list)
    refused: Failure | None = None

    @property
    def caller(self) -> Caller:
        return Caller(id="tester", account="")

    def token(self, audience: str) -> Token | Failure:
        self.made.append(audience)
        if self.refused is not None:
            return self.refused
        return Token(
            value=f"token-{len(self.made)}", expires=self.ticks.now().timestamp() + self.lasts
        )


def client_of(
    provider: Provider,
    path: Path,
    *,
    profile: ProviderProfile | None = None,
    credentials: Callable[[Ticks], Minted] | None = None,
    own: frozenset[str] = frozenset({"p", "42"}),
    rules: Rules | None = None,
) -> tuple[RestClient, Ticks]:
    """A client of the provider; with credentials, tokens are sent over plain HTTP, which only tests
    do.
    """
    (path / "operations.yaml").write_text(OPERATIONS)
    ticks = Ticks()
    clock = ticks.clock()
    context = RestContext(
        scan=ScanContext.begin(rules or Rules(), clock),
        profile=profile or GcpProfile(),
        operations=load_operations(path / "operations.yaml"),
        http=HttpClient(),
        tokens=Tokens(credentials(ticks), clock) if credentials else None,
        endpoint=provider.url,
    )
    return RestClient(context, own), ticks
