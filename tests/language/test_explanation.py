"""Explanations name the values that decided, with their concrete places."""

from __future__ import annotations

from typing import Any

import pytest

from scanner.model.values import ABSENT, OpenList, Unreadable
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
