"""The clock of AWS, as botocore's answers tell it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

from scanner.client import clock


class Skew(clock.Skew):
    """How far AWS's clock is from ours."""

    def of(self, request: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """What a request brings, with the Date of its answer, or of its refusal, noted."""
        try:
            answer = request()
        except ClientError as error:
            self._read(error.response)
            raise
        self._read(answer)
        return answer

    def _read(self, answer: Any) -> None:
        try:
            date = answer["ResponseMetadata"]["HTTPHeaders"]["date"]
        except (KeyError, TypeError):  # no Date
            return
        self.note(date)
