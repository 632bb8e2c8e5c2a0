"""News: what of a drift somebody asked to hear of, and on which channels."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Final

from scanner.core.drift import Drift, Moved, What
from scanner.model.config import AlertRule
from scanner.model.controls import Role
from scanner.model.library import Library

EVENTS: Final = ("new failure", "new unknown", "fixed", "waiver expiring", "waiver expired", "scan failed")
"""What a rule may name."""
_ENDS: Final = {
    What.FIXED: ("fixed", "new failure"),
    What.REMOVED: ("fixed", "new failure"),
    What.RESOLVED: ("fixed", "new unknown"),
}
"""Good news, and the events whose hearers hear of it: who was told of a failure is told of its end."""
_BAD: Final = {
    What.NEW_FAILURE: "new failure",
    What.NEW_UNKNOWN: "new unknown",
    What.OUT_OF_SIGHT: "new unknown",
}
_ID: Final = 24
"""Characters of an event's id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """One thing that happened, with an id that is the same whenever it is told again."""

    id: str
    event: str
    """One of `EVENTS`."""
    hearers: tuple[str, ...]
    """Rules that name any of these hear it."""
    what: str
    """In words; more precise than the event."""
    severity: str
    """`` where the event has none; a rule's severities do not keep it back then."""
    controls: tuple[str, ...]
    target: str
    check: str
    region: str
    resource: str
    text: str
    time: str

    @property
    def recovery(self) -> bool:
        """Whether it is the end of something bad."""
        return self.event == "fixed"


def news(drift: Drift, library: Library) -> tuple[News, ...]:
    """What a drift tells, worst first."""
    found = [item for moved in drift.moved if (item := _moved(moved, drift.target, library)) is not None]
    return (*found, *_waivers(drift))


def _moved(moved: Moved, target: str, library: Library) -> News | None:
    if moved.what in _BAD:
        event = _BAD[moved.what]
        hearers: tuple[str, ...] = (event,)
    elif moved.what in _ENDS:
        event, *_ = hearers = _ENDS[moved.what]
    else:
        return None
    check = library.checks.get(moved.check)
    title = check.title if check else moved.check
    return News(
        id=event_id(target, event, moved.check, moved.region, moved.resource, str(moved.seq)),
        event=event,
        hearers=hearers,
        what=moved.what.value,
        severity=moved.severity,
        controls=_controls(moved.check, library),
        target=target,
        check=moved.check,
        region=moved.region,
        resource=moved.resource,
        text=f"{title}: {moved.before or 'new'} → {moved.after or 'gone'}{', ' * bool(moved.reason)}{moved.reason}",
        time=moved.ts,
    )


def _waivers(drift: Drift) -> Iterator[News]:
    for one in drift.waivers:
        left = f"ends in {one.days} days" if one.days > 0 else "has ended"
        event = "waiver expiring" if one.days > 0 else "waiver expired"
        # Its record is not part of the id: it is said once, not every night of a fortnight.
        yield News(
            id=event_id(drift.target, event, one.waiver, one.expires),
            event=event,
            hearers=("waiver expiring", "waiver expired") if one.days <= 0 else (event,),
            what=event,
            severity="",
            controls=(),
            target=drift.target,
            check="",
            region="",
            resource=one.waiver,
            text=f"waiver {one.waiver} {left}, on {one.expires}",
            time=drift.after.finished,
        )


def scan_failed(target: str, started: str, reason: str) -> News:
    """A scan that ended without a record."""
    return News(
        id=event_id(target, "scan failed", started),
        event="scan failed",
        hearers=("scan failed",),
        what="scan failed",
        severity="",
        controls=(),
        target=target,
        check="",
        region="",
        resource="",
        text=f"the scan ended without a record: {reason}",
        time=started,
    )


def event_id(*parts: str) -> str:
    """A digest of what an event is."""
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:_ID]


def route(items: Iterable[News], rules: Sequence[AlertRule]) -> Mapping[str, tuple[News, ...]]:
    """News by channel as the rules name it, each once for each channel."""
    found: dict[str, dict[str, News]] = {}
    for item in items:
        for rule in rules:
            if hears(rule, item):
                for channel in rule.to:
                    found.setdefault(channel, {})[item.id] = item
    return {channel: tuple(told.values()) for channel, told in found.items()}


def hears(rule: AlertRule, item: News) -> bool:
    """Whether a rule asks for an event; what an event does not have keeps it from nobody."""
    if rule.events and not set(rule.events) & set(item.hearers):
        return False
    if rule.severities and item.severity and item.severity not in rule.severities:
        return False
    if rule.controls and item.check and not set(rule.controls) & set(item.controls):
        return False
    return not rule.targets or any(fnmatchcase(item.target, pattern) for pattern in rule.targets)


def _controls(check: str, library: Library) -> tuple[str, ...]:
    return tuple(
        sorted(
            name
            for name, control in library.controls.items()
            if any(link.id == check and link.role is Role.EVIDENCES for link in control.checks)
        )
    )
