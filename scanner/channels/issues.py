"""What an issue says: of which subject it is, what stands open, what happened; nothing of it acts on who reads it."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from scanner.channels import GRAVEST, NAMED, Entry, Letter, brief, fitting
from scanner.core.drift.alert_events import AlertEvent, event_id
from scanner.rendering.sanitize import sanitized

LISTED: Final = 100
"""Open items that an issue lists."""
LONGEST: Final = 48_000
"""Characters of a list, for an issue and a comment hold 65,536 in all."""
TOGETHER: Final = 500
"""Events that one comment tells, for its ids must fit into it."""
_ABOUT: Final = "<!-- tscan:about {} -->"
_EVENTS: Final = re.compile(r"<!-- tscan:events ((?:[0-9a-f]{24} ?)+)-->")


@dataclass(slots=True, kw_only=True)
class Subject:
    """What one issue is about: a control, or where an event has none, its check, its waiver or the scan itself."""

    name: str
    entries: list[Entry] = field(default_factory=list)
    standing: list[AlertEvent] = field(default_factory=list)

    @property
    def marker(self) -> str:
        """What the issue is found by, invisible in it."""
        return _ABOUT.format(event_id(self.name))

    @property
    def title(self) -> str:
        """Without a number in it, so that it stays the same."""
        return sanitized(f"tscan: {self.name}")[:200]

    @property
    def body(self) -> str:
        """What stands open now."""
        lines = [self.marker, f"{inert(self.name)}: {_count(self.standing)}", ""]
        gravest = sorted(self.standing, key=lambda item: GRAVEST.index(item.severity))
        lines += fitting(map(_item, gravest[:LISTED]), len(self.standing), LONGEST, bullet="- ")
        lines += [
            "",
            "tscan writes this text again whenever something changes; what you have to say is safe in a comment.",
        ]
        return "\n".join(lines)


def subjects(letter: Letter) -> list[Subject]:
    """Every subject that a letter's events speak of, with what stands open of it."""
    found: dict[str, Subject] = {}
    for entry in sorted(letter.entries, key=lambda entry: (entry.item.time, entry.item.recovery)):
        for name in _names(entry.item):
            found.setdefault(name, Subject(name=name)).entries.append(entry)
    standing: Mapping[str, list[AlertEvent]] = _by_name(letter.standing())
    for name, subject in found.items():
        subject.standing = standing.get(name, [])
        if name.startswith("waiver "):
            # Nothing says that a waiver was renewed; who renews it closes the issue.
            subject.standing = [entry.item for entry in subject.entries[-1:]]
    return [found[name] for name in sorted(found)]


def _by_name(items: Iterable[AlertEvent]) -> dict[str, list[AlertEvent]]:
    found: dict[str, list[AlertEvent]] = defaultdict(list)
    for item in items:
        for name in _names(item):
            found[name].append(item)
    return found


def _names(item: AlertEvent) -> list[str]:
    if item.controls:
        return [f"control {name}" for name in item.controls]
    if item.check:
        return [f"check {item.check}"]
    return [f"{'waiver' if item.event.startswith('waiver') else 'scan of'} {item.resource}"]


def comments(entries: Sequence[Entry]) -> list[str]:
    """What happened, in as few comments as hold the ids of all events."""
    return [
        _comment(entries[first : first + TOGETHER]) for first in range(0, len(entries), TOGETHER)
    ]


def _comment(entries: Sequence[Entry]) -> str:
    lines = fitting(map(_happened, entries[:NAMED]), len(entries), LONGEST, bullet="- ")
    ids = " ".join(entry.item.id for entry in entries)
    return "\n".join([*lines, "", f"<!-- tscan:events {ids} -->"])


def events_in(text: str) -> set[str]:
    """The ids of the events that a comment of ours told."""
    return {one for found in _EVENTS.finditer(text) for one in found[1].split()}


def _count(items: Sequence[AlertEvent]) -> str:
    counts: dict[str, int] = defaultdict(int)
    for item in items:
        counts[item.what] += 1
    return (
        ", ".join(f"{count} {what}" for what, count in sorted(counts.items()))
        or "nothing stands open"
    )


def _item(item: AlertEvent) -> str:
    return f"{_about(item)}: {inert(item.text)} since {inert(item.time)}"


def _happened(entry: Entry) -> str:
    item = entry.item
    again = "[possible repeat] " if entry.repeat else ""
    said = f"{_about(item)}: {inert(item.text)} at {inert(item.time)}, event {inert(item.id)}"
    return f"{again}**{item.what}** {said}"


def _about(item: AlertEvent) -> str:
    parts = (item.severity, item.check, item.resource, item.region, item.target)
    return " ".join(inert(part) for part in parts if part)


def inert(text: str) -> str:
    """A text in which nothing is markup, a link or the mention of a person: a code span that it cannot end."""
    shown = brief(text)
    fence = "`" * (max((len(run) for run in re.findall("`+", shown)), default=0) + 1)
    return f"{fence} {shown} {fence}"
