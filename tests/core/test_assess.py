"""Controls and criteria, case by case, in the order in which the first status that holds is taken."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from scanner.core.judging.assess import assess_control
from scanner.core.judging.criteria import assess_criterion
from scanner.model.answers import Target
from scanner.model.controls import (
    ControlLink,
    Criterion,
    MissingCheck,
    Requirement,
    Role,
    WhenEmpty,
)
from scanner.model.findings import CheckResult, ControlResult, Counts, Status, Verdict
from tests.helpers.small_library import (
    HERE,
    THERE,
    make_check,
    make_control,
    make_library,
    make_result,
)

P, F, U, W = Verdict.PASS, Verdict.FAIL, Verdict.UNKNOWN, Verdict.WAIVED
E, S = Role.EVIDENCES, Role.SUPPORTS
LIBRARY = make_library(
    make_check("a"), make_check("b"), make_check("h"), make_check("g", cloud="gcp")
)
BOTH = (("a", E), ("b", E))
EMPTY = make_result(empty=True)
NOBODY = make_result(none_in_scope=True)
SCOPED = make_control(
    ("a", E), when_empty=WhenEmpty.NOT_SHOWN, when_none_in_scope=WhenEmpty.NOT_APPLICABLE
)
OUT = make_result(scoped_out=1)
ANY = Requirement(checks=("a",), attestations=("MC-1",), params=("p",))


def assessed(
    control: Any,
    *results: CheckResult,
    targets: frozenset[Target] = frozenset({HERE}),
    attested: frozenset[str] = frozenset(),
    params_set: frozenset[str] = frozenset(),
    **more: Any,
) -> ControlResult:
    by_check: dict[str, list[CheckResult]] = {}
    for result in results:
        by_check.setdefault(result.check, []).append(result)
    return assess_control(
        control, by_check, library=LIBRARY, targets=targets, attested=attested, params_set=params_set, **more
    )  # fmt: skip


def b(*verdicts: Verdict, **parts: Any) -> CheckResult:
    return make_result(*verdicts, check="b", **parts)


CASES: list[tuple[str, Any, tuple[CheckResult, ...], str]] = [
    ("passes", make_control(("a", E)), (make_result(P, P),), "pass"),
    ("one fails", make_control(*BOTH), (make_result(P, F), b(P)), "fail"),
    ("fails beside unread", make_control(*BOTH), (make_result(F, gap=True), b(U)), "fail"),
    ("fails beside not run", make_control(*BOTH), (make_result(F),), "fail"),
    ("fails beside waived", make_control(*BOTH), (make_result(F), b(W)), "fail"),
    ("unknown beside waived", make_control(*BOTH), (make_result(U), b(W)), "not shown"),
    ("unread", make_control(("a", E)), (make_result(P, gap=True),), "not shown"),
    ("not run", make_control(*BOTH), (make_result(P),), "not shown"),
    ("nothing run", make_control(("a", E)), (), "not shown"),
    ("a check of no library", make_control(("a", E), ("z", E)), (make_result(P),), "not shown"),
    ("another cloud's check was not run", make_control(("a", E), ("g", E)), (make_result(P),), "pass"),
    ("only another cloud's check", make_control(("g", E)), (), "not shown"),
    ("waived", make_control(*BOTH), (make_result(P, W), b(P)), "accepted"),
    ("waived beside empty", make_control(*BOTH), (make_result(W), b(empty=True)), "accepted"),
    ("supports fails", make_control(("a", E), ("b", S)), (make_result(P), b(F)), "pass"),
    ("supports unread", make_control(("a", E), ("b", S)), (make_result(P), b(U, gap=True)), "pass"),
    ("supports not run", make_control(("a", E), ("b", S)), (make_result(P),), "pass"),
    ("supports passes alone", make_control(("a", S)), (make_result(P),), "not shown"),
    ("supports cannot fill", make_control(("a", E), ("b", S)), (OUT, b(P)), "not shown"),
    ("no link at all", make_control(), (), "not shown"),
    ("empty", make_control(("a", E)), (EMPTY,), "not applicable"),
    ("empty, not allowed", make_control(("a", E), when_empty=WhenEmpty.NOT_SHOWN), (EMPTY,), "not shown"),
    ("one empty, one tested", make_control(*BOTH, when_empty=WhenEmpty.NOT_SHOWN), (EMPTY, b(P)), "pass"),
    (
        "no occurrence",
        make_control(("a", E), when_empty=WhenEmpty.NO_OCCURRENCE, modes=("setting", "per event")),
        (EMPTY,),
        "no occurrence",
    ),
    ("no event", make_control(("a", E), when_empty=WhenEmpty.NO_OCCURRENCE), (EMPTY,), "not shown"),
    ("an event that may only be absent", make_control(("a", E), modes=("per event",)), (EMPTY,), "not applicable"),
    ("empty beside a gap", make_control(*BOTH), (EMPTY, b(gap=True)), "not shown"),
    ("empty means fail", make_control(("a", E)), (make_result(F, empty=True),), "fail"),
    ("empty means unknown", make_control(("a", E)), (make_result(U, empty=True),), "not shown"),
    ("empty and accepted", make_control(("a", E)), (make_result(W, empty=True),), "accepted"),
    ("none in scope", make_control(("a", E)), (NOBODY,), "not applicable"),
    ("none in scope, not allowed", make_control(("a", E), when_empty=WhenEmpty.NOT_SHOWN), (NOBODY,), "not shown"),
    ("none in scope, allowed", SCOPED, (NOBODY,), "not applicable"),
    ("none there, where none in scope is allowed", SCOPED, (EMPTY,), "not shown"),
    ("none there in one of two", SCOPED, (NOBODY, make_result(empty=True)), "not shown"),
    ("none in scope means fail", SCOPED, (make_result(F, none_in_scope=True),), "fail"),
    ("none in scope beside tested", SCOPED, (NOBODY, make_result(P)), "pass"),
    ("must have nobody in scope", make_control(("b", E), must_have=(ANY,)), (NOBODY, b(P)), "pass"),
    (
        "must have nobody in scope, which fails",
        make_control(("b", E), must_have=(ANY,)),
        (make_result(F, none_in_scope=True), b(P)),
        "not shown",
    ),
    ("scoped out", make_control(("a", E)), (OUT,), "not shown"),
    ("scoped out beside empty", make_control(*BOTH), (OUT, b(empty=True)), "not shown"),
    ("scoped out beside tested", make_control(*BOTH), (OUT, b(P)), "pass"),
    ("a result that says nothing", make_control(("a", E)), (make_result(),), "not shown"),
    ("attestation missing", make_control(("a", E), attestations=("MC-2",)), (make_result(P),), "needs evidence"),
    ("attestation missing, waived", make_control(("a", E), attestations=("MC-2",)), (make_result(W),),
     "needs evidence"),
    ("attestation missing, empty", make_control(("a", E), attestations=("MC-2",)), (EMPTY,), "needs evidence"),
    ("attestation missing, unread", make_control(("a", E), attestations=("MC-2",)), (make_result(U),), "not shown"),
    ("attestation only", make_control(attestations=("MC-2",)), (), "needs evidence"),
    ("must have read", make_control(("a", E), must_have=(ANY,)), (make_result(P),), "pass"),
    ("must have empty", make_control(("a", E), must_have=(ANY,)), (EMPTY,), "not shown"),
    ("must have failing", make_control(("b", E), must_have=(ANY,)), (make_result(F), b(P)), "pass"),
    ("must have unread", make_control(("b", E), must_have=(ANY,)), (make_result(P, gap=True), b(P)), "not shown"),
    ("must have not run", make_control(("b", E), must_have=(ANY,)), (b(P),), "not shown"),
    ("must have absent", make_control(("b", E), must_have=(ANY,)), (make_result(F, empty=True), b(P)), "not shown"),
    ("must have a person", make_control(("a", E), must_have=(Requirement(attestations=("MC-3",)),)), (make_result(P),),
     "needs evidence"),
    ("must have nothing", make_control(("a", E), must_have=(Requirement(),)), (make_result(P),), "not shown"),
    ("lacking here", make_control(("a", E), lacking=(MissingCheck(id="x", cloud="aws", why=""),)), (make_result(P),),
     "not shown"),
    ("lacking anywhere", make_control(("a", E), lacking=(MissingCheck(id="x", cloud="any", why=""),)), (make_result(P),),
     "not shown"),
    ("lacking there", make_control(("a", E), lacking=(MissingCheck(id="x", cloud="gcp", why=""),)), (make_result(P),),
     "pass"),
    ("lacking and failing", make_control(("a", E), lacking=(MissingCheck(id="x", cloud="aws", why=""),)), (make_result(F),),
     "fail"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("control", "results", "status"), [case[1:] for case in CASES], ids=[c[0] for c in CASES]
)
def test_control(control: Any, results: tuple[CheckResult, ...], status: str) -> None:
    result = assessed(control, *results)
    assert result.status.value == status
    assert bool(result.reasons) == (status not in ("pass", "not applicable", "no occurrence"))


@pytest.mark.parametrize(
    ("attested", "params_set", "status"),
    [({"MC-1"}, set(), "pass"), (set(), {"p"}, "pass"), ({"MC-9"}, {"q"}, "not shown")],
)
def test_must_have_by_a_person_or_a_parameter(
    attested: set[str], params_set: set[str], status: str
) -> None:
    control = make_control(("b", E), must_have=(ANY,))
    result = assessed(control, b(P), attested=frozenset(attested), params_set=frozenset(params_set))
    assert result.status.value == status


def test_reasons_say_what_kept_the_control_open() -> None:
    control = make_control(("a", E))
    assert assessed(control, OUT).reasons == ("labels put every resource out of scope",)
    assert assessed(control, make_result()).reasons == ("nothing was tested",)
    assert assessed(control).reasons == ("a was not run in aws:111122223333", "nothing was tested")
    assert assessed(control, make_result(P, F, W)).reasons == (
        "1 of 3 findings failed",
        "1 accepted by waiver",
    )


def test_each_must_have_counts() -> None:
    control = make_control(("b", E), must_have=(ANY, Requirement(params=("q",))))
    assert assessed(control, b(P), params_set=frozenset({"p"})).status is Status.NOT_SHOWN
    assert assessed(control, b(P), params_set=frozenset({"p", "q"})).status is Status.PASS


def test_attestations() -> None:
    alone = make_control(attestations=("MC-1", "MC-2"))
    assert assessed(alone, attested=frozenset({"MC-1"})).status is Status.NEEDS_EVIDENCE
    assert assessed(alone, attested=frozenset({"MC-1", "MC-2"})).status is Status.PASS
    mixed = make_control(("a", E), attestations=("MC-1",))
    assert assessed(mixed, OUT, attested=frozenset({"MC-1"})).status is Status.NOT_SHOWN
    assert assessed(mixed, attested=frozenset({"MC-1"})).status is Status.NOT_SHOWN


def test_a_check_is_asked_of_every_target_of_its_cloud() -> None:
    control = make_control(("a", E), must_have=(ANY,))
    both = frozenset({HERE, THERE})
    assert assessed(control, make_result(P), targets=both).status is Status.NOT_SHOWN
    assert (
        assessed(control, make_result(P), make_result(P, target=THERE), targets=both).status
        is Status.PASS
    )
    empty = make_result(empty=True, target=THERE)
    assert assessed(control, make_result(P), empty, targets=both).status is Status.PASS
    assert assessed(
        make_control(("g", E), ("a", E)), make_result(P), targets=both | {Target("gcp:p")}
    ).reasons == (
        "g was not run in gcp:p",
        "a was not run in aws:444455556666",
    )


def test_what_must_be_there_in_one_cloud_does_not_stand_for_another() -> None:
    control = make_control(("b", E), must_have=(Requirement(checks=("a", "h", "g")),))
    cloud = Target("gcp:p")
    there = make_result(P, check="g", target=cloud)
    both = frozenset({HERE, cloud})
    for results, reasons in (
        ((there,), ("needs a or h",)),
        ((there, make_result(U)), ("needs a or h",)),
        ((make_result(P),), ("needs g",)),
        ((make_result(P), make_result(U, check="g", target=cloud)), ("needs g",)),
        ((make_result(P, target=THERE), there), ("needs a or h",)),
        ((EMPTY, make_result(check="g", target=cloud, empty=True)), ("needs a or h or g",)),
        ((make_result(F), there), ()),
        ((make_result(P, check="h"), there), ()),
        ((EMPTY, there), ()),
    ):
        result = assessed(control, b(P), *results, targets=both)
        assert (result.reasons, result.status is Status.PASS) == (reasons, not reasons)
    assert assessed(control, b(P), make_result(P)).status is Status.PASS
    assert (
        assessed(
            make_control(("g", E), must_have=control.must_have), there, targets=frozenset({cloud})
        ).reasons
        == ()
    )


def test_counts_are_of_deciding_checks() -> None:
    control = make_control(*BOTH, ("g", S))
    supporting = make_result(F, check="g")
    result = assessed(control, make_result(P, F, W, gap=True, scoped_out=2), b(U), supporting)
    assert result.counts == Counts(
        passed=1, failed=1, unknown=2, waived=1, resources=3, scoped_out=2
    )
    assert result.complete is False


def criterion(*links: tuple[str, bool]) -> Criterion:
    return Criterion(
        id="CC6.1",
        category="Security",
        title="t",
        evidence="automated",
        controls=tuple(
            ControlLink(control=name, primary=primary, why="w") for name, primary in links
        ),
    )


def shown(*statuses: Status, supporting: tuple[Status, ...] = ()) -> Any:
    links = [(f"P{place}", True) for place in range(len(statuses))]
    links += [(f"S{place}", False) for place in range(len(supporting))]
    results = {
        name: ControlResult(id=name, status=status, reasons=(), counts=Counts(), complete=True)
        for (name, _), status in zip(links, statuses + supporting, strict=True)
    }
    return assess_criterion(criterion(*links), results, framework="soc2")


@pytest.mark.parametrize(
    ("statuses", "status", "complete", "failing"),
    [
        ("pass", "pass", True, 0), ("pass fail not_shown fail", "fail", False, 2),
        ("pass not_shown needs_evidence", "not shown", False, 0),
        ("accepted needs_evidence", "needs evidence", False, 0),
        ("pass accepted", "accepted", True, 0), ("no_occurrence pass", "pass", True, 0),
        ("not_applicable accepted", "accepted", True, 0), ("not_applicable no_occurrence", "no occurrence", True, 0),
        ("not_applicable", "not applicable", True, 0), ("no_occurrence fail", "fail", True, 1),
        ("", "needs evidence", False, 0),
    ],
)  # fmt: skip
def test_criterion(statuses: str, status: str, complete: bool, failing: int) -> None:
    result = shown(
        *(Status[name.upper()] for name in statuses.split()), supporting=(Status.PASS, Status.FAIL)
    )
    assert (result.status.value, result.evidence_complete, result.failing) == (
        status,
        complete,
        failing,
    )


def test_a_primary_control_that_was_not_assessed_is_missing() -> None:
    result = assess_criterion(criterion(("P", True), ("Q", True)), {
        "P": ControlResult(id="P", status=Status.PASS, reasons=(), counts=Counts(), complete=True)
    }, framework="f")  # fmt: skip
    assert (result.status, result.evidence_complete) == (Status.NEEDS_EVIDENCE, False)


def test_a_failing_control_that_is_unread_besides_is_no_complete_evidence() -> None:
    control = assessed(make_control(*BOTH), make_result(F), b(U))
    result = assess_criterion(criterion(("C", True)), {"C": control}, framework="f")
    assert (result.status, result.evidence_complete) == (Status.FAIL, False)


def test_a_control_waiver_accepts_what_fails_in_its_target_and_nothing_that_is_unread() -> None:
    control = make_control(*BOTH)
    here, both = frozenset({str(HERE)}), frozenset({HERE, THERE})
    result = assessed(control, make_result(P, F), b(F), accepted=here)
    assert (result.status, result.counts) == (
        Status.ACCEPTED,
        Counts(passed=1, waived=2, resources=2),
    )
    assert result.reasons == ("2 accepted by waiver",)
    assert assessed(control, make_result(F), b(U), accepted=here).status is Status.NOT_SHOWN
    assert assessed(control, make_result(F), accepted=here).status is Status.NOT_SHOWN
    assert assessed(control, make_result(P), b(P), accepted=here).status is Status.PASS
    results = (make_result(P), make_result(F, target=THERE), b(P), b(F))
    there = assessed(control, *results, b(P, target=THERE), targets=both, accepted=here)
    assert (there.status, there.counts.failed, there.counts.waived) == (Status.FAIL, 1, 1)


@pytest.mark.parametrize(
    ("without", "status"), [(F, Status.PASS), (U, Status.NOT_SHOWN), (None, Status.NOT_SHOWN)]
)  # fmt: skip
def test_what_must_be_there_is_not_met_by_a_gap_that_is_accepted(
    without: Verdict | None, status: Status
) -> None:
    """A waived failure was read, a waived gap was not: the control would pass by it."""
    waived = make_result(W)
    waived = replace(
        waived, findings=tuple(replace(one, without_waiver=without) for one in waived.findings)
    )
    control = make_control(("b", E), must_have=(ANY,))
    assert assessed(control, waived, b(P)).status is status
    assert assessed(control, waived, b(P), params_set=frozenset({"p"})).status is Status.PASS
    # Where the check decides, the control is accepted, and cannot pass.
    assert assessed(make_control(*BOTH, must_have=(ANY,)), waived, b(P)).status is Status.ACCEPTED


def test_an_attestation_that_ended_is_named() -> None:
    control = make_control(attestations=("MC-1", "MC-2"))
    result = assessed(
        control, attested=frozenset({"MC-2"}), stale={"MC-1": "q1 by a@b.c: ended on 2026-01-01"}
    )
    assert result.reasons == ("MC-1 has no current attestation: q1 by a@b.c: ended on 2026-01-01",)


def test_what_a_control_waits_for_is_said_once() -> None:
    twice = make_control(
        attestations=("MC-1", "MC-2"), must_have=(Requirement(attestations=("MC-2", "MC-1")),)
    )
    missing = ("MC-1 has no current attestation", "MC-2 has no current attestation")
    assert assessed(twice).reasons == missing
    either = make_control(
        attestations=("MC-1",), must_have=(Requirement(attestations=("MC-1", "MC-3")),)
    )
    assert assessed(either).reasons == (missing[0], "needs MC-1 or MC-3")
    assert assessed(either, attested=frozenset({"MC-1"})).status is Status.PASS
    other = make_control(attestations=("MC-1",), must_have=(Requirement(attestations=("MC-3",)),))
    assert assessed(other, attested=frozenset({"MC-1"})).reasons == ("needs MC-3",)


def test_an_attestation_satisfies_nothing_that_a_check_left_unread() -> None:
    every = frozenset({"MC-1", "MC-2"})
    mixed = make_control(("a", E), attestations=("MC-1",), must_have=(Requirement(checks=("b",)),))
    for results in (
        (make_result(U), b(P)),
        (make_result(P, gap=True), b(P)),
        (b(P),),
        (make_result(P), b(U)),
    ):
        assert assessed(mixed, *results, attested=every).status is Status.NOT_SHOWN
    assert assessed(mixed, make_result(P), b(P), attested=every).status is Status.PASS
    assert assessed(mixed, make_result(P), attested=every).reasons == ("needs b",)
