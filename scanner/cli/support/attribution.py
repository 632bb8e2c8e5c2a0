"""Finds in audit logs who made the changes that drift shows: `tscan drift --who`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from scanner.cli.support.history_options import HistoryContext, now
from scanner.client.interfaces import AuditLog, Connector, Rules, Session, Unreachable
from scanner.core.calendar import parse_time
from scanner.core.drift.audit_attribution import (
    LATE,
    AuditQuery,
    attribute_change,
    audit_queries,
    key_of,
    rules_of,
)
from scanner.core.drift.audit_events import Actor
from scanner.core.drift.comparison import Drift
from scanner.errors import TscanError
from scanner.model.answers import Target
from scanner.model.config import Config
from scanner.model.values import Unreadable
from scanner.providers import PROVIDERS, audit_log
from scanner.words import plural

CALL_DEADLINE: Final = 600.0
"""Seconds for one region's events: audit logs give few at a time, and not often."""


@dataclass(slots=True)
class AuditLogs:
    """The audit logs of all targets, each opened when it is first needed."""

    config: Config
    logs: dict[str, AuditLog] = field(default_factory=dict)
    _doors: dict[str, list[Connector]] = field(default_factory=dict)
    _closed: dict[str, list[str]] = field(default_factory=dict)
    _sessions: dict[str, Session | Unreachable] = field(default_factory=dict)

    def log(self, cloud: str) -> AuditLog:
        """A cloud's audit log; TscanError where none is read."""
        if cloud not in self.logs:
            log = audit_log(cloud)
            if log is None:
                raise TscanError(f"no audit log of {cloud} is read")
            self.logs[cloud] = log
        return self.logs[cloud]

    def session(self, target: Target) -> Session | str:
        """A target, open, or why it is not."""
        if target.cloud not in self._doors:
            self._open(target.cloud)
        if target not in self._sessions:
            found = [door for door in self._doors[target.cloud] if door.target == target]
            if not found:
                return (
                    "; ".join(self._closed[target.cloud])
                    or f"no configured target leads to {target}"
                )
            self._sessions[target] = found[0].connect()
        session = self._sessions[target]
        return session.why if isinstance(session, Unreachable) else session

    def _open(self, cloud: str) -> None:
        rules = Rules(call_deadline=CALL_DEADLINE)
        doors, closed = self._doors.setdefault(cloud, []), self._closed.setdefault(cloud, [])
        for configured in self.config.targets:
            if configured.cloud != cloud:
                continue
            try:
                doors.extend(PROVIDERS.get(cloud).connect(configured, rules))
            except TscanError as error:
                closed.append(error.message)


def attributed(drifts: Sequence[Drift], history: HistoryContext) -> list[Drift]:
    """The drifts with the actor of each change that somebody may have made."""
    logs = AuditLogs(history.config)
    return [_attributed(drift, history, logs) for drift in drifts]


def _attributed(drift: Drift, history: HistoryContext, logs: AuditLogs) -> Drift:
    records = history.ledger.records(drift.after.chain)
    transitions = history.ledger.transitions(drift.after.chain)
    target = Target(drift.target)
    actors = {
        key: _actor(question, target, logs)
        for key, question in audit_queries(drift, records, transitions, history.library).items()
    }
    moved = [replace(one, who=actors.get(key_of(one))) for one in drift.moved]
    return replace(drift, moved=tuple(moved))


def _actor(question: AuditQuery | str, target: Target, logs: AuditLogs) -> Actor:
    """Who did it, or why nobody is named: a guess would accuse somebody (decision 0017)."""
    if isinstance(question, str):
        return Actor(name="", reason=question)
    if target.cloud not in logs.logs and audit_log(target.cloud) is None:
        return Actor(name="", reason=f"no audit log of {target.cloud} is read")
    log = logs.log(target.cloud)
    rules = rules_of(question, log.rules)
    if isinstance(rules, str):
        return Actor(name="", reason=rules)
    session = logs.session(target)
    if isinstance(session, str):
        return Actor(name="", reason=f"the audit log was not read: {session}")
    # Decided before the log is read: an event that arrives in between must not count as missing.
    may_be_late = now() < parse_time(question.window[1]) + log.lag
    reaches = {rule.reach for rule in rules}
    events = log.events(session, question.window, question.transition.region, reaches)
    if isinstance(events, Unreadable):
        return Actor(name="", reason=f"the audit log was not read completely: {events.reason}")
    caveat = ""
    if may_be_late:
        caveat = LATE.format(delay=plural(int(log.lag.total_seconds() // 60), "minute"))
    return attribute_change(question, rules, events, caveat)
