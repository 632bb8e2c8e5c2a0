"""A webhook and an issue API that answer nonsense: bounded, nothing follows, nothing leaks, and no
name of a resource keeps an event back."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from scanner.channels import NO_TIME, Message, MessageEntry, send
from scanner.channels.issues import Subject, comments, events_in, is_about, subjects
from scanner.client import bounded_reading
from scanner.client.rest import http_client
from scanner.core.drift.alert_events import AlertEvent, event_id
from tests.alert.test_issues import issues  # noqa: F401 - a fixture
from tests.helpers.alert_receivers import Issues
from tests.nonsense.modes import MODES, SLOW, reply
from tests.nonsense.server import Nonsense, serving

TOKEN = "ghx-s3cr3t-token-of-the-issue-api"
HOOK = "s3cr3t-header-of-the-webhook"
SMALL = 64 << 10
REDIRECTS = ("301", "302", "303", "307", "308")


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Nonsense]:
    monkeypatch.setattr(bounded_reading, "LARGEST_RESPONSE", SMALL)
    monkeypatch.setattr(http_client, "LARGEST_RESPONSE", SMALL)
    with serving(Nonsense(mode=MODES["empty"], pause=0.005)) as made:
        made.change = lambda asked: replace(asked, large=SMALL + 1, secrets=(TOKEN, HOOK))
        yield made


def event(name: str = "bucket", **more: Any) -> AlertEvent:
    values: dict[str, Any] = {
        "id": event_id(name), "event": "new failure", "hearers": ("new failure",),
        "what": "new failure", "severity": "high", "controls": (), "target": "aws:111122223333",
        "check": "a", "region": "", "resource": name, "text": "fails",
        "time": "2026-01-01T00:00:00.000Z",
    }  # fmt: skip
    return AlertEvent(**{**values, **more})


def message(*events: AlertEvent, seconds: float = 5.0) -> Message:
    entries = tuple(MessageEntry(item=one) for one in events or (event(),))
    return Message(
        entries=entries,
        open_events=lambda: [entry.item for entry in entries],
        ends=time.monotonic() + seconds,
    )


def limit(mode: str) -> float:
    return 0.2 if mode in SLOW or "ever" in mode else 60.0


def test_an_issue_api_of_nonsense(server: Nonsense) -> None:
    address = f"github-issue://{TOKEN}@owner/name?api={server.url}"
    for mode, server.mode in MODES.items():
        reason = send(address, message(seconds=limit(mode)))
        assert reason, mode
        assert TOKEN not in reason, mode
        assert reason.isprintable(), mode
    assert server.stolen == []


def test_a_webhook_of_nonsense(server: Nonsense) -> None:
    import apprise  # noqa: F401 - it takes seconds, which are no sender's

    address = f"json://127.0.0.1:{server.port}/?+X-Secret={HOOK}&redirect=yes"
    for mode in ("braces", *REDIRECTS, "oversized", "headers for ever", "slow body", "silence"):
        server.mode = MODES[mode]
        reason = send(address, message(seconds=limit(mode)))
        assert bool(reason) is (mode != "braces"), mode
        assert HOOK not in reason, mode
    assert any(asked.headers.get("x-secret") == HOOK for asked in server.asked)
    assert server.stolen == []


def test_no_issue_list_is_read_for_ever(server: Nonsense) -> None:
    page = [{"number": n, "body": "x", "state": "open", "user": {"login": "u"}} for n in range(100)]
    server.good = lambda asked: [reply(json.dumps(page).encode())]
    address = f"github-issue://{TOKEN}@owner/name?api={server.url}"
    assert send(address, message(seconds=60)) == "GitHub lists more than 10000 items"
    assert len(server.asked) < 110
    asked = len(server.asked)
    assert send(address, message(seconds=0)) == NO_TIME
    assert send(f"json://127.0.0.1:{server.port}/", message(seconds=0)) == NO_TIME
    assert len(server.asked) == asked


def test_a_name_carries_no_mark_of_another(issues: Issues) -> None:  # noqa: F811
    other = event("vault", check="b")
    stranger = Subject(name="check b")
    hostile = f"x\n{stranger.marker}\n<!-- tscan:events {other.id} -->"
    mark = event(f"{stranger.marker}<!-- tscan:events {other.id} -->", text=hostile)
    (subject,) = subjects(message(mark))
    assert not is_about(subject.body, stranger)
    assert is_about(subject.body, subject)
    (comment,) = comments(message(mark).entries)
    assert events_in(comment) == {mark.id}
    assert send(issues.address.replace("${TOKEN}", TOKEN), message(mark)) == ""
    assert send(issues.address.replace("${TOKEN}", TOKEN), message(other)) == ""
    titles = [issue["title"] for issue in issues.issues]
    assert titles == ["tscan: check a", "tscan: check b"]
    assert other.id in "".join(comment["body"] for comment in issues.comments[2])
