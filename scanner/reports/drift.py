"""Renders drift for people: new failures first, then what is no longer seen, then what is fixed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from scanner.core.drift.audit_events import Actor
from scanner.core.drift.comparison import Drift, DriftKind, FindingChange
from scanner.core.periods.versions import CONTENT
from scanner.model.period import Change
from scanner.rendering.dataclass_json import dumps
from scanner.rendering.sanitize import sanitized
from scanner.words import plural

SCHEMA: Final = "tscan.drift/1"
NAMED: Final = 50
"""Entries of a list that are printed; all are in the JSON document."""
CALLS: Final = 3
"""Calls that are written out beside an actor."""
_HEADINGS: Final[Mapping[DriftKind, str]] = {
    DriftKind.NEW_FAILURE: "New failures",
    DriftKind.NEW_UNKNOWN: "New unknowns",
    DriftKind.NO_LONGER_READ: "No longer read: failing or unknown before, not read now; not fixed",
    DriftKind.CONTENT_CHANGED: "Changed verdicts: the check or its parameters changed",
    DriftKind.WAIVED: "Waived",
    DriftKind.FIXED: "Fixed",
    DriftKind.REMOVED: "Failing resources deleted",
    DriftKind.RESOLVED: "Unknowns resolved",
}


def as_json(drift: Drift) -> str:
    """The drift of one target as a JSON document, complete."""
    return dumps(SCHEMA, drift)


def as_text(drifts: Sequence[Drift]) -> str:
    """The drift of every target for people; a pure function."""
    lines: list[str] = []
    for drift in drifts:
        lines += map(sanitized, _lines(drift))
    return "\n".join(lines) + "\n"


def _lines(drift: Drift) -> Iterator[str]:
    before = f"record {drift.before.seq} ({drift.before.finished})"
    after = f"record {drift.after.seq} ({drift.after.finished})"
    yield f"{drift.after.chain}: {before} to {after}"
    if drift.after.scope:
        yield f"Scope: {', '.join(drift.after.scope)}"
    sections = [*_findings(drift), *_surroundings(drift)]
    yield from sections
    if not sections:
        yield "No drift."
    yield ""


def _findings(drift: Drift) -> Iterator[str]:
    for what, heading in _HEADINGS.items():
        # Headings without a row are left out: the eye is to find the failures.
        rows = [moved for moved in drift.moved if moved.what is what]
        if not rows:
            continue
        yield f"{heading} ({len(rows)})"
        for moved in rows[:NAMED]:
            yield from _moved(moved)
        yield from _more(rows)


def _moved(moved: FindingChange) -> Iterator[str]:
    place = f"{moved.resource} {moved.region}".rstrip()
    change = f"{moved.before or 'new'} → {moved.after or 'gone'}"
    line = f"  {moved.severity:8}  {moved.check}  {place}  {change}"
    # Evidence is what changes a verdict unless something else is named.
    if moved.cause != "evidence":
        line += f" [{moved.cause}]"
    if moved.reason:
        line += f": {moved.reason}"
    yield line
    if moved.who is not None:
        yield f"            by {_actor(moved.who)}"


def _actor(actor: Actor) -> str:
    name = actor.name or f"unknown: {actor.reason}"
    calls = [f"{event.action} {event.time} ({event.id})" for event in actor.events]
    if not calls:
        return name
    listed = ", ".join(calls[:CALLS])
    if len(calls) > CALLS:
        listed += f" and {len(calls) - CALLS} more"
    return f"{name} [{listed}]"


def _surroundings(drift: Drift) -> Iterator[str]:
    """What changed beside the findings, each kind of change under its heading."""
    controls = [
        f"  {one.control:8} {one.what}: {one.before} → {one.after}" for one in drift.controls
    ]
    waivers = [f"  {one.waiver}: {_time_left(one.days)}, {one.expires}" for one in drift.waivers]
    yield from _section("Controls", controls)
    yield from _resources(drift)
    yield from _section("Waivers", waivers)
    yield from _changes(drift)
    yield from _section("Calls that are now unanswered", [f"  {gap}" for gap in drift.gaps])
    yield from _section(
        "Calls that were unanswered: answered now, or no longer made",
        [f"  {gap}" for gap in drift.gaps_closed],
    )


def _resources(drift: Drift) -> Iterator[str]:
    appeared = [f"  {resource} {region}".rstrip() for region, resource in drift.appeared]
    gone: list[str] = []
    # A listing that was cut off does not show that a resource is gone: it is out of sight.
    out_of_sight: list[str] = []
    for one in drift.gone:
        lines = out_of_sight
        if one.whole:
            lines = gone
        lines.append(f"  {one.resource} {one.region}".rstrip())
    yield from _section("New resources", appeared)
    yield from _section("Deleted resources", gone)
    yield from _section("Resources no longer read: their listing is incomplete", out_of_sight)


def _changes(drift: Drift) -> Iterator[str]:
    """Changes by the entity, then those that came with another version of tscan's content."""
    lines = [_change(change) for change in drift.changes if change.what not in CONTENT]
    content = [_change(change) for change in drift.changes if change.what in CONTENT]
    yield from _section("Checks, parameters, waivers and scope", lines)
    yield from _section("Changes of tscan's content", content)


def _section(heading: str, lines: Sequence[str]) -> Iterator[str]:
    if not lines:
        return
    yield f"{heading} ({len(lines)})"
    yield from lines[:NAMED]
    yield from _more(lines)


def _change(change: Change) -> str:
    return f"  {change.what}: {change.detail}"


def _time_left(days: int) -> str:
    if days > 0:
        return f"ends in {plural(days, 'day')}"
    return "has expired"


def _more(rows: Sequence[object]) -> Iterator[str]:
    if len(rows) > NAMED:
        yield f"  … and {len(rows) - NAMED} more: see --format json"
