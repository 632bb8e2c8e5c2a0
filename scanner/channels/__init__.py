"""Channels: how news leaves. To add one, write its module with a `Send` and name its scheme here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from scanner.core.drift.alert_events import AlertEvent
from scanner.registry import Registry
from scanner.rendering.sanitize import sanitized

NAMED: Final = 50
"""Events that one message names."""
LONGEST: Final = 30_000
"""Characters of a message, where its channel does not say."""
_LONG: Final = 300
"""Characters of a name or a reason that are shown."""
_MORE: Final = "{}{} more: see 'tscan drift'"
GRAVEST: Final = ("", "critical", "high", "medium", "low")
"""What has no severity is a scan that failed, a waiver that ends, or a check that nobody has any more."""
UNSURE: Final = "refused, or not reached, or not answered in time"
"""The reason of a channel that does not know whether a letter arrived after all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One event to be told."""

    item: AlertEvent
    repeat: bool = False
    """Whether it may have arrived already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """What a channel is told at a time, in the order in which it happened."""

    entries: tuple[Entry, ...]
    standing: Callable[[], Sequence[AlertEvent]] = field(default=tuple)
    """What fails or is not seen now, of that which the channel's rules ask for; it looks at all of history."""

    @property
    def title(self) -> str:
        """How many events of which kind."""
        counts: dict[str, int] = {}
        for entry in self.entries:
            counts[entry.item.what] = counts.get(entry.item.what, 0) + 1
        return "tscan: " + ", ".join(f"{count} {what}" for what, count in counts.items())

    @property
    def bad(self) -> bool:
        """Whether anything of it is more than the end of something bad."""
        return any(not entry.item.recovery for entry in self.entries)

    def body(self, longest: int = LONGEST) -> str:
        """One line for each event, the gravest first, as many as fit; every named event carries its id."""
        ordered = sorted(
            self.entries,
            key=lambda entry: (entry.item.recovery, GRAVEST.index(entry.item.severity)),
        )
        return (
            "\n".join(fitting((_line(entry) for entry in ordered[:NAMED]), len(ordered), longest))
            + "\n"
        )


def fitting(lines: Iterable[str], total: int, longest: int, *, bullet: str = "") -> list[str]:
    """As many lines as fit into some characters, and how many of all are left out."""
    found: list[str] = []
    left = longest - len(_MORE.format(bullet, f"and {total}")) - 1
    for line in lines:
        left -= len(bullet) + len(line) + 1
        if left < 0:
            break
        found.append(bullet + line)
    if total > len(found):
        found.append(_MORE.format(bullet, f"{'and ' if found else ''}{total - len(found)}"))
    return found


def _line(entry: Entry) -> str:
    item = entry.item
    again = "[possible repeat] " if entry.repeat else ""
    about = " ".join(
        brief(part) for part in (item.severity, item.check, item.resource, item.region) if part
    )
    serves = f"controls {', '.join(item.controls)}" if item.controls else ""
    parts = (item.target, about, brief(item.text), brief(serves), item.time, f"event {item.id}")
    return " | ".join([f"{again}{item.what.upper()}", *(part for part in parts if part)])


def brief(text: str) -> str:
    """A text from a cloud on one line, cut where it is long."""
    shown = sanitized(text)
    return shown if len(shown) <= _LONG else shown[:_LONG] + "…"


Send = Callable[[str, Letter], str]
"""Takes an address and a letter; gives the reason why it was not delivered, `` when it was, `UNSURE` when it may be.

After a failure it is asked again, and does not tell twice what it can know to have told. For a letter without entries
it only says whether the address is one, and nothing leaves.
"""

CHANNELS = Registry[Send](
    "scanner.channels",
    **{
        "apprise": "scanner.channels.apprise:send",
        "github-issue": "scanner.channels.github_issue:send",
    },
)
"""By the scheme of an address; every other is one of Apprise's."""


def send(address: str, letter: Letter) -> str:
    """Deliver a letter by the channel that its address names."""
    scheme = address.partition("://")[0]
    return CHANNELS.get(scheme if scheme in CHANNELS.names else "apprise")(address, letter)
