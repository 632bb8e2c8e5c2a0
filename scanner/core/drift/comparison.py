"""Drift: what two records of one target say differently, and what no longer says anything."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import Final

from scanner.core.drift.audit_events import Actor
from scanner.core.periods.listings import is_covered
from scanner.core.periods.stretches import differences
from scanner.core.periods.timelines import ANY, Key
from scanner.model.history import Cause, Record, Transition
from scanner.model.library import Library
from scanner.model.period import Change
from scanner.model.waivers import Waiver

SOON: Final = timedelta(days=14)
"""How long before its end a waiver is news."""
_ORDER: Final = (
    "pass",
    "not applicable",
    "no occurrence",
    "accepted",
    "needs evidence",
    "not shown",
    "fail",
)
"""Statuses of controls from the best to the worst; blindness is worse than an acceptance, failure worst."""
_BLIND: Final = frozenset({"not shown", "needs evidence"})
_JUDGES: Final = frozenset({Cause.PACK, Cause.PARAMS})
"""Causes by which a verdict is another, and the resource is not known to be."""


class What(StrEnum):
    """In which way something drifted."""

    NEW_FAILURE = "new failure"
    NEW_UNKNOWN = "new unknown"
    WAIVED = "waived"
    FIXED = "fixed"
    RESOLVED = "unknown resolved"
    REMOVED = "failing resource removed"
    OUT_OF_SIGHT = "out of sight"
    """It failed, and its listing or its check is not read any more: nothing says that it was fixed."""
    OTHER_JUDGE = "judged otherwise"
    """The check or its parameters changed: the verdict is another, the resource is not known to be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """One item whose verdict is another."""

    what: What
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
    """Whether it failed when it was last read: also where it was unread since."""
    who: Actor | None = None
    """Who did it, by the audit log; None: it was not asked, or there is nobody to ask for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gone:
    """A resource that was there and is not."""

    region: str
    resource: str
    whole: bool
    """Whether everything that listed it was read whole; otherwise it is out of sight, not gone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlMoved:
    """A control whose status is another."""

    control: str
    before: str
    after: str
    what: str
    """`worse`, `better` or `lost from sight`; from failing to unread is not better."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """A waiver that ends soon, or has ended."""

    waiver: str
    target: str
    expires: str
    days: int
    """Days that are left; 0 or less: it does not stand any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """All that is different between two records of one target."""

    target: str
    before: Record
    after: Record
    moved: tuple[Moved, ...]
    controls: tuple[ControlMoved, ...]
    appeared: tuple[tuple[str, str], ...]
    """Region and resource."""
    gone: tuple[Gone, ...]
    waivers: tuple[Ending, ...]
    changes: tuple[Change, ...]
    gaps: tuple[str, ...]
    """Calls that are not answered; before, they were, or were not made."""
    gaps_closed: tuple[str, ...]
    """Calls that were not answered; now they are, or are not made."""


State = Mapping[Key, Transition]


def state_at(
    transitions: Iterable[Transition], seq: int, start: State | None = None
) -> dict[Key, Transition]:
    """The last transition of every item up to a record, without those that are gone."""
    found = dict(start or {})
    for row in transitions:
        if row.seq > seq:
            break
        key = (row.check, row.region, row.resource)
        if row.verdict:
            found[key] = row
        else:
            found.pop(key, None)
    return found


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
    """What changed from one record to another: `state` is that of the first, `rows` the transitions since.

    `records` are those between the two, so that every change of checks and parameters is named.
    """
    rows = [row for row in rows if before.seq < row.seq <= after.seq]
    now = state_at(rows, after.seq, state)
    blind = _blind(now)
    chain = [before, *(one for one in records if before.seq < one.seq < after.seq), after]
    return Drift(
        target=after.target,
        before=before,
        after=after,
        moved=tuple(sorted(_moved(state, now, rows, blind, after, library), key=_rank)),
        controls=tuple(_controls(before.controls, after.controls)),
        appeared=tuple(sorted(_resources(now) - _resources(state))),
        gone=tuple(_gone(state, now, blind, after)),
        waivers=tuple(_endings(waivers, after.target, today)),
        changes=tuple(change for one, two in pairwise(chain) for change in differences(one, two)),
        gaps=tuple(sorted(set(after.gaps) - set(before.gaps))),
        gaps_closed=tuple(sorted(set(before.gaps) - set(after.gaps))),
    )


def _blind(state: State) -> dict[tuple[str, str], str]:
    return {
        (check, region): row.verdict
        for (check, region, resource), row in state.items()
        if resource == ANY
    }


def _moved(
    state: State, now: State, rows: Sequence[Transition], blind: Mapping[tuple[str, str], str], after: Record,
    library: Library,
) -> Iterator[Moved]:  # fmt: skip
    last = {(row.check, row.region, row.resource): row for row in rows}
    for key, row in last.items():
        was = state[key].verdict if key in state else ""
        verdict = now[key].verdict if key in now else ""
        failed = was == "fail" or (was == "unknown" and state[key].previous == "fail")
        what = _what(key, was, verdict, row, blind, after, failed=failed)
        if what is None:
            continue
        check = library.checks.get(row.check)
        yield Moved(
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


def _what(
    key: Key, was: str, verdict: str, row: Transition, blind: Mapping[tuple[str, str], str], after: Record,
    *, failed: bool,
) -> What | None:  # fmt: skip
    if was == verdict:
        return None
    if row.gap and was == "fail":
        return What.OUT_OF_SIGHT
    if verdict == "":
        return _left(key, was, row.cause, blind, after, failed=failed)
    if verdict == "fail":
        return What.NEW_FAILURE
    if verdict == "unknown":
        return What.NEW_UNKNOWN
    if verdict == "waived":
        return What.WAIVED
    if failed:
        return What.OTHER_JUDGE if row.cause in _JUDGES else What.FIXED
    return What.RESOLVED if was in ("unknown", "waived") else None


def _left(
    key: Key, was: str, cause: Cause, blind: Mapping[tuple[str, str], str], after: Record, *, failed: bool
) -> What | None:  # fmt: skip
    if key[2] == ANY:
        # A listing of a region that is not read any more was not read after all.
        return (
            What.OUT_OF_SIGHT
            if cause is Cause.SCOPE or key[0] not in after.checks
            else What.RESOLVED
        )
    if was not in ("fail", "unknown", "waived"):
        return None
    if cause in _JUDGES:
        return What.OTHER_JUDGE
    if cause is Cause.SCOPE or key[0] not in after.checks or is_covered(blind, key):
        return What.OUT_OF_SIGHT
    if failed:
        return What.REMOVED
    return What.RESOLVED if was == "unknown" else None


def _rank(moved: Moved) -> tuple[object, ...]:
    severity = ("critical", "high", "medium", "low").index(moved.severity) if moved.severity else 4
    return (list(What).index(moved.what), severity, moved.check, moved.region, moved.resource)


def _controls(before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[ControlMoved]:
    for name in sorted({*before, *after}):
        was, now = before.get(name, "not shown"), after.get(name, "not shown")
        if was == now:
            continue
        yield ControlMoved(control=name, before=was, after=now, what=_direction(was, now))


def _direction(was: str, now: str) -> str:
    if now in _BLIND:
        return "lost from sight"
    return "worse" if _place(now) > _place(was) else "better"


def _place(status: str) -> int:
    return _ORDER.index(status) if status in _ORDER else len(_ORDER)


def _resources(state: State) -> set[tuple[str, str]]:
    return {(region, resource) for _, region, resource in state if resource != ANY}


def _gone(
    state: State, now: State, blind: Mapping[tuple[str, str], str], after: Record
) -> Iterator[Gone]:
    lost = _resources(state) - _resources(now)
    listed: dict[tuple[str, str], list[Key]] = {}
    for key in state:
        if key[1:] in lost:
            listed.setdefault((key[1], key[2]), []).append(key)
    for (region, resource), keys in sorted(listed.items()):
        whole = all(
            key[0] in after.checks
            and not is_covered(blind, key)
            and (not region or region in after.regions)
            for key in keys
        )
        yield Gone(region=region, resource=resource, whole=whole)


def _endings(waivers: Sequence[Waiver], target: str, today: date) -> Iterator[Ending]:
    for waiver in sorted(waivers, key=lambda one: (one.expires, one.id)):
        if waiver.target == target and waiver.begins <= today and waiver.expires - today <= SOON:
            left = (waiver.expires - today).days
            yield Ending(
                waiver=waiver.id, target=target, expires=waiver.expires.isoformat(), days=left
            )
