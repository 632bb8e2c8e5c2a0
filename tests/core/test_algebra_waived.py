"""The proof by enumeration where waivers stand: refusing a call or running fewer checks still
improves nothing.

One refusal is excepted by its nature: of a call that a standing waiver names. It may turn what
depends on that call into waived, never into a pass, and nothing else."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date

from scanner.core.judging.assess import assess_controls
from scanner.core.judging.criteria import assess_criterion
from scanner.core.judging.exit_codes import exit_code
from scanner.core.judging.waive import Waived, apply_waivers
from scanner.errors import EXIT_CLEAN
from scanner.model.checks import Severity
from scanner.model.controls import ControlLink, Criterion, Requirement, Role
from scanner.model.findings import Assessment, CheckResult, Finding, Status, Verdict
from scanner.model.waivers import ControlScope, FindingScope, GapScope, Waiver
from tests.helpers.small_library import (
    HERE,
    improves,
    make_check,
    make_control,
    make_finding,
    make_library,
)

P, F, U = Verdict.PASS, Verdict.FAIL, Verdict.UNKNOWN
E, S = Role.EVIDENCES, Role.SUPPORTS
NAMED, OTHER = "x:Named@", "x:Other@"
CONTROLS = {
    control.id: control
    for control in (
        make_control(("a", E), name="WAIVED"),
        make_control(("a", E), name="SAME"),
        make_control(("b", E), name="BESIDE"),
        make_control(("b", E), ("a", S), name="NEEDS", must_have=(Requirement(checks=("a",)),)),
    )
}
LIBRARY = replace(make_library(make_check("a"), make_check("b")), controls=CONTROLS)
BASE = Waiver(
    id="W", scope=GapScope(target=HERE, operation="x:Named"), reason="r", approver="p@example.com",
    opened=date(2026, 1, 1), expires=date(2027, 1, 1),
)  # fmt: skip
FAILURE = FindingScope(target=HERE, check="a", resource="r0")
WHOLE = ControlScope(target=HERE, control="WAIVED")
GAP = replace(BASE, id="gap")
WAIVERS = (
    replace(BASE, id="failure", scope=FAILURE),
    replace(BASE, id="failure beside", scope=FAILURE, compensating="BESIDE"),
    replace(BASE, id="control", scope=WHOLE, compensating="BESIDE"),
    replace(BASE, id="other", scope=replace(FAILURE, check="b")),
    GAP,
    replace(GAP, id="gap beside", compensating="BESIDE"),
)
TOGETHER = (
    ("failure", "gap"),
    ("control", "gap"),
    ("control", "failure"),
    ("failure beside", "gap beside"),
)
SETS = [
    (),
    *((one,) for one in WAIVERS),
    *(tuple(one for one in WAIVERS if one.id in names) for names in TOGETHER),
    WAIVERS,
]
Run = tuple[CheckResult, ...]


@dataclass(frozen=True)
class Said:
    findings: frozenset[tuple[str, str, Verdict]]
    controls: tuple[tuple[str, Status], ...]
    criterion: Status
    code: int


def said(run: Run, waivers: tuple[Waiver, ...]) -> Said:
    """All that is said of a run."""
    found = apply_waivers(
        Waived(results=run, coverage=()), waivers, LIBRARY, days={HERE: date(2026, 3, 1)},
        statuses=lambda results: {name: one.status.value for name, one in controls_of(results).items()},
    )  # fmt: skip
    controls = assess_controls(
        LIBRARY, found.results, targets=frozenset({HERE}), accepted=found.controls
    )
    links = tuple(ControlLink(control=name, primary=True, why="w") for name in ("WAIVED", "BESIDE"))
    shown = assess_criterion(
        Criterion(id="CC6.1", category="c", title="t", evidence="automated", controls=links),
        controls,
        framework="f",
    )
    assessment = Assessment(
        id="x", started="", finished="", version="", pack_sha256="", params={}, callers=(), coverage=(),
        results=tuple(found.results), controls=tuple(controls.values()), criteria=(shown,),
        targets=({"id": HERE, "regions_open": "", "unentered": ""},),
    )  # fmt: skip
    return Said(
        findings=frozenset(
            (one.check, one.resource.id, one.verdict) for one in assessment.findings
        ),
        controls=tuple((name, one.status) for name, one in controls.items()),
        criterion=shown.status,
        code=exit_code(assessment, LIBRARY, Severity.HIGH),
    )


def controls_of(results: object) -> dict[str, object]:
    return dict(assess_controls(LIBRARY, results, targets=frozenset({HERE})))  # type: ignore[arg-type]


def finding(verdict: Verdict, name: str, check: str, gap: str = OTHER) -> Finding:
    return replace(make_finding(verdict, name, check), gaps=(gap,) if verdict is U else ())


def population(check: str, most: int) -> Iterator[CheckResult | None]:
    """Every result of a check over so many resources, each of which may be unread for either call;
    and not run."""
    yield None
    yield CheckResult(check=check, target=HERE, findings=(), empty=True)
    yield CheckResult(
        check=check, target=HERE, findings=(finding(F, HERE.account, check),), empty=True
    )
    kinds = [(P, ""), (F, ""), (U, OTHER), (U, NAMED)]
    for size in range(1, most + 1):
        # One resource is named by waivers; that the other is unread for the same call tells nothing
        # more.
        for chosen in itertools.product(kinds, *[kinds[:3]] * (size - 1)):
            found = tuple(
                finding(verdict, f"r{place}", check, gap)
                for place, (verdict, gap) in enumerate(chosen)
            )
            yield CheckResult(check=check, target=HERE, findings=found)
            if size > 1:
                yield CheckResult(
                    check=check, target=HERE, findings=(*found, finding(U, "*", check))
                )


def runs() -> list[Run]:
    pairs = itertools.product(population("a", 2), population("b", 1))
    return [tuple(result for result in pair if result is not None) for pair in pairs]


def refused(result: CheckResult, gap: str) -> Iterator[CheckResult]:
    """The same check when one call more was denied: a detail of one resource, or the listing."""
    listing = finding(U, "*", result.check, gap)
    if result.empty:
        yield replace(result, findings=(listing,), empty=False)
        return
    for place, one in enumerate(result.findings):
        rest = result.findings[:place] + result.findings[place + 1 :]
        # A finding that was open for another call stays open for that one too.
        gaps = tuple(sorted({*one.gaps, gap}))
        yield replace(result, findings=(*rest, replace(one, verdict=U, gaps=gaps)))
        yield replace(result, findings=(*rest, listing))
    yield replace(result, findings=(listing,))


def steps(run: Run, gap: str) -> Iterator[Run]:
    for place, result in enumerate(run):
        for less in refused(result, gap):
            yield (*run[:place], less, *run[place + 1 :])


def fewer(run: Run) -> Iterator[Run]:
    for place in range(len(run)):
        yield run[:place] + run[place + 1 :]


def pairs(before: Said, after: Said) -> Iterator[tuple[object, object]]:
    """What can be compared: controls, the criterion, and findings that are in both."""
    yield from (
        (was, now) for (_, was), (_, now) in zip(before.controls, after.controls, strict=True)
    )
    yield before.criterion, after.criterion
    now_said = {(check, name): verdict for check, name, verdict in after.findings}
    for check, name, verdict in before.findings:
        if (check, name) in now_said:
            yield verdict, now_said[check, name]


Edges = list[tuple[int, int]]


def space(below: Callable[[Run], Iterable[Run]]) -> tuple[list[Run], Edges]:
    """Every run with every run one step below it, by number; the order of findings tells none
    apart."""
    numbers: dict[Run, int] = {}

    def number(run: Run) -> int:
        ordered = (
            replace(one, findings=tuple(sorted(one.findings, key=lambda f: f.resource.id)))
            for one in run
        )
        return numbers.setdefault(tuple(ordered), len(numbers))

    edges = {(number(run), number(less)) for run in runs() for less in below(run)}
    return list(numbers), sorted(edges)


def test_no_refusal_that_is_not_waived_and_no_check_less_improves_anything() -> None:
    known, edges = space(lambda run: (*steps(run, OTHER), *fewer(run)))
    for waivers in SETS:
        every = [said(run, waivers) for run in known]
        for before, after in ((every[first], every[second]) for first, second in edges):
            assert not any(itertools.starmap(improves, pairs(before, after))), (
                waivers,
                before,
                after,
            )
            assert after.code != EXIT_CLEAN or before.code == EXIT_CLEAN, (waivers, before, after)
    assert len(edges) * len(SETS) > 15_000


def test_refusing_a_call_whose_gap_is_waived_makes_nothing_pass() -> None:
    """The exception that a named gap is: only waived and accepted may come of it, and only if that
    gap is named."""
    known, edges = space(lambda run: steps(run, NAMED))
    accepted = 0
    # Where no waiver names the call, it is as any other.
    for waivers in (
        some for some in SETS if any(isinstance(waiver.scope, GapScope) for waiver in some)
    ):
        every = [said(run, waivers) for run in known]
        for before, after in ((every[first], every[second]) for first, second in edges):
            better = {now for was, now in pairs(before, after) if improves(was, now)}
            accepted += len(better)
            assert better <= {Verdict.WAIVED, Status.ACCEPTED}, (waivers, before, after)
    assert accepted > 0


def test_a_waiver_makes_nothing_pass_and_hides_no_unknown() -> None:
    """Against the same run without waivers: only failing or named things change, and only to waived
    or accepted."""
    for waivers, run in itertools.product(SETS, runs()):
        plain, after = said(run, ()), said(run, waivers)
        for was, now in pairs(plain, after):
            assert was == now or now in (Verdict.WAIVED, Status.ACCEPTED, Status.NOT_SHOWN), (
                waivers,
                run,
            )
        open_findings = {
            one[:2] for result in run for one in keyed(result) if one[2] != (NAMED,) and one[2]
        }
        still = {(check, name) for check, name, verdict in after.findings if verdict is U}
        assert open_findings <= still, (waivers, run)


def keyed(result: CheckResult) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    return ((one.check, one.resource.id, one.gaps) for one in result.findings)


def test_a_control_waiver_reaches_no_other_control() -> None:
    whole = tuple(waiver for waiver in WAIVERS if waiver.id == "control")
    for run in runs():
        plain, after = dict(said(run, ()).controls), dict(said(run, whole).controls)
        assert {name for name in plain if plain[name] != after[name]} <= {"WAIVED"}, run
        if plain["WAIVED"] is Status.FAIL and after["WAIVED"] is Status.ACCEPTED:
            assert after["SAME"] is Status.FAIL
            assert after["BESIDE"] is Status.PASS
        assert said(run, ()).code == said(run, whole).code


def test_no_waiver_decides_whether_a_control_passes() -> None:
    """So a compensating control may be read without waivers, and none depends on another."""
    for waivers, run in itertools.product(SETS, runs()):
        plain, after = said(run, ()), said(run, waivers)
        passing = [
            {name for name, status in one.controls if status is Status.PASS}
            for one in (plain, after)
        ]
        assert passing[0] == passing[1], (waivers, run)
