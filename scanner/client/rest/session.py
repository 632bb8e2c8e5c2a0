"""Holds one connected target of a REST cloud: its identity, and the client that makes its calls."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from scanner.client.rest.rest_client import RestClient
from scanner.model.answers import Account, Answer, Call, Caller, Target


@dataclass(frozen=True, slots=True, kw_only=True)
class RestSession:
    """A connected target, as `Session` describes it."""

    target: Target
    name: str
    callers: tuple[Caller, ...]
    client: RestClient
    answers: Mapping[str, Answer] = field(default_factory=dict)
    accounts: tuple[Account, ...] = ()
    management_open: str = ""
    organization_only: bool = False
    partition: str = ""
    regions: tuple[str, ...] = ()
    regions_excluded: tuple[str, ...] = ()
    regions_open: str = ""

    @property
    def clock_skew(self) -> float | None:
        """The provider's clock minus ours in seconds, where they differed most."""
        return self.client.skew.largest

    def request(self, call: Call) -> Answer:
        """The answer to one call."""
        return self.client.request(call)
