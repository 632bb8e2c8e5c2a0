"""What a call fails with, in the words that all sources share."""

from __future__ import annotations

from dataclasses import dataclass

from scanner.model.answers import State


class OperationNotListedError(Exception):
    """An operation that is not on the reviewed list was asked for: an error in a kind, never a gap."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """An error, classified."""

    state: State
    code: str
    message: str
    request_id: str = ""
    attempts: int = 1
    """How often it is worth asking; 0: until the deadline."""
    after: float = 0.0
    """Seconds that the provider asks us to wait before we ask again."""
