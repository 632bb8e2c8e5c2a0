"""A server on loopback that gives recorded responses to the real clients, and nothing that was not
recorded.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from tests.helpers.loopback import Handler, serving
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

REFUSAL = {
    "error": {"code": "AuthorizationFailed", "message": "refused", "status": "PERMISSION_DENIED"}
}
"""Read by Azure's client by its code, by Google Cloud's by its status."""

Key = tuple[str, str, str, frozenset[tuple[str, str]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """An authored response to what opening a target asks, which no scenario recorded; kept apart
    from recordings.
    """

    path: str
    body: Mapping[str, Any]
    query: tuple[str, str] | None = None
    """An argument without which the request is another one; None: whatever the arguments are."""

    def answers(self, target: str) -> bool:
        """Whether it is the response to a request."""
        parts = urlsplit(target)
        return parts.path == self.path and (
            self.query is None or self.query in parse_qsl(parts.query)
        )


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
    """What a request is known by: its method, host, path without a version, and the arguments that
    have a meaning.
    """
    parts = urlsplit(target)
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    kept = frozenset((name, value) for name, value in pairs if name in TOKENS or name not in ignore)
    path = _VERSION.sub("/v", parts.path).rstrip("/")
    if host == "sqladmin.googleapis.com":
        path = path.removeprefix("/sql")  # as it is written since version 1
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
    replay: Replay,
    table: dict[Key, list[Recording]],
    opening: Sequence[Opening],
    ignore: frozenset[str],
) -> type[Handler]:
    class Recorded(Handler):
        def serve(self) -> None:
            target = asked(self.path, self.body())
            host = self.headers.get("x-tscan-host", "")
            known = [one for one in opening if one.answers(self.path)]
            if known:
                self._give(200, {}, known[-1].body)
                return
            found = table.get(key_of(self.command, host, target, ignore))
            if not found:
                replay.unrecorded.append(f"{self.command} {host}{target}")
                self._give(
                    501,
                    {},
                    {
                        "error": {
                            "code": 501,
                            "message": "nothing was recorded",
                            "status": "UNRECORDED",
                        }
                    },
                )
                return
            # Asked again, a provider may say something else: the last word stays.
            recording = found.pop(0) if len(found) > 1 else found[0]
            replay.asked.append(recording.file)
            if replay.refuse(recording):
                self._give(403, {}, REFUSAL)
                return
            self._give(recording.status, recording.headers, recording.body)

        def _give(self, status: int, headers: Mapping[str, str], body: Any) -> None:
            self.send_response(status)
            self.send_header("content-type", "application/json")
            for name, value in headers.items():
                if name.startswith(("x-", "retry-", "link")):
                    self.send_header(name, value)
            self.give(json.dumps(body).encode())

    return Recorded


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
    with serving(_handler(replay, _table(scenario, known), opening, known)) as replay.url:
        yield replay
