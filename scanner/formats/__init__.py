"""Registers the output formats of an assessment: each renders a `Report` to text.

To add one, write `scanner/formats/<format>.py` and name it in `FORMATS`: see
docs/adding-a-format.md. Helpers that several formats need are in `scanner.rendering`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scanner.core.judging.baseline import Baseline, is_new_failure
from scanner.core.judging.exit_codes import exit_code
from scanner.model.checks import Severity
from scanner.registry import Registry

if TYPE_CHECKING:
    from scanner.model.findings import Assessment, Finding
    from scanner.model.library import Library


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a format renders: the assessment, the library with its texts, and how to show them."""

    assessment: Assessment
    library: Library
    fail_on: Severity = Severity.HIGH
    matrix_only: bool = False
    controls: bool = False
    """Also the table of controls."""
    width: int = 80
    """Columns; only formats for people depend on it."""
    color: bool = False
    selected: bool = False
    baseline: Baseline | None = None
    """What `--new-only` compares with; None: every failure counts."""

    @property
    def new_failures(self) -> tuple[Finding, ...]:
        """The failures that the baseline lacks; without one, all failures."""
        findings = self.assessment.findings
        return tuple(one for one in findings if is_new_failure(one, self.baseline))

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
