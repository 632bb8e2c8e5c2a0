"""Renders the worst failing checks of the first screen, two lines each.

The title; below it how many resources fail, one of them, and the controls and criteria that it
hurts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from rich.cells import cell_len
from rich.text import Text

from scanner.formats import Report
from scanner.formats.terminal.failing_checks import FailingCheck, examples, failing_checks
from scanner.formats.terminal.layout import GAP, clipped, padded
from scanner.formats.terminal.overview import names
from scanner.formats.terminal.words import SEVERITY
from scanner.model.controls import Role
from scanner.model.findings import Verdict
from scanner.rendering.sanitize import sanitized
from scanner.words import plural

MOST: Final = 10
FEWEST: Final = 5
"""Checks that are shown however little room the other parts leave."""
LINES_EACH: Final = 2
_INDENT: Final = 9
"""Where titles begin: behind `critical`."""
_NO_CONTROL: Final = "no control"
"""Beside a check that no control rests on, as one of the user's own."""
_HURTS: Final = 17
"""Columns for controls and criteria at 80 columns: `ACC-02 CC6.1 +13`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Hurt:
    """What a failing check counts against."""

    controls: tuple[str, ...] = ()
    criteria: tuple[str, ...] = ()

    @property
    def firsts(self) -> list[str]:
        """All of them: one control and one criterion first, for these two are always shown."""
        return [
            *self.controls[:1],
            *self.criteria[:1],
            *self.criteria[1:],
            *self.controls[1:],
        ]


def worst(report: Report, most: int) -> Iterator[Text]:
    """The worst checks, at most ten of them, or a line that none fails."""
    hurts = _hurts(report)
    nothing = _Hurt()
    failed = list(failing_checks(report))
    failed.sort(
        key=lambda entry: (
            -entry.check.severity.rank,
            -len(hurts.get(entry.check.id, nothing).criteria),
            -len(entry.findings),
            entry.check.id,
        )
    )
    if not failed:
        verdicts = Counter(finding.verdict for finding in report.assessment.findings)
        text = "No check fails"
        if not verdicts:
            text = "No resource was tested"
        # Said beside it: what is unknown might fail.
        if verdicts[Verdict.UNKNOWN]:
            text += f"; unknown: {plural(verdicts[Verdict.UNKNOWN], 'finding')}"
        yield Text(text, style="bold")
        yield Text()
        return
    shown = failed[: min(MOST, most)]
    room = _HURTS + max(0, report.width - 80) // 2
    texts = [
        names(hurts.get(entry.check.id, nothing).firsts, room) or _NO_CONTROL for entry in shown
    ]
    column = report.width - max(len("hurts"), *map(len, texts))
    yield _heading(shown, failed, column)
    shares = [f"{len(entry.findings)} of {entry.evaluated}" for entry in shown]
    share = max(map(len, shares))
    for entry, text, count in zip(shown, texts, shares, strict=True):
        yield _title(entry, report.width)
        before = " " * _INDENT + f"{count:>{share}}" + " " * GAP
        left = column - len(before) - GAP
        line = Text.assemble(before, (_example(entry, report, left), "dim"))
        yield padded(line, column).append(text)
    yield Text()


def _example(entry: FailingCheck, report: Report, width: int) -> str:
    texts = [sanitized(text) for text in examples(entry, report)]
    for text in texts:
        if cell_len(text) <= width:
            return text
    return clipped(texts[-1], width)


def _heading(shown: Sequence[FailingCheck], failed: Sequence[FailingCheck], column: int) -> Text:
    text = f"Failing checks: {len(failed)}"
    if len(shown) < len(failed):
        text += f", the {len(shown)} worst"
    line = Text.assemble((text, "bold"), ("   resources, an example", "dim"))
    return padded(line, column).append("hurts", style="dim")


def _title(entry: FailingCheck, width: int) -> Text:
    severity = entry.check.severity
    line = padded(Text(severity.value, style=SEVERITY[severity]), _INDENT)
    return line.append(clipped(sanitized(entry.check.title), width - _INDENT))


def _hurts(report: Report) -> dict[str, _Hurt]:
    """By check: the controls that it evidences, and the criteria that these controls carry."""
    carried: dict[str, list[str]] = {}
    for criterion in report.assessment.criteria:
        for control in criterion.primary:
            carried.setdefault(control, []).append(criterion.id)
    controls: dict[str, list[str]] = {}
    for result in report.assessment.controls:
        for link in report.library.controls[result.id].checks:
            if link.role is Role.EVIDENCES:
                controls.setdefault(link.id, []).append(result.id)
    found: dict[str, _Hurt] = {}
    for check, evidenced in controls.items():
        criteria: dict[str, None] = {}
        for control in evidenced:
            criteria.update(dict.fromkeys(carried.get(control, ())))
        found[check] = _Hurt(
            controls=tuple(map(sanitized, evidenced)), criteria=tuple(map(sanitized, criteria))
        )
    return found
