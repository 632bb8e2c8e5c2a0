"""Orders the criteria of a report for its matrices: by framework and category, with counts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from scanner.core.judging.criteria import deviating_controls, open_controls
from scanner.formats import Report
from scanner.formats.terminal.tally import Tally, by_check, criterion_tally
from scanner.model.controls import Criterion
from scanner.model.findings import CriterionResult, Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A criterion with its status and the counts behind it."""

    result: CriterionResult
    criterion: Criterion
    tally: Tally
    deviating: tuple[str, ...]
    """Its primary controls that fail, accepted or not."""
    open: tuple[str, ...]
    """Its primary controls without evidence."""

    @property
    def share(self) -> str:
        """`1 of 2`: how many of its primary controls deviate."""
        return f"{len(self.deviating)} of {len(self.result.primary)}"

    @property
    def is_manual(self) -> bool:
        """Whether no finding speaks to it: people must give the evidence."""
        return self.result.status is Status.NEEDS_EVIDENCE and self.tally.silent


def frameworks(report: Report) -> Iterator[tuple[str, list[tuple[str, list[Row]]]]]:
    """Each framework's title with its categories, that with the most findings first."""
    for framework, rows in groupby(_rows(report), lambda row: row.result.framework):
        # A framework may come back to a category: its criteria are one table all the same.
        categories: dict[str, list[Row]] = {}
        for row in rows:
            categories.setdefault(row.criterion.category, []).append(row)
        ordered = sorted(categories.items(), key=lambda entry: -_findings(entry[1]))
        yield report.library.frameworks[framework].title, ordered


def _rows(report: Report) -> Iterator[Row]:
    results = by_check(report.assessment.results)
    statuses = {control.id: control.status for control in report.assessment.controls}
    criteria: dict[tuple[str, str], Criterion] = {}
    for framework in report.library.frameworks.values():
        for criterion in framework.criteria:
            criteria[framework.id, criterion.id] = criterion
    for result in report.assessment.criteria:
        yield Row(
            result=result,
            criterion=criteria[result.framework, result.id],
            tally=criterion_tally(result, report.library, results),
            deviating=deviating_controls(result, statuses),
            open=open_controls(result, statuses),
        )


def _findings(rows: Sequence[Row]) -> int:
    return sum(row.tally.tested + row.tally.unread for row in rows)
