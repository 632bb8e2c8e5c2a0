"""Alerts arrive once; again only when a crash left it unknown; a failure is seen and loses nothing."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from scanner.alert import (
    OLDEST,
    Delivered,
    DeliveryContext,
    deliver,
    expand,
    notify,
    notify_failure,
    notify_works,
)
from scanner.channels import NAMED, UNSURE, Message, MessageEntry, send
from scanner.channels.apprise import SECONDS
from scanner.core.drift.alert_events import AlertEvent, scan_failed
from scanner.errors import TscanError
from scanner.history.outbox import LEASE, Outbox, channel_id
from scanner.history.stores.local import LocalStore
from scanner.model.config import AlertRule
from tests.helpers.alert_receivers import Mailbox, Webhook, mailbox, webhook
from tests.helpers.failing_history import LIBRARY, failing, states
from tests.helpers.nights import HERE, Nights

ROOT = Path(__file__).resolve().parent.parent.parent
NOW = datetime(2026, 1, 2, 3, tzinfo=UTC)
EVENT = re.compile(r"event ([0-9a-f]{24})")


@pytest.fixture
def hook() -> Iterator[Webhook]:
    with webhook() as found:
        yield found


@pytest.fixture
def box() -> Iterator[Mailbox]:
    with mailbox() as found:
        yield found


@pytest.fixture
def outbox(tmp_path: Path) -> Outbox:
    return Outbox(LocalStore(str(tmp_path / "store")))


class Sender:
    """Takes messages in memory; `reasons` are its first answers."""

    def __init__(self, *reasons: str) -> None:
        self.reasons = list(reasons)
        self.calls: list[tuple[str, str, str]] = []
        self.slept: list[float] = []

    def __call__(self, address: str, message: Message) -> str:
        self.calls.append((address, message.title, message.body()))
        return self.reasons.pop(0) if self.reasons else ""

    def post(self, now: datetime = NOW, **environment: str) -> DeliveryContext:
        return DeliveryContext(
            send=self, environment=environment, now=lambda: now, sleep=self.slept.append
        )


def tell(
    history: Nights, outbox: Outbox, post: DeliveryContext, *to: str, rule: dict[str, Any] | None = None
) -> Delivered:  # fmt: skip
    return notify(
        history, HERE, LIBRARY, [AlertRule(**(rule or {}), to=to or ("x://y",))], outbox, post
    )


def test_an_event_arrives_once_at_a_webhook_and_a_mailbox(
    hook: Webhook, box: Mailbox, outbox: Outbox
) -> None:
    to = (
        f"json://127.0.0.1:{hook.port}/a",
        f"mailto://127.0.0.1:{box.port}?from=t@example.org&to=s@example.org&mode=insecure",
    )
    post = DeliveryContext(environment={}, sleep=lambda _: None)
    first = tell(failing(), outbox, post, *to)
    assert (first.sent, first.failed, first.repeated) == (2, 0, 0)
    assert len(hook.received) == len(box.messages) == 1
    assert hook.received[0]["title"] == "tscan: 1 new failure"
    (event,) = EVENT.findall(hook.received[0]["message"])
    assert "possible repeat" not in hook.received[0]["message"]
    assert event in box.messages[0].replace("=\r\n", "")
    again = tell(failing(), outbox, post, *to)
    assert (again.sent, again.lines) == (0, ())
    assert len(hook.received) == len(box.messages) == 1


def test_killed_between_sending_and_recording_it_is_repeated_with_the_same_id(
    hook: Webhook, tmp_path: Path
) -> None:
    address = f"json://127.0.0.1:{hook.port}"
    command = [sys.executable, "-m", "tests.alert.killed", str(tmp_path / "store"), address]
    done = subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=False,
        capture_output=True,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    outbox = Outbox(LocalStore(str(tmp_path / "store")))
    post = DeliveryContext(environment={}, sleep=lambda _: None)
    second = tell(failing(), outbox, post, address)
    assert (second.sent, second.repeated) == (1, 1)
    assert (
        "1 event of earlier runs may not have reached alerts[0].to[0] (json): sent again"
        in second.lines[0]
    )
    bodies = [one["message"] for one in hook.received]
    assert EVENT.findall(bodies[0]) == EVENT.findall(bodies[1])
    assert ["[possible repeat]" in body for body in bodies] == [False, True]
    assert tell(failing(), outbox, post, address).sent == 0
    assert len(hook.received) == 2


def test_a_refusal_is_tried_again_with_pauses(hook: Webhook, outbox: Outbox) -> None:
    hook.refuse = 2
    slept: list[float] = []
    post = DeliveryContext(environment={}, sleep=slept.append)
    assert tell(failing(), outbox, post, f"json://127.0.0.1:{hook.port}").sent == 1
    assert (len(hook.received), slept) == (1, [1.0, 4.0])


def test_what_was_not_delivered_is_said_then_and_at_the_next_run(outbox: Outbox) -> None:
    down = Sender("refused", "refused", "refused")
    first = tell(failing(), outbox, down.post(), "x://secret.example")
    assert (first.failed, len(down.calls)) == (1, 3)
    assert first.lines == (
        "alerts: 1 event not delivered to alerts[0].to[0] (x): refused; the next run tries again",
    )
    still = Sender("refused", "refused", "refused")
    second = tell(failing(), outbox, still.post(), "x://secret.example")
    assert second.failed == 1
    assert "1 event of earlier runs may not have reached" in second.lines[0]
    up = Sender()
    third = tell(failing(), outbox, up.post(), "x://secret.example")
    assert (third.sent, third.repeated) == (1, 0)
    assert "possible repeat" not in up.calls[0][2]
    assert tell(failing(), outbox, up.post(), "x://secret.example").lines == ()


def test_an_event_is_given_up_after_days_and_that_is_said(outbox: Outbox) -> None:
    tell(failing(), outbox, Sender("no", "no", "no").post())
    late = Sender()
    assert tell(failing(), outbox, late.post(NOW + OLDEST + timedelta(hours=1))).lines == (
        "alerts: 1 event of earlier runs may not have reached alerts[0].to[0] (x): given up",
    )
    assert late.calls == []
    assert tell(failing(), outbox, late.post(NOW + OLDEST + timedelta(hours=2))).lines == ()


def test_what_a_wrong_address_did_not_hear_is_told_where_the_rules_say_now(outbox: Outbox) -> None:
    tell(failing(), outbox, Sender("no", "no", "no").post(), "x://wrong")
    right = Sender()
    done = tell(failing(), outbox, right.post(), "x://right")
    assert "no longer configured: sent to the channels of the current rules" in done.lines[0]
    assert [(address, title) for address, title, _ in right.calls] == [
        ("x://right", "tscan: 1 new failure")
    ]
    assert tell(failing(), outbox, right.post(), "x://right").lines == ()
    assert len(right.calls) == 1


def test_killed_while_the_address_is_mended_nothing_is_lost(
    outbox: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    tell(failing(), outbox, Sender("no", "no", "no").post(), "x://wrong")
    intend = Outbox.intend

    def killed(self: Outbox, item: AlertEvent, channel: str, attempt: int, now: datetime) -> bool:
        if channel == channel_id("x://right"):
            raise KeyboardInterrupt
        return intend(self, item, channel, attempt, now)

    with monkeypatch.context() as patch:
        patch.setattr(Outbox, "intend", killed)
        with pytest.raises(KeyboardInterrupt):
            tell(failing(), outbox, Sender().post(), "x://right")
    right = Sender()
    tell(failing(), outbox, right.post(), "x://right")
    assert len(right.calls) == 1


def test_a_mended_address_hears_that_it_may_be_a_repeat_and_nothing_too_old(outbox: Outbox) -> None:
    tell(failing(), outbox, Sender(UNSURE, UNSURE, UNSURE).post(), "x://wrong")
    right, other = Sender("no", "no", "no"), Sender()
    assert tell(failing(), outbox, right.post(), "x://right").failed == 1
    assert "[possible repeat]" in right.calls[0][2]
    late = tell(failing(), outbox, other.post(NOW + OLDEST + timedelta(hours=1)), "x://other")
    assert len(late.lines) == 1
    assert late.lines[0].endswith("no longer configured: given up")
    assert other.calls == []


def test_a_channel_that_was_taken_out_is_no_longer_tried(outbox: Outbox) -> None:
    tell(failing(), outbox, Sender(*["no"] * 6).post(), "x://old", "x://new")
    other = Sender()
    done = tell(failing(), outbox, other.post(), "x://new")
    assert len(done.lines) == 3
    assert [address for address, _, _ in other.calls] == ["x://new"]
    assert tell(failing(), outbox, other.post(), "x://new").lines == ()


def test_what_may_have_arrived_is_marked_when_it_is_told_again(outbox: Outbox) -> None:
    marked = "[possible repeat]"
    lost = Sender(UNSURE, UNSURE, UNSURE)
    assert tell(failing(), outbox, lost.post()).failed == 1
    assert [marked in body for _, _, body in lost.calls] == [False, True, True]
    assert tell(failing(), outbox, Sender("no", "no", "no").post()).failed == 1
    again = Sender()
    assert tell(failing(), outbox, again.post()).repeated == 1
    assert marked in again.calls[0][2]
    assert (
        len({event for _, _, body in (*lost.calls, *again.calls) for event in EVENT.findall(body)})
        == 1
    )


def test_what_is_not_known_to_have_arrived_is_given_up_once(outbox: Outbox) -> None:
    tell(failing(), outbox, Sender(UNSURE, UNSURE, UNSURE).post())
    late = Sender().post(NOW + OLDEST + timedelta(hours=1))
    assert "given up" in tell(failing(), outbox, late).lines[0]
    assert tell(failing(), outbox, late).lines == ()


def test_a_channel_that_breaks_is_a_failed_delivery_and_the_others_are_told(outbox: Outbox) -> None:
    sender = Sender()

    def broken(address: str, message: Message) -> str:
        if address == "x://a":
            raise ValueError(f"{address}/secret")
        return sender(address, message)

    post = DeliveryContext(send=broken, environment={}, now=lambda: NOW, sleep=lambda _: None)
    done = tell(failing(), outbox, post, "x://a", "x://b")
    assert (done.sent, done.failed) == (1, 1)
    assert done.lines[0].endswith("(x): the channel failed (ValueError); the next run tries again")


def test_a_receiver_may_take_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[float, float]] = []
    monkeypatch.setattr(
        "requests.request", lambda *_, timeout, **__: asked.append(timeout) or _answered(200)
    )
    message = Message(entries=(MessageEntry(item=_both()[1]),))
    assert send("json://127.0.0.1", message) == ""
    assert send("json://127.0.0.1?rto=60", message) == ""
    assert [read for _, read in asked] == [SECONDS, 60]


def _answered(status: int) -> Any:
    from requests import Response

    answer = Response()
    answer.status_code = status
    answer._content = b"{}"
    return answer


def _posted(monkeypatch: pytest.MonkeyPatch, address: str, *items: AlertEvent) -> dict[str, Any]:
    """What is posted for a message of these."""
    bodies: list[Any] = []
    monkeypatch.setattr(
        "requests.post", lambda *_, data, **__: bodies.append(json.loads(data)) or _answered(204)
    )
    send(address, Message(entries=tuple(MessageEntry(item=item) for item in items)))
    (body,) = bodies
    assert isinstance(body, dict)
    return body


DISCORD = f"discord://{'1' * 18}/{'a' * 64}"
PAGERDUTY = f"pagerduty://{'a' * 20}@{'b' * 32}/tscan/x"
OPSGENIE = "opsgenie://aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee"


@pytest.mark.parametrize(("address", "longest"), [(DISCORD, 2000), (PAGERDUTY, 1024)])
def test_ten_thousand_events_fit_into_what_a_channel_takes(
    monkeypatch: pytest.MonkeyPatch, address: str, longest: int
) -> None:
    bad = _both()[1]
    for length in range(20, 900, 40):
        items = [
            replace(bad, id=f"{number:024x}", resource="r" * length) for number in range(10_000)
        ]
        posted = _posted(monkeypatch, address, *items)
        text = posted["content"] if "content" in posted else posted["payload"]["summary"]
        assert longest / 2 < len(text) <= longest
        named = len(EVENT.findall(text))
        assert text.rstrip().endswith(f"and {10_000 - named} more: see 'tscan drift'")


def test_what_is_longer_as_it_is_escaped_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    items = [replace(_both()[1], id=f"{number:024x}", text="<" * 200) for number in range(20)]
    assert (
        2000
        < len(_posted(monkeypatch, "tgram://123456789:abcdefg_hijklmnop/12315544/", *items)["text"])
        <= 4096
    )


def test_a_name_from_a_cloud_mentions_nobody_and_adds_no_line(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    name = "a\nFIXED | x@everyone @here <@123> <!channel> [b](http://evil.example) \u202e"
    posted = _posted(monkeypatch, DISCORD, replace(_both()[1], resource=name, text=name))["content"]
    assert len(posted.splitlines()) == 2
    assert not re.search(r"@everyone|@here|<@|<!|\]\(|\u202e", posted)


@pytest.mark.parametrize(
    ("items", "severity"), [((0, 1), "critical"), ((1,), "critical"), ((0,), "warning")]
)
def test_bad_news_pages_and_good_news_closes_nothing(
    monkeypatch: pytest.MonkeyPatch, items: tuple[int, ...], severity: str
) -> None:
    told = [_both()[number] for number in items]
    posted = _posted(monkeypatch, PAGERDUTY, *told)
    assert (posted["payload"]["severity"], posted["event_action"]) == (severity, "trigger")
    assert _posted(monkeypatch, OPSGENIE, *told)["message"].startswith("tscan: ")


def test_who_sends_on_another_machine_is_left_alone_for_a_while(
    outbox: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    def kill(*_: object) -> str:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr("platform.node", lambda: "elsewhere")
        with pytest.raises(Killed):
            tell(failing(), outbox, DeliveryContext(send=kill, environment={}, now=lambda: NOW))
    sender = Sender()
    assert tell(failing(), outbox, sender.post(NOW + LEASE / 2)).sent == 0
    assert tell(failing(), outbox, sender.post(NOW + LEASE * 2)).repeated == 1


def test_a_crash_before_the_intent_loses_nothing(outbox: Outbox) -> None:
    sender = Sender()
    history = states("pass", "pass")
    tell(history, outbox, sender.post())
    assert sender.calls == []
    missed = states(
        "pass", "pass", "fail", "fail"
    )  # the run of record 3 was killed before it told anybody
    tell(missed, outbox, sender.post())
    assert len(sender.calls) == 1
    assert "NEW FAILURE" in sender.calls[0][2]


def test_recovery_goes_to_who_heard_of_the_failure(outbox: Outbox) -> None:
    sender = Sender()
    rule = {"events": ("new failure",)}
    tell(states("pass", "fail"), outbox, sender.post(), rule=rule)
    tell(states("pass", "fail", "pass"), outbox, sender.post(), rule=rule)
    assert [title for _, title, _ in sender.calls] == ["tscan: 1 new failure", "tscan: 1 fixed"]


def test_one_message_for_each_channel(outbox: Outbox) -> None:
    sender = Sender()
    events = [
        scan_failed(HERE, f"2026-01-01T00:{minute:02}:00Z", "x") for minute in range(NAMED + 5)
    ]
    done = deliver(
        events, [AlertRule(to=("x://y", "x://z"))], outbox, sender.post(), open_events=tuple
    )
    assert (len(sender.calls), done.sent) == (2, 2 * (NAMED + 5))
    assert len(EVENT.findall(sender.calls[0][2])) == NAMED
    assert "and 5 more" in sender.calls[0][2]


def test_bad_news_stands_first() -> None:
    message = Message(entries=tuple(MessageEntry(item=item) for item in _both()))
    assert message.title == "tscan: 1 fixed, 1 scan failed"
    body = message.body()
    assert body.index("SCAN FAILED") < body.index("FIXED")


def test_the_gravest_is_named_though_much_was_left_behind() -> None:
    low = [replace(_both()[1], id=f"{number:024x}", severity="low") for number in range(NAMED)]
    items = [*low, replace(low[0], severity="critical", resource="the-gravest"), _both()[1]]
    first, second, *_ = (
        Message(entries=tuple(MessageEntry(item=item) for item in items)).body().splitlines()
    )
    assert "the-gravest" not in first
    assert "the-gravest" in second


def _both() -> list[AlertEvent]:
    one = scan_failed(HERE, "2026-01-01T00:00:00Z", "x")
    return [replace(one, event="fixed", what="fixed"), one]


def test_secrets_come_from_the_environment_and_are_written_nowhere(
    outbox: Outbox, tmp_path: Path
) -> None:
    sender = Sender("no", "no", "no")
    first = tell(failing(), outbox, sender.post(TOKEN="pa/ss@w"), "slack://${TOKEN}/channel")
    assert sender.calls[0][0] == "slack://pa%2Fss%40w/channel"
    files = [path for path in (tmp_path / "store").rglob("*") if path.is_file()]
    assert len(files) > 3
    assert [
        path for path in files if "pa/ss" in path.read_text() or "pa%2F" in path.read_text()
    ] == []
    assert not any("pa" + "/ss" in line for line in first.lines)


def test_a_whole_address_from_the_environment_is_not_quoted() -> None:
    assert expand("${HOOK}", {"HOOK": "https://x/?a=b"}) == "https://x/?a=b"
    with pytest.raises(TscanError, match="HOOK is not set"):
        expand("${HOOK}", {})


def test_a_missing_secret_is_a_failed_delivery_and_no_crash(outbox: Outbox) -> None:
    done = tell(failing(), outbox, Sender().post(), "slack://${NOT_SET}")
    assert (done.failed, "the environment variable NOT_SET is not set" in done.lines[0]) == (
        1,
        True,
    )


def test_an_address_that_nobody_knows_is_a_reason_without_the_address() -> None:
    assert send("nonsense://secret", Message(entries=())) == "not an address that Apprise knows"


def test_without_rules_nothing_is_written(outbox: Outbox, tmp_path: Path) -> None:
    assert notify(failing(), HERE, LIBRARY, [], outbox, Sender().post()) == Delivered()
    assert not (tmp_path / "store").exists()


def test_two_runs_at_once_tell_it_once(outbox: Outbox, monkeypatch: pytest.MonkeyPatch) -> None:
    items = [scan_failed(HERE, "2026-01-01T00:00:00Z", "x")]
    with monkeypatch.context() as patch:
        patch.setattr("platform.node", lambda: "elsewhere")
        assert outbox.intend(items[0], channel_id("x://y"), 1, NOW)
    sender = Sender()
    rules = [AlertRule(to=("x://y",))]
    assert deliver(items, rules, outbox, sender.post(), open_events=tuple).sent == 0
    outbox.settle(items[0], channel_id("x://y"), 1, NOW, state="sent")
    assert deliver(items, rules, outbox, sender.post(NOW + LEASE * 2), open_events=tuple).sent == 0
    assert sender.calls == []


# -- a scan that fails -----------------------------------------------------------------------------


def fails(
    outbox: Outbox, post: DeliveryContext, hour: int, scope: str = "s", **rule: Any
) -> Delivered:
    failure = scan_failed("aws (audit)", f"2026-01-01T{hour:02}:00:00Z", "no credentials")
    return notify_failure(
        Nights(),
        LIBRARY,
        [AlertRule(**rule, to=("x://y",))],
        outbox,
        post,
        failure=failure,
        scope=scope,
    )


def works(outbox: Outbox, post: DeliveryContext, scope: str = "s", **rule: Any) -> Delivered:
    return notify_works(
        Nights(), LIBRARY, [AlertRule(**rule, to=("x://y",))], outbox, post, scope=scope
    )


def test_a_failed_scan_is_told_and_that_it_works_again_once(outbox: Outbox) -> None:
    sender = Sender()
    assert works(outbox, sender.post()) == Delivered()
    assert fails(outbox, sender.post(), 1).sent == 1
    assert fails(outbox, sender.post(), 2).sent == 1
    assert works(outbox, sender.post(), events=("scan failed",)).sent == 1
    assert works(outbox, sender.post()) == Delivered()
    assert outbox.failed("s") == ()
    assert [title for _, title, _ in sender.calls] == [
        "tscan: 1 scan failed", "tscan: 1 scan failed", "tscan: 1 scan works again",
    ]  # fmt: skip
    assert (
        "SCAN FAILED | aws (audit) | the scan ended without a record: no credentials | "
        in sender.calls[0][2]
    )
    assert "for the first time since it failed at 2026-01-01T02:00:00Z" in sender.calls[2][2]


def test_another_scan_that_works_says_nothing_of_this_one(outbox: Outbox) -> None:
    sender = Sender()
    fails(outbox, sender.post(), 1, scope="production")
    assert works(outbox, sender.post(), scope="development") == Delivered()
    assert works(outbox, sender.post(), scope="production").sent == 1


def test_a_crash_before_the_recovery_is_noted_tells_the_same_event(
    outbox: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    sender = Sender()
    fails(outbox, sender.post(), 1)
    with monkeypatch.context() as patch:
        patch.setattr(Outbox, "works", lambda *_: None)
        works(outbox, sender.post())
    assert works(outbox, sender.post(NOW + timedelta(days=1))).sent == 0
    assert len(sender.calls) == 2
    assert works(outbox, sender.post()) == Delivered()


def test_a_recovery_that_was_not_delivered_is_tried_again(outbox: Outbox) -> None:
    fails(outbox, Sender().post(), 1)
    assert works(outbox, Sender("no", "no", "no").post()).failed == 1
    sender = Sender()
    assert tell(states("pass", "pass"), outbox, sender.post()).sent == 1
    assert [title for _, title, _ in sender.calls] == ["tscan: 1 scan works again"]


DEADLOCK = 600
"""Seconds after which a test that can never end fails; no test waits for them."""


class Wide(LocalStore):
    """A store that takes two at a time, and answers neither before it has both."""

    parallel = 2
    both = threading.Barrier(2)

    def put_new(self, key: str, content: bytes) -> bool:
        if key.endswith((".intent.json", ".outcome.json")):
            self.both.wait(DEADLOCK)
        return super().put_new(key, content)


def test_many_events_are_written_down_at_a_time(tmp_path: Path) -> None:
    events = [scan_failed(HERE, f"2026-01-01T00:{minute:02}:00Z", "x") for minute in range(20)]
    outbox, rules = Outbox(Wide(str(tmp_path / "store"))), [AlertRule(to=("x://y",))]
    assert (
        deliver(events, rules, outbox, Sender("no", "no", "no").post(), open_events=tuple).failed
        == 20
    )
    sender = Sender()
    assert deliver([], rules, outbox, sender.post(), open_events=tuple).sent == 20
    assert len(sender.calls) == 1


def test_a_damaged_file_of_the_outbox_is_named(outbox: Outbox, tmp_path: Path) -> None:
    tell(failing(), outbox, Sender("no", "no", "no").post())
    (path,) = (tmp_path / "store/outbox").glob("*/*.intent.json")
    for content in ("{", '{"event": {}}', '{"event": 7}', "[]"):
        path.write_text(content)
        with pytest.raises(TscanError, match=f"{path.name} was not written by tscan"):
            tell(failing(), outbox, Sender().post())
