"""Renders statuses, names and numbers: a symbol and a word always, color only beside them."""

from __future__ import annotations

from typing import Final

from rich.text import Text

from scanner.model.checks import Severity
from scanner.model.findings import Status
from scanner.rendering.sanitize import sanitized

# A reader without color, or who does not see red and green apart, has the symbol and the word.
STATUS: Final = {
    Status.FAIL: ("✗", "bold red"),
    Status.NOT_SHOWN: ("?", "yellow"),
    Status.NEEDS_EVIDENCE: ("○", "cyan"),
    Status.ACCEPTED: ("~", "magenta"),
    Status.NO_OCCURRENCE: ("–", "dim"),
    Status.NOT_APPLICABLE: ("–", "dim"),
    Status.PASS: ("✓", "green"),
}

SEVERITY: Final = {
    Severity.CRITICAL: "bold red",
    Severity.HIGH: "red",
    Severity.MEDIUM: "yellow",
    Severity.LOW: "blue",
}


def status(value: Status) -> Text:
    """`✗ fail`."""
    symbol, style = STATUS[value]
    return Text(f"{symbol} {value.value}", style=style)


def plain(text: str, style: str = "") -> Text:
    """Text that may come from a cloud: never markup, never control characters."""
    return Text(sanitized(text), style=style)


def number(value: int, style: str = "") -> Text:
    """A figure; zero is a dot, so that the eye finds the others."""
    if value:
        return Text(str(value), style=style)
    return Text("·", style="dim")
