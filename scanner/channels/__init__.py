"""Channels: how news leaves. To add one, write its module with a `Send` and name its scheme here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from scanner.core.news import News
from scanner.registry import Registry

NAMED: Final = 50
"""Events that one message names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One event to be told."""

    item: News
    repeat: bool = False
    """Whether it may have arrived already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """What a channel is told at a time, in the order in which it happened."""

    entries: tuple[Entry, ...]
    standing: Callable[[], Sequence[News]] = field(default=tuple)
    """What fails or is not seen now, of that which the channel's rules ask for; it looks at all of history."""

    @property
    def title(self) -> str:
        """How many events of which kind."""
        counts: dict[str, int] = {}
        for entry in self.entries:
            counts[entry.item.what] = counts.get(entry.item.what, 0) + 1
        return "tscan: " + ", ".join(f"{count} {what}" for what, count in counts.items())

    @property
    def body(self) -> str:
        """One line for each event, bad news first; every named event carries its id."""
        ordered = sorted(self.entries, key=lambda entry: entry.item.recovery)
        lines = [_line(entry) for entry in ordered[:NAMED]]
        if len(ordered) > NAMED:
            lines.append(f"and {len(ordered) - NAMED} more: see 'tscan drift'")
        return "\n".join(lines) + "\n"


def _line(entry: Entry) -> str:
    item = entry.item
    again = "[possible repeat] " if entry.repeat else ""
    about = " ".join(part for part in (item.severity, item.check, item.resource, item.region) if part)
    serves = f"controls {', '.join(item.controls)}" if item.controls else ""
    parts = (f"{again}{item.what.upper()}", item.target, about, item.text, serves, item.time, f"event {item.id}")
    return " | ".join(part for part in parts if part)


Send = Callable[[str, Letter], str]
"""Takes an address and a letter; gives the reason why it was not delivered, `` when it was.

After a failure it is asked again, and does not tell twice what it can know to have told.
"""

CHANNELS = Registry[Send](
    "scanner.channels",
    **{"apprise": "scanner.channels.apprise:send", "github-issue": "scanner.channels.github_issue:send"},
)
"""By the scheme of an address; every other is one of Apprise's."""


def send(address: str, letter: Letter) -> str:
    """Deliver a letter by the channel that its address names."""
    scheme = address.partition("://")[0]
    return CHANNELS.get(scheme if scheme in CHANNELS.names else "apprise")(address, letter)
