"""Records of scans in history, and the transitions of findings between them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final, Protocol

from scanner.model.answers import Exclusion, canonical

_SCOPE_DIGITS: Final = 12
"""Hexadecimal digits of a scope's digest in the name of a chain."""


class Cause(StrEnum):
    """Why a finding changed from one record to the next."""

    EVIDENCE = "evidence"
    """The configuration that was read is another."""
    PACK = "pack"
    """The check, the kind or the control is another."""
    PARAMS = "params"
    WAIVER = "waiver"
    """It fails as before, and a waiver began or ceased to count."""
    GAP = "gap"
    """It is waived without having been read: a waiver accepts that a call is not answered."""
    CLOCK = "clock"
    """Only time went by: a key grew too old."""
    SCOPE = "scope"
    """The resource, region or check came into or left what is scanned."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
    """One finding that is not what it was in the record before."""

    seq: int
    """Number of the record in its target's chain, from 1."""
    ts: str
    """When the scan of this record ended: UTC, ISO 8601."""
    check: str
    target: str
    region: str
    resource: str
    """The provider's id; `*` for a listing that was not read."""
    previous: str
    """The verdict before; `` when the finding is new."""
    verdict: str
    """The verdict now; `` when the finding is gone."""
    cause: Cause
    reason: str = ""
    evidence_sha256: str = ""
    """Digest of the evidence document that the verdict was made from."""

    @property
    def gap(self) -> bool:
        """Whether it is waived without having been read."""
        # "Waived" alone would count as read: behind a gap nobody knows what there was.
        return self.verdict == "waived" and self.cause is Cause.GAP


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """An immutable file of rows that a record names."""

    kind: str
    """`transitions`, `evidence`, `answers`, `state`, `index`, `pack`, `waivers`, `attestations`."""
    path: str
    sha256: str
    rows: int
    bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One scan of one target in history: who, when, by what, and which files hold what changed."""

    seq: int
    target: str
    scan: str
    started: str
    finished: str
    version: str
    pack_sha256: str
    previous_sha256: str
    """Digest of the record before, as it lies in the store; `` for the first."""
    checks: tuple[str, ...]
    """Checks that were run."""
    params: Mapping[str, Any]
    waivers_sha256: str
    callers: tuple[str, ...]
    regions: tuple[str, ...]
    counts: Mapping[str, int]
    """Findings by verdict."""
    controls: Mapping[str, str]
    """Status of every control by id."""
    gaps: tuple[str, ...]
    """Calls that were not answered, as `operation@region`."""
    segments: tuple[Segment, ...] = field(default=())
    together: tuple[str, ...] = ()
    """The scans that were judged as one, this one included: accounts of one organization."""
    renamed: Mapping[str, str] = field(default_factory=dict)
    """Checks that this record is the first to run under another id: the new id by the old one."""
    scope: tuple[str, ...] = ()
    """As `Snapshot.scope`; empty: the configured scope."""
    exclusions: tuple[Exclusion, ...] = ()
    """What was known and not read, with who decided so."""
    clock: str = ""
    """How its times contradict the record before it or each other; empty: they do not."""
    sha256: str = ""
    """Digest of this record's bytes in the store; not part of them."""

    @property
    def chain(self) -> str:
        """The name of the chain that this record is part of."""
        return chain_name(self.target, self.scope)

    @property
    def attestations_sha256(self) -> str:
        """Digest of the attestations that judged; `` where there were none."""
        for segment in self.segments:
            if segment.kind == "attestations":
                return segment.sha256
        return ""


def chain_name(target: str, scope: Sequence[str] = ()) -> str:
    """The name of the chain of a target in a scope.

    `aws:111122223333` is the chain of the configured scope, `aws:111122223333#1f2e3d4c5b6a` that of
    another one.
    """
    if not scope:
        return target
    digest = hashlib.sha256(canonical(list(scope)).encode()).hexdigest()
    return f"{target}#{digest[:_SCOPE_DIGITS]}"


class History(Protocol):
    """What reports need of a store: records and transitions of one chain, in order.

    A chain has the scans of one target in one scope, so that only like is compared with like.
    `target` is the name of a chain: the id of the target alone for the configured scope.
    """

    def targets(self) -> Sequence[str]:
        """The name of one chain for each target: of its configured scope where it has one."""
        ...

    def records(self, target: str, *, since: str = "", until: str = "") -> Sequence[Record]:
        """Committed records whose `finished` lies in [since, until); empty bounds are open."""
        ...

    def transitions(self, target: str, *, since: str = "", until: str = "") -> Iterator[Transition]:
        """In order of `seq`, check and resource; those of the first record come from ``."""
        ...

    def state_before(self, target: str, moment: str) -> Mapping[tuple[str, str, str], Transition]:
        """The last transition of each (check, region, resource) before a moment, if not gone."""
        ...
