"""One check over the resources of one target."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from scanner.core.judging.evaluate import UNEXPECTED, evaluate_check
from scanner.core.reading.resources import Gap, Resource
from scanner.model.checks import Check, IfEmpty
from scanner.model.findings import CheckResult, Verdict
from scanner.model.values import ABSENT, OpenList, Unreadable
from tests.helpers.small_library import (
    HERE,
    NOW,
    UNREAD,
    Condition,
    improves,
    make_check,
    make_gap,
    make_ref,
    make_resource,
)

PARAMS: dict[str, Any] = {"tag": "data", "values": ["record"]}
UNTAGGED_OUT = {**PARAMS, "untagged": False}


def judged(
    check: Check, *resources: Resource, gaps: tuple[Gap, ...] = (), params: Any = PARAMS
) -> CheckResult:
    return evaluate_check(
        check, resources, gaps, target=HERE, title="Thing", params=params, now=NOW
    )


@pytest.mark.parametrize(
    ("good", "verdict"),
    [(True, Verdict.PASS), (False, Verdict.FAIL), (UNREAD, Verdict.UNKNOWN)]
    + [
        (odd, Verdict.UNKNOWN)
        for odd in (1, 0, "true", "", None, ABSENT, [], [True], OpenList([], "cut off"), 1.0)
    ],
)
def test_only_a_literal_true_passes_and_only_a_literal_false_fails(
    good: object, verdict: Verdict
) -> None:
    (finding,) = judged(make_check(), make_resource("r", good=good)).findings
    assert finding.verdict is verdict
    assert finding.reason == (
        UNREAD.reason if good is UNREAD else UNEXPECTED if verdict is Verdict.UNKNOWN else ""
    )
    assert bool(finding.observed) == (verdict is not Verdict.PASS)


def test_a_failure_that_the_explanation_does_not_confirm_is_unknown() -> None:
    for other in (True, UNREAD, ABSENT):
        check = make_check(pass_when=Condition("good", otherwise=lambda _, other=other: other))
        (finding,) = judged(check, make_resource("r", good=False)).findings
        assert finding.verdict is Verdict.UNKNOWN


def test_passes_are_not_explained() -> None:
    condition = Condition("good")
    judged(
        make_check(pass_when=condition),
        make_resource("a", good=True),
        make_resource("b", good=False),
    )
    assert condition.explanations == 1


@pytest.mark.parametrize(
    ("where", "found"), [(True, ["fail"]), (False, []), (UNREAD, ["unknown"]), (1, ["unknown"])]
)
def test_where(where: object, found: list[str]) -> None:
    result = judged(make_check(), make_resource("r", where=where, good=False))
    assert [finding.verdict.value for finding in result.findings] == found
    assert result.none_in_scope is (found == [])
    assert not result.empty


@pytest.mark.parametrize(
    ("tags", "params", "found", "scoped_out"),
    [
        ({"data": "record"}, PARAMS, ["fail"], 0),
        ({"data": "scratch"}, PARAMS, [], 1),
        ({"team": "a"}, PARAMS, ["fail"], 0),
        ({"team": "a"}, UNTAGGED_OUT, [], 1),
        (ABSENT, PARAMS, ["fail"], 0),
        (ABSENT, UNTAGGED_OUT, [], 1),
        (UNREAD, PARAMS, ["unknown"], 0),
        (UNREAD, UNTAGGED_OUT, ["unknown"], 0),
        ({"data": UNREAD}, PARAMS, ["unknown"], 0),
        ("data=record", PARAMS, ["unknown"], 0),
        ({"data": "scratch"}, {}, ["fail"], 0),
        (
            {"data": "scratch"},
            {**PARAMS, "values": Unreadable("params.values is not set")},
            ["fail"],
            0,
        ),
        ({"data": "scratch"}, {**PARAMS, "values": []}, ["fail"], 0),
        ({"data": "scratch"}, {**PARAMS, "tag": ""}, ["fail"], 0),
        ({}, {**PARAMS, "untagged": Unreadable("params.untagged is not set")}, ["fail"], 0),
    ],
)
def test_scope_by_label(tags: object, params: Any, found: list[str], scoped_out: int) -> None:
    result = judged(
        make_check(scope=True), make_resource("r", good=False, tags=tags), params=params
    )
    assert [finding.verdict.value for finding in result.findings] == found
    assert result.scoped_out == scoped_out
    assert result.empty is False


def test_a_resource_without_tags_to_read_is_unknown() -> None:
    resource = Resource(ref=make_ref("r"), value={"where": True, "good": True})
    (finding,) = judged(make_check(scope=True), resource).findings
    assert finding.verdict is Verdict.UNKNOWN


@pytest.mark.parametrize(
    ("if_empty", "found"),
    [(IfEmpty.FAIL, ["fail"]), (IfEmpty.UNKNOWN, ["unknown"]), (IfEmpty.NOT_APPLICABLE, [])],
)
def test_an_empty_population(if_empty: IfEmpty, found: list[str]) -> None:
    check = make_check(if_empty=if_empty, scope=True)
    result = judged(check)
    assert (result.empty, result.none_in_scope, result.left_out) == (True, False, 0)
    assert [finding.verdict.value for finding in result.findings] == found
    for finding in result.findings:
        assert (finding.resource.id, finding.resource.name) == (HERE.account, "no Thing")
        assert finding.reason
    gap = judged(check, gaps=(make_gap(),))
    assert [finding.verdict for finding in gap.findings] == [Verdict.UNKNOWN]
    assert gap.findings[0].reason == "aws:List denied"
    assert not gap.empty
    scoped = judged(check, make_resource("r", good=False, tags={"data": "no"}))
    assert (scoped.findings, scoped.empty, scoped.scoped_out) == ((), False, 1)
    assert not scoped.none_in_scope


@pytest.mark.parametrize("if_empty", IfEmpty)
@pytest.mark.parametrize(
    ("says", "found"),
    [(IfEmpty.FAIL, ["fail"]), (IfEmpty.UNKNOWN, ["unknown"]), (IfEmpty.NOT_APPLICABLE, [])],
)
def test_nobody_in_scope_is_another_fact_than_nothing_there(
    if_empty: IfEmpty, says: IfEmpty, found: list[str]
) -> None:
    check = make_check(if_empty=if_empty, if_none_in_scope=says, scope=True)
    out, other = make_resource("r", where=False), make_resource("s", where=False)
    result = judged(check, out, other)
    assert (result.empty, result.none_in_scope, result.left_out) == (False, True, 2)
    assert [finding.verdict.value for finding in result.findings] == found
    reasons = [finding.reason for finding in result.findings]
    assert reasons == [f"no Thing in {HERE} is in scope, 2 out of scope"] * len(found)
    # Not read is the third: no listing that was refused is taken for one of the two.
    refused = judged(check, out, gaps=(make_gap(),))
    assert [finding.verdict for finding in refused.findings] == [Verdict.UNKNOWN]
    assert (refused.empty, refused.none_in_scope) == (False, False)
    unread = judged(check, out, make_resource("u", where=UNREAD))
    assert [finding.verdict for finding in unread.findings] == [Verdict.UNKNOWN]
    assert not unread.none_in_scope
    labelled = judged(check, out, make_resource("l", good=False, tags={"data": "no"}))
    assert (labelled.none_in_scope, labelled.scoped_out, labelled.left_out) == (False, 1, 1)


STATES = [
    {"where": where, "good": good, "tags": tags}
    for where in (True, False, UNREAD)
    for good in (True, False, UNREAD)
    for tags in ({"data": "record"}, {"data": "no"}, ABSENT, UNREAD)
]


def verdicts(result: CheckResult) -> dict[str, Verdict]:
    return {finding.resource.id: finding.verdict for finding in result.findings}


def weaker(state: dict[str, object]) -> list[dict[str, object]]:
    """The same resource with one more value unread."""
    return [{**state, name: UNREAD} for name, value in state.items() if value is not UNREAD]


def test_reading_less_improves_no_finding() -> None:
    """Every pair of resource states × if_empty × parameters: unread values, lost resources, refused
    listings."""
    steps = 0
    for if_empty, params in itertools.product(IfEmpty, ({}, PARAMS, UNTAGGED_OUT)):
        check = make_check(if_empty=if_empty, scope=True)
        for one, two in itertools.combinations_with_replacement(STATES, 2):
            first, second = make_resource("1", **one), make_resource("2", **two)
            before = judged(check, first, second, params=params)
            others = [
                judged(check, make_resource("1", **less), second, params=params)
                for less in weaker(one)
            ]
            others += [
                judged(check, kept, gaps=(make_gap(),), params=params) for kept in (first, second)
            ]
            others.append(judged(check, gaps=(make_gap(),), params=params))
            for after in others:
                steps += 1
                no_better(before, after)
    assert steps > 30_000


def no_better(before: CheckResult, after: CheckResult) -> None:
    """No finding improves, none appears that is good, and nothing becomes empty or scoped out."""
    said = verdicts(before)
    for name, verdict in verdicts(after).items():
        assert not improves(said.get(name, Verdict.UNKNOWN), verdict), (before, after)
    assert after.scoped_out <= before.scoped_out
    assert before.empty or not after.empty
    lost = said.keys() - verdicts(after).keys() - {HERE.account}
    assert not lost or "*" in verdicts(after)
