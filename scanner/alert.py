"""Alerts: news told on channels, each event once, and again only when it is not known to have arrived."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import pairwise
from typing import Final
from urllib.parse import quote

from scanner.channels import UNSURE, Entry, Letter, Send, send
from scanner.core.calendar import iso, moment
from scanner.core.drift.alert_events import AlertEvent, news, route, scan_works, standing
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

PAUSES: Final = (1.0, 4.0)
"""Seconds before the second and the third try."""
OLDEST: Final = timedelta(days=7)
"""How long an event is tried; then it is given up, and that is said."""
_NAME: Final = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_EVER: Final = "9999"
"""After every moment that a record has."""
Standing = Callable[[], Sequence[AlertEvent]]
"""What fails or is not seen now, in all targets; asked only by a channel that shows it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """What became of the news of a run, in lines for people."""

    sent: int = 0
    repeated: int = 0
    """Of these: told again, because nobody knows whether they arrived before."""
    failed: int = 0
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """How messages leave: a sender, the environment for secrets, and a clock."""

    environment: Mapping[str, str]
    send: Send = send
    now: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))
    sleep: Callable[[float], None] = time.sleep


@dataclass(frozen=True, slots=True, kw_only=True)
class _Task:
    """One event that is to be told on one channel."""

    item: AlertEvent
    attempt: int
    repeat: bool


def notify(
    history: History,
    target: str,
    library: Library,
    rules: Sequence[AlertRule],
    outbox: Outbox,
    post: Post,
    *,
    waivers: Sequence[Waiver] = (),
) -> Delivered:
    """Tell what is new in a target's history since it was last told; records that a crash left untold are told too."""
    if not rules:
        return Delivered()
    records = history.records(target)
    told = outbox.reached(target)
    found: list[AlertEvent] = []
    for before, after in pairwise(records):
        # Who begins to listen hears of the newest record, not of all history.
        if after.seq > told if told else after.seq == records[-1].seq:
            drift = drift_between(
                history, before, after, library, waivers=waivers, today=post.now().date()
            )
            found.extend(news(drift, library))
    reach = (target, records[-1].seq) if records else None
    return deliver(
        found, rules, outbox, post, reach=reach, standing=_standing(history, library, outbox)
    )


def notify_failure(
    history: History,
    library: Library,
    rules: Sequence[AlertRule],
    outbox: Outbox,
    post: Post,
    *,
    failure: AlertEvent,
    scope: str,
) -> Delivered:
    """Tell of a scan that ended without a record; `scope` is a digest of what was to be scanned."""
    if not rules:
        return Delivered()
    outbox.fail(scope, failure)
    return deliver([failure], rules, outbox, post, standing=_standing(history, library, outbox))


def notify_works(
    history: History,
    library: Library,
    rules: Sequence[AlertRule],
    outbox: Outbox,
    post: Post,
    *,
    scope: str,
) -> Delivered:
    """Tell that a scan left records again, where one of the same scope did not and none has since."""
    failures = outbox.failed(scope) if rules else ()
    if not failures:
        return Delivered()
    # Its id is that of the newest failure: a crash before the note below tells the same event, and not another one.
    item = scan_works(failures[-1], iso(post.now()))
    done = deliver(
        [item], rules, outbox, post, standing=_standing(history, library, outbox, over=scope)
    )
    outbox.works(scope, failures)
    return done


def _standing(history: History, library: Library, outbox: Outbox, *, over: str = "") -> Standing:
    def found() -> Sequence[AlertEvent]:
        states = (history.state_before(target, _EVER) for target in history.targets())
        failed = (outbox.failed(scope)[-1:] for scope in outbox.scopes() if scope != over)
        return [
            *(item for state in states for item in standing(state, library)),
            *(item for one in failed for item in one),
        ]

    return found


def _heard(standing: Standing, rules: Sequence[AlertRule], channel: str) -> Sequence[AlertEvent]:
    return route(standing(), rules).get(channel, ())


def deliver(
    items: Iterable[AlertEvent],
    rules: Sequence[AlertRule],
    outbox: Outbox,
    post: Post,
    *,
    standing: Standing,
    reach: tuple[str, int] | None = None,
) -> Delivered:
    """Send news and what earlier runs left behind: every intent is on disk before the first message leaves."""
    labels = _labels(rules)
    left = [told for told in outbox.unsettled(post.now()) if told.state != UNDER_WAY]
    over: list[Delivery] = []
    moved: dict[str, Delivery] = {}
    tasks: dict[str, list[_Task]] = {}
    for told in left:
        late, gone = _late(told, post.now()), told.channel not in labels
        if late or gone:
            over.append(told)
        else:
            task = _Task(item=told.item, attempt=told.attempt + 1, repeat=told.repeat)
            tasks.setdefault(told.channel, []).append(task)
        if gone and not late:
            # An address that was mended is another channel: it hears what the wrong one did not.
            moved[told.item.id] = told
    for channel, news_items in route(
        [*items, *(told.item for told in moved.values())], rules
    ).items():
        wanted = tasks.setdefault(channel_id(channel), [])
        known = {task.item.id for task in wanted}
        for item in news_items:
            if item.id not in known:
                repeat = item.id in moved and moved[item.id].repeat
                wanted.append(_Task(item=item, attempt=1, repeat=repeat))
    mine = {channel: _intended(channel, wanted, outbox, post) for channel, wanted in tasks.items()}
    for told in over:
        _drop(told, labels, outbox, post.now())
    if reach:
        outbox.reach(*reach)
    results = [
        _tell(
            channel,
            labels[channel],
            wanted,
            partial(_heard, standing, rules, labels[channel][0]),
            outbox,
            post,
        )
        for channel, wanted in mine.items()
        if wanted
    ]
    lines = [
        *_earlier(left, labels, post.now()),
        *(line for result in results for line in result.lines),
    ]
    return Delivered(
        sent=sum(result.sent for result in results),
        repeated=sum(result.repeated for result in results),
        failed=sum(result.failed for result in results),
        lines=tuple(lines),
    )


def unready(rules: Sequence[AlertRule], post: Post) -> Iterator[str]:
    """What keeps messages from leaving, in lines for people, seen before there is anything to tell."""
    for text, name in _labels(rules).values():
        if reason := _try(text, Letter(entries=()), post, pauses=()):
            yield f"alerts: nothing can be told to {name}: {reason}"


def _labels(rules: Sequence[AlertRule]) -> dict[str, tuple[str, str]]:
    """By channel: its text as configured, and how it is called without showing what may be secret."""
    found: dict[str, tuple[str, str]] = {}
    for number, rule in enumerate(rules):
        for place, text in enumerate(rule.to):
            scheme = text.partition("://")[0] if "://" in text else "address from the environment"
            found.setdefault(channel_id(text), (text, f"alerts[{number}].to[{place}] ({scheme})"))
    return found


def _intended(channel: str, tasks: Sequence[_Task], outbox: Outbox, post: Post) -> list[_Task]:
    """Those that nobody else is about to tell."""
    won = outbox.each(
        lambda task: outbox.intend(task.item, channel, task.attempt, post.now()), tasks
    )
    return [task for task, mine in zip(tasks, won, strict=True) if mine]


def _drop(
    told: Delivery, labels: Mapping[str, tuple[str, str]], outbox: Outbox, now: datetime
) -> None:
    """A last attempt, which is none, says why there are no more."""
    gone = told.channel not in labels
    reason = "its channel is no longer configured" if gone else f"given up after {OLDEST.days} days"
    if outbox.intend(told.item, told.channel, told.attempt + 1, now):
        outbox.settle(told.item, told.channel, told.attempt + 1, now, state=DROPPED, reason=reason)


def _late(told: Delivery, now: datetime) -> bool:
    return now - moment(told.first) > OLDEST


def _earlier(
    left: Sequence[Delivery], labels: Mapping[str, tuple[str, str]], now: datetime
) -> Iterable[str]:
    by_channel: dict[tuple[str, str], int] = {}
    for told in left:
        gone = told.channel not in labels
        name = "a channel that is no longer configured" if gone else labels[told.channel][1]
        end = (
            "given up"
            if _late(told, now)
            else "told where the rules say now"
            if gone
            else "tried again"
        )
        by_channel[name, end] = by_channel.get((name, end), 0) + 1
    for (name, end), count in sorted(by_channel.items()):
        yield f"alerts: {count} of earlier runs not known to have reached {name}: {end}"


def _tell(
    channel: str,
    label: tuple[str, str],
    tasks: Sequence[_Task],
    standing: Standing,
    outbox: Outbox,
    post: Post,
) -> Delivered:
    text, name = label
    letter = Letter(
        entries=tuple(Entry(item=task.item, repeat=task.repeat) for task in tasks),
        standing=standing,
    )
    reason = _try(text, letter, post)
    state = UNKNOWN if reason == UNSURE else FAILED if reason else SENT
    now = post.now()
    outbox.each(
        lambda task: outbox.settle(
            task.item, channel, task.attempt, now, state=state, reason=reason
        ),
        tasks,
    )
    if reason:
        line = f"alerts: {len(tasks)} not delivered to {name}: {reason}; the next run tries again"
        return Delivered(failed=len(tasks), lines=(line,))
    repeated = sum(task.repeat for task in tasks)
    return Delivered(
        sent=len(tasks), repeated=repeated, lines=(f"alerts: {len(tasks)} delivered to {name}",)
    )


def _try(channel: str, letter: Letter, post: Post, *, pauses: Sequence[float] = PAUSES) -> str:
    try:
        address = expand(channel, post.environment)
    except TscanError as error:
        return error.message
    reason = ""
    for pause in (0.0, *pauses):
        if pause:
            post.sleep(pause)
        try:
            reason = post.send(address, letter)
        except Exception as error:  # noqa: BLE001 - a channel may be anybody's, and its message may hold the address
            reason = f"the channel broke ({type(error).__name__})"
        if not reason:
            return ""
        if reason == UNSURE:
            letter = replace(
                letter, entries=tuple(replace(entry, repeat=True) for entry in letter.entries)
            )
    return reason


def expand(channel: str, environment: Mapping[str, str]) -> str:
    """A channel with `${NAME}` from the environment; inside an address a value is quoted, alone it is the address."""
    names = _NAME.findall(channel)
    missing = [name for name in names if not environment.get(name)]
    if missing:
        raise TscanError(
            f"the environment has no {missing[0]}", "set it, or change 'to' in tscan.yaml"
        )
    if len(names) == 1 and channel == f"${{{names[0]}}}":
        return environment[names[0]]
    return _NAME.sub(lambda match: quote(environment[match[1]], safe=""), channel)
