"""The configuration of a scan: the content of `tscan.yaml`, or the same from options."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Exclusion:
    """An account that the entity leaves out of its scope: a decision, with who took it and why."""

    account: str
    reason: str
    approver: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Organization:
    """How the accounts of an organization are entered, and which are not."""

    role: str
    """Name of the role that is assumed in every account."""
    external_id: str = ""
    exclude: tuple[Exclusion, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetConfig:
    """How to reach one target."""

    cloud: str = "aws"
    profile: str = ""
    role_arn: str = ""
    external_id: str = ""
    regions: tuple[str, ...] = ()
    """The regions to read; empty: every region that is enabled."""
    regions_why: str = ""
    """Why the other regions are left out; empty: no reason is given."""
    regions_approver: str = ""
    """Who approved it."""
    params: Mapping[str, Any] = field(default_factory=dict)
    """Parameters of this target, over those of the configuration."""
    organization: Organization | None = None
    """All accounts of the organization that this target leads; None: this account alone."""
    settings: Mapping[str, str] = field(default_factory=dict)
    """Settings of the cloud by name: `project`, `tenant`, …; `id` where only an id was given."""
    exclude: tuple[Exclusion, ...] = ()
    """Projects or subscriptions that are left out."""
    bulk: bool = False
    """Whether an inventory is asked in place of many listings."""

    @property
    def named(self) -> str:
        """The id that the configuration gives; empty where the credentials decide."""
        for name in ("id", "project", "subscription", "organization", "tenant"):
            if self.settings.get(name):
                return self.settings[name]
        # arn:aws:iam::ACCOUNT:role/NAME
        parts = self.role_arn.split(":")
        return parts[4] if len(parts) > 5 else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertRule:
    """Who hears of what; an empty list keeps nothing back."""

    events: tuple[str, ...] = ()
    """`new failure`, `new unknown`, `fixed`, `waiver expiring`, `waiver expired`, `scan failed`."""
    severities: tuple[str, ...] = ()
    controls: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    """Ids; `*` stands for anything."""
    to: tuple[str, ...] = ()
    """Addresses; `${NAME}` is not expanded before a message is sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """What to read, and by which parameters and frameworks to judge it."""

    organization: str = ""
    store: str = ""
    """Where history lies; empty: `.tscan`."""
    anchors: str = ""
    """The Git repository that keeps anchors of it; empty: none does."""
    schedule: str = ""
    """How often a scan is expected; empty: not stated."""
    timezone: str = "UTC"
    targets: tuple[TargetConfig, ...] = (TargetConfig(),)
    params: Mapping[str, Any] = field(default_factory=dict)
    categories: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Categories in scope by framework id; a framework that is not named is shown whole."""
    alerts: tuple[AlertRule, ...] = ()
    waivers: str = ""
    """The file of waivers; empty: none."""
    attestations: str = ""
    """The folder of attestations; empty: none."""
    path: str = ""
