"""One target of a REST cloud, opened."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from scanner.client.rest.rest_client import RestClient
from scanner.model.answers import Account, Answer, Call, Caller, Target


@dataclass(frozen=True, slots=True, kw_only=True)
class RestSession:
    """A target that can be asked."""

    target: Target
    name: str
    callers: tuple[Caller, ...]
    door: RestClient
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
        return self.door.skew.largest

    def request(self, call: Call) -> Answer:
        """The answer to one call, made only if its operation is on the reviewed list."""
        return self.door.request(call)
