"""Send alerts to channels. To add one, write a `Send` and register its scheme here."""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from scanner.core.drift.alert_events import AlertEvent
from scanner.registry import Registry
from scanner.rendering.sanitize import sanitized

NAMED: Final = 50
"""Events that one message lists."""
LONGEST: Final = 30_000
"""Characters of a message, where its channel sets no limit."""
_LONG: Final = 300
"""Characters of a name or a reason that are shown."""
_MORE: Final = "{}{} more: see 'tscan drift'"
GRAVEST: Final = ("", "critical", "high", "medium", "low")
"""Severities, the gravest first.

An event without severity is a failed scan, an expiring waiver or a removed check: it hides others.
"""
NO_TIME: Final = "no time was left before the deadline"
"""The reason of a channel whose time was over before it had sent anything."""
UNSURE: Final = "refused, unreachable, or timed out"
"""The reason of a channel that does not know whether a message arrived after all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageEntry:
    """One event in a message."""

    item: AlertEvent
    repeat: bool = False
    """Whether it may have arrived before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message to a channel: events in the order in which they happened."""

    entries: tuple[MessageEntry, ...]
    open_events: Callable[[], Sequence[AlertEvent]] = field(default=tuple)
    """What fails or is unknown now, as far as the channel's rules select it; reads all history."""
    ends: float = math.inf
    """When sending must have ended, on the monotonic clock."""

    def seconds(self, longest: float) -> float:
        """Seconds for one response that is requested now, `longest` at most; 0: none are left."""
        return max(0.0, min(longest, self.ends - time.monotonic()))

    @property
    def title(self) -> str:
        """`tscan: 2 new failure, 1 fixed`."""
        counts = Counter(entry.item.what for entry in self.entries)
        return "tscan: " + ", ".join(f"{count} {what}" for what, count in counts.items())

    @property
    def bad(self) -> bool:
        """Whether any event is more than the end of something bad."""
        return any(not entry.item.recovery for entry in self.entries)

    def body(self, longest: int = LONGEST) -> str:
        """One line for each event, with its id, the gravest first, as many as fit."""
        # A message that is too long loses its end: the gravest events come first.
        ordered = sorted(self.entries, key=_gravity)
        lines = map(_line, ordered[:NAMED])
        return "\n".join(fitting(lines, len(ordered), longest)) + "\n"


def _gravity(entry: MessageEntry) -> tuple[bool, int]:
    return entry.item.recovery, GRAVEST.index(entry.item.severity)


def fitting(lines: Iterable[str], total: int, longest: int, *, bullet: str = "") -> list[str]:
    """As many lines as fit into a number of characters, then how many of `total` are left out."""
    found: list[str] = []
    # Room for the last line, which says how many are left out, is kept back from the start.
    room = longest - len(_MORE.format(bullet, f"and {total}")) - 1
    for line in lines:
        room -= len(bullet) + len(line) + 1
        if room < 0:
            break
        found.append(bullet + line)
    left_out = total - len(found)
    if found and left_out:
        found.append(_MORE.format(bullet, f"and {left_out}"))
    elif left_out:
        found.append(_MORE.format(bullet, left_out))
    return found


def _line(entry: MessageEntry) -> str:
    item = entry.item
    what = item.what.upper()
    if entry.repeat:
        what = f"[possible repeat] {what}"
    about = (item.severity, item.check, item.resource, item.region)
    controls = ""
    if item.controls:
        controls = brief(f"controls {', '.join(item.controls)}")
    parts = (
        what,
        item.target,
        " ".join(brief(part) for part in about if part),
        brief(item.text),
        controls,
        item.time,
        f"event {item.id}",
    )
    return " | ".join(part for part in parts if part)


def brief(text: str) -> str:
    """A text from a cloud: on one line, harmless to a terminal, cut where it is long."""
    shown = sanitized(text)
    if len(shown) <= _LONG:
        return shown
    return f"{shown[:_LONG]}…"


Send = Callable[[str, Message], str]
"""Sends a message to an address; the reason why it did not arrive, `` if it arrived.

`UNSURE` is the reason where it may have arrived. After a failure the function is called again; it
must not send again what it knows to have arrived. For a message without entries it only checks the
address, and sends nothing.
"""

CHANNELS = Registry[Send](
    "scanner.channels",
    **{
        "apprise": "scanner.channels.apprise:send",
        "github-issue": "scanner.channels.github_issue:send",
    },
)
"""By the scheme of an address; all other schemes belong to Apprise."""


def send(address: str, message: Message) -> str:
    """Send a message through the channel of the address's scheme; a `Send`."""
    scheme, _, _ = address.partition("://")
    # Apprise knows more than a hundred schemes, and more with each release: none is listed here.
    if scheme not in CHANNELS.names:
        scheme = "apprise"
    return CHANNELS.get(scheme)(address, message)
