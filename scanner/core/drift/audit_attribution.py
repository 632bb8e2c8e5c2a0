"""What a drift asks of an audit log: to what, between which readings, by which calls; and what the events then say."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Final

from scanner.core.drift.audit_events import Actor, LogEvent, near, who
from scanner.core.drift.comparison import Drift, Moved, What
from scanner.core.periods.listings import is_covered
from scanner.core.periods.timelines import ANY, Key
from scanner.core.reading.read_plan import plan_reads
from scanner.model.checks import Check
from scanner.model.history import Cause, Record, Transition
from scanner.model.library import Library

ASKED: Final = frozenset({What.NEW_FAILURE, What.FIXED, What.REMOVED})
"""Moves that somebody may have made; the others are about our reading or our judging."""
LATE: Final = "the log may still be late: events arrive up to {minutes} minutes after the call"
_REASONS: Final[Mapping[Cause, str]] = {
    Cause.PACK: "the check changed, not the resource",
    Cause.PARAMS: "a parameter changed, not the resource",
    Cause.WAIVER: "a waiver changed, not the resource",
    Cause.GAP: "it is not read, which a waiver accepts",
    Cause.CLOCK: "only time went by",
    Cause.SCOPE: "what is scanned changed, not the resource",
}


class Reach(StrEnum):
    """In which of a cloud's logs the calls that change a kind are."""

    OWN = "own"
    """That of the resource."""
    GLOBAL = "global"
    """The one that logs services without a region; where logs have no regions, the target's own."""
    BOTH = "both"
    EVERY = "every"
    """Those of all regions; where logs have none, also those of what is above the target."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Which calls change the resources of a kind."""

    actions: tuple[str, ...]
    """Patterns, `s3:*Bucket*`: rather too wide than too narrow, for a call that is left out names the wrong actor."""
    named: bool
    """Whether its calls name the resource; else every such call in its place may be the one."""
    reach: Reach


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What the log is asked about one move."""

    transition: Transition
    window: tuple[str, str]
    """From the start of the last reading before it to the end of the reading that saw it."""
    kind: str
    others: Mapping[str, bool]
    """The kinds that the check reads beside its own, and whether only in the resource's own region."""


def key_of(moved: Moved) -> Key:
    """Check, region and resource."""
    return moved.check, moved.region, moved.resource


def questions(
    drift: Drift, records: Sequence[Record], rows: Iterable[Transition], library: Library
) -> dict[Key, Question | str]:
    """What to ask for each move that somebody may have made, or why there is nothing to ask.

    `rows` are the target's transitions from the first record on.
    """
    asked = {key_of(moved) for moved in drift.moved if moved.what in ASKED}
    checks = {key[0] for key in asked}
    past: dict[Key, list[Transition]] = defaultdict(list)
    for row in rows:
        key = (row.check, row.region, row.resource)
        if row.seq <= drift.after.seq and (
            key in asked or (row.resource == ANY and row.check in checks)
        ):
            past[key].append(row)
    return {key: _question(key, past, records, library) for key in sorted(asked)}


def _question(
    key: Key, past: Mapping[Key, Sequence[Transition]], records: Sequence[Record], library: Library
) -> Question | str:
    last = past[key][-1]
    if last.cause is not Cause.EVIDENCE:
        return _REASONS[last.cause]
    check = library.checks.get(last.check)
    if check is None:
        return "the library does not have this check"
    first = _first(past[key])
    located = not any(key[1] in one.regions for one in records)
    before = [
        one
        for one in records
        if first is not None and one.seq < first.seq and _read(one, key, located)
    ]
    if first is None or not before:
        return "it was not read before"
    if first.previous == "" and is_covered(_blind(past, before[-1].seq), key):
        return "whether it was there before is not known: what lists it was not read"
    after = next(one for one in records if one.seq == last.seq)
    return Question(
        transition=last,
        window=(before[-1].started, after.finished),
        kind=check.kind,
        others=_others(check, library),
    )


def _first(rows: Sequence[Transition]) -> Transition | None:
    """The transition after the last known verdict: an unknown before a failure may hide when it began."""
    return next((row for row in reversed(rows) if row.previous != "unknown"), None)


def _read(record: Record, key: Key, located: bool) -> bool:
    """Whether a record may hold it; `located`: its region is where it lies, and none that is read by itself."""
    return key[0] in record.checks and (key[1] == "" or located or key[1] in record.regions)


def _blind(past: Mapping[Key, Sequence[Transition]], seq: int) -> dict[tuple[str, str], str]:
    """The listings that were not read in a record."""
    found: dict[tuple[str, str], str] = {}
    for (check, region, resource), rows in past.items():
        verdict = next((row.verdict for row in reversed(rows) if row.seq <= seq), "")
        if resource == ANY and verdict:
            found[check, region] = verdict
    return found


def _others(check: Check, library: Library) -> dict[str, bool]:
    needed = plan_reads(library, [check])
    near = all(
        "region" in need.kind.relations[name].on
        for need in needed.values()
        for name in need.relations
    )
    return {kind: near for kind in needed if kind != check.kind}


def rules_of(question: Question, rules: Mapping[str, Rule]) -> tuple[Rule, ...] | str:
    """The rules of its own kind and of those beside it, or which kind has none."""
    missing = [kind for kind in (question.kind, *question.others) if kind not in rules]
    if missing:
        return f"which calls change {', '.join(missing)} is not known"
    beside = (_beside(rules[kind], near=near) for kind, near in question.others.items())
    return (rules[question.kind], *beside)


def _beside(rule: Rule, *, near: bool) -> Rule:
    """A rule for resources that the check reads beside its own: which of them is not known, perhaps not even where."""
    reach = rule.reach if near or rule.reach is Reach.GLOBAL else Reach.EVERY
    return replace(rule, named=False, reach=reach)


def answer(
    question: Question, rules: Sequence[Rule], events: Iterable[LogEvent], late: str = ""
) -> Actor:
    """Who made a move, by the events of its window; `late` says why there may be more of them."""
    row = question.transition
    fitting = [one for event in events for one in _seen(event, rules, row.region)]
    found = who(
        row, fitting, question.window, actions=[action for rule in rules for action in rule.actions]
    )
    if not late:
        return found
    return Actor(
        name="", reason=f"{late}; so far {found.name or found.reason}", events=found.events
    )


def _seen(event: LogEvent, rules: Sequence[Rule], region: str) -> Iterator[LogEvent]:
    """An event as the widest rule that it falls under sees it."""
    under = [rule for rule in rules if _matches(event, rule)]
    if any(
        not rule.named and (rule.reach is not Reach.OWN or near(region, event.region))
        for rule in under
    ):
        # Whatever it was called on may be what the check reads.
        yield replace(event, resources=(), region=region)
    elif any(rule.named for rule in under):
        yield event


def _matches(event: LogEvent, rule: Rule) -> bool:
    return any(fnmatchcase(event.action.lower(), pattern.lower()) for pattern in rule.actions)
