"""`tscan drift --who`: the audit log of each target, asked about what drifted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from scanner.cli.support.history_options import HistoryContext, now
from scanner.client.interfaces import AuditLog, Connector, Rules, Session, Unreachable
from scanner.core.calendar import moment
from scanner.core.drift.audit_attribution import LATE, Question, answer, key_of, questions, rules_of
from scanner.core.drift.audit_events import Actor
from scanner.core.drift.comparison import Drift
from scanner.errors import TscanError
from scanner.model.answers import Target
from scanner.model.config import Config
from scanner.model.values import Unreadable
from scanner.providers import PROVIDERS, audit_log

CALL_DEADLINE: Final = 600.0
"""Seconds for one region's events: audit logs give few at a time, and not often."""


@dataclass(slots=True)
class AuditLogs:
    """The audit logs of all targets, each opened when it is first asked."""

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
        rules = Rules(read=self.log(cloud).read, call_deadline=CALL_DEADLINE)
        doors, closed = self._doors.setdefault(cloud, []), self._closed.setdefault(cloud, [])
        for configured in self.config.targets:
            if configured.cloud != cloud:
                continue
            try:
                doors.extend(PROVIDERS.get(cloud).connect(configured, rules))
            except TscanError as error:
                closed.append(error.message)


def attributed(drifts: Sequence[Drift], past: HistoryContext) -> list[Drift]:
    """The same with who did it, wherever somebody may have."""
    witnesses = AuditLogs(past.config)
    return [_attributed(drift, past, witnesses) for drift in drifts]


def _attributed(drift: Drift, past: HistoryContext, witnesses: AuditLogs) -> Drift:
    records, rows = past.ledger.records(drift.target), past.ledger.transitions(drift.target)
    asked = questions(drift, records, rows, past.library)
    actors = {
        key: _actor(question, Target(drift.target), witnesses) for key, question in asked.items()
    }
    return replace(
        drift, moved=tuple(replace(moved, who=actors.get(key_of(moved))) for moved in drift.moved)
    )


def _actor(question: Question | str, target: Target, witnesses: AuditLogs) -> Actor:
    if isinstance(question, str):
        return Actor(name="", reason=question)
    if target.cloud not in witnesses.logs and audit_log(target.cloud) is None:
        return Actor(name="", reason=f"no audit log of {target.cloud} is read")
    log = witnesses.log(target.cloud)
    rules = rules_of(question, log.rules)
    if isinstance(rules, str):
        return Actor(name="", reason=rules)
    session = witnesses.session(target)
    if isinstance(session, str):
        return Actor(name="", reason=f"the audit log was not read: {session}")
    # Whether it may be late is decided before it is read: what comes between the two is not missed.
    late = now() < moment(question.window[1]) + log.lag
    events = log.events(
        session, question.window, question.transition.region, {rule.reach for rule in rules}
    )
    if isinstance(events, Unreadable):
        return Actor(name="", reason=f"the audit log was not read whole: {events.reason}")
    return answer(
        question,
        rules,
        events,
        LATE.format(minutes=int(log.lag.total_seconds() // 60)) if late else "",
    )
