"""Says the totals of a report in words: counts by verdict and status, and the exit code."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

from scanner.formats import Report
from scanner.model.findings import CriterionResult, Status, Verdict
from scanner.words import plural

_STATUS_ORDER: Final = tuple(Status)
_EXIT: Final = {
    0: "no finding of severity {fail_on} or above fails, and everything was read",
    1: "a finding of severity {fail_on} or above fails",
    3: "no finding of severity {fail_on} or above fails, but not everything was read",
}


_EXIT_OF_NEW: Final = {
    0: "no new finding of severity {fail_on} or above fails, and everything was read",
    1: "a new finding of severity {fail_on} or above fails",
    3: "no new finding of severity {fail_on} or above fails, but not everything was read",
}


def one_line(report: Report) -> str:
    """The whole report in one line, for `--quiet`: counts by verdict, and the exit code."""
    counts = finding_counts(report)
    if report.baseline is not None:
        counts += f"; {new_failure_counts(report)}"
    return f"{counts}; exit code {report.exit_code}: {exit_meaning(report)}\n"


def exit_meaning(report: Report) -> str:
    """What the exit code says."""
    meanings = _EXIT
    if report.baseline is not None:
        meanings = _EXIT_OF_NEW
    return meanings[report.exit_code].format(fail_on=report.fail_on.value)


def criterion_counts(criteria: Sequence[CriterionResult]) -> str:
    """`3 with complete evidence, 2 with deviations`; no criterion is given a result."""
    complete = sum(criterion.evidence_complete for criterion in criteria)
    deviating = sum(criterion.status in (Status.FAIL, Status.ACCEPTED) for criterion in criteria)
    return f"{complete} with complete evidence, {deviating} with deviations"


def new_failure_counts(report: Report) -> str:
    """`12 failures, 2 new since 2026-06-30T02:10:00.000Z`."""
    failing = [one for one in report.assessment.findings if one.verdict is Verdict.FAIL]
    times: list[str] = []
    if report.baseline is not None:
        times = sorted(set(report.baseline.since.values()))
    since = ""
    if len(times) == 1:
        since = f" since {times[0]}"
    elif times:
        since = f" since the last scan of each target, {times[0]} to {times[-1]}"
    return f"{plural(len(failing), 'failure')}, {len(report.new_failures)} new{since}"


def finding_counts(report: Report) -> str:
    """`82 pass, 144 fail, 35 unknown, 0 waived`."""
    verdicts = Counter(finding.verdict for finding in report.assessment.findings)
    return ", ".join(f"{verdicts[verdict]} {verdict.value}" for verdict in Verdict)


def left_out_by_label(report: Report) -> str:
    """`2 resources left out by label`; empty where none was."""
    scoped_out = sum(result.scoped_out for result in report.assessment.results)
    if not scoped_out:
        return ""
    return f"{plural(scoped_out, 'resource')} left out by label"


def status_counts(statuses: Iterable[Status]) -> str:
    """`10 fail, 3 not shown`: those that occur, the worst first."""
    counts = Counter(statuses)
    return ", ".join(
        f"{counts[status]} {status.value}" for status in _STATUS_ORDER if counts[status]
    )
