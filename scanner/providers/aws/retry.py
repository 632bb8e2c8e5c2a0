"""Retries of calls that botocore makes, which says by exceptions how they failed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from scanner.client import retry
from scanner.client.clock import Clock
from scanner.client.retry import RateLimiter
from scanner.core.steps import Steps
from scanner.providers.aws.errors import FAILURES, classify


class AwsRetry(retry.Retry):
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
