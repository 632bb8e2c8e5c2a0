"""Explanations name the values that decided, with their concrete places."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from scanner.language import compile_expression
from scanner.language.types import INT, STRING, TIMESTAMP, Field, ListType, RecordType
from scanner.model.values import ABSENT, OpenList, Unreadable, Wanted
from tests.helpers.language_samples import program, thing

U = Unreadable("denied")
WORLD = (
    "self.rules.all(r, !has(r.port) || !(r.port == 22) || !r.cidrs.exists(c, cidrPrefix(c) == 0))"
)


@pytest.mark.parametrize(
    ("source", "changes", "outcome", "observed"),
    [
        ("self.flag", {"flag": False}, False, {"self.flag": False}),
        (WORLD, {}, False, {"self.rules[1].port": 22, "self.rules[1].cidrs[1]": "0.0.0.0/0"}),
        (
            "self.flag && self.count > 5 && self.name == 'x'",
            {},
            False,
            {"self.count": 3, "self.name": "prod-logs"},
        ),
        ("self.flag && self.count > 2", {"count": U}, U, {"self.count": U}),
        ("self.policy.public", {"policy": U}, U, {"self.policy": U}),
        (
            "self.names.all(n, n in params.approved)",
            {},
            False,
            {"self.names[1]": "b", "params.approved": ["a"]},
        ),
        ("has(self.limit) && self.limit > 1", {"limit": ABSENT}, False, {"self.limit": ABSENT}),
        ("!has(self.limit) || self.limit > 20", {}, False, {"self.limit": 10}),
        ("'owner' in self.tags", {}, False, {"self.tags": {"env": "prod"}}),
        ("'env' in self.tags && self.tags['env'] == 'x'", {}, False, {"self.tags['env']": "prod"}),
        ("size(self.names) > 1 && self.names[1] == 'x'", {}, False, {"self.names[1]": "b"}),
        ("size(self.names) == 0", {}, False, {"self.names": ["a", "b"]}),
        ("size(self.rules) == 0", {}, False, {"size(self.rules)": 2}),
        ("self.names.exists(n, n == 'z')", {"names": []}, False, {"self.names": []}),
        ("self.names.exists(n, n == 'z')", {}, False, {"self.names[0]": "a", "self.names[1]": "b"}),
        (
            "self.names.all(n, n != '')",
            {"names": OpenList(["a"], "cut")},
            Unreadable("cut"),
            {"self.names": Unreadable("cut")},
        ),
        (
            "self.rules.filter(r, r.open).all(r, r.cidrs == [])",
            {},
            False,
            {"self.rules[1].cidrs": ["10.0.0.0/8", "0.0.0.0/0"]},
        ),
        ("self.rules.map(r, r.open).all(o, !o)", {}, False, {"self.rules[1].open": True}),
        ("self.flag ? self.count > 5 : true", {}, False, {"self.count": 3, "self.flag": True}),
        ("self.flag || self.count > 5", {}, True, {"self.flag": True}),
    ],
)
def test_observed(
    source: str, changes: dict[str, Any], outcome: object, observed: dict[str, object]
) -> None:
    explanation = program(source).explain(thing(**changes))
    assert explanation.outcome == outcome
    assert {one.path: one.value for one in explanation.observed} == observed
    assert explanation.reason == (outcome.reason if isinstance(outcome, Unreadable) else "")


@pytest.mark.parametrize(
    ("source", "changes", "wanted"),
    [
        ("self.name == 'x'", {}, {"self.name": Wanted("{}", "x")}),
        ("'x' == self.name", {}, {"self.name": Wanted("{}", "x")}),
        ("self.name != 'prod-logs'", {}, {"self.name": Wanted("not {}", "prod-logs")}),
        ("!(self.name == 'prod-logs')", {}, {"self.name": Wanted("not {}", "prod-logs")}),
        ("self.count >= 5", {}, {"self.count": Wanted("at least {}", 5)}),
        ("5 < self.count", {}, {"self.count": Wanted("more than {}", 5)}),
        ("!(self.count < 5)", {}, {"self.count": Wanted("at least {}", 5)}),
        ("self.name in ['a', 'b']", {}, {"self.name": Wanted("one of {}", ["a", "b"])}),
        ("self.name in params.approved", {"params": {"approved": []}}, {}),
        ("'z' in self.names", {}, {"self.names": Wanted("with {}", "z")}),
        ("!('a' in self.names)", {}, {"self.names": Wanted("without {}", "a")}),
        ("size(self.names) == 0", {}, {"self.names": Wanted("empty")}),
        ("size(self.rules) == 0", {}, {"size(self.rules)": Wanted("empty")}),
        ("size(self.names) == 5", {}, {}),
        ("self.names == []", {}, {"self.names": Wanted("empty")}),
        ("self.flag", {"flag": False}, {"self.flag": Wanted("{}", True)}),
        ("!self.flag", {}, {"self.flag": Wanted("{}", False)}),
        ("has(self.limit)", {"limit": ABSENT}, {"self.limit": Wanted("present")}),
        # A guard is not what was wanted.
        ("!has(self.limit) || self.limit > 20", {}, {"self.limit": Wanted("more than {}", 20)}),
        ("self.names.all(n, n == 'a')", {}, {"self.names[1]": Wanted("{}", "a")}),
        # The parameter is shown, and nothing was wanted of it.
        (
            "self.names.all(n, n in params.approved)",
            {},
            {"self.names[1]": Wanted("one of {}", ["a"])},
        ),
        ("params.approved.all(a, a == self.name)", {}, {}),
        # Neither of an unread value, nor of one that did not decide.
        ("self.name == 'x'", {"name": U}, {}),
        ("self.count + 1 == 2", {}, {}),
        # What passed wanted nothing else.
        ("self.count == 3", {}, {}),
        # Any of many alternatives would do.
        ("self.count == 1 || self.count == 2 || self.name == 'x'", {}, {}),
    ],
)
def test_what_a_comparison_wanted(
    source: str, changes: dict[str, Any], wanted: dict[str, Wanted]
) -> None:
    scope = thing(**{name: value for name, value in changes.items() if name != "params"})
    scope |= {name: value for name, value in changes.items() if name == "params"}
    explanation = program(source).explain(scope)
    found = {one.path: one.wanted for one in explanation.observed if one.wanted}
    assert found == {path: (one,) for path, one in wanted.items()}


def test_one_value_may_be_wanted_in_two_ways() -> None:
    (found,) = program("self.count == 0 || self.count >= 365").explain(thing()).observed
    assert found.wanted == (Wanted("{}", 0), Wanted("at least {}", 365))


def test_an_age_was_wanted_of_a_time() -> None:
    now = datetime(2026, 1, 31, tzinfo=UTC)
    names = {"self": RecordType("t", {"made": Field(TIMESTAMP)}), "now": TIMESTAMP}
    condition = compile_expression("now - self.made <= duration('24h')", names)
    scope = {"self": {"made": now - timedelta(days=3)}, "now": now}
    wanted = {one.path: one.wanted for one in condition.explain(scope).observed}
    assert wanted == {"self.made": (Wanted("at most {} ago", timedelta(days=1)),), "now": ()}


def test_an_item_has_its_own_name_in_the_label() -> None:
    item = RecordType("item", {"name": Field(STRING), "ports": Field(ListType(INT))})
    names = {"self": RecordType("t", {"rules": Field(ListType(item))})}
    condition = compile_expression("self.rules.all(r, r.ports.all(p, p != 22))", names)
    rules = [{"name": "web", "ports": [80]}, {"name": "ssh", "ports": [80, 22]}]
    (found,) = condition.explain({"self": {"rules": rules}}).observed
    assert (found.path, found.label) == ("self.rules[1].ports[1]", "self.rules[ssh].ports")


def test_an_item_without_a_name_has_its_number() -> None:
    (found,) = program("self.rules.all(r, !r.open)").explain(thing()).observed
    assert found.label == found.path == "self.rules[1].open"


def test_no_more_than_twenty() -> None:
    explanation = program("self.names.exists(n, n == 'z')").explain(thing(names=["a"] * 100))
    assert [one.path for one in explanation.observed] == [
        f"self.names[{place}]" for place in range(20)
    ]


def test_reasons_are_joined() -> None:
    scope = thing(count=U, flag=Unreadable("throttled"), name=U)
    assert (
        program("self.flag && self.count > 1 && self.name == ''").explain(scope).reason
        == "throttled; denied"
    )
