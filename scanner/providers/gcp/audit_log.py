"""Reads Cloud Audit Logs: 400 days of the calls that changed something, by project, folder and
organization.
"""

from __future__ import annotations

import re
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
from scanner.providers.gcp.ancestors import ANCESTRY, ancestry_call, ancestry_levels

OPERATION: Final = "logging:entries.list"
KEPT: Final = timedelta(days=400)
"""Of the bucket `_Required`, which nobody can shorten: https://cloud.google.com/logging/quotas,
"Logs retention".
"""
LAG: Final = timedelta(minutes=15)
"""Google documents no bound for how late an entry may come
(https://cloud.google.com/logging/docs/audit).

Entries come within seconds as a rule. The lag is that of CloudTrail, so that nobody is named too
early.
"""
AFTER: Final = timedelta(hours=1)
"""How far after a window the query reaches, so that it finds the end of a call that began in the
window.
"""
LOGS: Final = ("cloudaudit.googleapis.com%2Factivity", "cloudaudit.googleapis.com%2Fsystem_event")
"""Calls of people and programs, and what Google's systems did by themselves."""
_SWITCH: Final = "serviceusage"
"""The service that enables and disables the others: a disabled service has no resources."""
_LOCATIONS: Final = frozenset({"locations", "regions", "zones"})


def _with_switching(actions: list[str]) -> Iterator[str]:
    """Calls, and those that enable or disable their services; a batch call does not name which
    services.
    """
    yield from actions
    services = {_SWITCH, *(action.partition(":")[0] for action in actions)}
    for service in sorted(services):
        yield f"{service}:*ableService*"


_FACTS: Final = AuditLogFacts(
    lag=LAG,
    kept=KEPT,
    operations=(OPERATION, ANCESTRY),
    package="scanner.providers.gcp",
    actions=_with_switching,
)


@dataclass(frozen=True, slots=True)
class CloudAuditLogs(AuditLogReader):
    """The Google Cloud audit log."""

    facts = _FACTS

    def events(
        self, session: Session, window: tuple[str, str], region: str, reaches: Collection[Reach]
    ) -> Events | Unreadable:
        """Every call that changed something in the window, by time; `Unreadable` where that is not
        complete.

        `Reach.EVERY` also reads the logs of the folders and the organization above a project.
        """
        older = self.older(window)
        if older is not None:
            return older
        resource_names = self._resource_names(session, above=Reach.EVERY in reaches)
        if isinstance(resource_names, Unreadable):
            return resource_names
        return self.once((*resource_names, *window), session, _call(resource_names, window), _read)

    def _resource_names(self, session: Session, *, above: bool) -> list[str] | Unreadable:
        account = session.target.account
        if session.organization_only:
            return [f"organizations/{account}"]
        if not above:
            return [f"projects/{account}"]
        return ancestry_levels(session.request(ancestry_call(account)), account)


def _call(resource_names: list[str], window: tuple[str, str]) -> Call:
    begins = format_time(parse_time(window[0]) - MARGIN)
    ends = format_time(parse_time(window[1]) + AFTER)
    # The log names are spelled out: a sink may copy the entries of other projects to here, and
    # those are about other resources (shadow trail).
    names: list[str] = []
    for resource_name in resource_names:
        names.extend(f'"{resource_name}/logs/{log}"' for log in LOGS)
    log_name = " OR ".join(names)
    return Call(
        operation=OPERATION,
        region="",
        params={
            "resourceNames": resource_names,
            "filter": f'logName=({log_name}) AND timestamp>="{begins}" AND timestamp<="{ends}"',
            "orderBy": "timestamp asc",
            "pageSize": 1000,
        },
        items=("entries",),
    )


def _read(answer: Answer) -> Events | Unreadable:
    found: Events | Unreadable = entries_of(answer, "entries", _entry)
    return found


def _entry(row: Mapping[str, Any]) -> tuple[LogEvent, Outcome]:
    """An entry as who, what, when, from where, on what: never the request or the response of the
    call.
    """
    payload = row.get("protoPayload")
    email = member(payload, "authenticationInfo", "principalEmail")
    actor = email or member(payload, "authenticationInfo", "principalSubject")
    service, resource = _service_and_resource(payload)
    error = _error_code(payload)
    if error:
        outcome = Outcome.FAILED
    elif _is_only_the_beginning(row):
        outcome = Outcome.BEGUN
    else:
        outcome = Outcome.DONE
    event = LogEvent(
        id=_call_id(row, actor),
        time=member(row, "timestamp"),
        action=f"{service}:{member(payload, 'methodName')}",
        actor=actor,
        actor_type="service account" if actor.endswith("gserviceaccount.com") else "",
        address=member(payload, "requestMetadata", "callerIp"),
        resources=_resource_ids(resource),
        error=error,
    )
    return event, outcome


def _service_and_resource(payload: object) -> tuple[str, str]:
    service = member(payload, "serviceName").partition(".")[0]
    resource = member(payload, "resourceName")
    if service == _SWITCH and "/services/" in resource:
        # Enabling or disabling a service is an event of that service, on all of its resources.
        switched = resource.partition("/services/")[2]
        return re.split(r"[./]", switched)[0], ""
    return service, resource


def _call_id(row: Mapping[str, Any], actor: str) -> str:
    """The same for all entries of one long-running operation, and for one entry that is delivered
    twice.

    `LogEntry.insertId`: entries of one log and time with the same id are one; in other logs an id
    may recur.
    """
    operation = member(row, "operation", "id")
    if operation:
        return " ".join((member(row, "operation", "producer"), operation, actor))
    return " ".join(member(row, name) for name in ("logName", "timestamp", "insertId"))


def _is_only_the_beginning(row: Mapping[str, Any]) -> bool:
    """Whether an entry is the first of a long-running operation, whose end another entry logs."""
    operation = row.get("operation")
    if not isinstance(operation, Mapping):
        return False
    return bool(operation.get("first")) and not operation.get("last")


def _error_code(payload: object) -> str:
    status = payload.get("status") if isinstance(payload, Mapping) else None
    code = status.get("code") if isinstance(status, Mapping) else None
    return str(code) if code else ""


def _resource_ids(resource: str) -> tuple[str, ...]:
    """The ids in `projects/P/locations/L/keyRings/R/cryptoKeys/K`: R and K.

    None where the name ends in a location or a collection, as for a resource that is being created.
    """
    words = resource.split("/")[2:]
    if words[:1] == ["global"]:
        words = words[1:]
    elif words and words[0] in _LOCATIONS:
        words = words[2:]
    if len(words) % 2 or "" in words:
        return ()
    return tuple(dict.fromkeys(words[1::2]))
