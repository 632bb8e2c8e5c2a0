"""Lists failing checks, unknown findings and gaps, grouped so that one cause is one entry."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
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
from scanner.model.findings import CoverageRow, Finding, Observation, Verdict
from scanner.rendering.failure import failure_sentence
from scanner.rendering.sanitize import plural, sanitized, shortened

RESOURCES: Final = 5
"""Resources shown under a failing check; all are in the JSON result."""
OBSERVED: Final = 5
"""Values shown for each resource."""
FIX_LINES: Final = 3
REASONS: Final = 12
CHECKS: Final = 3
"""Checks named under a reason for unknown findings."""
GAPS: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class _FailingCheck:
    """A check with its failing findings."""

    check: Check
    findings: list[Finding]
    evaluated: int
    """Findings of the check in all, whatever their verdict."""

    @property
    def order(self) -> tuple[int, str]:
        """The most severe first."""
        return (-self.check.severity.rank, self.check.id)


# -- failing ---------------------------------------------------------------------------------------


def failing(report: Report) -> Iterator[RenderableType]:
    """Failing checks, the most severe first, each with resources, observed values and the fix."""
    failed = sorted(_failing_checks(report), key=lambda entry: entry.order)
    if not failed:
        return
    yield Text(f"Failing: {plural(len(failed), 'check')}", style="bold")
    for entry in failed:
        yield from _failing_check(entry)
    yield Text()


def _failing_checks(report: Report) -> Iterator[_FailingCheck]:
    for name, results in by_check(report.assessment.results).items():
        findings: list[Finding] = []
        for result in results:
            findings += result.findings
        failed = [finding for finding in findings if finding.verdict is Verdict.FAIL]
        if failed:
            check = report.library.checks[name]
            yield _FailingCheck(check=check, findings=failed, evaluated=len(findings))


def _failing_check(entry: _FailingCheck) -> Iterator[RenderableType]:
    check = entry.check
    count = len(entry.findings)
    heading = Table.grid(padding=(0, 1, 0, 0))
    severity = Text.assemble(("✗ ", "red"), (check.severity.value, SEVERITY[check.severity]))
    heading.add_row(severity, plain(check.title, "bold"))
    yield heading
    yield _indent(plain(f"{count} of {plural(entry.evaluated, 'resource')} · {check.id}", "dim"))
    for finding in entry.findings[:RESOURCES]:
        yield _indent(_resource(finding, check.fails))
    if count > RESOURCES:
        yield _indent(Text(f"… and {count - RESOURCES} more", style="dim"))
    yield _indent(_fix(check))


def _fix(check: Check) -> RenderableType:
    """The first lines of the fix, and the command that shows the rest."""
    lines = [line for line in check.fix.splitlines() if line.strip()]
    table = Table.grid(padding=(0, 1, 0, 0))
    label = "fix:"
    for line in lines[:FIX_LINES]:
        table.add_row(Text(label, style="green"), plain(line))
        label = ""
    if len(lines) > FIX_LINES:
        table.add_row("", plain(f"more: tscan checks show {check.id}", "dim"))
    return table


def _resource(finding: Finding, fails: str) -> Text:
    """`bucket-name has no versioning  eu-west-1  versioning = "Suspended"`."""
    resource = finding.resource
    name = resource.name or resource.id
    sentence = failure_sentence(fails, finding)
    # A sentence about the account names no resource.
    if sentence and "{name}" not in fails:
        sentence = f"{name}: {sentence}"
    text = plain(sentence or name)
    # A region is itself a resource of some checks, and would be printed twice.
    if resource.region not in ("", resource.name):
        text.append_text(plain(f" {resource.region}", "dim"))
    text.append_text(Text("  " + _observed(finding)))
    return text


def _observed(finding: Finding) -> str:
    """The values that decided; the reason where none was observed."""
    # The resource's own values come before the parameters that they were compared with.
    ordered = sorted(finding.observed, key=_is_parameter)
    values = [
        f"{sanitized(item.path).removeprefix('self.')} = {shortened(item.value)}"
        for item in ordered[:OBSERVED]
    ]
    if values:
        return ", ".join(values)
    return sanitized(finding.reason)


def _is_parameter(item: Observation) -> bool:
    return not item.path.startswith("self.")


# -- unknown ---------------------------------------------------------------------------------------


def unknown(report: Report) -> Iterator[RenderableType]:
    """Unknown findings, grouped by the reason that they share."""
    reasons: dict[str, list[Finding]] = {}
    for finding in report.assessment.findings:
        if finding.verdict is Verdict.UNKNOWN:
            reasons.setdefault(finding.reason, []).append(finding)
    if not reasons:
        return
    total = sum(len(findings) for findings in reasons.values())
    yield Text(f"Unknown: {plural(total, 'finding')}, neither pass nor fail", style="bold")
    # The reason behind the most findings first: it is the one to fix.
    ordered = sorted(reasons.items(), key=lambda entry: (-len(entry[1]), entry[0]))
    for reason, findings in ordered[:REASONS]:
        yield from _unknown_reason(reason, findings)
    if len(ordered) > REASONS:
        yield Text(f"… and {plural(len(ordered) - REASONS, 'more reason')}", style="dim")
    yield Text()


def _unknown_reason(reason: str, findings: list[Finding]) -> Iterator[RenderableType]:
    entry = Table.grid(padding=(0, 1, 0, 0))
    entry.add_row(Text("?", style="yellow"), plain(reason or "no reason was given"))
    yield entry
    checks = sorted({finding.check for finding in findings})
    names = ", ".join(checks[:CHECKS])
    if len(checks) > CHECKS:
        names += f" and {len(checks) - CHECKS} more"
    counts = f"{plural(len(findings), 'finding')} of {plural(len(checks), 'check')}"
    yield _indent(plain(f"{counts}: {names}", "dim"))


# -- coverage --------------------------------------------------------------------------------------


def coverage(report: Report) -> Iterator[RenderableType]:
    """Calls that were not answered, and what an inventory answered in place of single calls."""
    rows = report.assessment.coverage
    yield from _accepted_gaps(rows)
    yield from _inventory_calls(rows)
    unanswered = gaps(report.assessment)
    if not unanswered:
        return
    operations = plural(len(rows), "operation")
    yield Text(f"Not read: {plural(len(unanswered), 'gap')} in {operations}", style="bold")
    yield _gap_table(unanswered)
    if len(unanswered) > GAPS:
        yield Text(f"… and {len(unanswered) - GAPS} more, all in the JSON result", style="dim")
    yield Text()


def _accepted_gaps(rows: Iterable[CoverageRow]) -> Iterator[RenderableType]:
    """Gaps that a waiver accepts: shown although they do not decide the exit code."""
    accepted = [row for row in rows if row.waiver]
    if not accepted:
        return
    named = ", ".join(f"{row.operation} {row.region} ({row.waiver})" for row in accepted[:GAPS])
    yield plain(f"Not read, and accepted by waiver: {named}")
    yield Text()


def _gap_table(rows: Iterable[CoverageRow]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
    for heading in ("operation", "region", "state", "reason"):
        table.add_column(heading, overflow="fold")
    ordered = sorted(rows, key=lambda row: (row.target, row.operation, row.region))
    for row in ordered[:GAPS]:
        table.add_row(
            plain(row.operation),
            plain(row.region or "–"),
            plain(row.state.value, "yellow"),
            _gap_reason(row),
        )
    return table


def _inventory_calls(rows: Iterable[CoverageRow]) -> Iterator[RenderableType]:
    """Calls made to an inventory, beside the calls that they replaced (decision 0018)."""
    made: dict[str, int] = {}
    replaced: dict[str, int] = {}
    for row in rows:
        if row.stood_for:
            made[row.operation] = made.get(row.operation, 0) + row.answers
            replaced[row.operation] = replaced.get(row.operation, 0) + row.stood_for
    for operation in sorted(made):
        calls = plural(made[operation], "call")
        yield plain(
            f"Read in bulk: {calls} of {operation} in place of {replaced[operation]} or more"
        )
    if made:
        yield Text()


def _gap_reason(row: CoverageRow) -> Text:
    """The reason without what the other columns show: operation, state and region."""
    reason = row.reason.removeprefix(f"{row.operation} {row.state.value}")
    reason = reason.removeprefix(f" in {row.region}").strip(" ()")
    parts = []
    if reason:
        parts.append(reason)
    if row.unanswered:
        calls = row.answers + row.unanswered
        parts.append(f"{row.unanswered} of {calls} unanswered")
    return plain("; ".join(parts))


def _indent(text: RenderableType) -> RenderableType:
    return Padding(text, (0, 0, 0, 4))
