"""Renders what was not read: the permissions that are missing, calls that failed, other reasons.

Each with the number of checks that it leaves unknown.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from rich.text import Text

from scanner.core.judging.exit_codes import gaps
from scanner.formats import Report
from scanner.formats.terminal.layout import clipped, folded
from scanner.model.answers import State
from scanner.model.findings import CoverageRow, Finding, Verdict
from scanner.rendering.sanitize import plural, sanitized

PERMISSIONS: Final = 4
CALLS: Final = 3
"""Permissions, and operations that failed, that are named."""

_Place = tuple[str, str]
"""A target, and `operation@region` in it."""


@dataclass(slots=True, kw_only=True)
class _Cause:
    """Something that kept checks from a verdict."""

    name: str
    detail: str = ""
    checks: set[str] = field(default_factory=set)
    targets: set[str] = field(default_factory=set)

    @property
    def order(self) -> tuple[int, str]:
        """The one behind the most checks first."""
        return (-len(self.checks), self.name)


def unread(report: Report) -> Iterator[Text]:
    """Missing permissions and failed calls, the worst first, then what else is unknown."""
    unknown = [
        finding for finding in report.assessment.findings if finding.verdict is Verdict.UNKNOWN
    ]
    lines = [*_calls(report, unknown), *_other(unknown, report.width), *_accepted(report)]
    yield from lines
    if lines:
        yield Text()


def _calls(report: Report, unknown: list[Finding]) -> Iterator[Text]:
    denied, failed = _causes(report, gaps(report.assessment), _checks_by_place(unknown))
    if denied or failed:
        yield from folded(_heading(denied, failed), report.width, hanging=2)
    yield from _named(denied, PERMISSIONS, "more permission", report.width)
    yield from _named(failed, CALLS, "more operation", report.width)


def _accepted(report: Report) -> Iterator[Text]:
    accepted = sum(bool(row.waiver) for row in report.assessment.coverage)
    if accepted:
        yield Text(f"Not read, and accepted by waiver: {plural(accepted, 'gap')}", style="dim")


def _checks_by_place(unknown: list[Finding]) -> dict[_Place, set[str]]:
    found: dict[_Place, set[str]] = {}
    for finding in unknown:
        for place in finding.gaps:
            found.setdefault((finding.resource.target, place), set()).add(finding.check)
    return found


def _causes(
    report: Report, rows: tuple[CoverageRow, ...], checks: Mapping[_Place, set[str]]
) -> tuple[list[_Cause], list[_Cause]]:
    """Permissions that are missing, and operations that failed for another reason."""
    denied: dict[str, _Cause] = {}
    failed: dict[str, _Cause] = {}
    left = dict(checks)
    for row in rows:
        if row.state is State.DENIED:
            # Which one of several is missing, the provider does not say.
            name = " or ".join(report.permissions.get(row.operation, ())) or row.operation
            cause = denied.setdefault(name, _Cause(name=name))
        else:
            cause = failed.setdefault(row.operation, _Cause(name=row.operation))
            cause.detail = cause.detail or _why(row)
        cause.targets.add(row.target)
        cause.checks |= left.pop((row.target, f"{row.operation}@{row.region}"), set())
    # A call that coverage does not name as a gap kept a check from its verdict all the same.
    for (target, place), names in left.items():
        operation = place.partition("@")[0]
        cause = failed.setdefault(operation, _Cause(name=operation))
        cause.targets.add(target)
        cause.checks |= names
    return _ordered(denied), _ordered(failed)


def _ordered(causes: Mapping[str, _Cause]) -> list[_Cause]:
    return sorted(causes.values(), key=lambda cause: cause.order)


def _why(row: CoverageRow) -> str:
    """`throttled: ThrottlingException`, `error: 404`, `not called`."""
    if row.unanswered and not row.answers:
        return "not called"
    if row.state.whole:
        return f"{row.unanswered} not called"
    code = gap_reason(row)
    if code:
        return f"{row.state.value}: {code}"
    return row.state.value


def gap_reason(row: CoverageRow) -> str:
    """The reason of a gap without the operation, state and region that stand beside it."""
    reason = row.reason.removeprefix(f"{row.operation} {row.state.value}")
    return reason.removeprefix(f" in {row.region}").strip(" ()")


def _heading(denied: list[_Cause], failed: list[_Cause]) -> Text:
    counts: list[str] = []
    if denied:
        counts.append(f"{plural(len(denied), 'permission')} missing")
    if failed:
        counts.append(f"{plural(len(failed), 'operation')} failed")
    line = Text.assemble((f"Could not read: {', '.join(counts)}", "bold"))
    if not any(cause.checks for cause in (*denied, *failed)):
        line.append("; no check is unknown for it")
    return line


def _named(causes: list[_Cause], most: int, more: str, width: int) -> Iterator[Text]:
    # One that leaves no check unknown is counted, but needs nobody's attention.
    shown = [cause for cause in causes if cause.checks][:most]
    longest = max((len(sanitized(cause.name)) for cause in shown), default=0)
    for cause in shown:
        text = f"{plural(len(cause.checks), 'check')} unknown"
        if len(cause.targets) > 1:
            text += f" in {plural(len(cause.targets), 'target')}"
        if cause.detail:
            text += f" ({sanitized(cause.detail)})"
        name = sanitized(cause.name)
        line = Text.assemble("  ", (name, "yellow"), " " * (longest - len(name) + 2))
        # The name is what people copy: it stays whole, and the rest gives way.
        line.append(clipped(text, max(len("99 checks unknown"), width - line.cell_len)))
        yield line
    left = len(causes) - len(shown)
    if left and shown:
        yield Text(f"  … and {plural(left, more)}", style="dim")


def _other(unknown: list[Finding], width: int) -> Iterator[Text]:
    """Unknown findings for want of something else than an answer, with the commonest reason."""
    undecided = [finding for finding in unknown if not finding.gaps]
    if not undecided:
        return
    checks = {finding.check for finding in undecided}
    reasons = Counter(finding.reason for finding in undecided)
    # Of two that are as common, the same one is shown on every machine.
    reason = min(reasons, key=lambda text: (-reasons[text], text))
    line = Text.assemble((f"Undecided: {plural(len(checks), 'check')}", "bold"), ", most often: ")
    text = clipped(sanitized(reason or "no reason was given"), width - line.cell_len)
    yield line.append(text)
