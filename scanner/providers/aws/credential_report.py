"""Readers of AWS: sequences of calls that a declaration cannot say. No SDK is needed to replay them."""

from __future__ import annotations

import csv
from collections.abc import Generator, Mapping
from typing import Any, Final

from scanner.core.reading.context import ReadContext
from scanner.model.answers import Answer, Call, State
from scanner.model.values import Unreadable

_GET: Final = "iam:GetCredentialReport"
_GENERATE: Final = "iam:GenerateCredentialReport"
_NOT_READY: Final = ("ReportNotPresent", "ReportExpired", "ReportInProgress")
"""IAM's error codes for a report that must be made first, or is being made."""
_POLLS: Final = 10
_LONGEST_WAIT: Final = 5.0


def credential_report(context: ReadContext) -> Generator[Call, Answer, Any]:
    """The rows of IAM's credential report, each with `report_generated`; it is made, and waited for, where needed."""
    answer = yield Call(operation=_GET, region="", absent_on=_NOT_READY)
    for attempt in range(1, _POLLS + 1):
        if answer.code not in _NOT_READY:
            break
        made = yield Call(operation=_GENERATE, region="", attempt=attempt)
        if not made.state.whole:
            return made.unread
        wait = min(float(attempt), _LONGEST_WAIT)
        answer = yield Call(
            operation=_GET, region="", attempt=attempt, wait=wait, absent_on=_NOT_READY
        )
    return _rows(answer)


def _rows(answer: Answer) -> list[dict[str, str]] | Unreadable:
    if answer.state is not State.OK or not isinstance(answer.data, Mapping):
        return answer.unread
    content, generated = answer.data.get("Content"), answer.data.get("GeneratedTime")
    if not isinstance(content, str) or not isinstance(generated, str):
        return Unreadable(f"{_GET} gave no report")
    try:
        header, *rows = list(csv.reader(content.splitlines(), strict=True)) or [[]]
    except csv.Error as error:
        return Unreadable(f"{_GET} gave a malformed report ({error})")
    if not rows or "arn" not in header or len(set(header)) != len(header):
        return Unreadable(f"{_GET} gave a report without rows or with a malformed header")
    if any(len(row) != len(header) for row in rows):
        return Unreadable(f"{_GET} gave a report that is cut off")
    return [dict(zip(header, row, strict=True)) | {"report_generated": generated} for row in rows]
