"""Sources: how each cloud is reached. To add one, write its package with a `Source` and name it here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from scanner.core.reading import Reader
from scanner.model.answers import Answer, Call, Caller, Target
from scanner.model.config import TargetConfig
from scanner.registry import Registry


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
    """Seconds for everything that is asked of one target."""


class Session(Protocol):
    """One target, opened: who we are there, where it can be read, and a door for calls."""

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
    def ask(self, call: Call) -> Answer:
        """The outcome of one call; safe in threads, and never raises for a provider's refusal or failure."""
        ...


class Source(Protocol):
    """A cloud that can be read."""

    def open(self, target: TargetConfig, rules: Rules) -> Session:
        """Authenticate and discover; TscanError in one clear line where that cannot be done."""
        ...


SOURCES = Registry[Callable[[], Source]]("scanner.sources", aws="scanner.sources.aws:AwsSource")

PERMISSIONS = Registry[Callable[[str], str]]("scanner.permissions", aws="scanner.sources.aws.permissions:action_of")
"""By cloud: the permission that an operation is named after, where its kind names no other."""

READERS = Registry[Reader](
    "scanner.readers",
    **{
        "aws.credential_report": "scanner.sources.aws.readers:credential_report",
        "aws.policy_holders": "scanner.sources.aws.readers:policy_holders",
        "aws.principals": "scanner.sources.aws.principals:principals",
    },
)
"""Programs of calls that kinds name; they need no SDK, so that a snapshot is replayed without one."""
