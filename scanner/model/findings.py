"""Results of a scan: findings, checks, controls, criteria and coverage."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from scanner.model.answers import Caller, State
from scanner.model.attestations import AttestationResult
from scanner.model.checks import Severity
from scanner.model.values import Wanted
from scanner.model.waivers import WaiverResult


class Verdict(StrEnum):
    """What a check says of a resource."""

    PASS = "pass"
    FAIL = "fail"
    UNKNOWN = "unknown"
    WAIVED = "waived"


class Status(StrEnum):
    """What a control reads as, in the order in which the first that holds is taken."""

    # The order decides: what fails is shown as failing, even if other evidence is missing.
    FAIL = "fail"
    NOT_SHOWN = "not shown"
    NEEDS_EVIDENCE = "needs evidence"
    ACCEPTED = "accepted"
    NO_OCCURRENCE = "no occurrence"
    NOT_APPLICABLE = "not applicable"
    PASS = "pass"


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceRef:
    """Which resource a finding is about."""

    kind: str
    # A listing that was not read gives one unknown finding: none at all would look like "all pass".
    id: str
    """The provider's id; `*` where a listing was not read, so that the resources are not known."""
    name: str
    target: str
    region: str


@dataclass(frozen=True, slots=True)
class Observation:
    """A value that decided a verdict."""

    path: str
    value: object
    label: str = ""
    """The path for people: the name of a list's item in place of its number."""
    wanted: tuple[Wanted, ...] = ()
    """What the condition wanted it to be, one of these; none where it is not just compared."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What one check says of one resource, with the values that decided it."""

    check: str
    verdict: Verdict
    severity: Severity
    resource: ResourceRef
    reason: str = ""
    observed: tuple[Observation, ...] = ()
    gaps: tuple[str, ...] = ()
    """For an unknown: the calls without an answer, as `operation@region`; `` for other causes."""
    waiver: str = ""
    """Ids of the waivers that accept it."""
    without_waiver: Verdict | None = None
    """For a waived one: what it is without the waiver, `fail` or `unknown`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckResult:
    """One check over one target: its findings, and what it did not ask about."""

    check: str
    target: str
    findings: tuple[Finding, ...]
    empty: bool = False
    """The population was read whole and holds nothing."""
    none_in_scope: bool = False
    """The population was read whole, and `where` leaves out every resource in it."""
    left_out: int = 0
    """Resources that `where` leaves out."""
    scoped_out: int = 0
    """Resources that a label left out."""

    def count(self, verdict: Verdict) -> int:
        """Findings with this verdict."""
        return sum(finding.verdict is verdict for finding in self.findings)


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """Findings by verdict, with the size of the population."""

    passed: int = 0
    failed: int = 0
    unknown: int = 0
    waived: int = 0
    resources: int = 0
    scoped_out: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlResult:
    """A control at a date."""

    id: str
    status: Status
    reasons: tuple[str, ...]
    """Why it reads so: what is unread, unmet or missing."""
    counts: Counts
    complete: bool = False
    """No evidence is unread, not run or missing; a failing control may be incomplete as well."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CriterionResult:
    """How a criterion is displayed; the verdict is the auditor's."""

    framework: str
    id: str
    status: Status
    evidence_complete: bool
    failing: int
    controls: tuple[str, ...]
    primary: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverageRow:
    """What was meant to be read beside what was read: one operation in one region of one target."""

    target: str
    region: str
    operation: str
    state: State
    """The worst state among its answers."""
    answers: int
    items: int
    reason: str = ""
    unanswered: int = 0
    waiver: str = ""
    """Id of the waiver that accepts the gap."""
    stood_for: int = 0
    """Calls that an inventory's answer replaced, at least; 0: none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """What a second source says of a listing."""

    by: str
    """The operation that counts."""
    means: str
    """`equal`, `at_least`, `lists` or `whole`."""
    number: int | None = None
    """How many it counts or names; None: it was not read, or counts nothing there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Population:
    """How many resources of a kind were listed in one place, and what second sources say."""

    target: str
    kind: str
    region: str
    listed: int
    whole: bool
    """Whether the listing was read whole."""
    counts: tuple[Counted, ...] = ()
    """None: there is no second source."""


class InventoryState(StrEnum):
    """What came of an inventory that counts resources by type."""

    COUNTED = "counted"
    NOT_IN_USE = "not in use"
    NOT_KNOWN = "not known"


@dataclass(frozen=True, slots=True, kw_only=True)
class InventoryRead:
    """An inventory that counts resources by type, in one place."""

    target: str
    region: str
    """Empty: of the target; `*`: of the regions that are not known."""
    inventory: str
    counts: str
    """Which resources it counts."""
    state: InventoryState
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnassessedType:
    """A type of resource in use that no check reads."""

    target: str
    type: str
    """As the first inventory that counts it calls it."""
    count: int
    """The largest number that an inventory gives: there may be more."""
    by: tuple[str, ...]
    """The inventories that count it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """The result of one scan.

    It is a pure function of snapshots, library, parameters, waivers, attestations and clock, so
    that it can be made again on any machine.
    """

    id: str
    started: str
    finished: str
    version: str
    pack_sha256: str
    params: Mapping[str, Any]
    callers: tuple[Caller, ...]
    targets: tuple[Mapping[str, Any], ...]
    coverage: tuple[CoverageRow, ...]
    populations: tuple[Population, ...] = ()
    results: tuple[CheckResult, ...]
    controls: tuple[ControlResult, ...]
    criteria: tuple[CriterionResult, ...]
    waivers: tuple[WaiverResult, ...] = ()
    attestations: tuple[AttestationResult, ...] = ()
    notes: Sequence[str] = field(default=())
    unassessed: tuple[UnassessedType, ...] = ()
    """Types in use that no check of the scan reads."""
    inventories: tuple[InventoryRead, ...] = ()
    """What `unassessed` was counted by, and what did not answer."""
    asked: frozenset[str] | None = None
    """Ids of the checks that somebody selected; None: all that concern the targets."""

    @property
    def findings(self) -> tuple[Finding, ...]:
        """All findings, in order of check and resource."""
        found: list[Finding] = []
        for result in self.results:
            found.extend(result.findings)
        return tuple(found)
