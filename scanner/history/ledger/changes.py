"""What changed from one record to the next: findings by place, and why each is another."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from scanner.model.findings import CheckResult, Finding, Verdict
from scanner.model.history import Cause, Record, Transition

FindingKey = tuple[str, str, str]
"""Check, region and resource."""
State = Mapping[FindingKey, Transition]
"""The last transition of every finding that is there."""

LISTING: Final = "*"
UNSEEN: Final = "not seen: its listing was not read"
_WAIVED: Final = Verdict.WAIVED.value
_BY_WAIVER: Final = (("fail", _WAIVED), (_WAIVED, "fail"), (Cause.GAP.value, "unknown"))
"""Moves in which what was read is the same, and only a waiver came or went."""
_GRAVE: Final = {Verdict.FAIL: 0, Verdict.UNKNOWN: 1, Verdict.WAIVED: 2, Verdict.PASS: 3}


@dataclass(frozen=True, slots=True)
class Seen:
    """A verdict with its reason."""

    verdict: str
    reason: str
    gap: bool = False
    """It is waived because a gap is accepted, not a failure."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What a record's verdicts stand on, as far as a cause is decided by it."""

    pack: str
    params: Mapping[str, Any]
    checks: frozenset[str]
    regions: frozenset[str]
    changed: Callable[[str], bool] = field(default=lambda _: True)
    """Whether a check reads evidence that is not what it was in the record before."""
    asks: Callable[[str], frozenset[str] | None] = field(default=lambda _: None)
    """The parameters that may decide a check; None: any may."""

    def moved(self, was: Ground, check: str) -> bool:
        """Whether a parameter that may decide a check is not what it was, or is newly set or not set any more."""
        if was.params == self.params:
            return False
        names = self.asks(check)
        mine, theirs = (
            {name: value for name, value in one.items() if names is None or name in names}
            for one in (self.params, was.params)
        )
        return mine != theirs


def ground_of(
    record: Record,
    changed: Callable[[str], bool] = lambda _: True,
    asks: Callable[[str], frozenset[str] | None] = lambda _: None,
) -> Ground:
    """The ground of a record."""
    return Ground(
        pack=record.pack_sha256,
        params=record.params,
        checks=frozenset(record.checks),
        regions=frozenset(record.regions),
        changed=changed,
        asks=asks,
    )


def findings_by_place(results: Iterable[CheckResult]) -> dict[FindingKey, Seen]:
    """One verdict for each place: of several at one place (two listings that were not read) the gravest."""
    found: dict[FindingKey, list[Finding]] = defaultdict(list)
    for result in results:
        for finding in result.findings:
            found[(finding.check, finding.resource.region, finding.resource.id)].append(finding)
    return {place: _gravest(several) for place, several in found.items()}


def _gravest(findings: list[Finding]) -> Seen:
    worst = min(findings, key=lambda finding: _GRAVE[finding.verdict]).verdict
    those = [finding for finding in findings if finding.verdict is worst]
    reasons = sorted({finding.reason for finding in those if finding.reason})
    gap = worst is Verdict.WAIVED and any(
        finding.without_waiver is not Verdict.FAIL for finding in those
    )
    return Seen(worst.value, "; ".join(reasons), gap)


def carried(
    before: State,
    found: Mapping[FindingKey, Seen],
    checks: Collection[str],
    regions: Collection[str],
) -> set[FindingKey]:
    """Findings that are gone only because their listing was not read: they are not seen, and not fixed."""
    unread: dict[str, set[str]] = defaultdict(set)
    for check, region, resource in found:
        if resource == LISTING:
            unread[check].add(region)
    kept: set[FindingKey] = set()
    for place in before:
        check, region, resource = place
        gaps = unread.get(check)
        if gaps is None or place in found or resource == LISTING or check not in checks:
            continue
        # A target that could not be entered has no regions: what is unread everywhere is unread there too.
        if "" in gaps or (region in regions and region in gaps) or not region:
            kept.add(place)
    return kept


def now_seen(
    before: State, found: Mapping[FindingKey, Seen], ground: Ground
) -> dict[FindingKey, Seen]:
    """The state after a scan: what it found, and what it could not look at."""
    unseen = Seen(Verdict.UNKNOWN.value, UNSEEN)
    return {**found, **dict.fromkeys(carried(before, found, ground.checks, ground.regions), unseen)}


def transitions(
    before: State,
    after: Mapping[FindingKey, Seen],
    *,
    seq: int,
    ts: str,
    target: str,
    was: Ground | None,
    ground: Ground,
    evidence: Callable[[FindingKey], str] = lambda _: "",
) -> Iterator[Transition]:
    """One for each place whose verdict is another than in the state before, in order of check and resource."""
    # By check, resource and region, as segments are sorted.
    for place in sorted({*before, *after}, key=lambda place: (place[0], place[2], place[1])):
        previous = before[place].verdict if place in before else ""
        seen = after.get(place, Seen("", ""))
        if previous == seen.verdict and (previous != _WAIVED or before[place].gap == seen.gap):
            continue
        check, region, resource = place
        yield Transition(
            seq=seq,
            ts=ts,
            check=check,
            target=target,
            region=region,
            resource=resource,
            previous=previous,
            verdict=seen.verdict,
            cause=Cause.GAP
            if seen.gap
            else _cause(place, before.get(place), seen.verdict, was, ground),
            reason=seen.reason,
            evidence_sha256=evidence(place) if seen.verdict else "",
        )


def apply(state: dict[FindingKey, Transition], moves: Iterable[Transition]) -> None:
    """Change a state by the transitions of the next record."""
    for move in moves:
        place = (move.check, move.region, move.resource)
        if move.verdict:
            state[place] = move
        else:
            state.pop(place, None)


def _cause(
    place: FindingKey, last: Transition | None, verdict: str, was: Ground | None, ground: Ground
) -> Cause:
    """The first that can explain it: scope, pack, params, waiver, evidence; and only else the clock.

    From failing to waived and back is a waiver's doing alone: it fails on either side. A change that two causes fit is
    laid to the earlier of them: it may then be our doing, and is never called the entity's without need.
    """
    check, region, _ = place
    if was is None or (check in was.checks) != (check in ground.checks):
        return Cause.SCOPE
    if region and (region in was.regions) != (region in ground.regions):
        return Cause.SCOPE
    previous = "" if last is None else Cause.GAP.value if last.gap else last.verdict
    if (previous, verdict) in _BY_WAIVER:
        return Cause.WAIVER
    if was.pack != ground.pack:
        return Cause.PACK
    if ground.moved(was, check):
        return Cause.PARAMS
    return Cause.EVIDENCE if ground.changed(check) else Cause.CLOCK
