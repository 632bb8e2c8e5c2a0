"""Renders what a selection of checks left untested: those without a resource, or for another cloud.

Without it, a check that nothing was held against looks like one that nothing fails.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from rich.text import Text

from scanner.core.judging.exit_codes import is_empty_selection
from scanner.formats import Report
from scanner.formats.terminal.words import plain
from scanner.model.answers import Target
from scanner.words import plural

NAMED: Final = 5
"""Checks that are named; all are in the JSON result."""
_WITHOUT_ID: Final = frozenset({"aws"})
"""Clouds whose target `--target` names by the cloud alone."""


def untested(report: Report) -> Iterator[Text]:
    """The checks of a selection that no resource was tested by; none where nothing is selected."""
    if not report.selected:
        return
    if is_empty_selection(report.assessment):
        yield from _for_other_clouds(report)
        return
    without = _without_findings(report)
    if without:
        checks = f"{plural(len(without), 'check')} applied to no resource"
        yield plain(f"{checks}: {_named(without)}", "yellow")


def _for_other_clouds(report: Report) -> Iterator[Text]:
    # A target that refused its role was to be scanned: what it refused is shown elsewhere.
    scanned = {Target(target["id"]).cloud for target in report.assessment.targets}
    by_cloud: dict[str, list[str]] = {}
    for check in sorted(report.assessment.asked or ()):
        cloud = report.library.cloud(check)
        if cloud not in scanned:
            by_cloud.setdefault(cloud, []).append(check)
    for cloud, checks in by_cloud.items():
        target = cloud
        if cloud not in _WITHOUT_ID:
            target = f"{cloud}:ID"
        selected = f"{plural(len(checks), 'selected check')} of {cloud}, which was not scanned"
        yield plain(f"{selected}: {_named(checks)}", "yellow")
        yield Text(f"To scan it: tscan scan --target {target}")


def _without_findings(report: Report) -> list[str]:
    ran = {result.check for result in report.assessment.results}
    found = {finding.check for finding in report.assessment.findings}
    return sorted(ran - found)


def _named(checks: Sequence[str]) -> str:
    text = ", ".join(checks[:NAMED])
    if len(checks) > NAMED:
        text += f" and {len(checks) - NAMED} more"
    return text
