"""Send alerts to channels: each event once, and again only if nobody knows whether it arrived."""

from __future__ import annotations

import math
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Final
from urllib.parse import quote

from scanner.channels import UNSURE, Message, MessageEntry, Send, send
from scanner.client.boundary import guarded
from scanner.client.failures import Failure
from scanner.core.calendar import format_time, parse_time
from scanner.core.drift.alert_events import (
    AlertEvent,
    alert_events_of,
    open_problems,
    route,
    scan_works,
)
from scanner.core.drift.between_records import drift_between
from scanner.errors import TscanError
from scanner.history.outbox import (
    DROPPED,
    FAILED,
    SENT,
    UNDER_WAY,
    UNKNOWN,
    Delivery,
    Outbox,
    channel_id,
)
from scanner.model.config import AlertRule
from scanner.model.history import History
from scanner.model.library import Library
from scanner.model.waivers import Waiver
from scanner.words import plural

PAUSES: Final = (1.0, 4.0)
"""Seconds before the second and the third try."""
OLDEST: Final = timedelta(days=7)
"""How long an event is tried; after that it is dropped, and a line says so."""
_VARIABLE: Final = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_END_OF_TIME: Final = "9999"
"""Later than the time of every record."""
OpenEvents = Callable[[], Sequence[AlertEvent]]
"""Everything that fails or is unknown now, in all targets.

It reads all of history, so only a channel that shows it calls it.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """The result of sending the events of a run, with lines for people."""

    sent: int = 0
    repeated: int = 0
    """How many of these may have arrived before."""
    failed: int = 0
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryContext:
    """How messages leave: a sender, the environment with its secrets, and a clock."""

    environment: Mapping[str, str]
    send: Send = send
    now: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))
    sleep: Callable[[float], None] = time.sleep
    ends: float = math.inf
    """When all messages must have been sent, on the monotonic clock."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Channel:
    """A configured channel."""

    text: str
    """As configured, with `${NAME}` for its secrets."""
    name: str
    """How messages to people call it: an address may itself be a secret."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Attempt:
    """One event to be sent to one channel."""

    item: AlertEvent
    number: int
    repeat: bool
    """Whether the event may have arrived before."""


def notify(
    history: History,
    chain: str,
    library: Library,
    rules: Sequence[AlertRule],
    outbox: Outbox,
    post: DeliveryContext,
    *,
    waivers: Sequence[Waiver] = (),
) -> Delivered:
    """Send what changed in a chain since the last alerts.

    Records whose alerts a crash prevented are included.
    """
    if not rules:
        return Delivered()
    records = history.records(chain)
    reached = outbox.reached(chain)
    if records and not reached:
        # Alerts were just configured: they begin with the newest record, not with all of history.
        reached = records[-1].seq - 1
    found: list[AlertEvent] = []
    for before, after in pairwise(records):
        if after.seq <= reached:
            continue
        drift = drift_between(
            history,
            before,
            after,
            library,
            waivers=waivers,
            today=post.now().date(),
        )
        found.extend(alert_events_of(drift, library))
    reach = None
    if records:
        reach = (chain, records[-1].seq)
    open_events = _open_events(history, library, outbox)
    return deliver(found, rules, outbox, post, open_events=open_events, reach=reach)


def notify_failure(
    history: History,
    library: Library,
    rules: Sequence[AlertRule],
    outbox: Outbox,
    post: DeliveryContext,
    *,
    failure: AlertEvent,
    scope: str,
) -> Delivered:
    """Send that a scan ended without a record; `scope` is a digest of what was to be scanned."""
    if not rules:
        return Delivered()
    # Recorded before it is sent: the next scan that works must know of it, even after a crash.
    outbox.fail(scope, failure)
    open_events = _open_events(history, library, outbox)
    return deliver([failure], rules, outbox, post, open_events=open_events)


def notify_works(
    history: History,
    library: Library,
    rules: Sequence[AlertRule],
    outbox: Outbox,
    post: DeliveryContext,
    *,
    scope: str,
) -> Delivered:
    """Send that scans of a scope leave records again, after one that did not."""
    if not rules:
        return Delivered()
    failures = outbox.failed(scope)
    if not failures:
        return Delivered()
    # The event has the id of the newest failure: after a crash before `works` below, the same
    # event is sent again, and not a second one.
    item = scan_works(failures[-1], format_time(post.now()))
    open_events = _open_events(history, library, outbox, works_again=scope)
    done = deliver([item], rules, outbox, post, open_events=open_events)
    outbox.works(scope, failures)
    return done


def _open_events(
    history: History,
    library: Library,
    outbox: Outbox,
    *,
    works_again: str = "",
) -> OpenEvents:
    """What fails or is unknown, and scopes whose last scan failed, but for `works_again`."""

    def found() -> Sequence[AlertEvent]:
        events: list[AlertEvent] = []
        for chain in history.targets():
            events += open_problems(history.state_before(chain, _END_OF_TIME), library, chain)
        for scope in outbox.scopes():
            # One event for a scope, however often its scans failed.
            if scope != works_again:
                events += outbox.failed(scope)[-1:]
        return events

    return found


def deliver(
    items: Iterable[AlertEvent],
    rules: Sequence[AlertRule],
    outbox: Outbox,
    post: DeliveryContext,
    *,
    open_events: OpenEvents,
    reach: tuple[str, int] | None = None,
) -> Delivered:
    """Send events, and those that earlier runs left unsent, to the channels of the rules.

    Every intent is on disk before the first message leaves: a crash loses nothing. `reach` is a
    chain and the record up to which its events are among these.
    """
    channels = _channels(rules)
    unsent = [one for one in outbox.unsettled(post.now()) if one.state != UNDER_WAY]
    attempts = _attempts(items, unsent, rules, channels, post.now())
    claimed: dict[str, list[_Attempt]] = {}
    for identity, wanted in attempts.items():
        claimed[identity] = _claim(identity, wanted, outbox, post)
    for delivery in unsent:
        if delivery.channel not in channels or _expired(delivery, post.now()):
            _drop(delivery, channels, outbox, post.now())
    # Only now: a crash before the intents above must compute the same events once more.
    if reach is not None:
        outbox.reach(*reach)
    results: list[Delivered] = []
    for identity, mine in claimed.items():
        if mine:
            channel = channels[identity]
            message = _message(mine, rules, channel, open_events, post.ends)
            results.append(_send(identity, channel, message, mine, outbox, post))
    return _total(results, _earlier(unsent, channels, post.now()))


def _attempts(
    items: Iterable[AlertEvent],
    unsent: Iterable[Delivery],
    rules: Sequence[AlertRule],
    channels: Mapping[str, _Channel],
    now: datetime,
) -> dict[str, list[_Attempt]]:
    """What to send, by channel: first the events of earlier runs, then the new ones."""
    attempts: dict[str, list[_Attempt]] = {}
    # A corrected address is another channel: it gets what could not arrive at the wrong one.
    moved: dict[str, Delivery] = {}
    for delivery in unsent:
        if _expired(delivery, now):
            continue
        if delivery.channel not in channels:
            moved[delivery.item.id] = delivery
            continue
        retry = _Attempt(item=delivery.item, number=delivery.attempt + 1, repeat=delivery.repeat)
        attempts.setdefault(delivery.channel, []).append(retry)
    new = [*items, *(delivery.item for delivery in moved.values())]
    for text, routed in route(new, rules).items():
        wanted = attempts.setdefault(channel_id(text), [])
        known = {attempt.item.id for attempt in wanted}
        for item in routed:
            # An event is computed again if its run ended before `reach`.
            if item.id not in known:
                repeat = item.id in moved and moved[item.id].repeat
                wanted.append(_Attempt(item=item, number=1, repeat=repeat))
    return attempts


def _total(results: Sequence[Delivered], earlier: Iterable[str]) -> Delivered:
    lines = list(earlier)
    for result in results:
        lines += result.lines
    return Delivered(
        sent=sum(result.sent for result in results),
        repeated=sum(result.repeated for result in results),
        failed=sum(result.failed for result in results),
        lines=tuple(lines),
    )


def unusable_channels(rules: Sequence[AlertRule], post: DeliveryContext) -> Iterator[str]:
    """Lines about channels that cannot be used as configured, before there is an event to send."""
    for channel in _channels(rules).values():
        reason, _ = _try(channel.text, Message(entries=()), post, pauses=())
        if reason:
            yield f"alerts: {channel.name} cannot be used: {reason}"


def _channels(rules: Sequence[AlertRule]) -> dict[str, _Channel]:
    """The configured channels by id."""
    found: dict[str, _Channel] = {}
    for number, rule in enumerate(rules):
        for place, text in enumerate(rule.to):
            scheme, is_address, _ = text.partition("://")
            if not is_address:
                scheme = "address from the environment"
            name = f"alerts[{number}].to[{place}] ({scheme})"
            found.setdefault(channel_id(text), _Channel(text=text, name=name))
    return found


def _claim(
    channel: str,
    attempts: Sequence[_Attempt],
    outbox: Outbox,
    post: DeliveryContext,
) -> list[_Attempt]:
    """Write an intent for each attempt; those that another run did not write first."""

    def intend(attempt: _Attempt) -> bool:
        return outbox.intend(attempt.item, channel, attempt.number, post.now())

    # Two scans may run at once: the store lets only one of them create the intent.
    written = outbox.each(intend, attempts)
    return [attempt for attempt, mine in zip(attempts, written, strict=True) if mine]


def _drop(
    delivery: Delivery,
    channels: Mapping[str, _Channel],
    outbox: Outbox,
    now: datetime,
) -> None:
    """Record a last attempt, which sends nothing and says why there are no more."""
    reason = f"given up after {OLDEST.days} days"
    if delivery.channel not in channels:
        reason = "its channel is no longer configured"
    item = delivery.item
    number = delivery.attempt + 1
    if outbox.intend(item, delivery.channel, number, now):
        outbox.settle(item, delivery.channel, number, now, state=DROPPED, reason=reason)


def _expired(delivery: Delivery, now: datetime) -> bool:
    return now - parse_time(delivery.first) > OLDEST


def _earlier(
    unsent: Iterable[Delivery],
    channels: Mapping[str, _Channel],
    now: datetime,
) -> Iterator[str]:
    """A line for each channel about what earlier runs left unsent."""
    counts: dict[tuple[str, str], int] = {}
    for delivery in unsent:
        name = "a channel that is no longer configured"
        outcome = "sent to the channels of the current rules"
        if delivery.channel in channels:
            name = channels[delivery.channel].name
            outcome = "sent again"
        if _expired(delivery, now):
            outcome = "given up"
        counts[name, outcome] = counts.get((name, outcome), 0) + 1
    for (name, outcome), count in sorted(counts.items()):
        events = plural(count, "event")
        yield f"alerts: {events} of earlier runs may not have reached {name}: {outcome}"


def _message(
    attempts: Iterable[_Attempt],
    rules: Sequence[AlertRule],
    channel: _Channel,
    open_events: OpenEvents,
    ends: float,
) -> Message:
    def routed() -> Sequence[AlertEvent]:
        return route(open_events(), rules).get(channel.text, ())

    entries = [MessageEntry(item=attempt.item, repeat=attempt.repeat) for attempt in attempts]
    return Message(entries=tuple(entries), open_events=routed, ends=ends)


def _send(
    identity: str,
    channel: _Channel,
    message: Message,
    attempts: Sequence[_Attempt],
    outbox: Outbox,
    post: DeliveryContext,
) -> Delivered:
    """Send one message for all events of a channel, and record the outcome of each."""
    reason, state = _try(channel.text, message, post)
    now = post.now()

    def settle(attempt: _Attempt) -> None:
        outbox.settle(attempt.item, identity, attempt.number, now, state=state, reason=reason)

    outbox.each(settle, attempts)
    count = len(attempts)
    events = plural(count, "event")
    if reason:
        line = (
            f"alerts: {events} not delivered to {channel.name}: {reason}; the next run tries again"
        )
        return Delivered(failed=count, lines=(line,))
    return Delivered(
        sent=count,
        repeated=sum(attempt.repeat for attempt in attempts),
        lines=(f"alerts: {events} delivered to {channel.name}",),
    )


def _try(
    channel: str,
    message: Message,
    post: DeliveryContext,
    *,
    pauses: Sequence[float] = PAUSES,
) -> tuple[str, str]:
    """Send a message, after a failure again; the reason why it did not arrive, and the state."""
    try:
        address = expand(channel, post.environment)
    except TscanError as error:
        return error.message, FAILED
    reason = ""
    state = FAILED
    for pause in (0.0, *pauses):
        # A pause that would pass the deadline is not begun.
        if pause and message.seconds(pause) < pause:
            break
        if pause:
            post.sleep(pause)
        reason = _reason(post, address, message)
        if not reason:
            return "", SENT
        state = FAILED
        if reason == UNSURE:
            state = UNKNOWN
            repeats = [replace(entry, repeat=True) for entry in message.entries]
            message = replace(message, entries=tuple(repeats))
    return reason, state


def _reason(post: DeliveryContext, address: str, message: Message) -> str:
    """Why a message did not arrive; empty: it did."""
    # A plugin may raise anything. Only its type is shown: the error's own words may contain
    # the address, which is a secret.
    try:
        outcome = guarded("alert", lambda: post.send(address, message))
    except TscanError:
        return "the channel failed (TscanError)"
    if isinstance(outcome, Failure):
        return f"the channel failed ({outcome.message.partition(' at ')[0]})"
    return outcome


def expand(channel: str, environment: Mapping[str, str]) -> str:
    """A channel's address, with `${NAME}` replaced from the environment.

    Within an address a value is quoted; alone it is the whole address. TscanError for a variable
    that is not set.
    """
    names = _VARIABLE.findall(channel)
    missing = [name for name in names if not environment.get(name)]
    if missing:
        raise TscanError(
            f"the environment variable {missing[0]} is not set",
            "set it, or change 'to' in tscan.yaml",
        )
    if len(names) == 1 and channel == f"${{{names[0]}}}":
        return environment[names[0]]
    # Quoted: a token with `@` or `/` in it must not end up as another host.
    return _VARIABLE.sub(lambda match: quote(environment[match[1]], safe=""), channel)
