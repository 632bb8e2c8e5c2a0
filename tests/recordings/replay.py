"""A server on loopback that gives recorded responses to the real clients, and nothing that was not recorded."""

from __future__ import annotations

import http.server
import json
import re
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from tests.recordings.store import Recording, Scenario

TOKENS = frozenset({"pageToken", "$skiptoken", "$skipToken", "skiptoken"})
"""What tells one page from another: never left out of the comparison."""
WITHOUT_MEANING = frozenset(
    {"alt", "prettyPrint", "projection", "maxResults", "pageSize", "api-version", "$top", "fields"}
)
"""What a client may ask for and another may not, with the same things in the answer."""
_VERSION = re.compile(r"/v\d+[a-z0-9]*(?=/|$)")
_OLD_HOST = "www.googleapis.com"
"""Google's interfaces were once all here."""

REFUSAL = {"error": {"code": "AuthorizationFailed", "message": "refused", "status": "PERMISSION_DENIED"}}
"""Read by Azure's client by its code, by Google Cloud's by its status."""

Key = tuple[str, str, str, frozenset[tuple[str, str]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """An authored response to what opening a target asks, which no scenario recorded; kept apart from recordings."""

    path: str
    body: Mapping[str, Any]


@dataclass
class Replay:
    """What is served, and what was asked."""

    url: str = ""
    asked: list[str] = field(default_factory=list)
    """Files of the recordings that were given, in order."""
    unrecorded: list[str] = field(default_factory=list)
    """Requests that nothing was recorded for: a test with one of these fails."""
    refuse: Callable[[Recording], bool] = lambda _: False
    """Which recordings are refused instead."""


def key_of(method: str, host: str, target: str, ignore: frozenset[str]) -> Key:
    """What a request is known by: its method, host, path without a version, and the arguments that have a meaning."""
    parts = urlsplit(target)
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    kept = frozenset((name, value) for name, value in pairs if name in TOKENS or name not in ignore)
    path = _VERSION.sub("/v", parts.path).rstrip("/")
    if host.endswith(".azure.com"):
        path = re.sub("//+", "/", path.lower())
    return method, host, path, kept


def asked(target: str, body: bytes) -> str:
    """The target of a request; GraphQL's variables, which its body holds, are written as a query."""
    try:
        variables = json.loads(body).get("variables") if body else None
    except ValueError:
        variables = None
    return f"{target}?{urlencode(variables)}" if isinstance(variables, dict) else target


def _hosts(recording: Recording) -> str:
    """The host of a recording by its name of today."""
    parts = urlsplit(recording.url)
    if parts.netloc != _OLD_HOST:
        return parts.netloc
    service = parts.path.split("/")[1]
    return {"sql": "sqladmin"}.get(service, service) + ".googleapis.com"


def _table(scenario: Scenario, ignore: frozenset[str]) -> dict[Key, list[Recording]]:
    table: dict[Key, list[Recording]] = {}
    for recording in scenario.recordings:
        key = key_of(recording.method, _hosts(recording), recording.url, ignore)
        table.setdefault(key, []).append(recording)
    return table


def _handler(
    replay: Replay, table: dict[Key, list[Recording]], opening: Sequence[Opening], ignore: frozenset[str]
) -> type[http.server.BaseHTTPRequestHandler]:
    known = {one.path: one.body for one in opening}

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _serve(self) -> None:
            target = asked(self.path, self.rfile.read(int(self.headers.get("content-length") or 0)))
            host = self.headers.get("x-tscan-host", "")
            if self.path.partition("?")[0] in known:
                self._give(200, {}, known[self.path.partition("?")[0]])
                return
            found = table.get(key_of(self.command, host, target, ignore))
            if not found:
                replay.unrecorded.append(f"{self.command} {host}{target}")
                self._give(501, {}, {"error": {"code": 501, "message": "nothing was recorded", "status": "UNRECORDED"}})
                return
            # Asked again, a provider may say something else: the last word stays.
            recording = found.pop(0) if len(found) > 1 else found[0]
            replay.asked.append(recording.file)
            if replay.refuse(recording):
                self._give(
                    403,
                    {},
                    {"error": {"code": "AuthorizationFailed", "message": "refused", "status": "PERMISSION_DENIED"}},
                )
                return
            self._give(recording.status, recording.headers, recording.body)

        def _give(self, status: int, headers: Mapping[str, str], body: Any) -> None:
            raw = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            for name, value in headers.items():
                if name.startswith(("x-", "retry-", "link")):
                    self.send_header(name, value)
            self.send_header("content-length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

        do_GET = do_POST = _serve  # noqa: N815

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    return Handler


@contextmanager
def replayed(
    scenario: Scenario,
    opening: Sequence[Opening] = (),
    *,
    ignore: frozenset[str] = frozenset(),
    refuse: Callable[[Recording], bool] = lambda _: False,
) -> Iterator[Replay]:
    """A server of one scenario. `ignore`: further arguments that take nothing from the answer."""
    replay = Replay(refuse=refuse)
    known = WITHOUT_MEANING | ignore
    server = http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), _handler(replay, _table(scenario, known), opening, known)
    )
    server.daemon_threads = True
    replay.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=lambda: server.serve_forever(0.02), daemon=True)
    thread.start()
    try:
        yield replay
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
