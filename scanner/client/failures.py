"""Describes why a call failed, in the states that all providers share."""

from __future__ import annotations

from dataclasses import dataclass

from scanner.model.answers import State


class OperationNotListedError(Exception):
    """A call of an operation that is not on the reviewed list: a defect of a kind, never a gap."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A classified error."""

    state: State
    code: str
    message: str
    request_id: str = ""
    attempts: int = 1
    """How often the request is worth making; 0: until the deadline."""
    after: float = 0.0
    """Seconds to wait before the next attempt, where the provider names them (Retry-After)."""
    date: str = ""
    """The response's Date header, where there was a response."""
