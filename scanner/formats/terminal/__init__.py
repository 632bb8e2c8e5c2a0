"""The terminal format: the matrix for people, then why, in plain words."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterator

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


def render(report: Report) -> str:
    """Text of `report.width` columns; a pure function, so colour and width come from the report alone."""
    out = io.StringIO()
    console = Console(
        file=out,
        width=report.width,
        force_terminal=report.color,
        color_system="standard" if report.color else None,
        no_color=not report.color,
        legacy_windows=False,
        markup=False,
        emoji=False,
        highlight=False,
        _environ={},
    )
    for part in _parts(report):
        console.print(part)
    # Padding to the full width is rich's; nobody wants it in a file or a diff.
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines()) + "\n"


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
    assessment, code = report.assessment, report.exit_code
    verdicts = Counter(finding.verdict for finding in assessment.findings)
    counts = ", ".join(f"{verdicts[verdict]} {verdict.value}" for verdict in Verdict)
    scoped_out = sum(result.scoped_out for result in assessment.results)
    also = f"; {plural(scoped_out, 'resource')} left out by label" if scoped_out else ""
    yield Text.assemble(("Findings  ", "dim"), counts + also)
    statuses = Counter(criterion.status for criterion in assessment.criteria)
    shown = ", ".join(
        f"{count} {status.value}" for status, count in sorted(statuses.items(), key=_place)
    )
    yield Text.assemble(("Criteria  ", "dim"), shown)
    skipped = not_run(assessment, report.library, report.fail_on)
    if skipped:
        yield Text(
            f"{plural(len(skipped), 'check')} of severity {report.fail_on} or above not run",
            style="yellow",
        )
    if open_regions(assessment):
        yield Text("The list of regions is not whole", style="yellow")
    for note in assessment.notes:
        yield plain(note)
    style = {0: "bold green", 1: "bold red"}.get(code, "bold yellow")
    yield Text.assemble(
        (f"Exit code {code}", style), f": {EXIT[code].format(fail_on=report.fail_on.value)}"
    )
    yield Text(
        "A status says what the evidence shows; the conclusion on a criterion is the auditor's.",
        style="dim",
    )


def _place(entry: tuple[Status, int]) -> int:
    return list(Status).index(entry[0])
