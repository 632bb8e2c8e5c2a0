"""What belongs to the organization is asked where it is led, and nowhere is a question about it
lost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from scanner.core.reading.projection import Estate, plan_readers
from scanner.model.answers import Account, AccountState, Answer, Call, Snapshot, State, Target
from scanner.model.findings import Assessment, Verdict
from scanner.model.library import Library
from scanner.pipeline import judge
from tests.helpers.small_provider import library

GUARD = """
scope: management
list: {call: x:ListGuards, items: Guards}
id: it.Id
name: it.Id
attributes:
  awake: {meaning: ., type: bool, api: it.Awake}
"""
DOOR = """
scope: account
list: {call: x:ListDoors, items: Doors}
id: it.Id
name: it.Id
attributes:
  guard: {meaning: ., type: string, api: it.Guard}
relations:
  guards: {meaning: ., many: test.x.guard, on: {id: self.guard}}
"""
CHECK = """
resource: test.x.{kind}
if_empty: not_applicable
pass_when: "{condition}"
examples: {{pass: [{{resource: {{}}}}], fail: [{{resource: {{}}}}], unknown: [{{resource: {{}}}}]}}
"""
GUARDS = Call(operation="x:ListGuards", region="", items=("Guards",))
DOORS = Call(operation="x:ListDoors", region="", items=("Doors",))
LEADER, MEMBER = Target("test:1"), Target("test:2")
ELSEWHERE = "the organization is read from account 1"


@pytest.fixture
def found(tmp_path: Path) -> Library:
    checks = {
        "guard": CHECK.format(kind="guard", condition="self.awake"),
        "door": CHECK.format(kind="door", condition="self.guards.exists(g, g.awake)"),
    }
    return library(tmp_path, {"x.guard": GUARD, "x.door": DOOR}, checks)


def snapshot(target: Target, **given: object) -> Snapshot:
    answers = [
        Answer(call=DOORS, state=State.OK, data={"Doors": [{"Id": f"door-{target}", "Guard": "g"}]})
    ]
    if target == LEADER:
        answers.append(
            Answer(call=GUARDS, state=State.OK, data={"Guards": [{"Id": "g", "Awake": True}]})
        )
    made = Snapshot(
        id=str(target),
        target=target,
        partition="test",
        started="2026-01-01T00:00:00Z",
        finished="2026-01-01T00:00:00Z",
        version="0",
        regions=("north",),
        checks=("test-door", "test-guard"),
        params={},
        callers=(),
        answers={answer.call.key: answer for answer in answers},
    )
    return replace(made, **given)  # type: ignore[arg-type]


IN_SCOPE = tuple(
    Account(id=target.account, name="", state=AccountState.IN_SCOPE) for target in (LEADER, MEMBER)
)


def verdicts(assessment: Assessment) -> Mapping[tuple[str, str], list[tuple[Verdict, str]]]:
    return {
        (result.check, result.target): [
            (finding.verdict, finding.reason) for finding in result.findings
        ]
        for result in assessment.results
    }


def test_the_organization_is_asked_once(found: Library) -> None:
    leader, member = (
        snapshot(LEADER, accounts=IN_SCOPE),
        snapshot(MEMBER, management_open=ELSEWHERE),
    )
    assert verdicts(judge([member, leader], found)) == {
        ("test-door", LEADER): [(Verdict.PASS, "")],
        ("test-guard", LEADER): [(Verdict.PASS, "")],
        ("test-door", MEMBER): [(Verdict.UNKNOWN, ELSEWHERE)],
        ("test-guard", MEMBER): [],
    }


@pytest.mark.parametrize("beside", [None, snapshot(LEADER)])
def test_a_member_whose_leader_is_not_there_does_not_know(
    found: Library, beside: Snapshot | None
) -> None:
    member = snapshot(MEMBER, management_open=ELSEWHERE)
    shown = verdicts(judge([member, *([beside] if beside else [])], found))
    assert shown["test-guard", MEMBER] == [(Verdict.UNKNOWN, ELSEWHERE)]


def test_an_excluded_account_is_not_waited_for_and_a_listed_one_is(found: Library) -> None:
    out = Account(id="3", name="", state=AccountState.EXCLUDED, reason="r", approver="a")
    lost = Account(id="4", name="lost", state=AccountState.IN_SCOPE)
    assessment = judge([snapshot(LEADER, accounts=(*IN_SCOPE[:1], out, lost))], found)
    assert [(row["id"], row["name"], bool(row["unentered"])) for row in assessment.targets] == [
        (LEADER, "", False),
        ("test:4", "lost", True),
    ]
    why = "test:4 is an account of the organization in scope, and was not scanned"
    assert verdicts(assessment)["test-guard", "test:4"] == [(Verdict.UNKNOWN, why)]


def test_an_unentered_member_does_not_hide_behind_its_leader(found: Library) -> None:
    shut = snapshot(MEMBER, answers={}, management_open=ELSEWHERE, unentered="the door was shut")
    shown = verdicts(judge([snapshot(LEADER, accounts=IN_SCOPE), shut], found))
    assert (
        shown["test-guard", MEMBER]
        == shown["test-door", MEMBER]
        == [(Verdict.UNKNOWN, "the door was shut")]
    )


@pytest.mark.parametrize(
    ("elsewhere", "asked"), [("", ["test.x.door", "test.x.guard"]), (ELSEWHERE, ["test.x.door"])]
)
def test_only_the_leader_is_asked_for_it(found: Library, elsewhere: str, asked: list[str]) -> None:
    estate = Estate.of(snapshot(MEMBER, management_open=elsewhere), {})

    def reader(name: str) -> object:
        raise LookupError(name)

    units = plan_readers(found, found.checks.values(), reader, estate)  # type: ignore[arg-type]
    assert sorted(unit.kind.id for unit in units) == asked


def test_a_target_without_regions_is_read_all_the_same(found: Library) -> None:
    assessment = judge([snapshot(LEADER, regions=(), regions_open="nobody said")], found)
    assert verdicts(assessment)["test-door", LEADER] == [(Verdict.PASS, "")]
