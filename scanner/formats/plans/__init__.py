"""Registers the output formats of a plan: each renders a `PlanView` to text.

To add one, write `scanner/formats/plans/<format>.py` and name it in `PLAN_FORMATS`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from scanner.errors import EXIT_CLEAN, EXIT_FAILING
from scanner.model.checks import Severity
from scanner.model.findings import Verdict
from scanner.model.library import Library
from scanner.model.plan_findings import PlanChange, PlanFinding, PlanReport
from scanner.registry import Registry
from scanner.rendering.failure import failure_sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanView:
    """What a format renders: the report on a plan, the library with its texts, and the form."""

    report: PlanReport
    library: Library
    fail_on: Severity = Severity.HIGH
    everything: bool = False
    """Whether failures that the plan leaves as they are count, and are listed, too."""
    source: str = ""
    """The source folder by its path in the user's repository; empty: its top."""
    width: int = 80
    color: bool = False

    def sentence(self, finding: PlanFinding) -> str:
        """What is wrong after the plan, in one sentence."""
        if finding.change is PlanChange.WEAKENED:
            return f"no longer known to pass: {finding.finding.reason}"
        check = self.library.checks[finding.check]
        if finding.finding.verdict is not Verdict.FAIL:
            return finding.finding.reason or check.title
        return failure_sentence(check.fails, finding.finding, self.report.params) or check.title

    @property
    def news(self) -> Iterator[PlanFinding]:
        """What is annotated: what gets worse, and with `everything` what fails already."""
        for finding in self.report.findings:
            if not finding.waiver and self._counts(finding):
                yield finding

    def _counts(self, finding: PlanFinding) -> bool:
        already = self.everything and finding.change is PlanChange.ALREADY
        return finding.change.blocks or already

    @property
    def exit_code(self) -> int:
        """1: the plan makes something of severity `fail_on` or above worse; 0: it does not."""
        if any(map(self.stops, self.report.findings)):
            return EXIT_FAILING
        return EXIT_CLEAN

    def stops(self, finding: PlanFinding) -> bool:
        """Whether a finding stops the pipeline."""
        is_news = not finding.waiver and self._counts(finding)
        return is_news and finding.severity.rank >= self.fail_on.rank


PlanFormat = Callable[[PlanView], str]
"""A pure function; machine-readable formats depend on neither width nor color."""

PLAN_FORMATS = Registry[PlanFormat](
    "scanner.plan_formats",
    github="scanner.formats.plans.github:render",
    gitlab="scanner.formats.plans.gitlab:render",
    json="scanner.formats.plans.json:render",
    junit="scanner.formats.plans.junit:render",
    markdown="scanner.formats.plans.markdown:render",
    sarif="scanner.formats.plans.sarif:render",
    terminal="scanner.formats.plans.terminal:render",
)
