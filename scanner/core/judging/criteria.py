"""From controls to criteria: how each criterion of a framework is displayed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from scanner.model.controls import Criterion
from scanner.model.findings import ControlResult, CriterionResult, Status
from scanner.model.library import Library

NEUTRAL: Final = frozenset({Status.NO_OCCURRENCE, Status.NOT_APPLICABLE})


def assess_criterion(
    criterion: Criterion, controls: Mapping[str, ControlResult], *, framework: str
) -> CriterionResult:
    """How a criterion is displayed: by its primary controls alone."""
    links = tuple(link for link in criterion.controls if link.primary)
    primary = [controls[link.control] for link in links if link.control in controls]
    whole = bool(links) and len(primary) == len(links)
    return CriterionResult(
        framework=framework,
        id=criterion.id,
        status=_displayed([result.status for result in primary], whole),
        evidence_complete=whole and all(_complete(result) for result in primary),
        failing=sum(result.status is Status.FAIL for result in primary),
        controls=tuple(link.control for link in criterion.controls),
        primary=tuple(link.control for link in links),
    )


def _displayed(statuses: Sequence[Status], whole: bool) -> Status:
    """The first status in order; without a primary control, or with one that was not assessed, evidence is needed."""
    decided = [status for status in statuses if status not in NEUTRAL]
    if not whole:
        decided.append(Status.NEEDS_EVIDENCE)
    shown = decided or statuses
    return next(status for status in Status if status in shown)


def _complete(result: ControlResult) -> bool:
    # A failing control may be unread besides: it then is no complete evidence, though it reads `fail`.
    return result.complete and result.status not in (Status.NOT_SHOWN, Status.NEEDS_EVIDENCE)


def assess_criteria(
    library: Library, controls: Mapping[str, ControlResult], categories: Mapping[str, Sequence[str]]
) -> tuple[CriterionResult, ...]:
    """How every criterion is displayed; of a framework that `categories` names, only those categories."""
    return tuple(
        assess_criterion(criterion, controls, framework=framework.id)
        for framework in library.frameworks.values()
        for criterion in framework.criteria
        if framework.id not in categories or criterion.category in categories[framework.id]
    )
