"""Attributes drift to people by the audit log events that fit each change.

It says which events to query, and whom they name.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Final

from scanner.core.drift.audit_events import Actor, LogEvent, find_actor, near
from scanner.core.drift.comparison import Drift, DriftKind, FindingChange
from scanner.core.periods.listings import is_covered
from scanner.core.periods.timelines import LISTING, UNKNOWN, FindingKey
from scanner.core.reading.read_plan import plan_reads
from scanner.model.checks import Check
from scanner.model.history import Cause, Record, Transition
from scanner.model.library import Library

_ATTRIBUTABLE: Final = frozenset({DriftKind.NEW_FAILURE, DriftKind.FIXED, DriftKind.REMOVED})
"""Changes that somebody may have made; the others are about our reading or our judging."""
LATE: Final = "audit log events arrive up to {delay} after the call, so more may follow"
_REASONS: Final[Mapping[Cause, str]] = {
    Cause.PACK: "the check changed, not the resource",
    Cause.PARAMS: "a parameter changed, not the resource",
    Cause.WAIVER: "a waiver changed, not the resource",
    Cause.GAP: "the resource was not read, which a waiver accepts",
    Cause.CLOCK: "time passed: no change was made",
    Cause.SCOPE: "the scope of the scan changed, not the resource",
}


class Reach(StrEnum):
    """Which logs of a cloud have the calls that change a kind."""

    OWN = "own"
    """That of the resource."""
    GLOBAL = "global"
    """The one that logs services without a region; where logs have no regions, the target's own."""
    BOTH = "both"
    EVERY = "every"
    """Those of all regions; where logs have none, also those of what is above the target."""


@dataclass(
    frozen=True,
    slots=True,
    kw_only=True,
)
class Rule:
    """Which calls change the resources of a kind."""

    actions: tuple[str, ...]
    """Patterns, `s3:*Bucket*`: too wide rather than too narrow, since a call that is left out names
    the wrong actor.
    """
    named: bool
    """Whether its calls name the resource; else any such call in its region may be the one."""
    reach: Reach


@dataclass(
    frozen=True,
    slots=True,
    kw_only=True,
)
class AuditQuery:
    """What to query the log for, to attribute one change."""

    transition: Transition
    window: tuple[str, str]
    """From the start of the last scan before it to the end of the scan that saw it."""
    kind: str
    others: Mapping[str, bool]
    """The related kinds that the check reads, and whether only in the resource's own region."""


def key_of(moved: FindingChange) -> FindingKey:
    """Check, region and resource."""
    return moved.check, moved.region, moved.resource


def audit_queries(
    drift: Drift,
    records: Sequence[Record],
    rows: Iterable[Transition],
    library: Library,
) -> dict[FindingKey, AuditQuery | str]:
    """What to query for each change that somebody may have made, or why there is nothing to query.

    `rows` are the target's transitions from the first record on.
    """
    asked = {key_of(moved) for moved in drift.moved if moved.what in _ATTRIBUTABLE}
    checks = {check for check, _, _ in asked}
    past: dict[FindingKey, list[Transition]] = defaultdict(list)
    for row in rows:
        if row.seq > drift.after.seq:
            continue
        key = (row.check, row.region, row.resource)
        if key in asked or (row.resource == LISTING and row.check in checks):
            past[key].append(row)
    return {key: _question(key, past, records, library) for key in sorted(asked)}


def _question(
    key: FindingKey,
    past: Mapping[FindingKey, Sequence[Transition]],
    records: Sequence[Record],
    library: Library,
) -> AuditQuery | str:
    last = past[key][-1]
    # Only where the evidence changed did anybody change the resource.
    if last.cause is not Cause.EVIDENCE:
        return _REASONS[last.cause]
    check = library.checks.get(last.check)
    if check is None:
        return "the check is not in the pack"
    first = _first_after_known(past[key])
    before = _last_reading_before(first, key, records)
    if first is None or before is None:
        return "the resource was not read before"
    if first.previous == "" and is_covered(_incomplete_listings(past, before.seq), key):
        # Somebody named from a log for creating what had been there all along would be the wrong
        # one.
        return "whether the resource existed before is not known: its listing was not read"
    after = next(one for one in records if one.seq == last.seq)
    return AuditQuery(
        transition=last,
        window=(before.started, after.finished),
        kind=check.kind,
        others=_related_kinds(check, library),
    )


def _first_after_known(rows: Sequence[Transition]) -> Transition | None:
    """The transition after the last known verdict.

    An unknown before a failure may hide when it began.
    """
    return next((row for row in reversed(rows) if row.previous != UNKNOWN), None)


def _last_reading_before(
    first: Transition | None,
    key: FindingKey,
    records: Sequence[Record],
) -> Record | None:
    """The last record before a transition that may have read the item."""
    if first is None:
        return None
    check, region, _ = key
    # A region that no record scanned is where the resource lies, and not a scope that is read by
    # itself.
    everywhere = region == "" or not any(region in one.regions for one in records)
    found: Record | None = None
    for record in records:
        if record.seq >= first.seq or check not in record.checks:
            continue
        if everywhere or region in record.regions:
            found = record
    return found


def _incomplete_listings(
    past: Mapping[FindingKey, Sequence[Transition]], seq: int
) -> set[tuple[str, str]]:
    """Check and region of the listings that were incomplete in a record."""
    found: set[tuple[str, str]] = set()
    for (check, region, resource), rows in past.items():
        verdict = next((row.verdict for row in reversed(rows) if row.seq <= seq), "")
        if resource == LISTING and verdict:
            found.add((check, region))
    return found


def _related_kinds(check: Check, library: Library) -> dict[str, bool]:
    plans = plan_reads(library, [check])
    in_region = True
    for plan in plans.values():
        for name in plan.relations:
            if "region" not in plan.kind.relations[name].on:
                in_region = False
    return {kind: in_region for kind in plans if kind != check.kind}


def rules_of(
    question: AuditQuery,
    rules: Mapping[str, Rule],
) -> tuple[Rule, ...] | str:
    """The rules of its own kind and of the related ones, or which kind has none."""
    kinds = (question.kind, *question.others)
    # With the calls of one kind unknown, the actor found might not be the one who made the change.
    missing = [kind for kind in kinds if kind not in rules]
    if missing:
        return f"which calls change {', '.join(missing)} is not known"
    related = [
        _widened(rules[kind], in_region=in_region) for kind, in_region in question.others.items()
    ]
    return (rules[question.kind], *related)


def _widened(rule: Rule, *, in_region: bool) -> Rule:
    """A rule for related resources.

    Which of them the check read is not known, and perhaps not even where.
    """
    reach = rule.reach
    if not in_region and reach is not Reach.GLOBAL:
        reach = Reach.EVERY
    return replace(rule, named=False, reach=reach)


def attribute_change(
    question: AuditQuery,
    rules: Sequence[Rule],
    events: Iterable[LogEvent],
    late: str = "",
) -> Actor:
    """Who made a change, by the events of its window; `late` says why more of them may arrive."""
    row = question.transition
    fitting: list[LogEvent] = []
    for event in events:
        fitting.extend(_as_seen(event, rules, row.region))
    actions: list[str] = []
    for rule in rules:
        actions.extend(rule.actions)
    found = find_actor(row, fitting, question.window, actions=actions)
    if not late:
        return found
    # Another actor may still arrive: one name so far is no attribution.
    reason = f"{late}; so far {found.name or found.reason}"
    return Actor(
        name="",
        reason=reason,
        events=found.events,
    )


def _as_seen(
    event: LogEvent,
    rules: Sequence[Rule],
    region: str,
) -> Iterator[LogEvent]:
    """An event by the widest rule that it matches; nothing where it matches none."""
    matching = [rule for rule in rules if _matches(event, rule)]
    for rule in matching:
        if not rule.named and (rule.reach is not Reach.OWN or near(region, event.region)):
            # Whatever it was called on may be what the check reads.
            yield replace(event, resources=(), region=region)
            return
    if any(rule.named for rule in matching):
        yield event


def _matches(event: LogEvent, rule: Rule) -> bool:
    return any(fnmatchcase(event.action.lower(), pattern.lower()) for pattern in rule.actions)
