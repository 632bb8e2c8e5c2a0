"""The proof by enumeration: refusing a call, running fewer checks or cutting off a listing improves
nothing.

Steps are single: one finding less read, one listing less whole, one check less run, one attestation
less. If no single step turns anything into something better, no chain of steps does."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.core.judging.assess import assess_control
from scanner.core.judging.criteria import assess_criterion
from scanner.core.judging.exit_codes import exit_code
from scanner.errors import EXIT_CLEAN
from scanner.model.answers import Target
from scanner.model.checks import Severity
from scanner.model.controls import (
    Control,
    ControlLink,
    Criterion,
    MissingCheck,
    Requirement,
    Role,
    WhenEmpty,
)
from scanner.model.findings import Assessment, CheckResult, ControlResult, Finding, Status, Verdict
from tests.helpers import small_library as small
from tests.helpers.long_form import amount, some
from tests.helpers.small_library import (
    GOOD_STATUSES,
    HERE,
    improves,
    make_check,
    make_control,
    make_finding,
    make_library,
)

pytestmark = pytest.mark.slow

P, F, U, W = Verdict.PASS, Verdict.FAIL, Verdict.UNKNOWN, Verdict.WAIVED
E, S = Role.EVIDENCES, Role.SUPPORTS
LIBRARY = make_library(make_check("a"), make_check("b"))
TARGETS = frozenset({HERE})
Run = tuple[CheckResult, ...]


def population(check: str, most: int) -> list[CheckResult | None]:
    """Every result of a check over at most so many resources, empty ones by each `if_empty`, and
    not run."""
    results: list[CheckResult | None] = [None]
    for size in range(most + 1):
        for verdicts in itertools.combinations_with_replacement((P, F, U, W), size):
            for gap, scoped_out in itertools.product((False, True), (0, 1)):
                empty = not (verdicts or gap or scoped_out)
                results.append(
                    small.make_result(
                        *verdicts, check=check, gap=gap, scoped_out=scoped_out, empty=empty
                    )
                )
    results += [small.make_result(verdict, check=check, empty=True) for verdict in (F, U, W)]
    nobody = ((), (F,), (U,), (W,))
    return results + [small.make_result(*one, check=check, none_in_scope=True) for one in nobody]


def controls() -> Iterator[Control]:
    """Every shape of control over the checks a and b."""
    needs: list[tuple[Requirement, ...]] = [
        (),
        (Requirement(checks=("b",)),),
        (Requirement(checks=("a", "b"), attestations=("MC-1",)),),
        (Requirement(attestations=("MC-1",)),),
    ]
    roles: list[tuple[tuple[str, Role], ...]] = [
        (("a", E), ("b", E)),
        (("a", E), ("b", S)),
        (("a", S), ("b", S)),
    ]
    kinds = [
        (WhenEmpty.NOT_SHOWN, ("setting",)), (WhenEmpty.NOT_APPLICABLE, ("setting",)),
        (WhenEmpty.NO_OCCURRENCE, ("per event",)), (WhenEmpty.NO_OCCURRENCE, ("setting",)),
    ]  # fmt: skip
    for links, need, (when_empty, modes), manual in itertools.product(
        roles, needs, kinds, ((), ("MC-1",))
    ):
        yield make_control(
            *links, must_have=need, when_empty=when_empty, modes=modes, attestations=manual
        )


def less_read(result: CheckResult) -> Iterator[CheckResult]:
    """The same check when one thing more was not read."""
    gap = make_finding(U, "*", result.check)
    if result.empty or result.none_in_scope:
        yield replace(result, findings=(gap,), empty=False, none_in_scope=False)
        return
    for place, finding in enumerate(result.findings):
        rest = result.findings[:place] + result.findings[place + 1 :]
        yield replace(result, findings=(*rest, replace(finding, verdict=U)))
        yield replace(result, findings=(*rest, gap))
    yield replace(result, findings=(*result.findings, gap))
    yield replace(result, findings=(gap,), scoped_out=0)
    if result.scoped_out:
        yield replace(
            result, findings=(*result.findings, make_finding(U, "out", result.check)), scoped_out=0
        )


def steps(run: Run) -> Iterator[Run]:
    """Every run in which one thing less was read or asked."""
    for place, result in enumerate(run):
        yield run[:place] + run[place + 1 :]
        for less in less_read(result):
            yield (*run[:place], less, *run[place + 1 :])


def assessed(control: Control, run: Run, attested: frozenset[str] = frozenset()) -> ControlResult:
    by_check: dict[str, list[CheckResult]] = {}
    for result in run:
        by_check.setdefault(result.check, []).append(result)
    return assess_control(control, by_check, library=LIBRARY, targets=TARGETS, attested=attested)


def runs(most_a: int, most_b: int) -> list[Run]:
    pairs = itertools.product(population("a", most_a), population("b", most_b))
    return [tuple(result for result in pair if result is not None) for pair in pairs]


Shape = tuple[tuple[str, tuple[str, ...], bool, int], ...]


def shape_of(run: Run) -> Shape:
    """What a run comes to: two runs of one shape cannot be told apart by the algebra."""
    return tuple(
        (
            r.check,
            tuple(sorted(f.verdict for f in r.findings)),
            r.empty,
            r.none_in_scope,
            r.scoped_out,
        )
        for r in run
    )


def space(most_a: int, most_b: int) -> tuple[dict[Shape, Run], set[tuple[Shape, Shape]]]:
    """Every run with every run one step below it."""
    known = {shape_of(run): run for run in runs(most_a, most_b)}
    edges = set()
    for shape, run in list(known.items()):
        for less in steps(run):
            known.setdefault(shape_of(less), less)
            edges.add((shape, shape_of(less)))
    return known, edges


def test_less_read_or_run_improves_no_control() -> None:
    """Controls × results of two checks × attested or not × every single step."""
    known, edges = space(1, 1)
    counted = 0
    for control in some(controls(), 24):
        with_person = {
            shape: assessed(control, run, frozenset({"MC-1"})) for shape, run in known.items()
        }
        without = {shape: assessed(control, run) for shape, run in known.items()}
        for shape in known:
            assert not improves(with_person[shape].status, without[shape].status)
        for said in (with_person, without):
            for before, after in edges:
                counted += 1
                assert not improves(said[before].status, said[after].status), (
                    control,
                    before,
                    after,
                )
                assert said[before].complete or not said[after].complete, (control, before, after)
    assert counted > amount(125_000, 500_000)


def test_larger_populations_improve_nothing_either() -> None:
    """Two checks over two resources each, for one control shape in eleven (all of them would take a
    minute)."""
    known, edges = space(2, 2)
    for control in list(controls())[::11]:
        said = {shape: assessed(control, run) for shape, run in known.items()}
        for before, after in edges:
            assert not improves(said[before].status, said[after].status), (control, before, after)
    assert len(edges) > 25_000


def test_no_status_is_good_without_something_tested_read_empty_or_attested() -> None:
    """The guard against vacuous truth, stated from the other side."""
    for control in some(controls(), 24):
        for run, attested in itertools.product(runs(1, 1), (False, True)):
            result = assessed(control, run, frozenset({"MC-1"} if attested else ()))
            if result.status not in GOOD_STATUSES:
                continue
            deciding = {link.id for link in control.checks if link.role is E}
            mine = [one for one in run if one.check in deciding]
            assert {one.check for one in mine} == deciding
            assert not any(one.count(U) or one.count(F) for one in mine)
            tested = any(one.findings for one in mine)
            empty = bool(mine) and all(one.empty or one.none_in_scope for one in mine)
            assert tested or (empty and result.status is not Status.PASS) or (not mine and attested)
            assert attested or not control.attestations


def judged(
    run: Run, shape: tuple[Control, ...], primary: tuple[bool, ...]
) -> tuple[list[Status], int]:
    """Statuses of controls and criterion, and the exit code, of one run."""
    results = [replace(assessed(control, run), id=control.id) for control in shape]
    links = tuple(
        ControlLink(control=result.id, primary=first, why="w")
        for result, first in zip(results, primary, strict=True)
    )
    criterion = Criterion(id="CC6.1", category="c", title="t", evidence="automated", controls=links)
    shown = assess_criterion(criterion, {result.id: result for result in results}, framework="f")
    assert shown.evidence_complete or shown.status is not Status.PASS
    assessment = Assessment(
        id="x", started="", finished="", version="", pack_sha256="", params={}, callers=(), coverage=(), results=run,
        targets=({"id": HERE, "regions_open": "", "unentered": ""},), controls=tuple(results), criteria=(shown,),
    )  # fmt: skip
    code = exit_code(assessment, LIBRARY, Severity.HIGH)
    return [*(result.status for result in results), shown.status], code


def test_less_read_or_run_improves_no_criterion_and_no_exit_code() -> None:
    """Two controls under one criterion, both or one of them primary, down to the exit code."""
    shapes = [
        (make_control(("a", E), name="A", when_empty=empty), make_control(("b", E), name="B"))
        for empty in (WhenEmpty.NOT_APPLICABLE, WhenEmpty.NOT_SHOWN)
    ]
    counted = 0
    for shape, primary in itertools.product(shapes, ((True, True), (True, False), (False, False))):
        for run in some(runs(1, 1), 200):
            statuses, code = judged(run, shape, primary)
            for less in steps(run):
                counted += 1
                after, code_after = judged(less, shape, primary)
                for before, now in zip(statuses, after, strict=True):
                    assert not improves(before, now), (run, less)
                assert code_after != EXIT_CLEAN or code == EXIT_CLEAN, (run, less)
    assert counted > amount(9_000, 30_000)


def test_improves_is_the_order_of_the_design() -> None:
    assert improves(F, P)
    assert improves(F, W)
    assert not improves(F, U)
    assert not improves(P, P)
    assert improves(Status.FAIL, Status.NOT_APPLICABLE)
    assert improves(Status.NOT_SHOWN, Status.NO_OCCURRENCE)
    assert not improves(Status.FAIL, Status.NOT_SHOWN)
    assert not improves(Status.PASS, Status.NEEDS_EVIDENCE)
    assert improves(1, 0)
    assert not improves(1, 3)
    assert not improves(0, 0)


names = st.sampled_from(["a", "b", "c", "d"])
places = st.sampled_from([HERE, Target("aws:444455556666"), Target("gcp:p")])
findings = st.lists(st.sampled_from([P, F, U, W]), max_size=4)
lacks = st.lists(
    st.builds(
        MissingCheck, id=names, cloud=st.sampled_from(["aws", "gcp", "any"]), why=st.just("")
    ),
    max_size=1,
)
wide = make_library(*(make_check(name, cloud="gcp" if name == "d" else "aws") for name in "abcd"))


@st.composite
def wide_runs(draw: st.DrawFn) -> list[CheckResult]:
    """Results of up to four checks over up to three targets, each in its own cloud: it is asked
    nowhere else."""
    found = {}
    for check, target in draw(st.lists(st.tuples(names, places), max_size=8)):
        if Target(target).cloud != wide.cloud(check):
            continue
        verdicts, gap, out = draw(findings), draw(st.booleans()), draw(st.integers(0, 1))
        empty = not (verdicts or gap or out)
        found[check, target] = small.make_result(
            *verdicts, check=check, gap=gap, scoped_out=out, empty=empty, target=target
        )
    return list(found.values())


@st.composite
def wide_controls(draw: st.DrawFn) -> Control:
    """Any control over four checks."""
    links = draw(
        st.lists(
            st.tuples(names, st.sampled_from([E, S])), max_size=4, unique_by=lambda link: link[0]
        )
    )
    return make_control(
        *links,
        when_empty=draw(st.sampled_from(list(WhenEmpty))),
        modes=draw(st.sampled_from([("setting",), ("per event", "setting")])),
        must_have=tuple(Requirement(checks=(name,)) for name in draw(st.lists(names, max_size=1))),
        lacking=tuple(draw(lacks)),
    )


@settings(max_examples=400, deadline=None)
@given(wide_controls(), wide_runs(), st.data())
def test_any_sequence_of_refusals_improves_nothing(
    control: Control, run: list[CheckResult], data: st.DataObject
) -> None:
    targets = frozenset({HERE} | {Target(result.target) for result in run})

    def status(results: Run) -> Status:
        by_check: dict[str, list[CheckResult]] = {}
        for result in results:
            by_check.setdefault(result.check, []).append(result)
        return assess_control(control, by_check, library=wide, targets=targets).status

    before, now = status(tuple(run)), tuple(run)
    for _ in range(data.draw(st.integers(1, 4))):
        ways = list(steps(now))
        if not ways:
            break
        now = ways[data.draw(st.integers(0, len(ways) - 1))]
        assert not improves(before, status(now))


def test_waiving_is_never_done_by_reading_less() -> None:
    """A finding that is waived, read as unknown, is no longer accepted."""
    waived: tuple[Finding, ...] = (make_finding(W, "r"),)
    run = (CheckResult(check="a", target=HERE, findings=waived),)
    control = make_control(("a", E))
    assert assessed(control, run).status is Status.ACCEPTED
    assert {assessed(control, less).status for less in steps(run)} == {Status.NOT_SHOWN}
