"""Lists failing checks, unknown findings and gaps, grouped so that one cause is one entry."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from rich.text import Text

from scanner.core.judging.exit_codes import gaps
from scanner.formats import Report
from scanner.formats.terminal.failing_checks import (
    FailingCheck,
    failing_checks,
    resource_name,
    sentence,
)
from scanner.formats.terminal.layout import Column, folded, table
from scanner.formats.terminal.unread import gap_reason
from scanner.formats.terminal.words import SEVERITY, plain
from scanner.model.checks import Check
from scanner.model.findings import CoverageRow, Finding, Verdict
from scanner.rendering.fix_steps import COMMAND, fix_steps
from scanner.rendering.observed import observed_values
from scanner.words import plural

INDENT: Final = 4
_GAP_COLUMNS: Final = (
    Column(heading="operation"),
    Column(heading="region"),
    Column(heading="state"),
    Column(heading="reason", folds=True),
)
RESOURCES: Final = 5
"""Resources shown under a failing check; all are in the JSON result."""
OBSERVED: Final = 5
"""Values shown for each resource."""
REASONS: Final = 12
CHECKS: Final = 3
"""Checks named under a reason for unknown findings."""
GAPS: Final = 20


# -- failing ---------------------------------------------------------------------------------------


def failing(report: Report) -> Iterator[Text]:
    """Failing checks, the most severe first, each with resources, observed values and the fix."""
    failed = sorted(failing_checks(report), key=lambda entry: entry.order)
    if not failed:
        return
    yield Text(f"Failing: {plural(len(failed), 'check')}", style="bold")
    for entry in failed:
        yield from _failing_check(entry, report)
    yield Text()


def _failing_check(entry: FailingCheck, report: Report) -> Iterator[Text]:
    width = report.width
    check = entry.check
    count = len(entry.findings)
    heading = Text.assemble(("✗ ", "red"), (check.severity.value, SEVERITY[check.severity]), " ")
    yield from folded(Text.assemble(heading, plain(check.title, "bold")), width, hanging=INDENT)
    share = f"{count} of {plural(entry.evaluated, 'resource')} · {check.id}"
    yield from _indented(plain(share, "dim"), width)
    for finding in entry.findings[:RESOURCES]:
        yield from _resource(finding, report)
    if count > RESOURCES:
        yield from _indented(Text(f"… and {count - RESOURCES} more", style="dim"), width)
    yield from _fix(check, width)


def _fix(check: Check, width: int) -> Iterator[Text]:
    label = "fix: "
    for step in fix_steps(check.fix):
        text = Text.assemble(" " * INDENT, (label, "green"), plain(step))
        if step.startswith(COMMAND):
            yield text
        else:
            yield from folded(text, width, hanging=INDENT + len(label))
        label = " " * len(label)


def _resource(finding: Finding, report: Report) -> Iterator[Text]:
    """`bucket-name has no versioning  eu-west-1`; below it `versioning = Suspended, wanted …`."""
    resource = finding.resource
    text = plain(sentence(finding, report) or resource_name(finding))
    # A region is itself a resource of some checks, and would be printed twice.
    if resource.region not in ("", resource.name):
        text.append_text(plain(f"  {resource.region}", "dim"))
    yield from folded(text, report.width, indent=INDENT, hanging=INDENT + 2)
    values = observed_values(finding)
    shown = list(values[:OBSERVED])
    if len(values) > OBSERVED:
        shown.append(f"{plural(len(values) - OBSERVED, 'more value')}")
    below = plain("; ".join(shown) or finding.reason, "dim")
    if below.plain:
        yield from folded(below, report.width, indent=INDENT + 2, hanging=INDENT + 2)


# -- unknown ---------------------------------------------------------------------------------------


def unknown(report: Report) -> Iterator[Text]:
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
        yield from _unknown_reason(reason, findings, report.width)
    if len(ordered) > REASONS:
        yield Text(f"… and {plural(len(ordered) - REASONS, 'more reason')}", style="dim")
    yield Text()


def _unknown_reason(reason: str, findings: list[Finding], width: int) -> Iterator[Text]:
    line = Text.assemble(("? ", "yellow"), plain(reason or "no reason was given"))
    yield from folded(line, width, hanging=2)
    checks = sorted({finding.check for finding in findings})
    names = ", ".join(checks[:CHECKS])
    if len(checks) > CHECKS:
        names += f" and {len(checks) - CHECKS} more"
    counts = f"{plural(len(findings), 'finding')} of {plural(len(checks), 'check')}"
    yield from _indented(plain(f"{counts}: {names}", "dim"), width)


# -- coverage --------------------------------------------------------------------------------------


def coverage(report: Report) -> Iterator[Text]:
    """Calls that were not answered, and what an inventory answered in place of single calls."""
    rows = report.assessment.coverage
    yield from _accepted_gaps(rows, report.width)
    yield from _inventory_calls(rows, report.width)
    yield from _not_listed(report)
    unanswered = gaps(report.assessment)
    if not unanswered:
        return
    operations = plural(len(rows), "operation")
    yield Text(f"Not read: {plural(len(unanswered), 'gap')} in {operations}", style="bold")
    yield from _gap_table(unanswered, report.width)
    if len(unanswered) > GAPS:
        yield Text(f"… and {len(unanswered) - GAPS} more, all in the JSON result", style="dim")
    yield Text()


def _accepted_gaps(rows: Iterable[CoverageRow], width: int) -> Iterator[Text]:
    """Gaps that a waiver accepts: shown although they do not decide the exit code."""
    accepted = [row for row in rows if row.waiver]
    if not accepted:
        return
    named = ", ".join(f"{row.operation} {row.region} ({row.waiver})" for row in accepted[:GAPS])
    yield from folded(plain(f"Not read, and accepted by waiver: {named}"), width, hanging=2)
    yield Text()


def _gap_table(rows: Iterable[CoverageRow], width: int) -> Iterator[Text]:
    ordered = sorted(rows, key=lambda row: (row.target, row.operation, row.region))
    cells: list[list[Text]] = []
    for row in ordered[:GAPS]:
        cells.append(
            [
                plain(row.operation),
                plain(row.region or "–"),
                plain(row.state.value, "yellow"),
                _gap_reason(row),
            ]
        )
    yield from table(_GAP_COLUMNS, cells, width)


def _inventory_calls(rows: Iterable[CoverageRow], width: int) -> Iterator[Text]:
    """Calls made to an inventory, beside the calls that they replaced (decision 0018)."""
    made: dict[str, int] = {}
    replaced: dict[str, int] = {}
    for row in rows:
        if row.stood_for:
            made[row.operation] = made.get(row.operation, 0) + row.answers
            replaced[row.operation] = replaced.get(row.operation, 0) + row.stood_for
    for operation in sorted(made):
        calls = plural(made[operation], "call")
        text = f"Read in bulk: {calls} of {operation} in place of {replaced[operation]} or more"
        yield from folded(plain(text), width, hanging=2)
    if made:
        yield Text()


def _not_listed(report: Report) -> Iterator[Text]:
    """What of a service no check says anything about, for the kinds that were listed."""
    holes: list[str] = []
    for name in sorted({row.kind for row in report.assessment.populations}):
        kind = report.library.kinds.get(name)
        for hole in kind.does_not_list if kind is not None else ():
            holes.append(f"{hole.sentence} ({name})")
    if not holes:
        return
    yield Text(f"Not listed: {plural(len(holes), 'sort')} of resources", style="bold")
    for text in holes:
        yield from folded(plain(f"  {text}"), report.width, hanging=4)
    yield Text()


def _gap_reason(row: CoverageRow) -> Text:
    """The reason without what the other columns show, and how many calls have no answer."""
    parts: list[str] = []
    reason = gap_reason(row)
    if reason:
        parts.append(reason)
    if row.unanswered:
        calls = row.answers + row.unanswered
        parts.append(f"{row.unanswered} of {calls} unanswered")
    return plain("; ".join(parts))


def _indented(text: Text, width: int) -> Iterator[Text]:
    yield from folded(text, width, indent=INDENT, hanging=INDENT)
