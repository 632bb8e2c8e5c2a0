"""What fails, and what could not be said: grouped so that one cause is one entry."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from scanner.core.judging.exit_codes import gaps
from scanner.formats import Report
from scanner.formats.terminal.tally import by_check
from scanner.formats.terminal.words import SEVERITY, plain
from scanner.model.checks import Check
from scanner.model.findings import CoverageRow, Finding, Verdict
from scanner.rendering.sanitize import plural, sanitized, shortened

RESOURCES: Final = 5
"""Resources shown under a failing check; all are in the JSON result."""
OBSERVED: Final = 5
"""Values shown for each resource."""
FIX_LINES: Final = 3
REASONS: Final = 12
GAPS: Final = 20


def failing(report: Report) -> Iterator[RenderableType]:
    """Failing checks, the gravest first, each with its resources, what was observed, and the fix."""
    failed: list[tuple[Check, list[Finding], int]] = []
    for name, results in by_check(report.assessment.results).items():
        findings = [finding for result in results for finding in result.findings]
        bad = [finding for finding in findings if finding.verdict is Verdict.FAIL]
        if bad:
            failed.append((report.library.checks[name], bad, len(findings)))
    if not failed:
        return
    yield Text(f"Failing: {plural(len(failed), 'check')}", style="bold")
    for check, bad, asked in sorted(
        failed, key=lambda entry: (-entry[0].severity.rank, entry[0].id)
    ):
        yield from _check(check, bad, asked)
    yield Text()


def _check(check: Check, bad: list[Finding], asked: int) -> Iterator[RenderableType]:
    heading = Table.grid(padding=(0, 1, 0, 0))
    severity = Text.assemble(("✗ ", "red"), (check.severity.value, SEVERITY[check.severity]))
    heading.add_row(severity, plain(check.title, "bold"))
    yield heading
    yield _indent(plain(f"{len(bad)} of {plural(asked, 'resource')} · {check.id}", "dim"))
    for finding in bad[:RESOURCES]:
        yield _indent(_resource(finding))
    if len(bad) > RESOURCES:
        yield _indent(Text(f"… and {len(bad) - RESOURCES} more", style="dim"))
    yield _indent(_fix(check))


def _fix(check: Check) -> RenderableType:
    """The first lines of the fix, and where the rest is."""
    lines = [line for line in check.fix.splitlines() if line.strip()]
    table = Table.grid(padding=(0, 1, 0, 0))
    for number, line in enumerate(lines[:FIX_LINES]):
        table.add_row(Text("fix:" if number == 0 else "", style="green"), plain(line))
    if len(lines) > FIX_LINES:
        table.add_row("", plain(f"more: tscan checks show {check.id}", "dim"))
    return table


def _resource(finding: Finding) -> Text:
    """`bucket-name eu-west-1  self.versioning = "Suspended"`."""
    resource = finding.resource
    text = plain(resource.name or resource.id)
    if resource.region not in ("", resource.name):
        text.append_text(plain(f" {resource.region}", "dim"))
    # What the resource says comes before the parameters that it was held against.
    told = sorted(finding.observed, key=lambda item: not item.path.startswith("self."))[:OBSERVED]
    seen = [
        f"{sanitized(item.path).removeprefix('self.')} = {shortened(item.value)}" for item in told
    ]
    if not seen and finding.reason:
        seen = [sanitized(finding.reason)]
    text.append_text(Text("  " + ", ".join(seen)))
    return text


def unknown(report: Report) -> Iterator[RenderableType]:
    """Findings that could not be decided, by the reason that they share."""
    reasons: dict[str, list[Finding]] = {}
    for finding in report.assessment.findings:
        if finding.verdict is Verdict.UNKNOWN:
            reasons.setdefault(finding.reason, []).append(finding)
    if not reasons:
        return
    total = sum(len(findings) for findings in reasons.values())
    yield Text(f"Unknown: {plural(total, 'finding')}, neither pass nor fail", style="bold")
    ordered = sorted(reasons.items(), key=lambda entry: (-len(entry[1]), entry[0]))
    for reason, findings in ordered[:REASONS]:
        checks = sorted({finding.check for finding in findings})
        entry = Table.grid(padding=(0, 1, 0, 0))
        entry.add_row(Text("?", style="yellow"), plain(reason or "no reason was given"))
        yield entry
        names = ", ".join(checks[:3]) + (f" and {len(checks) - 3} more" if len(checks) > 3 else "")
        yield _indent(
            plain(
                f"{plural(len(findings), 'finding')} of {plural(len(checks), 'check')}: {names}",
                "dim",
            )
        )
    if len(ordered) > REASONS:
        yield Text(f"… and {plural(len(ordered) - REASONS, 'more reason')}", style="dim")
    yield Text()


def coverage(report: Report) -> Iterator[RenderableType]:
    """What was meant to be read and was not."""
    accepted = [row for row in report.assessment.coverage if row.waiver]
    if accepted:
        named = ", ".join(f"{row.operation} {row.region} ({row.waiver})" for row in accepted[:GAPS])
        yield plain(f"Not read, and accepted by waiver: {named}")
        yield Text()
    yield from _in_bulk(report.assessment.coverage)
    rows = gaps(report.assessment)
    if not rows:
        return
    asked = plural(len(report.assessment.coverage), "operation")
    yield Text(f"Not read: {plural(len(rows), 'gap')} in {asked}", style="bold")
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
    for heading in ("operation", "region", "state", "reason"):
        table.add_column(heading, overflow="fold")
    for row in sorted(rows, key=lambda row: (row.target, row.operation, row.region))[:GAPS]:
        table.add_row(
            plain(row.operation),
            plain(row.region or "–"),
            plain(row.state.value, "yellow"),
            _reason(row),
        )
    yield table
    if len(rows) > GAPS:
        yield Text(f"… and {len(rows) - GAPS} more, all in the JSON result", style="dim")
    yield Text()


def _in_bulk(rows: Iterable[CoverageRow]) -> Iterator[RenderableType]:
    """What an inventory was asked, beside what it saved."""
    made: dict[str, tuple[int, int]] = {}
    for row in rows:
        if row.stood_for:
            calls, instead = made.get(row.operation, (0, 0))
            made[row.operation] = (calls + row.answers, instead + row.stood_for)
    for operation, (calls, instead) in sorted(made.items()):
        yield plain(
            f"Read in bulk: {plural(calls, 'call')} of {operation} in place of {instead} or more"
        )
    if made:
        yield Text()


def _reason(row: CoverageRow) -> Text:
    """The reason without the words that stand in the other columns."""
    reason = row.reason.removeprefix(f"{row.operation} {row.state.value}").removeprefix(
        f" in {row.region}"
    )
    asked = row.answers + row.unanswered
    amount = f"{row.unanswered} of {asked} unanswered" if row.unanswered else ""
    return plain("; ".join(part for part in (reason.strip(" ()"), amount) if part))


def _indent(text: RenderableType) -> RenderableType:
    return Padding(text, (0, 0, 0, 4))
