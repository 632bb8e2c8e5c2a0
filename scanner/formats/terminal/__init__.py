"""Renders the terminal format: findings, gaps and decisions first, matrix and totals last."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterator
from typing import Final, Literal

from rich.console import Console, RenderableType
from rich.text import Text

from scanner.core.judging.exit_codes import not_run, open_regions
from scanner.formats import Report
from scanner.formats.terminal.findings import coverage, failing, unknown
from scanner.formats.terminal.header import header
from scanner.formats.terminal.matrix import control_table, matrix
from scanner.formats.terminal.people import people
from scanner.formats.terminal.words import EXIT, plain
from scanner.model.findings import Status, Verdict
from scanner.rendering.sanitize import plural

_STATUS_ORDER: Final = tuple(Status)
_EXIT_STYLE: Final = {0: "bold green", 1: "bold red", 3: "bold yellow"}


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
    for part in _parts(report):
        console.print(part)
    # rich pads each line to the full width, which is noise in a file and in a diff.
    lines = [line.rstrip() for line in output.getvalue().splitlines()]
    return "\n".join(lines) + "\n"


def _parts(report: Report) -> Iterator[RenderableType]:
    yield from header(report)
    yield Text()
    if not report.matrix_only:
        yield from failing(report)
        yield from unknown(report)
        yield from coverage(report)
    yield from people(report)
    if report.controls:
        yield from control_table(report)
    # Last, because the end of a long output is what stays on the screen.
    yield from matrix(report)
    yield from _summary(report)


def _summary(report: Report) -> Iterator[RenderableType]:
    yield Text.assemble(("Findings  ", "dim"), _finding_counts(report))
    yield Text.assemble(("Criteria  ", "dim"), _criterion_counts(report))
    skipped = not_run(report.assessment, report.library, report.fail_on)
    if skipped:
        yield Text(
            f"{plural(len(skipped), 'check')} of severity {report.fail_on} or above not run",
            style="yellow",
        )
    if open_regions(report.assessment):
        yield Text("The list of regions is incomplete", style="yellow")
    for note in report.assessment.notes:
        yield plain(note)
    meaning = EXIT[report.exit_code].format(fail_on=report.fail_on.value)
    yield Text.assemble(
        (f"Exit code {report.exit_code}", _EXIT_STYLE[report.exit_code]), f": {meaning}"
    )
    yield Text(
        "A status says what the evidence shows; the conclusion on a criterion is the auditor's.",
        style="dim",
    )


def _finding_counts(report: Report) -> str:
    assessment = report.assessment
    verdicts = Counter(finding.verdict for finding in assessment.findings)
    counts = ", ".join(f"{verdicts[verdict]} {verdict.value}" for verdict in Verdict)
    scoped_out = sum(result.scoped_out for result in assessment.results)
    if scoped_out:
        counts += f"; {plural(scoped_out, 'resource')} left out by label"
    return counts


def _criterion_counts(report: Report) -> str:
    counts = Counter(criterion.status for criterion in report.assessment.criteria)
    return ", ".join(
        f"{counts[status]} {status.value}" for status in _STATUS_ORDER if counts[status]
    )
