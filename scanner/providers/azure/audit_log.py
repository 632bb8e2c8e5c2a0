"""Reads Azure's activity log: 90 days of the calls to Resource Manager that changed something, by
subscription.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from scanner.client.audit_logs import (
    MARGIN,
    AuditLogFacts,
    AuditLogReader,
    Events,
    Outcome,
    entries_of,
    member,
)
from scanner.client.interfaces import Session
from scanner.core.calendar import format_time, parse_time
from scanner.core.drift.audit_attribution import Reach
from scanner.core.drift.audit_events import LogEvent
from scanner.model.answers import Answer, Call
from scanner.model.values import Unreadable

OPERATION: Final = "Microsoft.Insights:ActivityLogs_List"
KEPT: Final = timedelta(days=90)
LAG: Final = timedelta(minutes=20)
"""Azure Monitor, "Activity log": entries are there 3 to 20 minutes after the event as a rule, which
is no promise.

https://learn.microsoft.com/azure/azure-monitor/platform/activity-log
"""
AFTER: Final = timedelta(hours=1)
"""How far after a window the query reaches, so that it finds the end of a call that began in the
window.
"""
ABOVE: Final = "tscan does not read the activity logs of management groups"
_ALWAYS: Final = (
    "Microsoft.Resources/tags/*",
    "Microsoft.Resources/subscriptions/resourceGroups/delete",
    "Microsoft.Resources/subscriptions/resourceGroups/moveResources/action",
)
"""Calls that change the tags of any resource, and calls that remove a whole resource group."""
_ENDS: Final = {"succeeded": Outcome.DONE, "failed": Outcome.FAILED}


def _actions(words: list[str]) -> Iterator[str]:
    """The actions of a table row; a resource type stands for the calls that write or delete it and
    its parts.
    """
    for word in words:
        if "*" in word or word.endswith(("/action", "/delete")):
            yield word
        else:
            yield f"{word}/*write"
            yield f"{word}/*delete"
    yield from _ALWAYS


_FACTS: Final = AuditLogFacts(
    lag=LAG,
    kept=KEPT,
    operations=(OPERATION,),
    package="scanner.providers.azure",
    actions=_actions,
)


@dataclass(frozen=True, slots=True)
class ActivityLog(AuditLogReader):
    """The activity log of a subscription."""

    facts = _FACTS

    def events(
        self, session: Session, window: tuple[str, str], region: str, reaches: Collection[Reach]
    ) -> Events | Unreadable:
        """Every call that changed something in the window, by time; `Unreadable` where that is not
        complete.
        """
        older = self.older(window)
        if older is not None:
            return older
        # A management group logs in its own log what its subscriptions inherit, and that log is not
        # read.
        if Reach.EVERY in reaches:
            return Unreadable(ABOVE)
        begins = format_time(parse_time(window[0]) - MARGIN)
        ends = format_time(min(parse_time(window[1]) + AFTER, self.now()))
        call = Call(
            operation=OPERATION,
            region="",
            params={
                "subscription": session.target.account,
                "$filter": f"eventTimestamp ge '{begins}' and eventTimestamp le '{ends}'",
            },
            items=("value",),
        )
        return self.once(window, session, call, _read)


def _read(answer: Answer) -> Events | Unreadable:
    found: Events | Unreadable = entries_of(answer, "value", _entry)
    return found


def _entry(row: Mapping[str, Any]) -> tuple[LogEvent, Outcome]:
    """An event as who, what, when, from where, on what: never claims or bodies."""
    action = member(row, "operationName", "value")
    actor = member(row, "caller")
    resource = member(row, "resourceId").lower()
    outcome = _ENDS.get(member(row, "status", "value").lower(), Outcome.BEGUN)
    # A call that failed changed nothing, and must name nobody.
    error = ""
    if outcome is Outcome.FAILED:
        error = member(row, "subStatus", "value") or "Failed"
    # Resource ids are paths: resources below and above are matched by their prefix.
    resources: tuple[str, ...] = ()
    if resource.startswith("/subscriptions/"):
        resources = (resource.rstrip("/"),)
    event = LogEvent(
        id=_call_id(row, action, actor, resource),
        time=member(row, "eventTimestamp"),
        action=action,
        actor=actor,
        actor_type=member(row, "authorization", "evidence", "principalType"),
        address=member(row, "httpRequest", "clientIpAddress"),
        resources=resources,
        error=error,
    )
    return event, outcome


def _call_id(row: Mapping[str, Any], action: str, actor: str, resource: str) -> str:
    """The same for all events of one call: it is logged when it begins, when it is accepted and
    when it ends.
    """
    correlation = member(row, "correlationId")
    if not correlation:
        return member(row, "eventDataId")
    return " ".join((correlation, action.lower(), actor, resource))
