"""Renders a plan as workflow commands of GitHub Actions: annotations on the lines."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from scanner.formats.plans import PlanView
from scanner.formats.plans.blocks import Block, counts_text, most_severe_first
from scanner.model.checks import Severity
from scanner.rendering.workflow_commands import workflow_command

_MOST: Final = 9
"""GitHub shows ten annotations of one level and step; the tenth is the count."""
_LEVELS: Final = {
    Severity.CRITICAL: "error",
    Severity.HIGH: "error",
    Severity.MEDIUM: "warning",
    Severity.LOW: "notice",
}


def render(view: PlanView) -> str:
    """The most severe news as annotations, and one with the counts of all."""
    return "".join(f"{line}\n" for line in _commands(view))


def _commands(view: PlanView) -> Iterator[str]:
    blocks = most_severe_first(view)
    for block in blocks[:_MOST]:
        yield _annotation(block)
    counts = counts_text(view.report)
    if len(blocks) > _MOST:
        counts = f"{counts}; the {_MOST} most severe of {len(blocks)} blocks are annotated"
    yield workflow_command("notice", {"title": "tscan"}, counts)


def _annotation(block: Block) -> str:
    first, lines = block.first, block.lines
    properties: dict[str, object] = {}
    if lines is not None:
        properties = {"file": lines.path, "line": lines.first, "endLine": lines.last}
    properties["title"] = f"{first.severity.value}, {first.change.value}: {first.title}"
    return workflow_command(_LEVELS[first.severity], properties, block.message)
