"""Audit logs, *authored* after the providers' documentation, asked as `tscan drift --who` asks
them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest

from scanner.cli.support import attribution
from scanner.client.interfaces import AuditLog
from scanner.core.drift.audit_attribution import AuditQuery
from scanner.core.drift.audit_events import Actor
from scanner.model.answers import Answer, Call, State, Target
from scanner.model.config import Config, TargetConfig
from scanner.model.history import Cause, Transition
from tests.recordings.collecting import Pointed
from tests.recordings.replay import Replay, replayed
from tests.recordings.store import Recording, Scenario

WINDOW: Final = ("2026-01-01T00:00:00Z", "2026-01-01T06:10:00Z")
LATER: Final = datetime(2026, 1, 2, tzinfo=UTC)
SECRET: Final = "what was sent"
LOOKS_SECRET: Final = "AKIA" + "3QZ7XW5LMT2RV6KD"
"""A name that detection would replace."""


def recording(method: str, url: str, body: Any, status: int = 200) -> Recording:
    """An authored response."""
    return Recording(
        file=url, method=method, url=url, status=status, headers={}, body=body, recorded="authored"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One target, whose log is asked about one resource."""

    target: str
    pointed: Pointed
    log: AuditLog
    recordings: Sequence[Recording]
    ignore: frozenset[str] = frozenset()

    def about(
        self,
        kind: str,
        resource: str,
        *,
        region: str = "",
        now: datetime = LATER,
        others: dict[str, bool] | None = None,
    ) -> tuple[Actor, Replay]:
        """Who is named, and what was asked for it."""
        config, opening = self.pointed
        move = Transition(
            seq=2, ts=WINDOW[1], check="c", target=self.target, region=region, resource=resource,
            previous="pass", verdict="fail", cause=Cause.EVIDENCE,
        )  # fmt: skip
        question = AuditQuery(transition=move, window=WINDOW, kind=kind, others=others or {})
        scenario = Scenario(cloud=config.cloud, name="authored", recordings=tuple(self.recordings))
        with (
            replayed(scenario, opening, ignore=self.ignore) as replay,
            pytest.MonkeyPatch.context() as patch,
        ):
            patch.setattr("scanner.cli.support.attribution.now", lambda: now)
            settings = {**config.settings, "endpoint": replay.url}
            witnesses = attribution.AuditLogs(
                Config(targets=(TargetConfig(cloud=config.cloud, settings=settings),))
            )
            witnesses.logs[config.cloud] = self.log
            actor = attribution._actor(question, Target(self.target), witnesses)
        assert SECRET not in repr(actor)
        return actor, replay


@dataclass
class Silent:
    """A session that answers with nothing, and keeps what it was asked."""

    target: Target
    organization_only: bool = False
    answers: dict[str, Any] = field(default_factory=dict)
    asked: list[Call] = field(default_factory=list)

    def request(self, call: Call) -> Answer:
        self.asked.append(call)
        data = self.answers.get(call.operation, {})
        return Answer(call=call, state=State.OK if data else State.EMPTY, data=data)


def at(minutes: float, fraction: str = "123456789") -> str:
    """So long after the window begins, as finely as providers write it."""
    moment = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{fraction}Z"
