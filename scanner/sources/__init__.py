"""Sources: how each cloud is reached. To add one, write its package with a `Source` and name it here."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

from scanner.core.reading import Reader
from scanner.core.steps import Prompt, Steps
from scanner.model.answers import Account, Answer, Call, Caller, Target
from scanner.model.config import TargetConfig
from scanner.model.values import Unreadable
from scanner.registry import Registry

if TYPE_CHECKING:
    from scanner.core.actors import LogEvent
    from scanner.core.attribution import Reach, Rule


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What a source must redact, what it must leave alone, and how long it may take."""

    secrets: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """By operation: declared paths that are always replaced, `Functions[].Environment.Variables.*`."""
    read: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """By operation: paths that attributes read, with everything below them; the detector never touches these."""
    call_deadline: float = 120.0
    """Seconds for one call with all its pages and retries."""
    scan_deadline: float = 3600.0
    """Seconds for everything that is asked of a configured target, with all of its accounts."""
    calls_at_once: int = 16
    """Requests that are under way at the same time, over all of its accounts."""
    organization: bool = False
    """Whether checks ask about the organisation, so that it is asked who leads it."""


class Opened(Protocol):
    """What is known of a target before any check asks: who we are there, where it can be read, or why not."""

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
        """The organisation's accounts, where this target lists them."""
        ...

    @property
    def management_open(self) -> str: ...
    @property
    def organization_only(self) -> bool:
        """Whether this is an organisation alone: what belongs to accounts is read in its accounts."""
        ...

    @property
    def clock_skew(self) -> float | None:
        """The provider's clock minus ours in seconds, where they differ most so far; None: it did not say."""
        ...


class Session(Opened, Protocol):
    """A target that can be asked."""

    def steps(self, call: Call) -> Steps[Answer]:
        """The outcome of one call, yielding the seconds that it waits; safe in threads, and never raises for a
        provider's refusal or failure."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreachable:
    """A target that is in scope and could not be entered: nothing of it is known but the refusal."""

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


class Entrance(Protocol):
    """A target that is known and not yet entered."""

    @property
    def target(self) -> Target: ...
    def enter(self) -> Steps[Session | Unreachable]:
        """The target opened, yielding the seconds that it waits; never raises for a provider's refusal or failure."""
        ...


@dataclass(frozen=True, slots=True)
class Inside:
    """The entrance of a target that is open already."""

    session: Session

    @property
    def target(self) -> Target:
        return self.session.target

    def enter(self) -> Steps[Session | Unreachable]:
        """The session, at once."""
        return Prompt(self._open())

    def _open(self) -> Steps[Session | Unreachable]:
        yield from ()
        return self.session


class Source(Protocol):
    """A cloud that can be read."""

    def open(self, target: TargetConfig, rules: Rules) -> Sequence[Entrance]:
        """Authenticate and discover the targets behind a configured one: itself, or an organisation's accounts.

        TscanError in one clear line where that cannot be done.
        """
        ...

    def several(self, target: TargetConfig) -> bool:
        """Whether a configured target may stand for several; nothing is asked for it."""
        ...


class AuditLog(Protocol):
    """A cloud's own record of who called what."""

    @property
    def lag(self) -> timedelta:
        """How long after a call its event may come."""
        ...

    @property
    def read(self) -> Mapping[str, frozenset[str]]:
        """As `Rules.read`, for the session that is asked."""
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
        self, session: Session, window: tuple[str, str], region: str, reaches: Collection[Reach]
    ) -> Sequence[LogEvent] | Unreadable:
        """Every call that changed something in a window, in any order, perhaps twice; or why that is not known."""
        ...


SOURCES = Registry[Callable[[], Source]](
    "scanner.sources",
    aws="scanner.sources.aws:AwsSource",
    azure="scanner.sources.azure:AzureSource",
    gcp="scanner.sources.gcp:GcpSource",
    github="scanner.sources.github:GithubSource",
)

AUDIT_LOGS = Registry[Callable[[], AuditLog]](
    "scanner.audit_logs",
    aws="scanner.sources.aws.audit_log:CloudTrail",
    azure="scanner.sources.azure.audit_log:ActivityLog",
    gcp="scanner.sources.gcp.audit_log:CloudAuditLogs",
)

PERMISSIONS = Registry[Callable[[str], tuple[str, ...]]](
    "scanner.permissions",
    aws="scanner.sources.aws.permissions:actions_of",
    azure="scanner.sources.azure.permissions:actions_of",
    gcp="scanner.sources.gcp.permissions:permissions_of",
    github="scanner.sources.github.permissions:permissions_of",
)
"""By cloud: the permissions that an operation needs, where its kind names no other."""

READERS = Registry[Reader](
    "scanner.readers",
    **{
        "aws.credential_report": "scanner.sources.aws.readers:credential_report",
        "aws.denials": "scanner.sources.aws.denials:denials",
        "aws.organization_tree": "scanner.sources.aws.organization_tree:organization_tree",
        "aws.principals": "scanner.sources.aws.principals:principals",
        "azure.break_glass_sign_ins": "scanner.sources.azure.readers:break_glass_sign_ins",
        "azure.directory_administrators": "scanner.sources.azure.readers:directory_administrators",
        "azure.nothing_hidden": "scanner.sources.azure.reach:nothing_hidden",
        "azure.subscription_administrators": "scanner.sources.azure.readers:subscription_administrators",
        "aws.recorded_counts": "scanner.sources.aws.recorded:recorded_counts",
        "aws.recorded_databases": "scanner.sources.aws.recorded:databases",
        "aws.recorded_security_groups": "scanner.sources.aws.recorded:security_groups",
        "gcp.directory_users": "scanner.sources.gcp.readers:directory_users",
        "gcp.inherited_mute_configs": "scanner.sources.gcp.ancestry:inherited_mute_configs",
        "gcp.inherited_policies": "scanner.sources.gcp.ancestry:inherited_policies",
        "gcp.inherited_sinks": "scanner.sources.gcp.ancestry:inherited_sinks",
        "gcp.nothing_hidden": "scanner.sources.gcp.reach:nothing_hidden",
        "gcp.workload_identity_providers": "scanner.sources.gcp.readers:workload_identity_providers",
        "github.branch_rules": "scanner.sources.github.readers:branch_rules",
        "github.nothing_hidden": "scanner.sources.github.reach:nothing_hidden",
    },
)
"""Programs of calls that kinds name; they need no SDK, so that a snapshot is replayed without one."""
