"""Azure's activity log: 90 days of the calls to the resource manager that changed something, by subscription."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from scanner.client.audit_logs import MARGIN, Asking, Events, Facts, Outcome, entries_of, member
from scanner.client.interfaces import Session
from scanner.core.calendar import iso, moment
from scanner.core.drift.audit_attribution import Reach
from scanner.core.drift.audit_events import LogEvent
from scanner.model.answers import Answer, Call
from scanner.model.values import Unreadable

OPERATION: Final = "Microsoft.Insights:ActivityLogs_List"
KEPT: Final = timedelta(days=90)
LAG: Final = timedelta(minutes=20)
"""Azure Monitor, "Activity log": entries are there 3 to 20 minutes after the event as a rule, which is no promise.

https://learn.microsoft.com/azure/azure-monitor/platform/activity-log
"""
AFTER: Final = timedelta(hours=1)
"""How long after a window it is asked whether what began in it has ended."""
ABOVE: Final = "management groups keep logs of their own, which are not read"
_ALWAYS: Final = (
    "Microsoft.Resources/tags/*",
    "Microsoft.Resources/subscriptions/resourceGroups/delete",
    "Microsoft.Resources/subscriptions/resourceGroups/moveResources/action",
)
"""What changes the labels of all resources, and what takes all of a group away."""
_ENDS: Final = {"succeeded": Outcome.DONE, "failed": Outcome.FAILED}


def _actions(words: list[str]) -> Iterator[str]:
    """A type of resource stands for the calls that make, change and delete it and its parts."""
    for word in words:
        one = "*" in word or word.endswith(("/action", "/delete"))
        yield from (word,) if one else (f"{word}/*write", f"{word}/*delete")
    yield from _ALWAYS


_READ: Final = (
    "operationName.value", "status.value", "subStatus.value", "resourceId", "caller", "eventTimestamp",
    "eventDataId", "correlationId", "httpRequest.clientIpAddress", "authorization.evidence.principalType",
)  # fmt: skip
"""Of an event; claims and what was sent are not among it."""
_FACTS: Final = Facts(
    lag=LAG,
    kept=KEPT,
    operations=(OPERATION,),
    read={OPERATION: frozenset(f"value[].{path}" for path in _READ)},
    package="scanner.providers.azure",
    actions=_actions,
)


@dataclass(frozen=True, slots=True)
class ActivityLog(Asking):
    """The Azure audit log."""

    facts = _FACTS

    def events(
        self, session: Session, window: tuple[str, str], region: str, reaches: Collection[Reach]
    ) -> Events | Unreadable:
        """Every call that changed something in the window, whole and by time, or the reason why not.

        What `Reach.EVERY` asks for is never whole: what a management group hands down is logged there.
        """
        if older := self.older(window):
            return older
        if Reach.EVERY in reaches:
            return Unreadable(ABOVE)
        begins, ends = (
            iso(moment(window[0]) - MARGIN),
            iso(min(moment(window[1]) + AFTER, self.now())),
        )
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
    """What is kept of an event: who, what, when, from where, on what; never claims or what was sent."""
    action, who, resource = (
        member(row, "operationName", "value"),
        member(row, "caller"),
        member(row, "resourceId").lower(),
    )
    outcome = _ENDS.get(member(row, "status", "value").lower(), Outcome.BEGUN)
    code = member(row, "subStatus", "value") or "Failed"
    event = LogEvent(
        id=_id(row, action, who, resource),
        time=member(row, "eventTimestamp"),
        action=action,
        actor=who,
        actor_type=member(row, "authorization", "evidence", "principalType"),
        address=member(row, "httpRequest", "clientIpAddress"),
        # Ids are paths: what lies below and above is found by them.
        resources=(resource.rstrip("/"),) if resource.startswith("/subscriptions/") else (),
        error=code if outcome is Outcome.FAILED else "",
    )
    return event, outcome


def _id(row: Mapping[str, Any], action: str, who: str, resource: str) -> str:
    """The same for all events of one call: it is told of when it begins, is accepted and ends."""
    act = member(row, "correlationId")
    return " ".join((act, action.lower(), who, resource)) if act else member(row, "eventDataId")
