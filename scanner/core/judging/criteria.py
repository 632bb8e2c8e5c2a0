"""Derives how each criterion of a framework is displayed, from the statuses of its controls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from scanner.model.controls import Criterion
from scanner.model.findings import ControlResult, CriterionResult, Status
from scanner.model.library import Library
from scanner.words import plural

_DEVIATING: Final = frozenset({Status.FAIL, Status.ACCEPTED})
_OPEN: Final = frozenset({Status.NOT_SHOWN, Status.NEEDS_EVIDENCE})
NEUTRAL: Final = frozenset({Status.NO_OCCURRENCE, Status.NOT_APPLICABLE})
"""Statuses that leave a criterion to its other controls."""


def assess_criterion(
    criterion: Criterion,
    controls: Mapping[str, ControlResult],
    *,
    framework: str,
) -> CriterionResult:
    """How a criterion is displayed: by its primary controls alone."""
    links = criterion.controls
    primary = tuple(link.control for link in links if link.primary)
    results = [controls[name] for name in primary if name in controls]
    # Vacuous truth: no primary control, or one that was not assessed, never adds up to a pass.
    assessed = bool(primary) and len(results) == len(primary)
    statuses = [result.status for result in results]
    return CriterionResult(
        framework=framework,
        id=criterion.id,
        status=_displayed(statuses, assessed),
        evidence_complete=assessed and all(map(_has_complete_evidence, results)),
        failing=statuses.count(Status.FAIL),
        controls=tuple(link.control for link in links),
        primary=primary,
    )


def _displayed(statuses: Sequence[Status], assessed: bool) -> Status:
    """The worst status; where not every primary control is assessed, evidence is needed."""
    decisive = [status for status in statuses if status not in NEUTRAL]
    if not assessed:
        decisive.append(Status.NEEDS_EVIDENCE)
    shown = decisive or statuses
    # `Status` is in order from the worst to the best.
    return next(status for status in Status if status in shown)


def _has_complete_evidence(result: ControlResult) -> bool:
    if result.status in (Status.NOT_SHOWN, Status.NEEDS_EVIDENCE):
        return False
    # A control that fails may be unread besides: it reads `fail`, on incomplete evidence.
    return result.complete


def deviation_count(result: CriterionResult, statuses: Mapping[str, Status]) -> str:
    """`2 of 5 controls deviate`: its primary controls that fail, accepted or not.

    An accepted failure is no pass, and stays a deviation.
    """
    deviating = deviating_controls(result, statuses)
    text = f"{len(deviating)} of {plural(len(result.primary), 'control')} deviate"
    accepted = [name for name in deviating if statuses[name] is Status.ACCEPTED]
    if accepted:
        text += f" ({len(accepted)} accepted)"
    return text


def deviating_controls(result: CriterionResult, statuses: Mapping[str, Status]) -> tuple[str, ...]:
    """The primary controls of a criterion that fail, accepted or not."""
    return tuple(name for name in result.primary if statuses.get(name) in _DEVIATING)


def open_controls(result: CriterionResult, statuses: Mapping[str, Status]) -> tuple[str, ...]:
    """The primary controls of a criterion whose evidence is missing."""
    return tuple(name for name in result.primary if statuses.get(name) in _OPEN)


def evidence_state(result: CriterionResult) -> str:
    """`complete` or `incomplete`."""
    return "complete" if result.evidence_complete else "incomplete"


def assess_criteria(
    library: Library,
    controls: Mapping[str, ControlResult],
    categories: Mapping[str, Sequence[str]],
) -> tuple[CriterionResult, ...]:
    """How every criterion is displayed; `categories` limits the frameworks that it names."""
    results: list[CriterionResult] = []
    for framework in library.frameworks.values():
        chosen = categories.get(framework.id)
        for criterion in framework.criteria:
            if chosen is None or criterion.category in chosen:
                result = assess_criterion(criterion, controls, framework=framework.id)
                results.append(result)
    return tuple(results)
