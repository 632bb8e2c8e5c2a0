"""Says in a few lines what was scanned: targets, regions, when, and what was not reached."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from rich.text import Text

from scanner.formats import Report
from scanner.formats.terminal.header import account_counts
from scanner.formats.terminal.layout import clipped, folded
from scanner.formats.terminal.words import plain
from scanner.model.answers import Target
from scanner.model.findings import Assessment
from scanner.rendering.sanitize import plural, sanitized

NAMED: Final = 3
"""Targets, and reasons why one was not read, that are named."""

_Described = Mapping[str, Any]
"""A target as `Assessment.targets` describes it."""


def scanned(report: Report) -> Iterator[Text]:
    """A line for each target, or one for all; below them, what was not read of the estate."""
    for line in _lines(report.assessment):
        yield from folded(line, report.width, hanging=7)
    for text in _limits(report.assessment):
        yield plain(clipped(sanitized(text), report.width), "yellow")
    yield Text()


def _lines(assessment: Assessment) -> Iterator[Text]:
    targets = assessment.targets
    when = _minute(assessment.finished)
    if len(targets) > NAMED:
        clouds = Counter(Target(target["id"]).cloud for target in targets)
        counts = ", ".join(f"{count} {cloud}" for cloud, count in sorted(clouds.items()))
        yield _line(f"{counts} targets", _most_regions(targets), when)
        return
    for target in targets:
        name = target["id"]
        if target["name"]:
            name = f"{name} ({target['name']})"
        yield _line(name, _regions(target), when)


def _line(*parts: str) -> Text:
    line = Text.assemble(("tscan", "bold"))
    for part in parts:
        if part:
            line.append_text(plain(f"  {part}"))
    return line


def _regions(target: _Described) -> str:
    if target["unentered"]:
        return ""
    text = plural(len(target["regions"]), "region")
    left_out = len(target["regions_excluded"])
    if left_out:
        text += f", {left_out} not scanned"
    return text


def _most_regions(targets: tuple[_Described, ...]) -> str:
    numbers = {len(target["regions"]) for target in targets if not target["unentered"]}
    if not numbers:
        return ""
    if len(numbers) == 1:
        return f"{plural(numbers.pop(), 'region')} each"
    return f"{min(numbers)} to {plural(max(numbers), 'region')} each"


def _limits(assessment: Assessment) -> Iterator[str]:
    """What was left out or not reached; the reasons of the first targets stand for the others."""
    accounts = account_counts(assessment)
    if accounts:
        yield f"Accounts of the organization: {accounts}"
    yield from _reasons(assessment, "unentered", "Not reached")
    yield from _reasons(assessment, "regions_open", "List of regions not complete")


def _reasons(assessment: Assessment, member: str, what: str) -> Iterator[str]:
    found = [target for target in assessment.targets if target[member]]
    for target in found[:NAMED]:
        yield f"{what}: {target['id']} ({target[member]})"
    if len(found) > NAMED:
        yield f"… and {plural(len(found) - NAMED, 'more target')}"


def _minute(text: str) -> str:
    return datetime.fromisoformat(text).astimezone(UTC).strftime("%Y-%m-%dT%H:%MZ")
