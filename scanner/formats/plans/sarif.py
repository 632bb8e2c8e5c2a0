"""Renders a plan as SARIF 2.1.0, which code scanning shows on the lines.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final
from urllib.parse import quote

from scanner import __version__
from scanner.formats.plans import PlanView
from scanner.formats.plans.blocks import (
    MOST_LISTED,
    Block,
    SourceLines,
    counts_text,
    most_severe_first,
)
from scanner.model.checks import Check, Severity
from scanner.model.plan_findings import PlanChange
from scanner.rendering.sanitize import shortened_text
from scanner.words import plural

SCHEMA: Final = "https://json.schemastore.org/sarif-2.1.0.json"
_LONGEST: Final = 1_000
"""Characters of a description: GitHub takes 1,024."""
_LEVELS: Final = {
    Severity.CRITICAL: "error",
    Severity.HIGH: "error",
    Severity.MEDIUM: "warning",
    Severity.LOW: "note",
}
# Inside the ranges by which GitHub names them: above 9.0 is critical, from 7.0 high, from 4.0
# medium.
_SECURITY_SEVERITY: Final = {
    Severity.CRITICAL: "9.5",
    Severity.HIGH: "8.0",
    Severity.MEDIUM: "5.5",
    Severity.LOW: "2.0",
}


def render(view: PlanView) -> str:
    """One run: a rule for each check, a result for each block, the most severe first."""
    blocks = most_severe_first(view)
    # GitHub refuses a file with a result that has no place in the repository.
    placed = [(block, block.lines) for block in blocks if block.lines is not None]
    listed = placed[:MOST_LISTED]
    notes = _notes(view, len(blocks) - len(placed), len(placed) - len(listed))
    rules = list(dict.fromkeys(block.first.check for block, _ in listed))
    run = {
        "tool": {
            "driver": {
                "name": "tscan",
                "semanticVersion": __version__,
                "rules": [_rule(view.library.checks[check]) for check in rules],
            }
        },
        "automationDetails": {"id": f"tscan/{_uri(view.source or view.report.target)}/"},
        "columnKind": "unicodeCodePoints",
        "invocations": [_invocation(view, notes)],
        "results": [
            _result(block, lines, rules.index(block.first.check)) for block, lines in listed
        ],
    }
    document = {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(document, indent=1) + "\n"


def _invocation(view: PlanView, notes: Iterable[str]) -> dict[str, Any]:
    return {
        "executionSuccessful": True,
        "exitCode": view.exit_code,
        "toolExecutionNotifications": [
            {"level": "note", "message": {"text": _plain(text)}} for text in notes if text
        ],
    }


def _notes(view: PlanView, unplaced: int, left_out: int) -> Iterator[str]:
    yield counts_text(view.report)
    yield from view.report.notes
    if unplaced:
        yield f"{plural(unplaced, 'block')} without lines in the repository: not listed here"
    if left_out:
        yield f"{plural(left_out, 'more block')}: only the most severe are listed"


def _rule(check: Check) -> dict[str, Any]:
    rule: dict[str, Any] = {
        "id": check.id,
        "name": check.id,
        "shortDescription": {"text": _plain(check.title)},
        "fullDescription": {"text": _plain(check.why)},
        "help": {"text": _plain(check.fix)},
        "defaultConfiguration": {"level": _LEVELS[check.severity]},
        "properties": {
            "tags": ["security", check.kind],
            # GitHub reads it as a text.
            "security-severity": _SECURITY_SEVERITY[check.severity],
        },
    }
    if check.links:
        rule["helpUri"] = check.links[0]
    return rule


def _result(block: Block, lines: SourceLines, rule: int) -> dict[str, Any]:
    first = block.first
    return {
        "ruleId": first.check,
        "ruleIndex": rule,
        "level": _LEVELS[first.severity],
        "message": {"text": _lines(block.message.split("\n"))},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": _uri(lines.path)},
                    "region": {"startLine": lines.first, "endLine": lines.last},
                },
                "logicalLocations": [
                    {"fullyQualifiedName": _plain(block.address), "kind": "resource"}
                ],
            }
        ],
        "partialFingerprints": {
            # The one that GitHub compares: else it takes the text of the line.
            "primaryLocationLineHash": f"{block.fingerprint[:16]}:1",
            "tscanBlock/v1": block.fingerprint,
        },
        "baselineState": "unchanged" if first.change is PlanChange.ALREADY else "new",
    }


def _uri(path: str) -> str:
    # A name on a disk may be no Unicode.
    return quote(path, errors="surrogatepass")


def _lines(texts: Sequence[str]) -> str:
    return "\n".join(_plain(text) for text in texts)


def _plain(text: str) -> str:
    """Text in which a consumer finds no link: `[text](target)` is one in messages (3.11.6)."""
    shown = shortened_text(" ".join(text.split()), _LONGEST)
    if "](" not in shown:
        return shown
    return shown.replace("\\", "\\\\").replace("](", "\\](")
