"""What an explanation holds, for people and as JSON: `tscan.explanation/1`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

SCHEMA: Final = "tscan.explanation/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One thing that is known of the subject, with its heading."""

    heading: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """Something that the subject rests on, or that rests on it."""

    type: str
    """`check`, `control`, `criterion`, `parameter`, `operation`, …"""
    id: str
    title: str = ""
    note: str = ""
    """How the two belong together: the role, and why."""
    status: str = ""
    """Its newest result; empty: there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """One scan that the result is from."""

    target: str
    finished: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """What is wrong with a resource, by one check."""

    check: str
    severity: str
    sentence: str
    """What is wrong; the check's title where no sentence can be filled in."""
    observed: str
    fix: tuple[str, ...]
    command: str
    """The command of the fix; empty: it names none."""
    first_seen: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Mend:
    """A resource to mend, with all that fails of it, worst first."""

    resource: str
    name: str
    kind: str
    target: str
    region: str
    failures: tuple[Failure, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FailingCheck:
    """A failing check with how many resources fail, of those that it looked at."""

    id: str
    title: str
    severity: str
    failing: int
    resources: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What the newest scans show of the subject."""

    scans: tuple[Scan, ...]
    status: str = ""
    """Of a control or criterion, as the matrix shows it; empty: the subject has none."""
    counts: dict[str, int]
    """Findings by verdict."""
    notes: tuple[str, ...] = ()
    """Why the status is as it is, and what was not read."""
    failing: tuple[FailingCheck, ...] = ()
    """Failing checks, by severity and number of resources."""
    failing_resources: int = 0
    mend: tuple[Mend, ...] = ()
    """Failing resources, the one to mend first at the front; three, or with --details all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """One subject explained."""

    type: str
    """`check`, `control`, `criterion`, `objective`, `manual control`, `parameter`, `operation` or
    `resource`."""
    id: str
    title: str
    facts: tuple[Fact, ...]
    rests_on: tuple[Link, ...] = ()
    used_by: tuple[Link, ...] = ()
    result: Result | None = None
    """None: nothing was scanned yet."""
