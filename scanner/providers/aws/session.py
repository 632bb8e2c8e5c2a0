"""Holds one connected AWS account and the regions in which it is read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from scanner.client.client import ProviderClient
from scanner.model.answers import Account, Answer, Call, Caller, Target


@dataclass(frozen=True, slots=True, kw_only=True)
class AwsSession:
    """One AWS account."""

    target: Target
    name: str
    partition: str
    callers: tuple[Caller, ...]
    answers: Mapping[str, Answer]
    regions: tuple[str, ...]
    regions_excluded: tuple[str, ...]
    regions_open: str
    client: ProviderClient
    accounts: tuple[Account, ...] = ()
    management_open: str = ""
    organization_only: bool = False

    @property
    def clock_skew(self) -> float | None:
        """AWS's clock minus ours in seconds, where they differed most."""
        return self.client.skew.largest

    def request(self, call: Call) -> Answer:
        """The answer to one call, made only if its operation is on the reviewed list."""
        return self.client.request(call)
