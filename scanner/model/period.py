"""A period: which controls operated, what deviated, and which scans are missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, tzinfo
from typing import Any, NamedTuple

from scanner.model.decisions import AttestationSpan, WaivedSpan, WaiverSpan
from scanner.model.findings import InventoryRead, UnassessedType


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """How often a scan is expected."""

    text: str = "daily"
    """`hourly`, `daily`, `weekly`, or `every 6 hours`."""
    hours: int = 24
    stated: bool = True
    """False: nothing is configured, and days are counted only to have a measure."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A period: whole days in a time zone, the last one included."""

    first: date
    last: date
    zone: tzinfo
    start: datetime
    end: datetime
    """The first moment after the last day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """One interval in which a scan is expected."""

    start: datetime
    end: datetime

    @property
    def days(self) -> float:
        """Its length in days; a local day is one day, also when clocks change."""
        # The days of a clock change have 23 or 25 hours, and are one day each.
        hours = (self.end - self.start) / timedelta(hours=1)
        if 23 <= hours <= 25:
            return 1.0
        return hours / 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """A stretch without a reading: it reads `not shown`, never as what was read before it."""

    target: str
    start: str
    end: str
    runs: int
    """Expected runs that it covers."""
    why: str


class Deviation(NamedTuple):
    """A failing span of one item, as far as reads can tell when it began and ended.

    A tuple: a large year has hundreds of thousands, and frozen dataclasses take ten times as long.
    """

    target: str
    check: str
    region: str
    resource: str
    opened_after: str
    """The last read that did not fail; `` when none is known."""
    opened_by: str
    """The first read that failed."""
    failing_until: str
    """The last read that failed."""
    closed_by: str
    """The first read after it that shows the end; `` when it is open."""
    why_closed: str
    """`fixed`, `removed`, `waived`, `check changed`, `left scope`; `` when it is open."""
    before: str
    """The verdict before it: `pass`, `waived`, `unknown`, `absent`; `` when there was none."""
    cause: str
    """Why it began: the cause of the transition."""
    reason: str
    at_least: timedelta
    at_most: timedelta | None
    """None: nothing tells when it began. For an open one: until the end of the period."""
    event: bool = False
    """The item is dated by itself; it stays when the provider forgets it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What a record was made with, where it is not what the record before was made with."""

    target: str
    seq: int
    ts: str
    what: str
    """`pack`, `params`, `waivers`, `attestations`, `checks`, `regions`, `version` or `clock`.

    Behind a pack follows what differs in it: `control`, `check`, `parameter` or `kind`.
    """
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """Consecutive records of one target with the same checks, parameters, waivers and scope."""

    target: str
    first: int
    last: int
    start: str
    end: str
    pack_sha256: str
    differs: tuple[str, ...]
    """What is not as in the stretch before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Days:
    """Check-days by what was read: a day of one check on one resource is one."""

    passing: float = 0.0
    failing: float = 0.0
    waived: float = 0.0
    unread: float = 0.0

    @property
    def observed(self) -> float:
        """Days on which there was a reading that decides."""
        return self.passing + self.failing + self.waived

    def __add__(self, other: Days) -> Days:
        return Days(
            passing=self.passing + other.passing,
            failing=self.failing + other.failing,
            waived=self.waived + other.waived,
            unread=self.unread + other.unread,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckPeriod:
    """One check over a period of one target."""

    target: str
    check: str
    resources: int
    """Resources that it read."""
    runs: int
    """Runs in which it was asked."""
    days: Days
    deviations: Sequence[Deviation]
    waived: tuple[WaivedSpan, ...]


class Judged(NamedTuple):
    """A deviation beside its control's grace; corrected in time or late, it is a deviation."""

    deviation: Deviation
    correction: str
    """`within grace`, `late`, `not corrected`, `not known`, or `the policy decides`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlPeriod:
    """One control over a period: counts and spans, no rate that is tolerable, and no conclusion."""

    id: str
    title: str
    modes: tuple[str, ...]
    frequency: str
    population: str
    deviation: str
    does_not_prove: str
    """What it leaves open even where nothing deviates."""
    when_empty: str
    """The status that it has where its population is empty, and why."""
    grace: str
    """The time for a correction; where it changed, each in the order in which it was in force."""
    checks: tuple[CheckPeriod, ...]
    """Those that evidence it."""
    attestations: tuple[str, ...]
    """What people must show."""
    resources: int
    """Resources that any of its checks read, each counted once."""
    deviating: int
    """Resources with a deviation or a waived span under any of its checks."""
    waived: int
    """Of these: resources that were waived for some of the time."""
    days: Days
    """Of its checks: a day of one check on one resource counts as one."""
    runs_expected: int
    runs_made: int
    """Expected runs in which all of its checks were asked."""
    silences: tuple[Silence, ...]
    deviations: Sequence[Judged]
    beside: Sequence[Deviation]
    """Deviations of checks that only support it."""
    statuses: Mapping[str, int]
    """Runs by the status that the control had."""

    @property
    def shown(self) -> bool:
        """Whether any run of the period showed it."""
        return any(
            count
            for status, count in self.statuses.items()
            if status not in ("not shown", "needs evidence")
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ExcludedSpan:
    """What some records of a target left out by one decision."""

    target: str
    what: str
    """As `Exclusion.what`."""
    ids: tuple[str, ...]
    why: str
    """The reason that was given; empty: none."""
    decided: str
    """Where it was decided, as `Exclusion.decided`."""
    approver: str
    records: int
    """Records of the period that left it out."""
    first_seq: int
    last_seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetPeriod:
    """One target over a period: its records, what they left out, and the runs that were missed."""

    target: str
    records: int
    first_seq: int
    last_seq: int
    head_sha256: str
    regions: tuple[str, ...]
    callers: tuple[str, ...]
    expected: int
    made: int
    """Expected runs that were made."""
    missed: tuple[Slot, ...]
    stretches: tuple[Stretch, ...]
    changes: tuple[Change, ...]
    exclusions: tuple[ExcludedSpan, ...]
    """What was known and not read."""
    gaps: Mapping[str, int]
    """Calls that were not answered, with the number of runs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """What operated over a period, as the records show it."""

    window: Window
    until: datetime
    """Where the report ends: the end of the period, or now."""
    schedule: Schedule
    targets: tuple[TargetPeriod, ...]
    controls: tuple[ControlPeriod, ...]
    waivers: tuple[WaiverSpan, ...] = ()
    attestations: tuple[AttestationSpan, ...] = ()
    notes: tuple[str, ...] = ()
    unassessed: tuple[UnassessedType, ...] = ()
    """Types in use that no check reads, by the last record of each target in the period."""
    inventories: tuple[InventoryRead, ...] = ()
    """What `unassessed` was counted by, and what did not answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Implemented:
    """A control at a date: what the last record at or before it says."""

    id: str
    title: str
    target: str
    status: str
    seq: int
    """0: there is no record."""
    read: str
    counts: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class AtDate:
    """All controls at the end of a day."""

    day: str
    until: datetime
    """The end of the day, or now."""
    controls: tuple[Implemented, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One member of a population: a resource, with the checks that read it as its attributes."""

    target: str
    region: str
    resource: str
    checks: tuple[str, ...] = ()
    """Those of the control that read it in the period, sorted."""

    @property
    def id(self) -> str:
        """What is hashed when a sample is drawn."""
        return f"{self.target}|{self.region}|{self.resource}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Draw:
    """A sample that was drawn: by whom, when, with which seed, and what it holds."""

    control: str
    start: str
    end: str
    population_sha256: str
    seed: str
    size: int
    drawn: str
    """When: UTC."""
    by: str
    """Who ran the command, as their computer knows them."""
    items: tuple[str, ...]
    """Ids of the resources, in the order of the draw."""
    number: int = 0
    """Among the draws of its control and period, from 1."""
    previous_sha256: str = ""
    """Digest of the draw before it; `` for the first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PopulationFile:
    """A population as it was before anybody knew the seed."""

    control: str
    source: str
    query: str
    taken: str
    start: str
    end: str
    items: tuple[Item, ...]
    # Published before the seed is drawn: nobody can choose the sample by changing the population.
    sha256: str

    def header(self) -> dict[str, Any]:
        """All of it but the items."""
        names = ("control", "source", "query", "taken", "start", "end", "sha256")
        return {**{name: getattr(self, name) for name in names}, "count": len(self.items)}
