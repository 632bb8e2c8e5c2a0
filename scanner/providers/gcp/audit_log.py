"""Cloud Audit Logs: 400 days of the calls that changed something, by project, folder and organisation; always on."""

from __future__ import annotations

import re
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
from scanner.providers.gcp.ancestors import ANCESTRY, ancestry, levels_of

OPERATION: Final = "logging:entries.list"
KEPT: Final = timedelta(days=400)
"""Of the bucket `_Required`, which nobody can shorten: https://cloud.google.com/logging/quotas, "Logs retention"."""
LAG: Final = timedelta(minutes=15)
"""Google names no figure for how long an entry may take, and no bound (https://cloud.google.com/logging/docs/audit).

Entries come within seconds as a rule. As long as on AWS is waited, so that nobody is named too early.
"""
AFTER: Final = timedelta(hours=1)
"""How long after a window it is asked whether what began in it has ended."""
LOGS: Final = ("cloudaudit.googleapis.com%2Factivity", "cloudaudit.googleapis.com%2Fsystem_event")
"""What people and programs did, and what Google did by itself."""
_SWITCH: Final = "serviceusage"
"""The service that switches the others on and off: what is off has no resources."""
_PLACES: Final = frozenset({"locations", "regions", "zones"})


def _switching(actions: list[str]) -> Iterator[str]:
    """Calls, and those that switch their services; what switches several at once does not say which."""
    yield from actions
    yield from sorted(
        {
            f"{service}:*ableService*"
            for service in (_SWITCH, *(one.partition(":")[0] for one in actions))
        }
    )


_PAYLOAD: Final = (
    "serviceName", "methodName", "resourceName", "authenticationInfo.principalEmail",
    "authenticationInfo.principalSubject", "requestMetadata.callerIp",
)  # fmt: skip
_ENTRY: Final = ("logName", "insertId", "timestamp", "operation.id", "operation.producer")
"""What is read of an entry; what was sent and answered is not among it."""
_FACTS: Final = Facts(
    lag=LAG,
    kept=KEPT,
    operations=(OPERATION, ANCESTRY),
    read={
        OPERATION: frozenset(
            f"entries[].{path}" for path in (*_ENTRY, *(f"protoPayload.{one}" for one in _PAYLOAD))
        )
    },
    package="scanner.providers.gcp",
    actions=_switching,
)


@dataclass(frozen=True, slots=True)
class CloudAuditLogs(Asking):
    """The Google Cloud audit log."""

    facts = _FACTS

    def events(
        self, session: Session, window: tuple[str, str], region: str, reaches: Collection[Reach]
    ) -> Events | Unreadable:
        """Every call that changed something in the window, whole and by time, or the reason why not.

        `Reach.EVERY` asks the folders and the organisation above a project as well.
        """
        if older := self.older(window):
            return older
        places = self._places(session, above=Reach.EVERY in reaches)
        if isinstance(places, Unreadable):
            return places
        return self.once((*places, *window), session, _call(places, window), _read)

    def _places(self, session: Session, *, above: bool) -> list[str] | Unreadable:
        account = session.target.account
        if session.organization_only:
            return [f"organizations/{account}"]
        return (
            levels_of(session.request(ancestry(account)), account)
            if above
            else [f"projects/{account}"]
        )


def _call(places: list[str], window: tuple[str, str]) -> Call:
    begins, ends = iso(moment(window[0]) - MARGIN), iso(moment(window[1]) + AFTER)
    # Of these places alone: what others send here is about their resources.
    names = " OR ".join(f'"{place}/logs/{log}"' for place in places for log in LOGS)
    return Call(
        operation=OPERATION,
        region="",
        params={
            "resourceNames": places,
            "filter": f'logName=({names}) AND timestamp>="{begins}" AND timestamp<="{ends}"',
            "orderBy": "timestamp asc",
            "pageSize": 1000,
        },
        items=("entries",),
    )


def _read(answer: Answer) -> Events | Unreadable:
    found: Events | Unreadable = entries_of(answer, "entries", _entry)
    return found


def _entry(row: Mapping[str, Any]) -> tuple[LogEvent, Outcome]:
    """What is kept of an entry: who, what, when, from where, on what; never what was sent or answered."""
    payload = row.get("protoPayload")
    who = member(payload, "authenticationInfo", "principalEmail")
    who = who or member(payload, "authenticationInfo", "principalSubject")
    service, name = (
        member(payload, "serviceName").partition(".")[0],
        member(payload, "resourceName"),
    )
    if service == _SWITCH and "/services/" in name:
        # The event of a service that is switched is one of that service, on all that it holds.
        service, name = re.split(r"[./]", name.partition("/services/")[2])[0], ""
    error = _error(payload)
    event = LogEvent(
        id=_id(row, who),
        time=member(row, "timestamp"),
        action=f"{service}:{member(payload, 'methodName')}",
        actor=who,
        actor_type="service account" if who.endswith("gserviceaccount.com") else "",
        address=member(payload, "requestMetadata", "callerIp"),
        resources=_names(name),
        error=error,
    )
    return event, Outcome.FAILED if error else Outcome.BEGUN if _begins(row) else Outcome.DONE


def _id(row: Mapping[str, Any], who: str) -> str:
    """The same for all entries of one long act, and for one entry that is told twice.

    `LogEntry.insertId`: entries of one log and time with the same id are one; in others the id may come again.
    """
    if act := member(row, "operation", "id"):
        return " ".join((member(row, "operation", "producer"), act, who))
    return " ".join(member(row, name) for name in ("logName", "timestamp", "insertId"))


def _begins(row: Mapping[str, Any]) -> bool:
    """Whether an entry tells of the beginning of an act, and not of its end."""
    operation = row.get("operation")
    return (
        isinstance(operation, Mapping)
        and bool(operation.get("first"))
        and not operation.get("last")
    )


def _error(payload: Any) -> str:
    status = payload.get("status") if isinstance(payload, Mapping) else None
    code = status.get("code") if isinstance(status, Mapping) else None
    return str(code) if code else ""


def _names(resource: str) -> tuple[str, ...]:
    """The names in `projects/P/locations/L/keyRings/R/cryptoKeys/K`: R and K.

    None where only a place or a list stands there, as for what is being made: it does not say on what.
    """
    words = resource.split("/")[2:]
    words = (
        words[2:]
        if words[:1] and words[0] in _PLACES
        else words[1:]
        if words[:1] == ["global"]
        else words
    )
    return () if len(words) % 2 or "" in words else tuple(dict.fromkeys(words[1::2]))
