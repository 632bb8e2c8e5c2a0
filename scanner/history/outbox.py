"""The outbox: what was to be said and whether it was, in files that are created once and never changed.

`outbox/<event id>/<channel>-<attempt>.intent.json` is written before a message leaves, `….outcome.json` after. An
intent without an outcome is a message of which nobody knows whether it arrived. `outbox/failed/` holds the scans that
left no record, `outbox/works/` those of them after which one worked.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar

from scanner.core.calendar import iso, moment
from scanner.core.drift.alert_events import AlertEvent
from scanner.errors import TscanError
from scanner.history.stores import Store, fetch_all

K = TypeVar("K")
T = TypeVar("T")
FOLDER: Final = "outbox"
_NAME: Final = re.compile(
    rf"{FOLDER}/([0-9a-f]+)/([0-9a-f]+)-([1-9][0-9]{{0,5}})\.(intent|outcome)\.json"
)
LEASE: Final = timedelta(minutes=15)
"""After this the sender of another machine counts as crashed."""
SENT: Final = "sent"
FAILED: Final = "failed"
UNDER_WAY: Final = "under way"
UNKNOWN: Final = "unknown"
"""A crash left the outcome open, or the channel does not know whether it arrived."""
DROPPED: Final = "dropped"
"""Its channel is no longer configured."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One event on one channel: the last attempt, and what became of it."""

    item: AlertEvent
    channel: str
    """A digest of the channel as configured; secrets are not part of it."""
    attempt: int
    state: str
    first: str
    """When it was first to be said."""
    repeat: bool
    """Some attempt before has an unknown outcome: it may have arrived already."""
    reason: str = ""


class Outbox:
    """Intents and outcomes in a store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def intend(self, item: AlertEvent, channel: str, attempt: int, now: datetime) -> bool:
        """Write down that an event is about to be said; whether nobody else did so before."""
        content = {"event": asdict(item), "at": iso(now), "host": _host(), "pid": os.getpid()}
        return self._store.put_new(_key(item.id, channel, attempt, "intent"), _bytes(content))

    def settle(
        self,
        item: AlertEvent,
        channel: str,
        attempt: int,
        now: datetime,
        *,
        state: str,
        reason: str = "",
    ) -> None:
        """Write down what became of it."""
        content = {"state": state, "reason": reason, "at": iso(now)}
        self._store.put_new(_key(item.id, channel, attempt, "outcome"), _bytes(content))

    def unsettled(self, now: datetime) -> tuple[Delivery, ...]:
        """Everything that was to be said and is not known to have been."""
        names: dict[tuple[str, str], dict[int, set[str]]] = {}
        for entry in self._store.list(f"{FOLDER}/"):
            place = _place(entry.key)
            if place:
                event, channel, attempt, kind = place
                names.setdefault((event, channel), {}).setdefault(attempt, set()).add(kind)
        told = self.each(lambda one: self._told(*one[0], one[1], now), sorted(names.items()))
        return tuple(one for one in told if one is not None and one.state not in (SENT, DROPPED))

    def each(self, do: Callable[[K], T], items: Sequence[K]) -> list[T]:
        """What is done with each of many events, many at a time where the store takes many; in their order."""
        return list(fetch_all(self._store, items, do))

    def _told(
        self, event: str, channel: str, attempts: Mapping[int, set[str]], now: datetime
    ) -> Delivery | None:
        last = max(attempts)
        outcome = (
            self._read(_key(event, channel, last, "outcome"))
            if "outcome" in attempts[last]
            else None
        )
        state = outcome["state"] if outcome else ""
        if state in (SENT, DROPPED):
            return None
        intent = self._read(_key(event, channel, last, "intent"))
        first = self._read(_key(event, channel, min(attempts), "intent"))
        if not intent or not first:
            return None
        before = (
            self._read(_key(event, channel, attempt, "outcome"))
            for attempt in attempts
            if attempt != last
        )
        open_before = any(one is None or one["state"] == UNKNOWN for one in before)
        state = state or (UNDER_WAY if _alive(intent, now) else UNKNOWN)
        return Delivery(
            item=_news(intent),
            channel=channel,
            attempt=last,
            state=state,
            first=first["at"],
            repeat=open_before or state == UNKNOWN,
            reason=outcome["reason"] if outcome else "",
        )

    def reached(self, target: str) -> int:
        """The last record whose news are all in the outbox; 0 when there is none."""
        keys = [entry.key for entry in self._store.list(f"{FOLDER}/reached/{_stream(target)}/")]
        return max((int(key.rsplit("/", 1)[1].partition(".")[0]) for key in keys), default=0)

    def reach(self, target: str, seq: int) -> None:
        """Note that all news up to a record are in the outbox."""
        self._store.put_new(
            f"{FOLDER}/reached/{_stream(target)}/{seq:012d}.json", _bytes({"target": target})
        )

    def fail(self, scope: str, item: AlertEvent) -> None:
        """Note a scan that failed; `scope` is a digest of what was to be scanned."""
        self._store.put_new(
            f"{FOLDER}/failed/{scope}/{item.id}.json", _bytes({"event": asdict(item)})
        )

    def failed(self, scope: str) -> tuple[AlertEvent, ...]:
        """The failures of a scope since which no scan of it worked, the oldest first."""
        begun, over = (self._ids(f"{FOLDER}/{name}/{scope}/") for name in ("failed", "works"))
        found = (self._read(f"{FOLDER}/failed/{scope}/{name}") for name in sorted(begun - over))
        return tuple(
            sorted((_news(one) for one in found if one), key=lambda item: (item.time, item.id))
        )

    def works(self, scope: str, items: Iterable[AlertEvent]) -> None:
        """Note that a scan worked after these failures."""
        for item in items:
            self._store.put_new(f"{FOLDER}/works/{scope}/{item.id}.json", _bytes({}))

    def scopes(self) -> tuple[str, ...]:
        """Every scope that ever failed."""
        return tuple(
            sorted({entry.key.split("/")[2] for entry in self._store.list(f"{FOLDER}/failed/")})
        )

    def _ids(self, folder: str) -> set[str]:
        return {entry.key.removeprefix(folder) for entry in self._store.list(folder)}

    def _read(self, key: str) -> dict[str, Any] | None:
        content = self._store.get(key)
        if content is None:
            return None
        try:
            found: dict[str, Any] = dict(json.loads(content))
            if "state" not in found:
                _news(found)
        except (ValueError, TypeError, KeyError):
            hint = "remove it: what it was about may then not be told"
            raise TscanError(f"{self._store.name}/{key} is not what tscan wrote", hint) from None
        return found


def _key(event: str, channel: str, attempt: int, kind: str) -> str:
    return f"{FOLDER}/{event}/{channel}-{attempt}.{kind}.json"


def _place(key: str) -> tuple[str, str, int, str] | None:
    found = _NAME.fullmatch(key)
    return (found[1], found[2], int(found[3]), found[4]) if found else None


def _stream(target: str) -> str:
    return hashlib.sha256(target.encode()).hexdigest()[:16]


def _bytes(content: Mapping[str, Any]) -> bytes:
    return json.dumps(content, sort_keys=True).encode() + b"\n"


def _news(file: Mapping[str, Any]) -> AlertEvent:
    """The event in a file; KeyError or TypeError for another form."""
    items = dict(file["event"]).items()
    content: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in items
    }
    return AlertEvent(**content)


def _host() -> str:
    return hashlib.sha256(platform.node().encode()).hexdigest()[:12]


def _alive(intent: Mapping[str, Any], now: datetime) -> bool:
    """Whether the sender may still be at it: a process of this machine that is gone is not."""
    if now - moment(intent["at"]) > LEASE:
        return False
    return intent["host"] != _host() or _runs(intent["pid"])


def _runs(pid: int) -> bool:
    if pid == os.getpid():
        return False  # This process has one delivery at a time: an older intent of its number is of another life.
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def channel_id(channel: str) -> str:
    """The digest under which a channel is known in the outbox."""
    return hashlib.sha256(channel.encode()).hexdigest()[:12]
