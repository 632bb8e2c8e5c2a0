"""Reads CloudTrail's event history: the changing calls of 90 days, by region; it is always on."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from scanner.client.audit_logs import MARGIN, AuditLogFacts, AuditLogReader, Events
from scanner.client.interfaces import Session
from scanner.core.calendar import format_time, parse_time
from scanner.core.drift.audit_attribution import Reach
from scanner.core.drift.audit_events import LogEvent
from scanner.model.answers import Answer, Call
from scanner.model.values import Unreadable
from scanner.providers.aws.partitions import home_region

OPERATION: Final = "cloudtrail:LookupEvents"
KEPT: Final = timedelta(days=90)
LAG: Final = timedelta(minutes=15)
"""CloudTrail User Guide, "Viewing recent management events with the console": within 15 minutes,
not guaranteed.
"""
_TAGS: Final = ("tagging:TagResources", "tagging:UntagResources")
"""One service that changes the labels of all the others."""


_FACTS: Final = AuditLogFacts(
    lag=LAG,
    kept=KEPT,
    operations=(OPERATION,),
    package="scanner.providers.aws",
    actions=lambda actions: (*actions, *_TAGS),
)


@dataclass(frozen=True, slots=True)
class CloudTrail(AuditLogReader):
    """The AWS audit log."""

    facts = _FACTS

    def events(
        self,
        session: Session,
        window: tuple[str, str],
        region: str,
        reaches: Collection[Reach],
    ) -> Events | Unreadable:
        """Every call that changed something in the window, in the regions that are meant; complete,
        or the reason why not.

        An event may occur twice, and events may be in any order.
        """
        if older := self.older(window):
            return older
        if Reach.EVERY in reaches and session.regions_open:
            return Unreadable(session.regions_open)
        found: list[LogEvent] = []
        for name in sorted(_regions(session, region, reaches)):
            events = self._events(session, name, window)
            if isinstance(events, Unreadable):
                return events
            found.extend(events)
        return tuple(found)

    def _events(
        self, session: Session, region: str, window: tuple[str, str]
    ) -> Events | Unreadable:
        call = Call(
            operation=OPERATION,
            region=region,
            params={
                # By resource it would be quicker, and would leave out the calls that do not say on
                # what.
                "LookupAttributes": [{"AttributeKey": "ReadOnly", "AttributeValue": "false"}],
                "StartTime": format_time(parse_time(window[0]) - MARGIN),
                "EndTime": format_time(parse_time(window[1]) + MARGIN),
            },
            items=("Events",),
        )
        return self.once((region, *window), session, call, _read)


def _regions(
    session: Session,
    region: str,
    reaches: Collection[Reach],
) -> set[str]:
    """The regions in whose history the calls that reach a resource are logged."""
    home = home_region(session.partition)
    own = region or home
    by_reach = {
        Reach.OWN: {own},
        Reach.GLOBAL: {home},
        Reach.BOTH: {own, home},
        Reach.EVERY: {*session.regions, own, home},
    }
    regions: set[str] = set()
    for reach in reaches:
        regions |= by_reach[reach]
    return regions


def _read(answer: Answer) -> Events:
    rows = (answer.data or {}).get("Events", [])
    return tuple(_event(row, answer.call.region) for row in rows)


def _event(row: Mapping[str, Any], region: str) -> LogEvent:
    """An event reduced to who, what, when, from where and on what, without its contents."""
    detail = _detail(row.get("CloudTrailEvent"))
    identity = _mapping(detail.get("userIdentity"))
    kind = str(identity.get("type", ""))
    actor = identity.get("arn")
    if not actor and kind == "AWSService":
        actor = "an AWS service"
    source = str(row.get("EventSource") or detail.get("eventSource", "")).partition(".")[0]
    return LogEvent(
        id=str(row.get("EventId", "")),
        time=str(row.get("EventTime", "")),
        action=f"{source}:{row.get('EventName', '')}",
        actor=_text(actor),
        actor_type=kind,
        address=_text(detail.get("sourceIPAddress")),
        resources=_resources(row, detail),
        region=region,
        writes=str(row.get("ReadOnly", "false")).lower() != "true",
        error=str(detail.get("errorCode", "")),
    )


def _resources(row: Mapping[str, Any], detail: Mapping[str, Any]) -> tuple[str, ...]:
    """Names and ARNs of the resources, each once."""
    names = [one.get("ResourceName") for one in row.get("Resources") or ()]
    names.extend(_mapping(one).get("ARN") for one in detail.get("resources") or ())
    return tuple(dict.fromkeys(_text(name) for name in names if _text(name)))


def _text(value: Any) -> str:
    """A text; empty for what stands in its place where it was redacted."""
    return value if isinstance(value, str) else ""


def _detail(text: Any) -> Mapping[str, Any]:
    """The event itself; empty where it cannot be parsed, so that nobody is named for it."""
    try:
        return _mapping(json.loads(text))
    except (TypeError, ValueError):
        return {}


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
