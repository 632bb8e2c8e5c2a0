"""Raw answers: what is missing, what was not read, and when the difference survives."""

from __future__ import annotations

from typing import Any

import pytest

from scanner.language import BOOL, DYN, INT, STRING, TIMESTAMP, compile_expression
from scanner.model.values import ABSENT, OpenList, Symbol, Unreadable
from tests.helpers.language_samples import program, thing

U = Unreadable("denied")
OPEN = "cut off"


@pytest.mark.parametrize(
    "source", ["has(self.limit) || self.limit == 1", "self.limit == 1", "self.names[7] == 'a'"]
)
def test_raw_expressions_need_no_guard_and_gain_nothing(source: str) -> None:
    compiled, scope = program(source, raw=True), thing(limit=ABSENT)
    outcome = compiled.evaluate(scope)
    assert outcome == compiled.evaluate_slowly(scope)
    assert isinstance(outcome, Unreadable)
    assert outcome.missing


LATER = Symbol("after apply", present=True, owner="x.y", attribute="id", value="ID")


def test_a_value_that_is_known_after_apply_stays_one_value_in_small_letters() -> None:
    lowered = raw("it.lowerAscii()", LATER)
    assert isinstance(lowered, Symbol)
    assert (lowered.owner, lowered.attribute, lowered.value) == ("x.y", "lowerAscii(id)", "id")
    assert raw("it.lowerAscii().lowerAscii()", LATER) == lowered
    assert lowered != LATER, "it may have capitals"
    assert isinstance(raw("it.upperAscii()", LATER), Unreadable)
    assert raw("[it.lowerAscii(), 'a']", LATER) == [lowered, "a"]


def test_what_is_missing_adds_nothing_to_a_list() -> None:
    found = raw("['a'] + it.More", {})
    assert isinstance(found, Unreadable)
    found = raw("it.filter(r, r.Kind == 'a')", [{}, {}])
    assert isinstance(found, Unreadable)
    assert found.missing, "an `absent:` may speak"


def raw(source: str, it: object) -> object:
    return compile_expression(source, {"it": DYN}, raw=True).evaluate({"it": it})


RAW = {
    "Name": "x",
    "Count": 1,
    "Null": None,
    "List": [{"A": 1}, {}],
    "Open": OpenList([1], OPEN),
    "Denied": U,
    "Gone": ABSENT,
    "Text": "2026-01-01T00:00:00Z",
    "Map": {},
    "Full": {"a": 1},
    "Redacted": {"$redacted": "token"},
}


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("it.Name", "x"),
        ("it.List[0].A", 1),
        ("it.Name == 'x' && it.Count < 2", True),
        ("it.Nope", "missing"),
        ("it.Null", "missing"),
        ("it.Gone.Deeper", "missing"),
        ("it.List[1].A", "missing"),
        ("it.List[5]", "missing"),
        ("it.Denied.Deeper", "unread"),
        ("it.Nope == 'a' || it.Denied", "unread"),
        ("it.Nope == 'a' || it.Null == 'b'", "missing"),
        ("it.Nope == it.Denied", "unread"),
        ("it.Name == 1", "unread"),
        ("it.Count == true", "unread"),
        ("size(it.Count)", "unread"),
        ("it.Name < it.Name", "unread"),
        (
            "has(it.Name) && !has(it.Nope) && !has(it.Null) && !has(it.Gone.X) && !has(it.Nope.X)",
            True,
        ),
        ("has(it.Denied.X)", "unread"),
        ("has(it.Count.X)", "unread"),
        ("it.List.exists(l, has(l.A) && l.A == 1)", True),
        ("it.List.exists(l, l.A == 2)", "missing"),
        ("it.List.map(l, l.A)", "unread"),
        ("it.Open.exists(o, o == 1)", True),
        ("it.Open.all(o, o == 1)", "unread"),
        ("timestamp(it.Text) < timestamp('2026-02-01T00:00:00Z')", True),
        ("timestamp(it.Nope) < timestamp('2026-02-01T00:00:00Z')", "missing"),
        ("'Name' in keys(it) && !('Nope' in keys(it))", True),
        ("it['Name'] == 'x'", True),
        ("it.Count ? 1 : 2", "unread"),
        ("it.Nope ? 1 : 2", "missing"),
        ("it.Map.all(m, false)", "unread"),
        ("!it.Map.exists(m, true)", "unread"),
        ("it.Full.exists(m, true)", "unread"),
        ("it.Map.map(m, m)", "unread"),
        ("it.Map.filter(m, true)", "unread"),
        ("it.Map.exists_one(m, true)", "unread"),
        ("size(it.Map) == 0", "unread"),
        ("keys(it.Full) == ['a'] && keys(it.Map) == []", True),
        ("keys(it.Full).all(k, k == 'a')", True),
        ("keys(it.List)", "unread"),
        ("keys(it.Redacted)", "unread"),
        ("it.List[1].all(m, false)", "unread"),
        ("'a' in it.Map", "unread"),
        ("'a' in it.Full", "unread"),
        ("'a' in keys(it.Full) && !('a' in keys(it.Map))", True),
        ("'a' in it.Redacted", "unread"),
        ("1 in it.Open || 2 in [1, 2]", True),
        ("'b' in it.List", "unread"),
    ],
)
def test_raw_answers(source: str, expected: object) -> None:
    compiled = compile_expression(source, {"it": DYN})
    outcome = compiled.evaluate({"it": RAW})
    assert outcome == compiled.evaluate_slowly({"it": RAW})
    if isinstance(outcome, Unreadable):
        assert ("missing" if outcome.missing else "unread") == expected
    else:
        assert outcome == expected


@pytest.mark.parametrize(
    ("want", "source", "read"),
    [
        (STRING, "it.Name", True),
        (INT, "it.Name", False),
        (BOOL, "it.Count == 1", True),
        (TIMESTAMP, "it.Text", False),
    ],
)
def test_wanted_types_of_raw_answers(want: Any, source: str, read: bool) -> None:
    compiled = compile_expression(source, {"it": DYN}, want=want)
    assert compiled.type is want
    assert isinstance(compiled.evaluate({"it": RAW}), Unreadable) is not read
