"""Compares two records of one target.

The drift between them: verdicts that changed, resources that came and went, and what is no longer
read.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import Final

from scanner.core.drift.audit_events import Actor
from scanner.core.periods.listings import is_covered
from scanner.core.periods.stretches import differences
from scanner.core.periods.timelines import FAIL, LISTING, UNKNOWN, WAIVED, FindingKey
from scanner.model.history import Cause, Record, Transition
from scanner.model.library import Library
from scanner.model.period import Change
from scanner.model.waivers import Waiver

SOON: Final = timedelta(days=14)
"""How long before its end a waiver is reported."""
_STATUS_ORDER: Final = (
    "pass",
    "not applicable",
    "no occurrence",
    "accepted",
    "needs evidence",
    "not shown",
    "fail",
)
"""Statuses of controls from the best to the worst: what is not shown is worse than what is
accepted.
"""
_NOT_SHOWN: Final = frozenset({"not shown", "needs evidence"})
_SEVERITIES: Final = ("critical", "high", "medium", "low", "")
_JUDGE_CHANGED: Final = frozenset({Cause.PACK, Cause.PARAMS})
"""Causes by which the verdict changed while nothing says that the resource did."""


class DriftKind(StrEnum):
    """The kinds of drift, worst first."""

    NEW_FAILURE = "new failure"
    NEW_UNKNOWN = "new unknown"
    WAIVED = "waived"
    FIXED = "fixed"
    RESOLVED = "unknown resolved"
    REMOVED = "failing resource removed"
    NO_LONGER_READ = "no longer read"
    """It failed, and its listing or its check is no longer read: nothing says that it was fixed."""
    CONTENT_CHANGED = "evaluated differently"
    """The check or its parameters changed, and with them the verdict; nothing says that the
    resource did.
    """


@dataclass(
    frozen=True,
    slots=True,
    kw_only=True,
)
class FindingChange:
    """One item whose verdict changed."""

    what: DriftKind
    check: str
    severity: str
    """`` where the library does not have the check."""
    region: str
    resource: str
    before: str
    after: str
    cause: str
    reason: str
    seq: int
    ts: str
    failed: bool
    """Whether it failed when it was last read, even if it was unread since."""
    who: Actor | None = None
    """Who did it, by the audit log; None where the log was not queried."""


@dataclass(
    frozen=True,
    slots=True,
    kw_only=True,
)
class RemovedResource:
    """A resource that was in the first record and is not in the second."""

    region: str
    resource: str
    whole: bool
    """Whether everything that listed it was read completely; otherwise it is out of sight, not
    gone.
    """


@dataclass(
    frozen=True,
    slots=True,
    kw_only=True,
)
class ControlChange:
    """A control whose status changed."""

    control: str
    before: str
    after: str
    what: str
    """`worse`, `better` or `lost from sight`; from failing to unread is never better."""


@dataclass(
    frozen=True,
    slots=True,
    kw_only=True,
)
class ExpiringWaiver:
    """A waiver that ends soon, or has ended."""

    waiver: str
    target: str
    expires: str
    days: int
    """Days that are left; 0 or less: it has expired."""


@dataclass(
    frozen=True,
    slots=True,
    kw_only=True,
)
class Drift:
    """All that is different between two records of one target."""

    target: str
    before: Record
    after: Record
    moved: tuple[FindingChange, ...]
    controls: tuple[ControlChange, ...]
    appeared: tuple[tuple[str, str], ...]
    """Region and resource."""
    gone: tuple[RemovedResource, ...]
    waivers: tuple[ExpiringWaiver, ...]
    changes: tuple[Change, ...]
    gaps: tuple[str, ...]
    """Calls without an answer in the second record only."""
    gaps_closed: tuple[str, ...]
    """Calls without an answer in the first record only."""


_KIND_OF_VERDICT: Final = {
    FAIL: DriftKind.NEW_FAILURE,
    UNKNOWN: DriftKind.NEW_UNKNOWN,
    WAIVED: DriftKind.WAIVED,
}
State = Mapping[FindingKey, Transition]
_Listings = frozenset[tuple[str, str]]
"""Check and region of the listings that are incomplete in a record."""


def state_at(
    transitions: Iterable[Transition],
    seq: int,
    start: State | None = None,
) -> dict[FindingKey, Transition]:
    """The last transition of every item up to a record, without those that are gone."""
    state = dict(start or {})
    for row in transitions:
        if row.seq > seq:
            break
        if row.verdict:
            state[_key(row)] = row
        else:
            state.pop(_key(row), None)
    return state


def _key(row: Transition) -> FindingKey:
    return (row.check, row.region, row.resource)


def drift(
    before: Record,
    after: Record,
    state: State,
    rows: Sequence[Transition],
    library: Library,
    *,
    waivers: Sequence[Waiver] = (),
    today: date,
    records: Sequence[Record] = (),
) -> Drift:
    """What changed from one record to another.

    `state` is that of the first, `rows` are the transitions since.

    `records` are those between the two, so that every change of checks and parameters is named.
    """
    # Rows of other records, which a query by time may bring along where times are equal, are left
    # out.
    rows = [row for row in rows if before.seq < row.seq <= after.seq]
    comparison = _Comparison(
        state=state,
        now=state_at(rows, after.seq, state),
        last_rows={_key(row): row for row in rows},
        after=after,
        library=library,
    )
    between = [one for one in records if before.seq < one.seq < after.seq]
    changes: list[Change] = []
    for one, following in pairwise([before, *between, after]):
        changes.extend(differences(one, following))
    return Drift(
        target=after.target,
        before=before,
        after=after,
        moved=tuple(sorted(comparison.changed_findings(), key=_rank)),
        controls=tuple(_changed_controls(before.controls, after.controls)),
        appeared=tuple(sorted(_resources(comparison.now) - _resources(state))),
        gone=tuple(comparison.removed_resources()),
        waivers=tuple(_expiring(waivers, after.target, today)),
        changes=tuple(changes),
        gaps=tuple(sorted(set(after.gaps) - set(before.gaps))),
        gaps_closed=tuple(sorted(set(before.gaps) - set(after.gaps))),
    )


class _Comparison:
    """The findings of two records of one target."""

    def __init__(
        self,
        *,
        state: State,
        now: State,
        last_rows: Mapping[FindingKey, Transition],
        after: Record,
        library: Library,
    ) -> None:
        self.state = state
        """The state after the first record."""
        self.now = now
        """The state after the second."""
        self._last_rows = last_rows
        """The last transition between them, of every item that has one."""
        self._after = after
        self._library = library
        self._incomplete: _Listings = frozenset(
            (check, region) for check, region, resource in now if resource == LISTING
        )

    def changed_findings(self) -> Iterator[FindingChange]:
        """Every finding with a drift of some kind, in no order."""
        for key, row in self._last_rows.items():
            before, after = self.state.get(key), self.now.get(key)
            was = before.verdict if before else ""
            verdict = after.verdict if after else ""
            failed = was == FAIL
            if before is not None and was == UNKNOWN:
                failed = before.previous == FAIL
            # What was failing and then unread has failed until something says otherwise.
            what = self._classify(key, was, verdict, row, failed=failed)
            if what is None:
                continue
            check = self._library.checks.get(row.check)
            yield FindingChange(
                what=what,
                check=row.check,
                severity=check.severity.value if check else "",
                region=row.region,
                resource=row.resource,
                before=was,
                after=verdict,
                cause=row.cause.value,
                reason=row.reason,
                seq=row.seq,
                ts=row.ts,
                failed=failed,
            )

    def _classify(
        self,
        key: FindingKey,
        was: str,
        verdict: str,
        row: Transition,
        *,
        failed: bool,
    ) -> DriftKind | None:
        """The kind of drift.

        None for a change that is nobody's concern, such as a new item that passes.
        """
        if was == verdict:
            return None
        # A waiver that accepts a gap accepts no failure behind it.
        if row.gap and was == FAIL:
            return DriftKind.NO_LONGER_READ
        if verdict == "":
            return self._classify_gone(key, was, row.cause, failed=failed)
        if verdict in _KIND_OF_VERDICT:
            return _KIND_OF_VERDICT[verdict]
        if failed:
            return DriftKind.CONTENT_CHANGED if row.cause in _JUDGE_CHANGED else DriftKind.FIXED
        if was in (UNKNOWN, WAIVED):
            return DriftKind.RESOLVED
        return None

    def _classify_gone(
        self,
        key: FindingKey,
        was: str,
        cause: Cause,
        *,
        failed: bool,
    ) -> DriftKind | None:
        check, _, resource = key
        unscanned = cause is Cause.SCOPE or check not in self._after.checks
        if resource == LISTING:
            # The listing of a region that is no longer scanned did not become complete.
            return DriftKind.NO_LONGER_READ if unscanned else DriftKind.RESOLVED
        if was not in (FAIL, UNKNOWN, WAIVED):
            return None
        if cause in _JUDGE_CHANGED:
            return DriftKind.CONTENT_CHANGED
        # A failing item that an incomplete listing may hide was not removed.
        if unscanned or is_covered(self._incomplete, key):
            return DriftKind.NO_LONGER_READ
        if failed:
            return DriftKind.REMOVED
        return DriftKind.RESOLVED if was == UNKNOWN else None

    def removed_resources(self) -> Iterator[RemovedResource]:
        """Resources of the first record that the second does not have, in order."""
        removed = _resources(self.state) - _resources(self.now)
        keys_by_resource: dict[tuple[str, str], list[FindingKey]] = defaultdict(list)
        for key in self.state:
            _, region, resource = key
            if (region, resource) in removed:
                keys_by_resource[region, resource].append(key)
        for (region, resource), keys in sorted(keys_by_resource.items()):
            whole = all(self._listed_completely(key) for key in keys)
            yield RemovedResource(
                region=region,
                resource=resource,
                whole=whole,
            )

    def _listed_completely(self, key: FindingKey) -> bool:
        check, region, _ = key
        if check not in self._after.checks or is_covered(self._incomplete, key):
            return False
        return not region or region in self._after.regions


def _rank(moved: FindingChange) -> tuple[int, int, str, str, str]:
    severity = _SEVERITIES.index(moved.severity)
    return (
        list(DriftKind).index(moved.what),
        severity,
        moved.check,
        moved.region,
        moved.resource,
    )


def _changed_controls(
    before: Mapping[str, str], after: Mapping[str, str]
) -> Iterator[ControlChange]:
    for name in sorted({*before, *after}):
        was, now = before.get(name, "not shown"), after.get(name, "not shown")
        if was != now:
            yield ControlChange(
                control=name,
                before=was,
                after=now,
                what=_direction(was, now),
            )


def _direction(was: str, now: str) -> str:
    # First of all: a control that is no longer shown is not better for it, whatever it was.
    if now in _NOT_SHOWN:
        return "lost from sight"
    return "worse" if _status_rank(now) > _status_rank(was) else "better"


def _status_rank(status: str) -> int:
    if status in _STATUS_ORDER:
        return _STATUS_ORDER.index(status)
    return len(_STATUS_ORDER)


def _resources(state: State) -> set[tuple[str, str]]:
    """Region and resource of all items."""
    return {(region, resource) for _, region, resource in state if resource != LISTING}


def _expiring(
    waivers: Sequence[Waiver],
    target: str,
    today: date,
) -> Iterator[ExpiringWaiver]:
    for waiver in sorted(waivers, key=lambda one: (one.expires, one.id)):
        # One that has not begun accepts nothing yet: that it will end is no news.
        if waiver.target != target or waiver.begins > today:
            continue
        left = waiver.expires - today
        if left <= SOON:
            yield ExpiringWaiver(
                waiver=waiver.id,
                target=target,
                expires=waiver.expires.isoformat(),
                days=left.days,
            )
