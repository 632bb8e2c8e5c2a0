"""Renders the terminal format: one screen that answers, or with `details` everything.

Both end with the totals, because the end of a long output is what stays on the screen.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Final, Literal

from rich.console import Console
from rich.text import Text

from scanner.formats import Report
from scanner.formats.terminal.controls import control_table
from scanner.formats.terminal.decisions import decisions
from scanner.formats.terminal.findings import coverage, failing, unknown
from scanner.formats.terminal.header import header
from scanner.formats.terminal.matrix import matrix
from scanner.formats.terminal.next_commands import next_commands
from scanner.formats.terminal.overview import overview
from scanner.formats.terminal.people import people
from scanner.formats.terminal.scanned import scanned
from scanner.formats.terminal.summary import summary
from scanner.formats.terminal.unassessed import unassessed_details
from scanner.formats.terminal.unread import unread
from scanner.formats.terminal.worst import FEWEST, LINES_EACH, worst

SCREEN: Final = 60
"""Lines of a report without details: the worst checks take what the other parts leave of them."""


def render(report: Report) -> str:
    """Text of `report.width` columns; a pure function: only the report sets color and width."""
    output = io.StringIO()
    color_system: Literal["standard"] | None = None
    if report.color:
        color_system = "standard"
    console = Console(
        file=output,
        width=report.width,
        force_terminal=report.color,
        color_system=color_system,
        no_color=not report.color,
        legacy_windows=False,
        # Names come from a cloud: one that reads `[bold]` or `:smile:` is printed as it is.
        markup=False,
        emoji=False,
        highlight=False,
        # rich would read COLUMNS, TERM and NO_COLOR, and the text would differ between machines.
        _environ={},
    )
    for line in _lines(report):
        # Soft: rich would break a longer line anywhere, and a command could not be copied whole.
        console.print(line, soft_wrap=True)
    lines = [line.rstrip() for line in output.getvalue().splitlines()]
    return "\n".join(lines) + "\n"


def _lines(report: Report) -> Iterator[Text]:
    if report.details or report.matrix_only:
        return _details(report)
    return _screen(report)


def _screen(report: Report) -> Iterator[Text]:
    """What was scanned, the matrix, the worst checks, what was not read, what to do, totals."""
    before = list(scanned(report))
    if not report.selected:
        before += overview(report)
    after = [*unread(report), *decisions(report), *next_commands(report)]
    if report.controls and not report.selected:
        after += control_table(report)
    after += summary(report)
    # One line is the heading of the worst checks, one the blank line below them.
    room = SCREEN - len(before) - len(after) - 2
    yield from before
    yield from worst(report, max(FEWEST, room // LINES_EACH))
    yield from after


def _details(report: Report) -> Iterator[Text]:
    """Every failing check, unknown finding, gap and decision; `matrix_only` leaves these out."""
    yield from header(report)
    yield Text()
    if not report.matrix_only:
        yield from failing(report)
        yield from unknown(report)
        yield from coverage(report)
        if not report.selected:
            yield from unassessed_details(report)
        yield from people(report)
    if not report.selected:
        if report.controls:
            yield from control_table(report)
        yield from matrix(report)
    # Whoever asks for the matrix wants to see it first.
    if report.matrix_only:
        yield from people(report) if report.details else decisions(report)
    yield from summary(report)
