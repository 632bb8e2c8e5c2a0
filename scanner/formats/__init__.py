"""Registers the output formats of an assessment: each renders a `Report` to text.

To add one, write `scanner/formats/<format>.py` and name it in `FORMATS`: see
docs/adding-a-format.md. Helpers that several formats need are in `scanner.rendering`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from scanner.core.judging.baseline import Baseline, is_new_failure
from scanner.core.judging.exit_codes import exit_code
from scanner.model.checks import Severity
from scanner.registry import Registry
from scanner.rendering.failure import failure_sentence

if TYPE_CHECKING:
    from scanner.model.findings import Assessment, Finding
    from scanner.model.library import Library


def _never_seen(_: Finding) -> None:
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """How the user names what was judged, for the commands that a report suggests."""

    again: str = ""
    """The command that makes the report again, as it can be copied; empty: none is known."""
    snapshots: str = ""
    """Arguments that name the evidence; empty: the newest scan in history is meant."""
    inputs: str = ""
    """Options by which explain and findings judge by the same content and decisions."""
    checks: str = ""
    """Those of them that permissions takes."""
    before: str = ""
    """The command to run before the others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a format renders: the assessment, the library with its texts, and how to show them."""

    assessment: Assessment
    library: Library
    fail_on: Severity = Severity.HIGH
    selected: bool = False
    """Whether the user selected checks: no status of a control or criterion is then shown."""
    details: bool = False
    """Everything, in place of what fits on one screen."""
    matrix_only: bool = False
    controls: bool = False
    """Also the table of controls."""
    permissions: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """By operation that was denied: the permissions that it needs."""
    source: Source = Source()
    width: int = 80
    """Columns; only formats for people depend on it."""
    color: bool = False
    first_seen: Callable[[Finding], str | None] = _never_seen
    """Since when a finding has had its verdict, by history; None: there is no history of it."""
    baseline: Baseline | None = None
    """What `--new-only` compares with; None: every failure counts."""

    @property
    def new_failures(self) -> tuple[Finding, ...]:
        """The failures that the baseline lacks; without one, all failures."""
        findings = self.assessment.findings
        return tuple(one for one in findings if is_new_failure(one, self.baseline))

    def failure(self, finding: Finding) -> str:
        """What is wrong with the resource of a failing finding; empty where no sentence says it."""
        params = self.assessment.params
        target = finding.resource.target
        values = {**params.get("defaults", {}), **params.get("set", {}).get(target, {})}
        return failure_sentence(self.library.checks[finding.check].fails, finding, values)

    @property
    def exit_code(self) -> int:
        """0: clean; 1: something of severity `fail_on` or above fails; 3: something is unread.

        With a baseline, 1 is for new failures alone.
        """
        return exit_code(self.assessment, self.library, self.fail_on, self.baseline)


Format = Callable[[Report], str]
"""A pure function; machine-readable formats depend on neither width nor color."""

FORMATS = Registry[Format](
    "scanner.formats",
    json="scanner.formats.json:render",
    terminal="scanner.formats.terminal:render",
)
