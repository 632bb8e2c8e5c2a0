"""Why a finding changed, where waivers come and go: what was read decides, not what happened at the
same time."""

from __future__ import annotations

from dataclasses import replace

import pytest

from scanner.history.ledger.changes import JudgingBasis, Seen, apply, transitions, verdicts_by_key
from scanner.history.ledger.evidence_refs import parameters
from scanner.model.checks import Severity
from scanner.model.findings import CheckResult, Finding, ResourceRef, Verdict
from scanner.model.history import Transition
from tests.helpers.library import shipped_library

PLACE = ("c", "eu-west-1", "r")
FAIL, PASS, UNKNOWN = Seen("fail", ""), Seen("pass", ""), Seen("unknown", "")
WAIVED, GAP = Seen("waived", ""), Seen("waived", "", gap=True)


def ground(pack: str = "p") -> JudgingBasis:
    return JudgingBasis(
        pack=pack, params={}, checks=frozenset({"c"}), regions=frozenset({"eu-west-1"})
    )


def moves(*seen: Seen, last: JudgingBasis | None = None) -> list[str]:
    """The causes of the transitions of one finding through several records."""
    state: dict[tuple[str, str, str], Transition] = {}
    found: list[str] = []
    was: JudgingBasis | None = None
    for number, one in enumerate(seen, 1):
        now = last if last is not None and number == len(seen) else ground()
        rows = list(
            transitions(state, {PLACE: one}, seq=number, ts="", target="aws:1", was=was, ground=now)
        )  # fmt: skip
        apply(state, rows)
        found += [row.cause.value for row in rows]
        was = now
    return found


@pytest.mark.parametrize(
    ("before", "after", "cause"),
    [
        (FAIL, WAIVED, "waiver"), (WAIVED, FAIL, "waiver"), (GAP, UNKNOWN, "waiver"), (UNKNOWN, GAP, "gap"),
        (FAIL, GAP, "gap"), (PASS, GAP, "gap"), (GAP, WAIVED, "evidence"), (WAIVED, GAP, "gap"),
        (GAP, FAIL, "evidence"), (GAP, PASS, "evidence"), (WAIVED, PASS, "evidence"), (PASS, WAIVED, "evidence"),
        (UNKNOWN, WAIVED, "evidence"), (WAIVED, UNKNOWN, "evidence"), (FAIL, PASS, "evidence"),
    ],
)  # fmt: skip
def test_the_cause_is_told_by_what_was_read(before: Seen, after: Seen, cause: str) -> None:
    assert moves(before, after)[1:] == [cause]


def test_another_pack_does_not_explain_a_waiver_and_explains_the_rest() -> None:
    pack = ground(pack="q")
    assert moves(FAIL, WAIVED, last=pack)[1:] == ["waiver"]
    assert moves(FAIL, GAP, last=pack)[1:] == ["gap"]
    assert moves(WAIVED, PASS, last=pack)[1:] == ["pack"]


@pytest.mark.parametrize(
    ("names", "before", "after", "cause"),
    [
        (frozenset({"days"}), {"days": 90}, {"days": 30}, "params"),
        (frozenset({"days"}), {}, {"days": 90}, "params"),
        (frozenset({"days"}), {"days": 90, "other": 1}, {"other": 1}, "params"),
        (frozenset({"days"}), {"days": 90, "other": 1}, {"days": 90, "other": 2}, "evidence"),
        (frozenset(), {}, {"other": 2}, "evidence"),
        (None, {}, {"other": 2}, "params"),
        (None, {"other": 2}, {"other": 2}, "evidence"),
    ],
)
def test_a_parameter_explains_only_what_it_may_decide(
    names: frozenset[str] | None, before: dict[str, int], after: dict[str, int], cause: str
) -> None:
    state: dict[tuple[str, str, str], Transition] = {}
    was, now = (
        replace(ground(), params=params, parameters_of=lambda _: names)
        for params in (before, after)
    )
    apply(
        state,
        list(transitions(state, {PLACE: FAIL}, seq=1, ts="", target="aws:1", was=None, ground=was)),
    )
    (row,) = transitions(state, {PLACE: PASS}, seq=2, ts="", target="aws:1", was=was, ground=now)
    assert row.cause.value == cause


def test_the_parameters_that_may_decide_a_check() -> None:
    library = shipped_library()
    assert parameters(library, "aws-iam-root-mfa-enabled") == frozenset()
    assert parameters(library, "aws-s3-bucket-versioned") == {
        "record_tag", "record_values", "record_untagged_in", "classification_tag",
    }  # fmt: skip
    # That one is read by a program, which looks parameters up by itself.
    assert parameters(library, "azure-entra-global-admins-limited") is None
    assert parameters(library, "gone") is None
    used = {name: parameters(library, name) for name in library.checks}
    for name, check in library.checks.items():
        known = used[name]
        said = {one for example in check.examples for one in example.params}
        assert known is None or said <= known, (
            f"{name} is tried with a parameter that does not decide it"
        )
    assert sum(known is not None for known in used.values()) > 150


def test_what_stays_waived_in_the_same_way_does_not_move() -> None:
    assert moves(WAIVED, WAIVED) == ["scope"]
    assert moves(GAP, GAP) == ["gap"]


def test_of_several_at_one_place_one_gap_makes_it_one() -> None:
    def waived(without: Verdict) -> Finding:
        ref = ResourceRef(kind="k", id="r", name="r", target="aws:1", region="eu-west-1")
        return Finding(
            check="c", verdict=Verdict.WAIVED, severity=Severity.HIGH, resource=ref, without_waiver=without
        )  # fmt: skip

    def seen(*findings: Finding) -> bool:
        return verdicts_by_key([CheckResult(check="c", target="aws:1", findings=findings)])[
            PLACE
        ].gap

    assert seen(waived(Verdict.UNKNOWN), waived(Verdict.FAIL)) is True
    assert seen(waived(Verdict.FAIL)) is False
