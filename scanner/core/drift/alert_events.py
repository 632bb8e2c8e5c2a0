"""News: what of a drift somebody asked to hear of, and on which channels."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Final

from scanner.core.drift.comparison import Drift, Moved, State, What
from scanner.model.config import AlertRule
from scanner.model.controls import Role
from scanner.model.history import Transition
from scanner.model.library import Library

EVENTS: Final = (
    "new failure",
    "new unknown",
    "fixed",
    "waiver expiring",
    "waiver expired",
    "scan failed",
)
"""What a rule may name."""
_GOOD: Final = frozenset({What.FIXED, What.REMOVED, What.RESOLVED})
_ENDED: Final = frozenset({What.WAIVED, What.OTHER_JUDGE})
"""An end that is no good news: only who was told of the beginning hears of it."""
ENDED: Final = "ended"
_BAD: Final = {
    What.NEW_FAILURE: "new failure",
    What.NEW_UNKNOWN: "new unknown",
    What.OUT_OF_SIGHT: "new unknown",
}
_BEGAN: Final = {"fail": "new failure", "unknown": "new unknown"}
"""The event of a verdict that an item had."""
_ID: Final = 24
"""Characters of an event's id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertEvent:
    """One thing that happened, with an id that is the same whenever it is told again."""

    id: str
    event: str
    """One of `EVENTS`, or `ended`."""
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
        return self.event in ("fixed", ENDED)


def news(drift: Drift, library: Library) -> tuple[AlertEvent, ...]:
    """What a drift tells, worst first."""
    found = [
        item for moved in drift.moved if (item := _moved(moved, drift.target, library)) is not None
    ]
    return (*found, *_waivers(drift))


def _moved(moved: Moved, target: str, library: Library) -> AlertEvent | None:
    # Who was told of a beginning is told of its end: of a failure also where it was unread in between.
    began = [
        name
        for name, so in (("new failure", moved.failed), ("new unknown", moved.before == "unknown"))
        if so
    ]
    if moved.what in _BAD:
        event = _BAD[moved.what]
        # What is out of sight may never be heard of again: for who heard of its failure, that is the end.
        began = began if event == "new failure" or moved.what is What.OUT_OF_SIGHT else []
    elif moved.what in _GOOD:
        event = "fixed"
    elif moved.what in _ENDED and began:
        event = ENDED
    else:
        return None
    hearers = tuple(began if event == ENDED else dict.fromkeys((event, *began)))
    check = library.checks.get(moved.check)
    title = check.title if check else moved.check
    return AlertEvent(
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


def _waivers(drift: Drift) -> Iterator[AlertEvent]:
    for one in drift.waivers:
        left = f"ends in {one.days} days" if one.days > 0 else "has ended"
        event = "waiver expiring" if one.days > 0 else "waiver expired"
        # Its record is not part of the id: it is said once, not every night of a fortnight.
        yield AlertEvent(
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


def scan_failed(what: str, started: str, reason: str) -> AlertEvent:
    """A scan that ended without a record; of which targets it would have been may not be known."""
    return _scan(
        what, started, "scan failed", "scan failed", f"it ended without a record: {reason}"
    )


def scan_works(failure: AlertEvent, finished: str) -> AlertEvent:
    """The first scan that left records again after one that did not."""
    text = f"it left records again, for the first time since it failed at {failure.time}"
    return _scan(failure.resource, finished, "fixed", "scan works again", text, of=failure.id)


def _scan(what: str, time: str, event: str, words: str, text: str, *, of: str = "") -> AlertEvent:
    return AlertEvent(
        id=event_id(words, what, of or time),
        event=event,
        hearers=tuple(dict.fromkeys((event, "scan failed"))),
        what=words,
        severity="",
        controls=(),
        target="",
        check="",
        region="",
        resource=what,
        text=text,
        time=time,
    )


def standing(state: State, library: Library) -> tuple[AlertEvent, ...]:
    """What fails or is not seen in a state, each as the news that it was, in order of check and place.

    What failed when it was last seen still stands for who was told of the failure: nothing says that it was fixed.
    """
    return tuple(
        item
        for _, row in sorted(state.items())
        if row.verdict in _BEGAN
        for item in (_standing(row, library),)
    )


def _standing(row: Transition, library: Library) -> AlertEvent:
    event = _BEGAN[row.verdict]
    failed = row.verdict == "unknown" and row.previous == "fail"
    check = library.checks.get(row.check)
    return AlertEvent(
        id=event_id(row.target, event, row.check, row.region, row.resource, str(row.seq)),
        event=event,
        hearers=(event, "new failure") if failed else (event,),
        what="failing before, not seen now"
        if failed
        else "failing"
        if row.verdict == "fail"
        else "not seen",
        severity=check.severity.value if check else "",
        controls=_controls(row.check, library),
        target=row.target,
        check=row.check,
        region=row.region,
        resource=row.resource,
        text=f"{check.title if check else row.check}{': ' * bool(row.reason)}{row.reason}",
        time=row.ts,
    )


def event_id(*parts: str) -> str:
    """A digest of what an event is."""
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:_ID]


def route(
    items: Iterable[AlertEvent], rules: Sequence[AlertRule]
) -> Mapping[str, tuple[AlertEvent, ...]]:
    """News by channel as the rules name it, each once for each channel."""
    found: dict[str, dict[str, AlertEvent]] = {}
    for item in items:
        for rule in rules:
            if hears(rule, item):
                for channel in rule.to:
                    found.setdefault(channel, {})[item.id] = item
    return {channel: tuple(told.values()) for channel, told in found.items()}


def hears(rule: AlertRule, item: AlertEvent) -> bool:
    """Whether a rule asks for an event; what an event does not have keeps it from nobody."""
    if rule.events and not set(rule.events) & set(item.hearers):
        return False
    if rule.severities and item.severity and item.severity not in rule.severities:
        return False
    if rule.controls and item.check and not set(rule.controls) & set(item.controls):
        return False
    if not rule.targets or not item.target:
        return True
    return any(fnmatchcase(item.target, pattern) for pattern in rule.targets)


def _controls(check: str, library: Library) -> tuple[str, ...]:
    return tuple(
        sorted(
            name
            for name, control in library.controls.items()
            if any(link.id == check and link.role is Role.EVIDENCES for link in control.checks)
        )
    )
