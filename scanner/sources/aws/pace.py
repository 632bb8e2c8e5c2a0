"""Retries of calls that botocore makes, which says by exceptions how they failed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from scanner.core.steps import Steps
from scanner.sources import pace
from scanner.sources.aws.outcomes import FAILURES, classify
from scanner.sources.clock import Clock
from scanner.sources.pace import RateLimiter


class AwsRetry(pace.Retry):
    """The tries of one call to a service."""

    def __init__(self, service: str, limiter: RateLimiter, clock: Clock, deadline: float) -> None:
        super().__init__(limiter, clock, deadline)
        self._service = service

    def ask(self, request: Callable[[], Steps[Any]]) -> Steps[Any]:
        """What the request returned, or the `Failure` that it ended with; yields what it waits for."""

        def once() -> Steps[Any]:
            try:
                return (yield from request())
            except FAILURES as error:
                return classify(self._service, error)

        return self.over(once)
