"""Narrows an assessment to the checks and the categories of criteria that somebody asked for."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace

from scanner.core.reading.inventory import all_inventory_types, with_inventory
from scanner.core.reading.read_plan import plan_reads, plan_requests
from scanner.model.checks import Check
from scanner.model.controls import Control
from scanner.model.findings import Assessment, CoverageRow
from scanner.model.library import Library
from scanner.model.waivers import FindingScope, Standing, WaiverResult


def serving_controls(library: Library, categories: Mapping[str, Collection[str]]) -> frozenset[str]:
    """The controls that serve a criterion of these categories, which are named by framework."""
    found: set[str] = set()
    for name, chosen in categories.items():
        for criterion in library.frameworks[name].criteria:
            if criterion.category in chosen:
                found.update(link.control for link in criterion.controls)
    return frozenset(found)


def serving_checks(library: Library, controls: Iterable[str]) -> frozenset[str]:
    """The checks that evidence or support one of these controls, or that one of them must have."""
    found: set[str] = set()
    for name in controls:
        found.update(_checks_of(library.controls[name]))
    # A control may name a check that this pack lacks: that is evidence it cannot collect.
    return frozenset(found & set(library.checks))


def _checks_of(control: Control) -> Iterator[str]:
    for link in control.checks:
        yield link.id
    for requirement in control.must_have:
        yield from requirement.checks


def narrowed(
    assessment: Assessment,
    library: Library,
    asked: Collection[str] | None,
    controls: Collection[str] | None = None,
) -> Assessment:
    """The assessment of a selection: with these controls, and the gaps that concern its checks.

    No status is made again: what a selection leaves out is not shown, and a control is never
    better for it. None stands for everything.
    """
    if controls is not None:
        shown = tuple(one for one in assessment.controls if one.id in controls)
        assessment = replace(assessment, controls=shown)
    if asked is None:
        return assessment
    return replace(
        assessment,
        asked=frozenset(asked),
        waivers=tuple(_selected(one, asked) for one in assessment.waivers),
        coverage=_concerning(assessment.coverage, library, asked),
    )


def _selected(one: WaiverResult, asked: Collection[str]) -> WaiverResult:
    """The waiver as the selection shows it: without its check, nothing is known of its resource."""
    scope = one.waiver.scope
    if isinstance(scope, FindingScope) and scope.check not in asked:
        why = f"{scope.check} is not selected"
        return replace(one, standing=Standing.NOT_SELECTED, why=why)
    return one


def _concerning(
    rows: Iterable[CoverageRow], library: Library, asked: Collection[str]
) -> tuple[CoverageRow, ...]:
    """Coverage without the gaps of operations that only other checks read."""
    rows = tuple(rows)
    # Most evidence has no gap, and planning all checks reads the whole pack.
    if all(row.state.whole and not row.unanswered for row in rows):
        return rows
    ways = with_inventory(library, all_inventory_types(library))
    mine = _operations(library, ways, asked)
    others = _operations(library, ways, set(library.checks) - set(asked))
    # An operation that no check reads was needed to connect, and concerns every check.
    foreign = others - mine
    return tuple(row for row in rows if row.operation not in foreign)


def _operations(one_by_one: Library, in_bulk: Library, names: Iterable[str]) -> set[str]:
    """The operations that checks read, call by call or from an inventory."""
    found: set[str] = set()
    checks: list[Check] = [one_by_one.checks[name] for name in names if name in one_by_one.checks]
    for library in (one_by_one, in_bulk):
        for plan in plan_reads(library, checks).values():
            found.update(request.operation for request in plan_requests(plan))
    return found
