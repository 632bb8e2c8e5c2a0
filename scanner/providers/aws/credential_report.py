"""Reads IAM's credential report, which must be generated before it can be fetched."""

from __future__ import annotations

import csv
from collections.abc import Generator, Mapping
from typing import Final

from scanner.core.reading.context import ReadContext
from scanner.model.answers import Answer, Call, State
from scanner.model.values import Unreadable

_GET: Final = "iam:GetCredentialReport"
_GENERATE: Final = "iam:GenerateCredentialReport"
_NOT_READY: Final = ("ReportNotPresent", "ReportExpired", "ReportInProgress")
"""IAM's error codes for a report that must be generated first, or is being generated."""
_POLLS: Final = 10
_LONGEST_WAIT: Final = 5.0
"""Seconds between two polls."""
Report = list[dict[str, str]] | Unreadable


def credential_report(context: ReadContext) -> Generator[Call, Answer, Report]:
    """The rows of the credential report, each with `report_generated`; it is generated, and polled,
    where needed.
    """
    answer = yield Call(operation=_GET, region="", absent_on=_NOT_READY)
    for attempt in range(1, _POLLS + 1):
        if answer.code not in _NOT_READY:
            break
        generated = yield Call(operation=_GENERATE, region="", attempt=attempt)
        if not generated.state.whole:
            return generated.unread
        answer = yield Call(
            operation=_GET,
            region="",
            attempt=attempt,
            wait=min(float(attempt), _LONGEST_WAIT),
            absent_on=_NOT_READY,
        )
    if answer.state is not State.OK or not isinstance(answer.data, Mapping):
        return answer.unread
    content, time = answer.data.get("Content"), answer.data.get("GeneratedTime")
    if not isinstance(content, str) or not isinstance(time, str):
        return Unreadable(f"{_GET} returned no report")
    return _rows(content, time)


def _rows(content: str, generated: str) -> Report:
    try:
        lines = list(csv.reader(content.splitlines(), strict=True))
    except csv.Error as error:
        return Unreadable(f"{_GET} returned a malformed report ({error})")
    header = lines[0] if lines else []
    # Every account has a row, that of the root user: a report without rows was cut off.
    if len(lines) < 2 or "arn" not in header or len(set(header)) < len(header):
        return Unreadable(f"{_GET} returned a report without rows or with a malformed header")
    report: list[dict[str, str]] = []
    for line in lines[1:]:
        if len(line) != len(header):
            return Unreadable(f"{_GET} returned an incomplete report")
        row = dict(zip(header, line, strict=True))
        row["report_generated"] = generated
        report.append(row)
    return report
