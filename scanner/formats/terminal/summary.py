"""Renders the end of a report: totals, notes, the exit code, and whose the conclusion is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from rich.text import Text

from scanner.core.judging.exit_codes import not_run, open_regions
from scanner.formats import Report
from scanner.formats.terminal.layout import clipped, folded
from scanner.formats.terminal.novelty import new_failures
from scanner.formats.terminal.selection import untested
from scanner.formats.terminal.unassessed import unassessed
from scanner.formats.terminal.words import plain
from scanner.formats.totals import (
    criterion_counts,
    exit_meaning,
    finding_counts,
    left_out_by_label,
    status_counts,
)
from scanner.words import plural

NOTES: Final = 3
"""Notes that are shown without details; of an organization each account may have some."""
LABEL: Final = 10
"""Columns of the labels of totals."""
_EXIT_STYLE: Final = {0: "bold green", 1: "bold red", 3: "bold yellow"}
_CONCLUSION: Final = "A status says what the evidence shows; on a criterion, a CPA concludes."


def summary(report: Report) -> Iterator[Text]:
    """Totals and what limits them, then the exit code; each a line, folded where it is longer."""
    for line in _totals(report):
        yield from folded(line, report.width, hanging=LABEL)
    # A line, however many types there are: the first screen has no room for more.
    if not report.selected and (not_read := unassessed(report.assessment)):
        yield _total("Unread", clipped(not_read, report.width - LABEL))
    for line in (*untested(report), *new_failures(report)):
        yield from folded(line, report.width, hanging=2)
    for line in _limits(report):
        yield from folded(line, report.width, hanging=2)
    code = report.exit_code
    ending = Text.assemble((f"Exit code {code}", _EXIT_STYLE[code]), f": {exit_meaning(report)}")
    yield from folded(ending, report.width)
    yield from folded(Text(_CONCLUSION, style="dim"), report.width)


def _totals(report: Report) -> Iterator[Text]:
    counts = finding_counts(report)
    left_out = left_out_by_label(report)
    if left_out:
        counts += f"; {left_out}"
    yield _total("Findings", counts)
    if report.selected:
        ran = {result.check for result in report.assessment.results}
        yield _total(
            "Checks",
            f"{len(ran)} selected of {len(report.library.checks)}; "
            "a selection shows no status of a control or criterion",
        )
        return
    assessment = report.assessment
    yield _total("Controls", status_counts(control.status for control in assessment.controls))
    # The first screen has the matrix, and counts there what it leaves out.
    if report.details or report.matrix_only:
        yield _total("Criteria", criterion_counts(assessment.criteria))


def _total(name: str, counts: str) -> Text:
    return Text.assemble((f"{name:<{LABEL}}", "dim"), counts)


def _limits(report: Report) -> Iterator[Text]:
    skipped = not_run(report.assessment, report.library, report.fail_on)
    if skipped and not report.selected:
        checks = plural(len(skipped), "check")
        yield Text(f"{checks} of severity {report.fail_on} or above not run", style="yellow")
    if open_regions(report.assessment):
        yield Text("The list of regions is not complete", style="yellow")
    notes = list(report.assessment.notes)
    shown = notes
    if not report.details:
        shown = notes[:NOTES]
    for note in shown:
        yield plain(note)
    if len(notes) > len(shown):
        yield Text(f"… and {plural(len(notes) - len(shown), 'more note')}", style="dim")
