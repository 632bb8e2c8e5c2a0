"""The matrix: criteria by category, and the table of controls."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import TYPE_CHECKING, Final

from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from scanner.formats import Report
from scanner.formats.terminal.tally import Tally, by_check, criterion_tally
from scanner.formats.terminal.words import number, plain, status
from scanner.model.controls import Criterion
from scanner.model.findings import CriterionResult, Status
from scanner.rendering.sanitize import plural

if TYPE_CHECKING:
    from scanner.model.library import Library

NAMED: Final = 3
"""Reasons of a control that are named; all are in the JSON result."""
_COUNTS: Final = ("tested", "failing", "unread", "waived")

Row = tuple[CriterionResult, Criterion, Tally]


def matrix(report: Report) -> Iterator[RenderableType]:
    """A table for each category of a framework, those first that the scan says most about.

    Criteria that no scan speaks to are gathered on one line.
    """
    for framework, rows in groupby(_rows(report), lambda row: row[0].framework):
        yield plain(report.library.frameworks[framework].title, "bold underline")
        categories: dict[str, list[Row]] = {}
        for row in rows:
            categories.setdefault(row[1].category, []).append(row)
        for category, inside in sorted(categories.items(), key=lambda entry: -_said(entry[1])):
            yield Text()
            yield from _category(category, inside)
        yield Text()


def _said(rows: list[Row]) -> int:
    return sum(counts.tested + counts.unread for _, _, counts in rows)


def _category(category: str, rows: list[Row]) -> Iterator[RenderableType]:
    shown = [row for row in rows if not _quiet(row)]
    quiet = [row[0].id for row in rows if _quiet(row)]
    if shown:
        yield _table(category, shown)
    else:
        yield plain(category, "bold")
    if quiet:
        yield _gathered(quiet)


def _rows(report: Report) -> Iterator[Row]:
    results = by_check(report.assessment.results)
    known = {
        (framework.id, criterion.id): criterion
        for framework in report.library.frameworks.values()
        for criterion in framework.criteria
    }
    for result in report.assessment.criteria:
        yield (
            result,
            known[result.framework, result.id],
            criterion_tally(result, report.library, results),
        )


def _quiet(row: Row) -> bool:
    result, _, counts = row
    return result.status is Status.NEEDS_EVIDENCE and counts.silent


def _table(category: str, rows: Iterable[Row]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim", expand=True)
    table.add_column("", width=5, no_wrap=True)
    table.add_column(plain(category, "bold not dim"), ratio=1, overflow="fold")
    table.add_column("status", width=16, no_wrap=True)
    for heading in ("tested", "failing", "unread"):
        table.add_column(heading, justify="right", no_wrap=True, width=len(heading))
    for result, criterion, counts in rows:
        table.add_row(
            plain(result.id),
            plain(criterion.title),
            status(result.status),
            number(counts.tested),
            number(counts.failing, "red"),
            number(counts.unread, "yellow"),
        )
    return table


def _gathered(ids: list[str]) -> RenderableType:
    """`○ needs evidence` once, with the ids: what people must show is one list, not forty rows."""
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_row(
        status(Status.NEEDS_EVIDENCE), plain(f"{len(ids)} that no scan can show: {', '.join(ids)}")
    )
    return table


def control_table(report: Report) -> Iterator[RenderableType]:
    """Every control with its status and what was counted; under it, as wide as the report is, why it reads so."""
    results = sorted(report.assessment.controls, key=lambda control: control.id)
    width = max((len(result.id) for result in results), default=0)
    heading = _control_row(width)
    heading.add_row(
        "",
        Text("Controls", style="bold"),
        *(Text(name, style="dim") for name in ("status", *_COUNTS)),
    )
    yield heading
    for result in results:
        counts = result.counts
        row = _control_row(width)
        row.add_row(
            plain(result.id),
            plain(report.library.controls[result.id].title),
            status(result.status),
            number(counts.passed + counts.failed + counts.waived),
            number(counts.failed, "red"),
            number(counts.unknown, "yellow"),
            number(counts.waived),
        )
        yield row
        for line in _why(result.reasons, report.library):
            yield Padding(plain(line, "dim"), (0, 0, 0, width + 2))
    yield Text()


def _control_row(width: int) -> Table:
    table = Table.grid(padding=(0, 2, 0, 0), expand=True)
    table.add_column(width=width, no_wrap=True)
    table.add_column(ratio=1, overflow="fold")
    table.add_column(width=16, no_wrap=True)
    for heading in _COUNTS:
        table.add_column(width=len(heading), justify="right", no_wrap=True)
    return table


def _why(reasons: tuple[str, ...], library: Library) -> Iterator[str]:
    """The first reasons; where one asks for what people show, what that is."""
    for reason in reasons[:NAMED]:
        manual = library.manual.get(reason.partition(" ")[0])
        yield f"{reason}; it asks: {manual.control}" if manual else reason
    if len(reasons) > NAMED:
        yield f"… and {plural(len(reasons) - NAMED, 'more reason')}, all in the JSON result"
