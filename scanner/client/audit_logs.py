"""Shares what the audit logs of all clouds have in common.

A window is read once, acts are matched with their ends, and a table lists the calls that change
something.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Any, ClassVar, Final

from scanner.client.interfaces import Session
from scanner.core.calendar import parse_time
from scanner.core.drift.audit_attribution import Reach, Rule
from scanner.core.drift.audit_events import LogEvent
from scanner.model.answers import Answer, Call
from scanner.model.values import Unreadable
from scanner.words import plural

MARGIN: Final = timedelta(seconds=3)
"""Times in a request are cut to the second."""
Events = tuple[LogEvent, ...]


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditLogFacts:
    """What is known of an audit log before it is read."""

    lag: timedelta
    """How long after a call its event may come."""
    kept: timedelta
    """How long events are held."""
    operations: tuple[str, ...]
    """What it calls."""
    package: str
    """Where `changing.tsv` lies."""
    actions: Callable[[list[str]], Iterable[str]]
    """The calls that a row of it stands for."""


@dataclass(frozen=True, slots=True)
class AuditLogReader:
    """An audit log; no window of it is read twice."""

    facts: ClassVar[AuditLogFacts]
    now: Callable[[], datetime] = _now
    _asked: dict[tuple[str, ...], Events | Unreadable] = field(default_factory=dict)

    @property
    def lag(self) -> timedelta:
        """How long after a call its event may come."""
        return self.facts.lag

    @property
    def operations(self) -> tuple[str, ...]:
        """What it calls."""
        return self.facts.operations

    @property
    def rules(self) -> Mapping[str, Rule]:
        """Which calls change what, by kind."""
        return _table(self.facts.package, self.facts.actions)

    def older(self, window: tuple[str, str]) -> Unreadable | None:
        """Why a window is not known, where it begins before what the log still holds."""
        if parse_time(window[0]) >= self.now() - self.facts.kept:
            return None
        days = plural(self.facts.kept.days, "day")
        return Unreadable(f"the event history holds {days}, so the change may be older")

    def once(
        self,
        key: tuple[str, ...],
        session: Session,
        call: Call,
        read: Callable[[Answer], Events | Unreadable],
    ) -> Events | Unreadable:
        """The events of a complete answer, or why they are not known; `key` names the window."""
        key = (str(session.target), *key)
        if key not in self._asked:
            answer = session.request(call)
            # An incomplete log could lack the very event: then nobody is named.
            self._asked[key] = read(answer) if answer.state.whole else answer.unread
        return self._asked[key]


class Outcome(StrEnum):
    """What an entry says of the act that it belongs to."""

    BEGUN = "begun"
    DONE = "done"
    FAILED = "failed"


def acts(entries: Iterable[tuple[LogEvent, Outcome]]) -> Events:
    """The events in order of time; those of one act share their id.

    An act that failed is marked so wherever it is told of. One that is not known to have ended may
    be the one that changed something, and may not: it names nobody, and makes others ambiguous.
    """
    found = sorted(entries, key=lambda one: (parse_time(one[0].time), one[0].id))
    done: set[str] = set()
    failed: dict[str, str] = {}
    for event, outcome in found:
        if outcome is Outcome.DONE:
            done.add(event.id)
        elif outcome is Outcome.FAILED:
            failed[event.id] = event.error
    return tuple(_settled(event, outcome, done, failed) for event, outcome in found)


def _settled(
    event: LogEvent,
    outcome: Outcome,
    done: set[str],
    failed: Mapping[str, str],
) -> LogEvent:
    # An act without a known end may be the one that changed something: naming its actor could blame
    # the wrong person.
    if outcome is Outcome.FAILED or event.id in done:
        return event
    if event.id in failed:
        return replace(event, error=failed[event.id])
    return replace(event, actor="")


def entries_of(
    answer: Answer,
    member: str,
    read: Callable[[Mapping[str, Any]], tuple[LogEvent, Outcome]],
) -> Any:
    """The acts of a list in an answer, or why they are not known: an entry without a time may be
    the one.
    """
    # An entry that cannot be placed in time could be the one that is looked for.
    rows = (answer.data or {}).get(member, [])
    found = [read(row) for row in rows if isinstance(row, Mapping)]
    if len(found) < len(rows) or not all(_dated(event) for event, _ in found):
        return Unreadable(f"{answer.call.operation} returned an entry in an unknown format")
    return acts(found)


def _dated(event: LogEvent) -> bool:
    try:
        parse_time(event.time)
    except ValueError:
        return False
    return True


def member(value: Any, *steps: str) -> str:
    """The text at the end of some members; empty where there is none."""
    for step in steps:
        value = value.get(step) if isinstance(value, Mapping) else None
    return value if isinstance(value, str) else ""


@cache
def _table(package: str, actions_of: Callable[[list[str]], Iterable[str]]) -> Mapping[str, Rule]:
    """`changing.tsv` of a source, whose patterns the source may add to."""
    text = files(package).joinpath("changing.tsv").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    rules: dict[str, Rule] = {}
    for line in lines[1:]:
        kind, named, reach, actions = line.split("\t")
        rules[kind] = Rule(
            actions=tuple(actions_of(actions.split())),
            named=named == "named",
            reach=Reach(reach),
        )
    return rules
