"""Renders what to do next, as commands that can be copied whole."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from rich.text import Text

from scanner.core.judging.exit_codes import gaps
from scanner.formats import Report, Source
from scanner.model.answers import State, Target
from scanner.model.checks import Severity
from scanner.model.findings import CriterionResult, Status, Verdict
from scanner.rendering.sanitize import sanitized

_GRAVE: Final = (Severity.CRITICAL, Severity.HIGH)
_Command = tuple[str, str]
"""A command, and what it is for."""


def next_commands(report: Report) -> Iterator[Text]:
    """Each command on a line of its own; what it is for beside it, where the line has room."""
    commands = [(sanitized(command), purpose) for command, purpose in _commands(report)]
    if not commands:
        return
    yield Text("Next", style="bold")
    # A command with a long path stands alone, and does not push the others apart.
    fitting = [
        len(command) for command, purpose in commands if len(command + purpose) + 4 <= report.width
    ]
    column = max(fitting, default=0)
    for command, purpose in commands:
        line = Text.assemble("  ", (command, "cyan"))
        if max(len(command), column) + len(purpose) + 4 <= report.width:
            line.append(" " * (column - len(command) + 2) + purpose, style="dim")
        yield line
    yield Text()


def _commands(report: Report) -> Iterator[_Command]:
    source = report.source
    verdicts = {finding.verdict for finding in report.assessment.findings}
    if source.before:
        yield source.before, "write it as a project, with history"
    criterion = worst_criterion(report)
    if criterion is not None:
        why = "why, and what to fix first"
        if criterion.status is not Status.FAIL:
            why = "why it is not shown"
        yield _with(f"tscan explain {criterion.id}", source.snapshots, source.inputs), why
    if Verdict.FAIL in verdicts:
        severities = ",".join(_failing_severities(report))
        command = f"tscan findings --severity {severities}"
        yield _with(command, source.snapshots, source.inputs), "what fails, by resource"
    if source.again:
        yield f"{source.again} --details", "everything, with fixes"
    for cloud in _denying_clouds(report):
        yield _permissions(cloud, source), "what the role lacks"


def _with(command: str, *arguments: str) -> str:
    return " ".join(part for part in (command, *arguments) if part)


def worst_criterion(report: Report) -> CriterionResult | None:
    """The criterion with the most failing controls, else with the most that are not shown."""
    if report.selected:
        return None
    controls = {control.id: control.status for control in report.assessment.controls}
    for status in (Status.FAIL, Status.NOT_SHOWN):
        numbers: dict[CriterionResult, int] = {}
        for criterion in report.assessment.criteria:
            if criterion.status is status:
                same = [name for name in criterion.primary if controls.get(name) is status]
                numbers[criterion] = len(same)
        if numbers:
            return max(numbers, key=lambda criterion: numbers[criterion])
    return None


def _failing_severities(report: Report) -> list[str]:
    """Critical and high, where one of them fails; else the gravest that does."""
    failing = {
        finding.severity
        for finding in report.assessment.findings
        if finding.verdict is Verdict.FAIL
    }
    grave = [severity.value for severity in _GRAVE if severity in failing]
    return grave or [max(failing, key=lambda severity: severity.rank).value]


def _denying_clouds(report: Report) -> list[str]:
    denied = [row for row in gaps(report.assessment) if row.state is State.DENIED]
    return sorted({Target(row.target).cloud for row in denied})


def _permissions(cloud: str, source: Source) -> str:
    # What evidence was refused is printed for AWS; of the others, all that a scan needs.
    if cloud == "aws":
        return _with("tscan permissions aws --missing", source.snapshots, source.checks)
    return f"tscan permissions {cloud}"
