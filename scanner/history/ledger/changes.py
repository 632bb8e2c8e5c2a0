"""Computes the transitions from one record to the next, and the cause of each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

from scanner.core.periods import timelines
from scanner.model.findings import CheckResult, Finding, Verdict
from scanner.model.history import Cause, Record, Transition

FindingKey = timelines.FindingKey
"""Check, region and resource."""
State = Mapping[FindingKey, Transition]
"""The last transition of every finding that exists."""

LISTING: Final = timelines.LISTING
UNSEEN: Final = "unknown: its listing was not read completely"
_WAIVED: Final = Verdict.WAIVED.value
_WAIVER_CHANGES: Final = (
    ("fail", _WAIVED),
    (_WAIVED, "fail"),
    (Cause.GAP.value, "unknown"),
)
"""Verdict before and after, where the evidence says the same and only a waiver began or ended."""
_GRAVITY: Final = {
    Verdict.FAIL: 0,
    Verdict.UNKNOWN: 1,
    Verdict.WAIVED: 2,
    Verdict.PASS: 3,
}


@dataclass(frozen=True, slots=True)
class Seen:
    """A verdict with its reason."""

    verdict: str
    reason: str
    gap: bool = False
    """It is waived because a gap is accepted, not a failure."""


_GONE: Final = Seen("", "")


@dataclass(
    frozen=True,
    slots=True,
    kw_only=True,
)
class JudgingBasis:
    """What the verdicts of a record depend on, as far as it decides the cause of a transition."""

    pack: str
    params: Mapping[str, Any]
    checks: frozenset[str]
    regions: frozenset[str]
    evidence_changed: Callable[[str], bool] = field(default=lambda _: True)
    """Whether a check reads evidence that differs from the record before."""
    parameters_of: Callable[[str], frozenset[str] | None] = field(default=lambda _: None)
    """The parameters that may decide a check; None: any may."""

    def params_changed(self, before: JudgingBasis, check: str) -> bool:
        """Whether a parameter that may decide a check was changed, set or unset."""
        if before.params == self.params:
            return False
        names = self.parameters_of(check)
        if names is None:
            return True
        return any(_differs(name, before.params, self.params) for name in names)


def _differs(name: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    # A parameter that is unset differs from one that is set to its default: defaults change.
    if (name in before) != (name in after):
        return True
    return before.get(name) != after.get(name)


def basis_of(
    record: Record,
    evidence_changed: Callable[[str], bool] = lambda _: True,
    parameters_of: Callable[[str], frozenset[str] | None] = lambda _: None,
    names: Mapping[str, str] = MappingProxyType({}),
) -> JudgingBasis:
    """The basis of a record; `names` are later ids of its checks."""
    return JudgingBasis(
        pack=record.pack_sha256,
        params=record.params,
        checks=frozenset(names.get(check, check) for check in record.checks),
        regions=frozenset(record.regions),
        evidence_changed=evidence_changed,
        parameters_of=parameters_of,
    )


def verdicts_by_key(results: Iterable[CheckResult]) -> dict[FindingKey, Seen]:
    """One verdict for each key: of several (two listings that were not read) the gravest."""
    findings_by_key: dict[FindingKey, list[Finding]] = defaultdict(list)
    for result in results:
        for finding in result.findings:
            key = (finding.check, finding.resource.region, finding.resource.id)
            findings_by_key[key].append(finding)
    return {key: _gravest(findings) for key, findings in findings_by_key.items()}


def _gravest(findings: list[Finding]) -> Seen:
    worst = min((finding.verdict for finding in findings), key=_GRAVITY.__getitem__)
    deciding = [finding for finding in findings if finding.verdict is worst]
    reasons = sorted({finding.reason for finding in deciding if finding.reason})
    gap = False
    if worst is Verdict.WAIVED:
        gap = any(finding.without_waiver is not Verdict.FAIL for finding in deciding)
    return Seen(worst.value, "; ".join(reasons), gap)


def _unread_regions(
    found: Iterable[FindingKey],
    checks: Collection[str],
) -> dict[str, set[str]]:
    """Regions whose listing was not read, by check."""
    unread: dict[str, set[str]] = defaultdict(set)
    for check, region, resource in found:
        if resource == LISTING and check in checks:
            unread[check].add(region)
    return unread


def carried(
    before: State,
    found: Mapping[FindingKey, Seen],
    checks: Collection[str],
    regions: Collection[str],
) -> set[FindingKey]:
    """Findings that are missing only because their listing was not read.

    They are not seen, and not fixed.
    """
    unread_regions = _unread_regions(found, checks)
    kept: set[FindingKey] = set()
    for key in before.keys() - found.keys():
        check, region, resource = key
        unread = unread_regions.get(check)
        if unread is None or resource == LISTING:
            continue
        # A target that cannot be entered has no regions: what is unread without a region is unread
        # everywhere.
        if "" in unread or not region or (region in regions and region in unread):
            kept.add(key)
    return kept


def verdicts_after(
    before: State,
    found: Mapping[FindingKey, Seen],
    ground: JudgingBasis,
) -> dict[FindingKey, Seen]:
    """The verdicts after a scan: those it found, and unknown for what it could not see."""
    unseen = Seen(Verdict.UNKNOWN.value, UNSEEN)
    hidden = carried(before, found, ground.checks, ground.regions)
    return {**found, **dict.fromkeys(hidden, unseen)}


def transitions(
    before: State,
    after: Mapping[FindingKey, Seen],
    *,
    seq: int,
    ts: str,
    target: str,
    was: JudgingBasis | None,
    ground: JudgingBasis,
    evidence: Callable[[FindingKey], str] = lambda _: "",
) -> Iterator[Transition]:
    """One for each key whose verdict changed, in the order of segments.

    That is by check, resource and region.

    `was` is the basis of the record before (None: there is none), `ground` that of this one.
    """
    for key in sorted({*before, *after}, key=_segment_order):
        last = before.get(key)
        previous = last.verdict if last else ""
        # Carried findings are in `after` as unknown: only what a complete listing lacks is gone.
        seen = after.get(key, _GONE)
        # From a waived failure to a waived gap the verdict is the same, and what is accepted is
        # not.
        same_waiver = last is None or last.verdict != _WAIVED or last.gap == seen.gap
        if previous == seen.verdict and same_waiver:
            continue
        check, region, resource = key
        cause = Cause.GAP if seen.gap else _cause(key, last, seen.verdict, was, ground)
        yield Transition(
            seq=seq,
            ts=ts,
            check=check,
            target=target,
            region=region,
            resource=resource,
            previous=previous,
            verdict=seen.verdict,
            cause=cause,
            reason=seen.reason,
            evidence_sha256=evidence(key) if seen.verdict else "",
        )


def _segment_order(key: FindingKey) -> tuple[str, str, str]:
    check, region, resource = key
    return (check, resource, region)


def apply(
    state: dict[FindingKey, Transition],
    moves: Iterable[Transition],
) -> None:
    """Change a state by the transitions of the next record."""
    for move in moves:
        key = (move.check, move.region, move.resource)
        if move.verdict:
            state[key] = move
        else:
            state.pop(key, None)


def _cause(
    key: FindingKey,
    last: Transition | None,
    verdict: str,
    was: JudgingBasis | None,
    ground: JudgingBasis,
) -> Cause:
    """The first cause that explains a change: scope, waiver, pack, parameters, evidence.

    Else the clock.

    A change that two causes explain is attributed to the earlier one, so a change that may be the
    scanner's doing is never attributed to the entity.
    """
    check, region, _ = key
    if was is None or (check in was.checks) != (check in ground.checks):
        return Cause.SCOPE
    if region and (region in was.regions) != (region in ground.regions):
        return Cause.SCOPE
    # From failing to waived and back only a waiver changed: the evidence fails on either side.
    if (_previous_verdict(last), verdict) in _WAIVER_CHANGES:
        return Cause.WAIVER
    # Before the evidence: a check that changed may judge the same evidence otherwise.
    if was.pack != ground.pack:
        return Cause.PACK
    if ground.params_changed(was, check):
        return Cause.PARAMS
    return Cause.EVIDENCE if ground.evidence_changed(check) else Cause.CLOCK


def _previous_verdict(last: Transition | None) -> str:
    if last is None:
        return ""
    return Cause.GAP.value if last.gap else last.verdict
