"""Turns drift into alert events, and routes them to channels by the rules of the configuration."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Final

from scanner.core.drift.comparison import Drift, DriftKind, FindingChange, State
from scanner.core.periods.timelines import FAIL, UNKNOWN
from scanner.model.config import AlertRule
from scanner.model.controls import Control, Role
from scanner.model.history import Record, Transition
from scanner.model.library import Library
from scanner.words import plural

EVENTS: Final = (
    "new failure",
    "new unknown",
    "fixed",
    "waiver expiring",
    "waiver expired",
    "scan failed",
)
"""What a rule may name."""
ENDED: Final = "ended"
_RECOVERIES: Final = frozenset({DriftKind.FIXED, DriftKind.REMOVED, DriftKind.RESOLVED})
_ENDINGS: Final = frozenset({DriftKind.WAIVED, DriftKind.CONTENT_CHANGED})
"""Ends without a recovery: they are sent only to those who received the beginning."""
_PROBLEMS: Final = {
    DriftKind.NEW_FAILURE: "new failure",
    DriftKind.NEW_UNKNOWN: "new unknown",
    DriftKind.NO_LONGER_READ: "new unknown",
}
_EVENT_OF_VERDICT: Final = {FAIL: "new failure", UNKNOWN: "new unknown"}
_ID_LENGTH: Final = 24


@dataclass(
    frozen=True,
    slots=True,
    kw_only=True,
)
class AlertEvent:
    """One thing that happened.

    Its id is the same whenever it is computed again, so that it is sent once.

    The outbox stores these members by name: a renamed member is another file format.
    """

    id: str
    event: str
    """One of `EVENTS`, or `ended`."""
    hearers: tuple[str, ...]
    """Events: a rule that names any of them matches."""
    what: str
    """A more precise description of the event."""
    severity: str
    """`` where the event has none; the severities of a rule do not filter it then."""
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


def alert_events_of(drift: Drift, library: Library) -> tuple[AlertEvent, ...]:
    """The alert events of a drift, worst first."""
    found: list[AlertEvent] = []
    for moved in drift.moved:
        event = _of_finding(moved, drift.after, library)
        if event is not None:
            found.append(event)
    found.extend(_of_waivers(drift))
    return tuple(found)


def _event_and_hearers(moved: FindingChange) -> tuple[str, tuple[str, ...]] | None:
    """The event of a change, and the events that a rule may name to select it.

    None where it is no event.
    """
    # Whoever received a beginning receives its end: that of a failure also where it was unread in
    # between.
    beginnings: list[str] = []
    if moved.failed:
        beginnings.append("new failure")
    if moved.before == UNKNOWN:
        beginnings.append("new unknown")

    if moved.what in _PROBLEMS:
        event = _PROBLEMS[moved.what]
        # A failure that is out of sight may never be reported again: for those who received it,
        # that is the end.
        if event != "new failure" and moved.what is not DriftKind.NO_LONGER_READ:
            beginnings = []
        return event, _distinct(event, *beginnings)
    if moved.what in _RECOVERIES:
        return "fixed", _distinct("fixed", *beginnings)
    if moved.what in _ENDINGS and beginnings:
        return ENDED, tuple(beginnings)
    return None


def _distinct(*events: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(events))


def _of_finding(
    moved: FindingChange,
    record: Record,
    library: Library,
) -> AlertEvent | None:
    selected = _event_and_hearers(moved)
    if selected is None:
        return None
    event, hearers = selected
    check = library.checks.get(moved.check)
    title = check.title if check else moved.check
    change = f"{moved.before or 'new'} → {moved.after or 'gone'}"
    return AlertEvent(
        id=event_id(
            # Chains count their records by themselves: the target alone names two of a number.
            record.chain,
            event,
            moved.check,
            moved.region,
            moved.resource,
            str(moved.seq),
        ),
        event=event,
        hearers=hearers,
        what=moved.what.value,
        severity=moved.severity,
        controls=_controls(moved.check, library),
        target=record.target,
        check=moved.check,
        region=moved.region,
        resource=moved.resource,
        text=_joined(", ", f"{title}: {change}", moved.reason),
        time=moved.ts,
    )


def _joined(
    separator: str,
    text: str,
    reason: str,
) -> str:
    return f"{text}{separator}{reason}" if reason else text


def _of_waivers(drift: Drift) -> Iterator[AlertEvent]:
    for one in drift.waivers:
        if one.days > 0:
            event, when = "waiver expiring", f"ends in {plural(one.days, 'day')}"
            hearers: tuple[str, ...] = ("waiver expiring",)
        else:
            event, when = "waiver expired", "has ended"
            hearers = ("waiver expiring", "waiver expired")
        # The record is not part of the id: it is sent once, not every night of a fortnight.
        yield AlertEvent(
            id=event_id(drift.target, event, one.waiver, one.expires),
            event=event,
            hearers=hearers,
            what=event,
            severity="",
            controls=(),
            target=drift.target,
            check="",
            region="",
            resource=one.waiver,
            text=f"waiver {one.waiver} {when}, on {one.expires}",
            time=drift.after.finished,
        )


def scan_failed(
    what: str,
    started: str,
    reason: str,
) -> AlertEvent:
    """A scan that ended without a record; which targets it would have scanned may not be known."""
    text = f"the scan ended without a record: {reason}"
    return _of_scan(what, started, "scan failed", "scan failed", text, cause=started)


def scan_works(failure: AlertEvent, finished: str) -> AlertEvent:
    """The first scan that committed records again after one that did not."""
    text = f"the scan committed records again, for the first time since it failed at {failure.time}"
    what = failure.resource
    return _of_scan(what, finished, "fixed", "scan works again", text, cause=failure.id)


def _of_scan(
    scope: str,
    time: str,
    event: str,
    what: str,
    text: str,
    *,
    cause: str,
) -> AlertEvent:
    return AlertEvent(
        id=event_id(what, scope, cause),
        event=event,
        hearers=_distinct(event, "scan failed"),
        what=what,
        severity="",
        controls=(),
        target="",
        check="",
        region="",
        resource=scope,
        text=text,
        time=time,
    )


def open_problems(state: State, library: Library, chain: str) -> tuple[AlertEvent, ...]:
    """The open problems in the state of a chain, each as the event that began it.

    They are in order of check, region and resource.

    A failure that is no longer seen is still open for whoever received it: nothing says that it was
    fixed.
    """
    found: list[AlertEvent] = []
    for key in sorted(state):
        row = state[key]
        if row.verdict in _EVENT_OF_VERDICT:
            found.append(_of_open_finding(row, library, chain))
    return tuple(found)


def _of_open_finding(row: Transition, library: Library, chain: str) -> AlertEvent:
    event = _EVENT_OF_VERDICT[row.verdict]
    hearers: tuple[str, ...] = (event,)
    if row.verdict == FAIL:
        what = "failing"
    elif row.previous == FAIL:
        what = "failing before, not seen now"
        hearers = (event, "new failure")
    else:
        what = "not seen"
    check = library.checks.get(row.check)
    return AlertEvent(
        id=event_id(
            chain,
            event,
            row.check,
            row.region,
            row.resource,
            str(row.seq),
        ),
        event=event,
        hearers=hearers,
        what=what,
        severity=check.severity.value if check else "",
        controls=_controls(row.check, library),
        target=row.target,
        check=row.check,
        region=row.region,
        resource=row.resource,
        text=_joined(": ", check.title if check else row.check, row.reason),
        time=row.ts,
    )


def event_id(*parts: str) -> str:
    """A digest of what an event is."""
    # As JSON, so that no two lists of parts give one text.
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:_ID_LENGTH]


def route(
    items: Iterable[AlertEvent], rules: Sequence[AlertRule]
) -> Mapping[str, tuple[AlertEvent, ...]]:
    """Events by channel as the rules name it, each once for each channel."""
    by_channel: dict[str, dict[str, AlertEvent]] = {}
    for item in items:
        for rule in rules:
            if not matches(rule, item):
                continue
            for channel in rule.to:
                by_channel.setdefault(channel, {})[item.id] = item
    return {channel: tuple(events.values()) for channel, events in by_channel.items()}


def matches(rule: AlertRule, item: AlertEvent) -> bool:
    """Whether a rule selects an event."""
    # A filter applies only to events that have the member: a failed scan has no severity, and must
    # still be sent.
    severities = [item.severity] if item.severity else None
    controls = item.controls if item.check else None
    return (
        _selects(rule.events, item.hearers)
        and _selects(rule.severities, severities)
        and _selects(rule.controls, controls)
        and _selects_target(rule, item)
    )


def _selects(
    wanted: Sequence[str],
    values: Sequence[str] | None,
) -> bool:
    """Whether a filter lets any of some values through; None: the event has no such member."""
    if not wanted or values is None:
        return True
    return not set(wanted).isdisjoint(values)


def _selects_target(rule: AlertRule, item: AlertEvent) -> bool:
    if not rule.targets or not item.target:
        return True
    return any(fnmatchcase(item.target, pattern) for pattern in rule.targets)


def _controls(check: str, library: Library) -> tuple[str, ...]:
    """The controls that a check evidences, sorted."""
    found: list[str] = []
    for name, control in library.controls.items():
        # A check that only supports a control does not alert whoever is responsible for it.
        if _evidences(check, control):
            found.append(name)
    return tuple(sorted(found))


def _evidences(check: str, control: Control) -> bool:
    return any(link.id == check and link.role is Role.EVIDENCES for link in control.checks)
