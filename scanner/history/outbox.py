"""Record which alerts were to be sent and which arrived, in files that are created once.

`outbox/<event id>/<channel>-<attempt>.intent.json` is written before a message leaves, and
`….outcome.json` after it. An intent without an outcome is a message of which nobody knows whether
it arrived. `outbox/failed/` holds the scans that left no record, `outbox/works/` those of them
after which a scan of the same scope worked.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar

from scanner.core.calendar import format_time, parse_time
from scanner.core.drift.alert_events import AlertEvent
from scanner.errors import TscanError
from scanner.history.stores import Store, fetch_concurrently

K = TypeVar("K")
T = TypeVar("T")
FOLDER: Final = "outbox"
_NAME: Final = re.compile(
    rf"{FOLDER}/([0-9a-f]+)/([0-9a-f]+)-([1-9][0-9]{{0,5}})\.(intent|outcome)\.json"
)
LEASE: Final = timedelta(minutes=15)
"""After this a sender counts as crashed; of another machine nothing else is known."""
SENT: Final = "sent"
FAILED: Final = "failed"
UNDER_WAY: Final = "under way"
UNKNOWN: Final = "unknown"
"""The sender crashed, or the channel does not know whether the message arrived."""
DROPPED: Final = "dropped"
"""Given up: too old, or its channel is no longer configured."""
_File = Mapping[str, Any]
"""An intent or an outcome: JSON."""
_Attempts = Mapping[int, set[str]]
"""Which of `intent` and `outcome` each attempt has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One event on one channel: its last attempt, and the outcome of it."""

    item: AlertEvent
    channel: str
    """As `channel_id`."""
    attempt: int
    state: str
    first: str
    """Time of the first intent."""
    repeat: bool
    """Whether it may have arrived: some attempt has an unknown outcome."""
    reason: str = ""


class Outbox:
    """Intents and outcomes in a store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def intend(self, item: AlertEvent, channel: str, attempt: int, now: datetime) -> bool:
        """Record that an event is about to be sent; False if another run recorded that first."""
        key = _key(item.id, channel, attempt, "intent")
        # Host and process show another run whether this one is still alive.
        content = {
            "event": asdict(item),
            "at": format_time(now),
            "host": _host(),
            "pid": os.getpid(),
        }
        return self._store.put_new(key, _bytes(content))

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
        """Record the outcome of an attempt."""
        key = _key(item.id, channel, attempt, "outcome")
        content = {
            "state": state,
            "reason": reason,
            "at": format_time(now),
        }
        self._store.put_new(key, _bytes(content))

    def unsettled(self, now: datetime) -> tuple[Delivery, ...]:
        """Every delivery that is not known to have arrived, and is not given up."""
        names: dict[tuple[str, str], dict[int, set[str]]] = defaultdict(dict)
        for entry in self._store.list(f"{FOLDER}/"):
            place = _place(entry.key)
            if place is not None:
                event, channel, attempt, kind = place
                names[event, channel].setdefault(attempt, set()).add(kind)

        def delivery(one: tuple[tuple[str, str], _Attempts]) -> Delivery | None:
            (event, channel), attempts = one
            return self._delivery(event, channel, attempts, now)

        deliveries = self.each(delivery, sorted(names.items()))
        return tuple(one for one in deliveries if one is not None)

    def each(self, do: Callable[[K], T], items: Sequence[K]) -> list[T]:
        """The results of a function over many events, concurrently where the store is remote."""
        return list(fetch_concurrently(self._store, items, do))

    def _delivery(
        self,
        event: str,
        channel: str,
        attempts: _Attempts,
        now: datetime,
    ) -> Delivery | None:
        """The delivery of an event to a channel; None where it arrived or was given up."""
        last = max(attempts)
        outcome = None
        if "outcome" in attempts[last]:
            outcome = self._read(_key(event, channel, last, "outcome"))
        state = ""
        if outcome is not None:
            state = outcome["state"]
        # Only the last attempt counts: after a failure another one may have arrived.
        if state in (SENT, DROPPED):
            return None
        intent = self._read(_key(event, channel, last, "intent"))
        first = self._read(_key(event, channel, min(attempts), "intent"))
        # Somebody removed the file meanwhile, and the event with it.
        if intent is None or first is None:
            return None
        if not state:
            state = _state_without_outcome(intent, now)
        earlier = set(attempts) - {last}
        repeat = state == UNKNOWN or self._may_have_arrived(event, channel, earlier)
        reason = ""
        if outcome is not None:
            reason = outcome["reason"]
        return Delivery(
            item=_event(intent),
            channel=channel,
            attempt=last,
            state=state,
            first=first["at"],
            repeat=repeat,
            reason=reason,
        )

    def _may_have_arrived(self, event: str, channel: str, attempts: Iterable[int]) -> bool:
        """Whether any of these attempts has no outcome, or an unknown one."""
        for attempt in attempts:
            outcome = self._read(_key(event, channel, attempt, "outcome"))
            if outcome is None or outcome["state"] == UNKNOWN:
                return True
        return False

    def reached(self, chain: str) -> int:
        """The last record of a chain whose events are all in the outbox; 0 if there is none."""
        folder = f"{FOLDER}/reached/{_digest(chain)}/"
        numbers = [int(name.removesuffix(".json")) for name in self._names(folder)]
        return max(numbers, default=0)

    def reach(self, chain: str, seq: int) -> None:
        """Record that all events up to a record are in the outbox."""
        key = f"{FOLDER}/reached/{_digest(chain)}/{seq:012d}.json"
        self._store.put_new(key, _bytes({"chain": chain}))

    def fail(self, scope: str, item: AlertEvent) -> None:
        """Record a scan that failed; `scope` is a digest of what was to be scanned."""
        key = f"{FOLDER}/failed/{scope}/{item.id}.json"
        self._store.put_new(key, _bytes({"event": asdict(item)}))

    def failed(self, scope: str) -> tuple[AlertEvent, ...]:
        """The failures of a scope after which no scan of it worked, the oldest first."""
        failures = self._names(f"{FOLDER}/failed/{scope}/")
        ended = self._names(f"{FOLDER}/works/{scope}/")
        events: list[AlertEvent] = []
        for name in failures - ended:
            file = self._read(f"{FOLDER}/failed/{scope}/{name}")
            if file is not None:
                events.append(_event(file))
        return tuple(sorted(events, key=lambda item: (item.time, item.id)))

    def works(self, scope: str, items: Iterable[AlertEvent]) -> None:
        """Record that a scan worked after these failures."""
        for item in items:
            self._store.put_new(f"{FOLDER}/works/{scope}/{item.id}.json", _bytes({}))

    def scopes(self) -> tuple[str, ...]:
        """Every scope of which a scan ever failed."""
        files = self._names(f"{FOLDER}/failed/")
        return tuple(sorted({name.partition("/")[0] for name in files}))

    def _names(self, folder: str) -> set[str]:
        """The names of the files below a folder, without the folder."""
        return {entry.key.removeprefix(folder) for entry in self._store.list(folder)}

    def _read(self, key: str) -> _File | None:
        """The file of a key; None where there is none. TscanError for one of another form."""
        content = self._store.get(key)
        if content is None:
            return None
        try:
            found: dict[str, Any] = dict(json.loads(content))
            # Here the file can be named; a wrong event would fail elsewhere without it.
            if "state" not in found:
                _event(found)
        except (ValueError, TypeError, KeyError):
            hint = "delete it; its event may then not be sent"
            raise TscanError(f"{self._store.name}/{key} was not written by tscan", hint) from None
        return found


def _key(event: str, channel: str, attempt: int, kind: str) -> str:
    return f"{FOLDER}/{event}/{channel}-{attempt}.{kind}.json"


def _place(key: str) -> tuple[str, str, int, str] | None:
    """Event, channel, attempt and kind of a file; None for any other file."""
    found = _NAME.fullmatch(key)
    if found is None:
        return None
    event, channel, attempt, kind = found.groups()
    return event, channel, int(attempt), kind


def _digest(chain: str) -> str:
    return hashlib.sha256(chain.encode()).hexdigest()[:16]


def _bytes(content: Mapping[str, Any]) -> bytes:
    return json.dumps(content, sort_keys=True).encode() + b"\n"


def _event(file: _File) -> AlertEvent:
    """The event in a file; KeyError or TypeError for a file of another form."""
    members: dict[str, Any] = dict(file["event"])
    for name, value in members.items():
        if isinstance(value, list):
            members[name] = tuple(value)
    return AlertEvent(**members)


def _host() -> str:
    return hashlib.sha256(platform.node().encode()).hexdigest()[:12]


def _state_without_outcome(intent: _File, now: datetime) -> str:
    """Under way while the sender may still be alive; unknown once it is dead."""
    if now - parse_time(intent["at"]) > LEASE:
        return UNKNOWN
    # A process number means something only on the machine that gave it.
    if intent["host"] == _host() and not _runs(intent["pid"]):
        return UNKNOWN
    return UNDER_WAY


def _runs(pid: int) -> bool:
    # This process delivers one message at a time, so an open intent with its own number is that of
    # a dead process which had the same number.
    if pid == os.getpid():
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        # It runs, and belongs to somebody else.
        return True
    return True


def channel_id(channel: str) -> str:
    """The digest that names a channel in the outbox; its secrets are variables, not in the text."""
    return hashlib.sha256(channel.encode()).hexdigest()[:12]
