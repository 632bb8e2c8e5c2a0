"""Renders the table of controls, each with its status, its counts and the reasons for it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from rich.text import Text

from scanner.formats import Report
from scanner.formats.terminal.layout import GAP, Column, fitted, folded
from scanner.formats.terminal.words import number, plain, status
from scanner.model.findings import ControlResult
from scanner.model.library import Library
from scanner.words import plural

NAMED: Final = 3
"""Reasons of a control that are named; all are in the JSON result."""
_COLUMNS: Final = (
    Column(),
    Column(folds=True),
    Column(heading="status"),
    Column(heading="tested", right=True),
    Column(heading="failing", right=True),
    Column(heading="unread", right=True),
    Column(heading="waived", right=True),
)


def control_table(report: Report) -> Iterator[Text]:
    """Every control; below each, over the full width, why it reads so."""
    results = sorted(report.assessment.controls, key=lambda control: control.id)
    if not results:
        return
    yield Text("Controls", style="bold")
    rows = [_cells(result, report.library) for result in results]
    grid = fitted(_COLUMNS, rows, report.width)
    yield from grid.heading()
    indent = max(len(result.id) for result in results) + GAP
    for result, cells in zip(results, rows, strict=True):
        yield from grid.row(cells)
        # Over the full width: in a column of the table a reason would be as narrow as that.
        for line in (*_reasons(result.reasons, report.library), *_limits(result, report.library)):
            yield from folded(plain(line, "dim"), report.width, indent=indent)
    yield Text()


def _cells(result: ControlResult, library: Library) -> list[Text]:
    counts = result.counts
    return [
        plain(result.id),
        plain(library.controls[result.id].title),
        status(result.status),
        number(counts.passed + counts.failed + counts.waived),
        number(counts.failed, "red"),
        number(counts.unknown, "yellow"),
        number(counts.waived),
    ]


def _reasons(reasons: tuple[str, ...], library: Library) -> Iterator[str]:
    """The first reasons; one that names a manual control (`MC-01 …`) with that control's text."""
    for reason in reasons[:NAMED]:
        manual = library.manual.get(reason.partition(" ")[0])
        if manual:
            yield f"{reason}; it asks: {manual.control}"
        else:
            yield reason
    if len(reasons) > NAMED:
        yield f"… and {plural(len(reasons) - NAMED, 'more reason')}, all in the JSON result"


def _limits(result: ControlResult, library: Library) -> Iterator[str]:
    """What the status leaves open, and what an empty population means."""
    control = library.controls[result.id]
    counts = result.counts
    if control.checks and not (counts.passed or counts.failed or counts.unknown or counts.waived):
        yield f"if there is nothing to test: {control.if_empty}"
    if control.does_not_prove:
        yield f"not proven: {control.does_not_prove}"
