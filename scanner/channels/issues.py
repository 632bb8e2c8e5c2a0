"""Write the texts of issues: title, open findings and events, with all markup made inert."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from scanner.channels import GRAVEST, NAMED, Message, MessageEntry, brief, fitting
from scanner.core.drift.alert_events import AlertEvent, event_id
from scanner.rendering.sanitize import sanitized

LISTED: Final = 100
"""Open events that an issue lists."""
LONGEST: Final = 48_000
"""Characters of a list: GitHub takes 65,536 for an issue or a comment."""
TOGETHER: Final = 500
"""Events of one comment: their ids must fit into it."""
_ABOUT: Final = "<!-- tscan:about {} -->"
"""The invisible mark by which an issue is found again."""
_EVENTS: Final = re.compile(r"<!-- tscan:events ((?:[0-9a-f]{24} ?)+)-->")


@dataclass(slots=True, kw_only=True)
class Subject:
    """The subject of one issue: a control, else a check, a waiver or the scan itself."""

    name: str
    entries: list[MessageEntry] = field(default_factory=list)
    """Events that are new."""
    open: list[AlertEvent] = field(default_factory=list)
    """What fails or is unknown now."""

    @property
    def marker(self) -> str:
        """The mark in the text of its issue."""
        # A digest: the name of a cloud resource could end the HTML comment.
        return _ABOUT.format(event_id(self.name))

    @property
    def title(self) -> str:
        """The title. It contains no count, so that it never changes."""
        return sanitized(f"tscan: {self.name}")[:200]

    @property
    def body(self) -> str:
        """The text of the issue: everything that is open now."""
        gravest = sorted(self.open, key=lambda item: GRAVEST.index(item.severity))
        listed = fitting(
            map(_item, gravest[:LISTED]),
            total=len(self.open),
            longest=LONGEST,
            bullet="- ",
        )
        lines = [
            self.marker,
            f"{inert(self.name)}: {_count(self.open)}",
            "",
            *listed,
            "",
            "tscan rewrites this text at each change; comments are kept.",
        ]
        return "\n".join(lines)


def subjects(message: Message) -> list[Subject]:
    """The subjects of a message's events, each with what is open about it; sorted by name."""
    found: dict[str, Subject] = {}
    for entry in sorted(message.entries, key=_happened_first):
        for name in _names(entry.item):
            found.setdefault(name, Subject(name=name)).entries.append(entry)
    open_events = _by_name(message.open_events())
    for name, subject in found.items():
        subject.open = open_events.get(name, [])
        if name.startswith("waiver "):
            # No event reports that a waiver was renewed: people close its issue.
            subject.open = [entry.item for entry in subject.entries[-1:]]
    return [found[name] for name in sorted(found)]


def _happened_first(entry: MessageEntry) -> tuple[str, bool]:
    """Order by time; of one time, an end of something bad comes last."""
    return entry.item.time, entry.item.recovery


def _by_name(items: Iterable[AlertEvent]) -> Mapping[str, list[AlertEvent]]:
    """Events by the names of their subjects."""
    found: dict[str, list[AlertEvent]] = defaultdict(list)
    for item in items:
        for name in _names(item):
            found[name].append(item)
    return found


def _names(item: AlertEvent) -> list[str]:
    """The names of an event's subjects."""
    if item.controls:
        return [f"control {name}" for name in item.controls]
    if item.check:
        return [f"check {item.check}"]
    if item.event.startswith("waiver"):
        return [f"waiver {item.resource}"]
    return [f"scan of {item.resource}"]


def comments(entries: Sequence[MessageEntry]) -> list[str]:
    """The texts of comments about events: as few as can hold the ids of all events."""
    starts = range(0, len(entries), TOGETHER)
    return [_comment(entries[start : start + TOGETHER]) for start in starts]


def _comment(entries: Sequence[MessageEntry]) -> str:
    lines = fitting(
        map(_happened, entries[:NAMED]),
        total=len(entries),
        longest=LONGEST,
        bullet="- ",
    )
    # The ids of all events, also of those that the list leaves out: each counts as reported.
    ids = " ".join(entry.item.id for entry in entries)
    return "\n".join([*lines, "", f"<!-- tscan:events {ids} -->"])


def is_about(text: str, subject: Subject) -> bool:
    """Whether an issue's text is that of a subject."""
    # On the first line, where no name of a resource ever stands: a name that holds a mark would
    # else claim another subject's issue.
    return text.partition("\n")[0].strip() == subject.marker


def events_in(text: str) -> set[str]:
    """The ids of the events in a comment that `comments` wrote."""
    # On the last line, for the same reason: a name with an id in it would keep an event back.
    marker = _EVENTS.fullmatch(text.strip().rpartition("\n")[2].strip())
    return set(marker[1].split()) if marker else set()


def _count(items: Sequence[AlertEvent]) -> str:
    if not items:
        return "nothing is open"
    counts = Counter(item.what for item in items)
    return ", ".join(f"{count} {what}" for what, count in sorted(counts.items()))


def _item(item: AlertEvent) -> str:
    return f"{_about(item)}: {inert(item.text)} since {inert(item.time)}"


def _happened(entry: MessageEntry) -> str:
    item = entry.item
    what = f"**{item.what}** {_about(item)}"
    if entry.repeat:
        what = f"[possible repeat] {what}"
    return f"{what}: {inert(item.text)} at {inert(item.time)}, event {inert(item.id)}"


def _about(item: AlertEvent) -> str:
    parts = (
        item.severity,
        item.check,
        item.resource,
        item.region,
        item.target,
    )
    return " ".join(inert(part) for part in parts if part)


def inert(text: str) -> str:
    """A text as a code span: nothing in it is markup, a link or the mention of a person.

    Whoever names a cloud resource writes into the issues of its owner.
    """
    shown = brief(text)
    # A code span ends at as many backticks as it began with: take more than the text contains.
    longest = max(map(len, re.findall("`+", shown)), default=0)
    fence = "`" * (longest + 1)
    return f"{fence} {shown} {fence}"
