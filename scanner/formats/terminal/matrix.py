"""Renders the matrix of criteria, by category, and the table of controls."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    """A criterion with its status and the counts behind it."""

    result: CriterionResult
    criterion: Criterion
    tally: Tally

    @property
    def is_manual(self) -> bool:
        """Whether no finding speaks to it: people must give the evidence."""
        return self.result.status is Status.NEEDS_EVIDENCE and self.tally.silent


def matrix(report: Report) -> Iterator[RenderableType]:
    """A table for each category of a framework, that with the most findings first.

    Criteria without any finding are one line below it.
    """
    for framework, rows in groupby(_rows(report), lambda row: row.result.framework):
        yield plain(report.library.frameworks[framework].title, "bold underline")
        # A framework may come back to a category: its criteria are one table all the same.
        categories: dict[str, list[_Row]] = {}
        for row in rows:
            categories.setdefault(row.criterion.category, []).append(row)
        ordered = sorted(categories.items(), key=lambda entry: -_findings(entry[1]))
        for category, inside in ordered:
            yield Text()
            yield from _category(category, inside)
        yield Text()


def _rows(report: Report) -> Iterator[_Row]:
    results = by_check(report.assessment.results)
    criteria: dict[tuple[str, str], Criterion] = {}
    for framework in report.library.frameworks.values():
        for criterion in framework.criteria:
            criteria[framework.id, criterion.id] = criterion
    for result in report.assessment.criteria:
        yield _Row(
            result=result,
            criterion=criteria[result.framework, result.id],
            tally=criterion_tally(result, report.library, results),
        )


def _findings(rows: list[_Row]) -> int:
    return sum(row.tally.tested + row.tally.unread for row in rows)


def _category(category: str, rows: list[_Row]) -> Iterator[RenderableType]:
    manual = [row.result.id for row in rows if row.is_manual]
    shown = [row for row in rows if not row.is_manual]
    if shown:
        yield _table(category, shown)
    else:
        yield plain(category, "bold")
    if manual:
        yield _manual_criteria(manual)


def _table(category: str, rows: Iterable[_Row]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim", expand=True)
    table.add_column("", width=5, no_wrap=True)
    table.add_column(plain(category, "bold not dim"), ratio=1, overflow="fold")
    # As wide as the longest status, `○ needs evidence`: the columns of all tables are in line.
    table.add_column("status", width=16, no_wrap=True)
    for heading in ("tested", "failing", "unread"):
        table.add_column(heading, justify="right", no_wrap=True, width=len(heading))
    for row in rows:
        table.add_row(
            plain(row.result.id),
            plain(row.criterion.title),
            status(row.result.status),
            number(row.tally.tested),
            number(row.tally.failing, "red"),
            number(row.tally.unread, "yellow"),
        )
    return table


def _manual_criteria(ids: list[str]) -> RenderableType:
    """`○ needs evidence` once, with the ids: what people must show is one list, not forty rows."""
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_row(
        status(Status.NEEDS_EVIDENCE), plain(f"{len(ids)} that no scan can show: {', '.join(ids)}")
    )
    return table


def control_table(report: Report) -> Iterator[RenderableType]:
    """Every control with status and counts; below each, over the full width, the reasons for it."""
    results = sorted(report.assessment.controls, key=lambda control: control.id)
    width = max((len(result.id) for result in results), default=0)
    names = [Text(name, style="dim") for name in ("status", *_COUNTS)]
    # A grid for each row, not one table: a reason in a table would be as narrow as its column.
    heading = _control_grid(width)
    heading.add_row("", Text("Controls", style="bold"), *names)
    yield heading
    for result in results:
        counts = result.counts
        row = _control_grid(width)
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
        for line in _reasons(result.reasons, report.library):
            yield Padding(plain(line, "dim"), (0, 0, 0, width + 2))
    yield Text()


def _control_grid(width: int) -> Table:
    table = Table.grid(padding=(0, 2, 0, 0), expand=True)
    table.add_column(width=width, no_wrap=True)
    table.add_column(ratio=1, overflow="fold")
    table.add_column(width=16, no_wrap=True)
    for heading in _COUNTS:
        table.add_column(width=len(heading), justify="right", no_wrap=True)
    return table


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
