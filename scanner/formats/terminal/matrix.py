"""Renders the full matrix: every criterion by category, with deviations and counts of findings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from rich.text import Text

from scanner.core.judging.criteria import evidence_state
from scanner.formats import Report
from scanner.formats.terminal.criteria import Row, frameworks
from scanner.formats.terminal.layout import Column, Grid, fitted, folded
from scanner.formats.terminal.words import number, plain, status
from scanner.model.findings import Status

_COLUMNS: Final = (
    Column(),
    Column(folds=True),
    Column(heading="controls deviate", right=True),
    Column(heading="tested", right=True),
    Column(heading="failing", right=True),
    Column(heading="unread", right=True),
    Column(heading="evidence"),
)


def matrix(report: Report) -> Iterator[Text]:
    """A table for each category of a framework, that with the most findings first.

    Criteria without any finding are one line below it.
    """
    for title, categories in frameworks(report):
        yield plain(title, "bold underline")
        cells: list[list[Text]] = []
        for _, rows in categories:
            cells += [_cells(row) for row in rows if not row.is_manual]
        # One grid for all categories, so that their columns are in line.
        grid = fitted(_COLUMNS, cells, report.width)
        if cells:
            yield from grid.heading()
        for category, rows in categories:
            yield plain(category, "bold")
            yield from _category(rows, grid, report.width)
        yield Text()


def _category(rows: Sequence[Row], grid: Grid, width: int) -> Iterator[Text]:
    for row in rows:
        if not row.is_manual:
            yield from grid.row(_cells(row))
    manual = [row.result.id for row in rows if row.is_manual]
    if manual:
        names = plain(f"  {len(manual)} that no scan can show: {', '.join(manual)}")
        line = Text.assemble(status(Status.NEEDS_EVIDENCE), names)
        yield from folded(line, width, hanging=18)


def _cells(row: Row) -> list[Text]:
    evidence = plain(evidence_state(row.result), "" if row.result.evidence_complete else "yellow")
    return [
        plain(row.result.id),
        plain(row.criterion.title),
        plain(row.share, "red" if row.deviating else "dim"),
        number(row.tally.tested),
        number(row.tally.failing, "red"),
        number(row.tally.unread, "yellow"),
        evidence,
    ]
