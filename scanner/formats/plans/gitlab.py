"""Renders a plan as a Code Quality report of GitLab, which merge requests show on the lines."""

from __future__ import annotations

import json
from typing import Any, Final

from scanner.formats.plans import PlanView
from scanner.formats.plans.blocks import MOST_LISTED, Block, SourceLines, most_severe_first
from scanner.model.checks import Severity
from scanner.words import plural

_SEVERITIES: Final = {
    Severity.CRITICAL: "blocker",
    Severity.HIGH: "critical",
    Severity.MEDIUM: "major",
    Severity.LOW: "minor",
}


def render(view: PlanView) -> str:
    """A list of issues, the most severe first."""
    blocks = most_severe_first(view)
    issues = [_issue(block) for block in blocks[:MOST_LISTED]]
    left_out = blocks[MOST_LISTED:]
    if left_out:
        # The format has no other place for a number.
        issues.append(
            {**_issue(left_out[0]), "description": f"{plural(len(left_out), 'more block')}"}
        )
    return json.dumps(issues, indent=1) + "\n"


def _issue(block: Block) -> dict[str, Any]:
    first = block.first
    # An issue must have a place: without lines it is the folder of the configuration.
    expired = f"; {block.expired}" if block.expired else ""
    lines = block.lines or SourceLines(block.view.source or ".", 1, 1)
    return {
        "check_name": first.check,
        "description": f"{block.sentence} ({block.names}){expired}",
        "severity": _SEVERITIES[first.severity],
        "fingerprint": block.fingerprint,
        "location": {
            "path": lines.path,
            "lines": {"begin": lines.first, "end": lines.last},
        },
    }
