"""Judges a plan before and after, and compares: only what the change makes worse is news."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import Any, Final

from scanner.core.judging.evaluate import evaluate_check
from scanner.core.plans.locations import locate
from scanner.core.plans.map_reader import PlanEstate, PlanItem, untouched
from scanner.core.plans.projection import LiveWorld, PlanProjection, project_plan
from scanner.core.plans.world import World
from scanner.core.reading.resources import Resource
from scanner.language.functions import to_timestamp
from scanner.model.answers import Target
from scanner.model.checks import Check
from scanner.model.findings import Finding, Verdict
from scanner.model.kinds import Kind
from scanner.model.library import Library
from scanner.model.plan_findings import PlanChange, PlanFinding, PlanReport
from scanner.model.plan_maps import PlanMap
from scanner.model.values import Outside, Unreadable

_Key = tuple[str, str]
"""Check and address."""
_NAMED: Final = 5
"""Blocks that a note names; the others are counted."""
_ORDER: Final = tuple(PlanChange)


@dataclass(frozen=True, slots=True)
class Judged:
    """One check on one resource of one side."""

    finding: Finding
    item: PlanItem


def judge_plans(
    plans: Mapping[str, Mapping[str, Any]],
    library: Library,
    maps: Mapping[str, tuple[PlanMap, ...]],
    checks: Sequence[Check],
    estate: PlanEstate,
    live: LiveWorld,
) -> PlanReport:
    """What reduced plans, which are judged as one world, make worse, better or leave as it is.

    Over a scan, the account before and after the plan is judged.
    """
    all_maps = list(chain.from_iterable(maps.values()))
    before = World(plans.values(), "before", all_maps, estate.account)
    after = World(plans.values(), "after", all_maps, estate.account)
    asked, not_asked = _asked(checks, library, maps, live)
    earlier = judge_side(before, None, library, maps, asked, estate, live)
    later = judge_side(after, before, library, maps, asked, estate, live)
    findings = _compare(earlier, later, {check.id: check for check in asked}, library, after)
    types: set[str] = set()
    for plan_map in all_maps:
        types.update(plan_map.all_types)
    counts = {name: len(after.by_type[name]) for name in sorted(after.by_type)}
    return PlanReport(
        target=estate.target,
        names=tuple(plans),
        findings=tuple(sorted(findings, key=_order)),
        notes=tuple(_notes(plans)),
        resources={name: count for name, count in counts.items() if name in types},
        unmapped=_unmapped(plans, types),
        not_asked=tuple(check.id for check in not_asked),
        params=estate.params,
    )


def _unmapped(plans: Mapping[str, Mapping[str, Any]], types: set[str]) -> dict[str, int]:
    found: Counter[str] = Counter()
    for plan in plans.values():
        found.update(plan["other_types"])
    return {name: found[name] for name in sorted(found) if name not in types}


def _notes(plans: Mapping[str, Mapping[str, Any]]) -> Iterable[str]:
    for name, plan in plans.items():
        if not plan["complete"]:
            yield f"{name} is incomplete: Terraform left out resources, which are not evaluated"
        if plan["targeted"]:
            yield f"{name} has deferred changes, which are not evaluated"
        differing = plan.get("differing", ())
        if differing:
            more = f" and {len(differing) - _NAMED} more" if len(differing) > _NAMED else ""
            named = ", ".join(differing[:_NAMED])
            yield f"{name}: the source is not what was planned: {named}{more} differ"


def _asked(
    checks: Iterable[Check],
    library: Library,
    maps: Mapping[str, tuple[PlanMap, ...]],
    live: LiveWorld,
) -> tuple[list[Check], list[Check]]:
    """The checks that a plan can answer, and those on mapped kinds that it cannot."""
    asked: list[Check] = []
    not_asked: list[Check] = []
    for check in checks:
        if library.kinds[check.kind].nature != "state":
            continue
        if check.kind in live.kinds:
            asked.append(check)
            continue
        if check.kind not in maps:
            continue
        readable = _readable(check, library, maps[check.kind])
        (asked if readable else not_asked).append(check)
    return asked, not_asked


def _readable(check: Check, library: Library, maps: Iterable[PlanMap]) -> bool:
    """Whether a plan says anything of what the condition reads."""
    attributes = library.kinds[check.kind].attributes
    roots: set[str] = set()
    for path in check.pass_when.paths:
        if path[0] == "self" and len(path) > 1 and path[1] in attributes:
            roots.update(source[0] for source in attributes[path[1]].api.paths)
    if not roots:
        return True
    return any(not roots <= plan_map.unread_answers for plan_map in maps)


def judge_side(
    world: World,
    earlier: World | None,
    library: Library,
    maps: Mapping[str, tuple[PlanMap, ...]],
    checks: Sequence[Check],
    estate: PlanEstate,
    live: LiveWorld,
) -> dict[_Key, Judged]:
    """What checks say on one side of a plan, by check and address; `earlier` is the side before."""
    projection = project_plan(world, earlier, library, maps, checks, estate, live)
    now = to_timestamp(estate.started)
    found: dict[_Key, Judged] = {}
    for check in checks:
        for judged in _judge_check(check, projection, library, estate, live, now):
            address = judged.finding.resource.id
            found[check.id, address] = judged
    return found


def _judge_check(
    check: Check,
    projection: PlanProjection,
    library: Library,
    estate: PlanEstate,
    live: LiveWorld,
    now: datetime,
) -> Iterable[Judged]:
    items = projection.items[check.kind]
    if not items and check.kind not in live.kinds:
        # A population is what the plan has: nobody asks about resources that it does not.
        return
    by_id = {item.resource.ref.id: item for item in items}
    result = evaluate_check(
        check,
        [item.resource for item in items],
        projection.gaps[check.kind],
        target=Target(estate.target),
        title=library.kinds[check.kind].title,
        params=estate.params,
        now=now,
    )
    for finding in result.findings:
        item = by_id.get(finding.resource.id) or _scanned_nothing(check, finding, live)
        if item is None:
            continue
        if finding.resource.id != "*" and not _says_nothing(finding, item):
            yield Judged(finding, item)


def _scanned_nothing(check: Check, finding: Finding, live: LiveWorld) -> PlanItem | None:
    """What stands for a scan that has none of a kind; None: that a plan has none is no news."""
    if check.kind not in live.kinds:
        return None
    resource = Resource(ref=finding.resource, value={})
    return untouched(resource)


def _says_nothing(finding: Finding, item: PlanItem) -> bool:
    """Whether a finding is open only because the rest of its resource lies outside the plan."""
    if not item.is_partial or finding.verdict is not Verdict.UNKNOWN:
        return False
    for parts in item.parts.values():
        if parts.others is not None and not isinstance(parts.others, Outside):
            return False
    unread = _unread_in_plan(item)
    for one in finding.observed:
        # Reasons are joined: the one of an argument stands among those of what it was read for.
        shown = one.value.reason if isinstance(one.value, Unreadable) else ""
        if any(reason in shown for reason in unread):
            return False
    return True


def _unread_in_plan(item: PlanItem) -> set[str]:
    """Why arguments of the parts of a resource are unread."""
    found = chain.from_iterable(parts.found for parts in item.parts.values())
    return set(chain.from_iterable(_reasons(part.values) for part in found))


def _reasons(value: object) -> Iterator[str]:
    """Why values of the plan itself are unread."""
    if isinstance(value, Unreadable):
        yield value.reason
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _reasons(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _reasons(inner)


# -- before and after -----------------------------------------------------------------------------


def _compare(
    earlier: Mapping[_Key, Judged],
    later: Mapping[_Key, Judged],
    checks: Mapping[str, Check],
    library: Library,
    after: World,
) -> Iterable[PlanFinding]:
    matched: set[_Key] = set()
    for (check, address), judged in later.items():
        # A row of a plan has both sides under the address after a move.
        key = (check, address)
        was = earlier.get(key)
        matched.add(key)
        change, found = _change(was, judged), checks[check]
        kind = library.kinds[found.kind]
        yield _finding(found, kind, judged, change, was, judged.finding)
    for key, was in earlier.items():
        if key in matched or was.finding.verdict is not Verdict.FAIL:
            continue
        if was.item.of is not None and was.item.of.address not in after.resources:
            found = checks[key[0]]
            kind = library.kinds[found.kind]
            yield _finding(found, kind, was, PlanChange.REMOVED, was, None)


def _change(was: Judged | None, judged: Judged) -> PlanChange:
    before = None if was is None else was.finding.verdict
    after = judged.finding.verdict
    if after is Verdict.FAIL:
        return PlanChange.ALREADY if before is Verdict.FAIL else PlanChange.WORSE
    if after is Verdict.PASS:
        is_better = before in (Verdict.FAIL, Verdict.UNKNOWN)
        return PlanChange.BETTER if is_better else PlanChange.SAME
    # Of a replaced resource hardly anything is known before apply: that is no weakening.
    is_replaced = judged.item.of is not None and judged.item.of.is_replaced
    if before is Verdict.PASS and not is_replaced and not judged.item.is_beside:
        return PlanChange.WEAKENED
    return PlanChange.OPEN


def _finding(
    check: Check,
    kind: Kind,
    judged: Judged,
    change: PlanChange,
    was: Judged | None,
    now: Finding | None,
) -> PlanFinding:
    finding = judged.finding
    return PlanFinding(
        check=check.id,
        title=check.title,
        severity=check.severity,
        kind=check.kind,
        address=judged.item.of.address if judged.item.of else finding.resource.id,
        name=finding.resource.name,
        change=change,
        before=None if was is None else was.finding.verdict,
        after=None if now is None else now.verdict,
        finding=finding,
        location=locate(judged.item, finding, kind),
    )


def _order(finding: PlanFinding) -> tuple[int, int, str, str]:
    return (
        _ORDER.index(finding.change),
        -finding.severity.rank,
        finding.check,
        finding.address,
    )
