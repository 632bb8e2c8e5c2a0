"""Drift for people: what is new and bad first, then what is not seen any more, then what is good."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from scanner.core.drift.audit_events import Actor
from scanner.core.drift.comparison import Drift, Moved, What
from scanner.core.periods.versions import CONTENT
from scanner.model.period import Change
from scanner.rendering.dataclass_json import dumps
from scanner.rendering.sanitize import sanitized

SCHEMA: Final = "tscan.drift/1"
NAMED: Final = 50
CALLS: Final = 3
"""Calls that are written out beside an actor."""
_HEADINGS: Final[Mapping[What, str]] = {
    What.NEW_FAILURE: "New failures",
    What.NEW_UNKNOWN: "New unknowns: no longer seen",
    What.OUT_OF_SIGHT: "Out of sight: failing or unread before, not read now; not fixed",
    What.OTHER_JUDGE: "Judged otherwise: the check or its parameters changed",
    What.WAIVED: "Waived",
    What.FIXED: "Fixed",
    What.REMOVED: "Failing resources removed",
    What.RESOLVED: "Unknowns resolved",
}


def as_json(drift: Drift) -> str:
    """All of it."""
    return dumps(SCHEMA, drift)


def as_text(drifts: Sequence[Drift]) -> str:
    """The drift of every target; a pure function."""
    return "\n".join(sanitized(line) for drift in drifts for line in _lines(drift)) + "\n"


def _lines(drift: Drift) -> Iterator[str]:
    before, after = drift.before, drift.after
    yield f"{drift.target}: record {before.seq} ({before.finished}) to record {after.seq} ({after.finished})"
    empty = True
    for what, heading in _HEADINGS.items():
        rows = [moved for moved in drift.moved if moved.what is what]
        if rows:
            empty = False
            yield f"{heading} ({len(rows)})"
            for moved in rows[:NAMED]:
                yield from _moved(moved)
            yield from _more(rows)
    for line in _around(drift):
        empty = False
        yield line
    if empty:
        yield "No drift."
    yield ""


def _moved(moved: Moved) -> Iterator[str]:
    cause = "" if moved.cause == "evidence" else f" [{moved.cause}]"
    reason = f": {moved.reason}" if moved.reason else ""
    place = f"{moved.resource} {moved.region}".rstrip()
    change = f"{moved.before or 'new'} → {moved.after or 'gone'}"
    yield f"  {moved.severity:8} {moved.check}  {place}  {change}{cause}{reason}"
    if moved.who is not None:
        yield f"           by {_who(moved.who)}"


def _who(actor: Actor) -> str:
    calls = [f"{event.action} {event.time} ({event.id})" for event in actor.events]
    more = f" and {len(calls) - CALLS} more" if len(calls) > CALLS else ""
    said = actor.name or f"unknown: {actor.reason}"
    return said + (f" [{', '.join(calls[:CALLS])}{more}]" if calls else "")


def _around(drift: Drift) -> Iterator[str]:
    sections: list[tuple[str, list[str]]] = [
        (
            "Controls",
            [f"  {one.control:8} {one.what}: {one.before} → {one.after}" for one in drift.controls],
        ),
        (
            "Resources that appeared",
            [f"  {resource} {region}".rstrip() for region, resource in drift.appeared],
        ),
        (
            "Resources that are gone",
            [f"  {one.resource} {one.region}".rstrip() for one in drift.gone if one.whole],
        ),
        (
            "Resources out of sight: what lists them was not read whole",
            [f"  {one.resource} {one.region}".rstrip() for one in drift.gone if not one.whole],
        ),
        ("Waivers", [f"  {one.waiver}: {_left(one.days)}, {one.expires}" for one in drift.waivers]),
        (
            "Checks, parameters, waivers and scope",
            [_change(one) for one in drift.changes if one.what not in CONTENT],
        ),
        (
            "What the packs judge otherwise",
            [_change(one) for one in drift.changes if one.what in CONTENT],
        ),
        ("Calls that are not answered now", [f"  {gap}" for gap in drift.gaps]),
        (
            "Calls that were not answered: they are now, or are not made any more",
            [f"  {gap}" for gap in drift.gaps_closed],
        ),
    ]
    for heading, lines in sections:
        if lines:
            yield f"{heading} ({len(lines)})"
            yield from _cut(lines)


def _change(change: Change) -> str:
    return f"  {change.what}: {change.detail}"


def _left(days: int) -> str:
    return f"ends in {days} days" if days > 0 else "has ended"


def _cut(lines: Sequence[str]) -> Iterator[str]:
    yield from lines[:NAMED]
    yield from _more(lines)


def _more(rows: Sequence[object]) -> Iterator[str]:
    if len(rows) > NAMED:
        yield f"  … and {len(rows) - NAMED} more: --format json has all"
