"""Defines what a cloud offers: its Provider object, connections, sessions and an audit log."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

from scanner.model.answers import Account, Answer, Call, Caller, Target
from scanner.model.config import TargetConfig
from scanner.model.values import Unreadable
from scanner.registry import Registry

if TYPE_CHECKING:
    from scanner.core.drift.audit_attribution import Reach, Rule
    from scanner.core.drift.audit_events import LogEvent
    from scanner.core.reading.context import Reader


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What a source must redact, what it keeps of it, and how long it may take."""

    secrets: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """By operation: declared paths that are always replaced, `Functions[].Environment.Variables.*`.
    """
    keeps: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """By operation and path: the pattern of a declared secret whose first group is kept,
    `Subscriptions[].Endpoint`.
    """
    call_deadline: float = 120.0
    """Seconds for one call with all its pages and retries."""
    scan_deadline: float = 3600.0
    """Seconds for everything that is asked of a configured target, with all of its accounts."""
    organization: bool = False
    """Whether checks ask about the organization, so that it is asked who leads it."""


class TargetFacts(Protocol):
    """What is known of a target before any check asks: who we are there, where it can be read, or
    why not.
    """

    @property
    def target(self) -> Target: ...
    @property
    def name(self) -> str: ...
    @property
    def partition(self) -> str: ...
    @property
    def callers(self) -> tuple[Caller, ...]: ...
    @property
    def answers(self) -> Mapping[str, Answer]:
        """What discovery asked, by `Call.key`."""
        ...

    @property
    def regions(self) -> tuple[str, ...]: ...
    @property
    def regions_excluded(self) -> tuple[str, ...]: ...
    @property
    def regions_open(self) -> str: ...
    @property
    def accounts(self) -> tuple[Account, ...]:
        """The organization's accounts, where this target lists them."""
        ...

    @property
    def management_open(self) -> str: ...
    @property
    def organization_only(self) -> bool:
        """Whether this is an organization alone, whose accounts are targets of their own."""
        ...

    @property
    def clock_skew(self) -> float | None:
        """The provider's clock minus ours in seconds, where they differ most so far; None: it did
        not say.
        """
        ...


class Session(TargetFacts, Protocol):
    """A connected target."""

    def request(self, call: Call) -> Answer:
        """The answer to one call. Blocks; safe in threads; never raises for a provider's refusal or
        failure.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreachable:
    """A target that is in scope and could not be connected: only the refusal is known."""

    target: Target
    name: str = ""
    partition: str = ""
    callers: tuple[Caller, ...] = ()
    answers: Mapping[str, Answer] = field(default_factory=dict)
    regions: tuple[str, ...] = ()
    regions_excluded: tuple[str, ...] = ()
    regions_open: str = ""
    accounts: tuple[Account, ...] = ()
    management_open: str = ""
    organization_only: bool = False
    clock_skew: float | None = None
    why: str


class Connector(Protocol):
    """A target that is known and not yet connected."""

    @property
    def target(self) -> Target: ...
    def connect(self) -> Session | Unreachable:
        """The connected target. Blocks; never raises for a provider's refusal or failure."""
        ...


@dataclass(frozen=True, slots=True)
class Connected:
    """The connector of a target that is connected already."""

    session: Session

    @property
    def target(self) -> Target:
        return self.session.target

    def connect(self) -> Session | Unreachable:
        """The session, at once."""
        return self.session


@dataclass(frozen=True, slots=True)
class NotConnectable:
    """The connector of a target that is in scope and cannot be connected."""

    unreachable: Unreachable

    @property
    def target(self) -> Target:
        return self.unreachable.target

    def connect(self) -> Session | Unreachable:
        """Why it cannot be connected."""
        return self.unreachable


class Provider(Protocol):
    """A cloud that can be read. Each is one object, which is named once: in `scanner.providers`.

    Nothing of it imports an SDK before `connect` is called, so that a snapshot is replayed without
    one.
    """

    @property
    def readers(self) -> Registry[Reader]:
        """What kinds need several dependent calls for, by the name that kinds use:
        `gcp.directory_users`.
        """
        ...

    def connect(self, target: TargetConfig, rules: Rules) -> Sequence[Connector]:
        """Authenticate and discover the targets behind a configured one: itself, or an
        organization's accounts.

        TscanError in one clear line where that cannot be done.
        """
        ...

    def several(self, target: TargetConfig) -> bool:
        """Whether a configured target may stand for several; nothing is requested for it."""
        ...

    def audit_log(self) -> AuditLog | None:
        """The cloud's record of who called what; None: tscan reads none."""
        ...

    def permissions_of(self, operation: str) -> tuple[str, ...]:
        """The permissions that an operation needs, where its kind declares no others."""
        ...

    def cli_command(self, call: Call) -> str:
        """The command of the cloud's own CLI that makes the same request, for a POSIX shell."""
        ...


class AuditLog(Protocol):
    """A cloud's own record of who called what."""

    @property
    def lag(self) -> timedelta:
        """How long after a call its event may come."""
        ...

    @property
    def operations(self) -> tuple[str, ...]:
        """What it asks, so that the permissions for it can be printed."""
        ...

    @property
    def rules(self) -> Mapping[str, Rule]:
        """Which calls change what, by kind; a kind without one: not known."""
        ...

    def events(
        self,
        session: Session,
        window: tuple[str, str],
        region: str,
        reaches: Collection[Reach],
    ) -> Sequence[LogEvent] | Unreadable:
        """Every call that changed something in a window, in any order, perhaps twice; or why that
        is not known.
        """
        ...
