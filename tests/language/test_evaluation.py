"""Values, holes and open lists: what an expression says, on both paths."""

from __future__ import annotations

import itertools
from datetime import datetime, timedelta
from typing import Any

import pytest

from scanner.language import DYN, RecordType, compile_expression, parse_field, parse_type
from scanner.model.values import ABSENT, OpenList, Unreadable
from tests.helpers.language_samples import NOW, evaluate, program, thing

U = Unreadable("denied")
OPEN = "cut off"
THREE = (True, False, U)


def _and(left: object, right: object) -> object:
    if left is False or right is False:
        return False
    return True if left is True and right is True else U


def _not(value: object) -> object:
    return value if isinstance(value, Unreadable) else not value


@pytest.mark.parametrize(("left", "right"), itertools.product(THREE, THREE))
def test_kleene(left: object, right: object) -> None:
    names = {
        "self": RecordType(
            "pair",
            {"a": parse_field("bool"), "b": parse_field("bool"), "l": parse_field("list(bool)")},
        )
    }
    scope = {"self": {"a": left, "b": right, "l": [left, right]}}

    def say(source: str) -> object:
        compiled = compile_expression(source, names)
        assert compiled.evaluate(scope) == compiled.evaluate_slowly(scope)
        return compiled.evaluate(scope)

    both, either = _and(left, right), _not(_and(_not(left), _not(right)))
    assert say("self.a && self.b") == both
    assert say("self.a || self.b") == either
    assert say("!self.a") == _not(left)
    assert say("self.l.all(x, x)") == both
    assert say("self.l.exists(x, x)") == either
    assert say("self.a ? self.b : !self.b") == (U if U in (left, right) else left is right)
    assert say("self.a == self.b") == (U if U in (left, right) else left is right)
    assert say("self.l.exists_one(x, x)") == (U if U in (left, right) else left is not right)
    assert say("true in self.l") == either


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("self.names.exists(n, n == 'a')", True),
        ("self.names.exists(n, n == 'z')", U),
        ("self.names.all(n, n == 'z')", False),
        ("self.names.all(n, n != 'z')", U),
        ("'a' in self.names", True),
        ("'z' in self.names", U),
        ("size(self.names) > 0", True),
        ("size(self.names) > 1", True),
        ("size(self.names) > 2", U),
        ("size(self.names) >= 2", True),
        ("size(self.names) >= 3", U),
        ("size(self.names) < 2", False),
        ("size(self.names) < 3", U),
        ("size(self.names) <= 1", False),
        ("size(self.names) <= 2", U),
        ("1 < size(self.names)", True),
        ("2 < size(self.names)", U),
        ("2 >= size(self.names)", U),
        ("1 >= size(self.names)", False),
        ("size(self.names) == 1", False),
        ("size(self.names) == 2", U),
        ("0 != size(self.names)", True),
        ("size(self.names) == size(self.names)", U),
        ("size(self.names.filter(n, n == 'a')) == 0", False),
        ("size(self.names.filter(n, n == 'a')) > 1", U),
        ("size(self.names.filter(n, n == 'z')) == 0", U),
        ("self.names.exists_one(n, n != 'z')", False),
        ("self.names == ['a']", U),
        ("self.names != []", U),
        ("self.names.exists_one(n, n == 'a')", U),
        ("self.names.filter(n, n == 'a') == ['a']", U),
        ("self.names.filter(n, n == 'a').exists(n, n == 'a')", True),
        ("self.names.filter(n, n == 'a').exists(n, n == 'b')", U),
        ("self.names.filter(n, n == 'a').all(n, n == 'z')", False),
        ("self.names.filter(n, n == 'a').exists_one(n, n == 'a')", U),
        ("(self.names + ['c']).exists(n, n == 'c')", True),
        ("(['c'] + self.names).exists(n, n == 'a')", True),
        ("(self.names + ['c']).exists(n, n == 'z')", U),
        ("size(self.names + ['c']) > 2", True),
        ("internetRanges(self.names.map(n, '0.0.0.0/0'), 8, 16).exists(r, true)", True),
        ("internetRanges(self.names.map(n, '10.0.0.0/8'), 8, 16).exists(r, true)", U),
        ("size(internetRanges(self.names.map(n, '0.0.0.0/0'), 8, 16)) > 0", True),
        # With more ranges, those that add up may become fewer.
        ("size(internetRanges(self.names.map(n, '0.0.0.0/0'), 8, 16)) > 1", U),
        ("size(self.names.map(n, [n]).flatten()) > 1", True),
        ("internetRanges(self.names, 8, 16).exists(r, true)", "failed"),
        ("self.names.map(n, [n]).flatten().exists(n, n == 'a')", True),
        ("self.names.map(n, [n]).flatten().exists(n, n == 'z')", U),
        ("self.names.map(n, n + '!').exists(m, m == 'a!')", True),
        ("self.names.map(n, n + '!').all(m, m == 'a!')", U),
        ("self.names + ['c'] == []", U),
        ("self.names.join(',') == ''", U),
        ("size(self.names) > 0 && self.names[0] == 'a'", U),
        ("size(self.names) > 9 || self.flag", True),
    ],
)
def test_open_list(source: str, expected: object) -> None:
    assert (
        _reasoned(
            evaluate(source, names=OpenList(["a", "b"] if "all(m" not in source else ["a"], OPEN))
        )
        == expected
    )


def _reasoned(outcome: object) -> object:
    """An Unreadable that names the cut-off list counts as the plain one."""
    if isinstance(outcome, Unreadable) and "internetRanges(): " in outcome.reason:
        return "failed"
    return U if isinstance(outcome, Unreadable) and outcome.reason == OPEN else outcome


def test_what_a_filter_may_leave_out_leaves_open_what_it_keeps() -> None:
    rules = [
        {"port": 22, "open": Unreadable("why"), "cidrs": ["a"]},
        {"port": 80, "open": True, "cidrs": ["b"]},
    ]
    kept = "self.rules.filter(r, r.open)"
    assert evaluate(f"{kept}.exists(r, 'b' in r.cidrs)", rules=rules) is True
    assert evaluate(f"{kept}.exists(r, 'a' in r.cidrs)", rules=rules) == Unreadable("why")
    assert evaluate(f"{kept}.all(r, 'b' in r.cidrs)", rules=rules) == Unreadable("why")


def test_a_list_and_what_is_not_known_add_up_to_an_open_list() -> None:
    denied = Unreadable("denied")
    assert evaluate("self.names + ['c']", names=denied) == OpenList(["c"], "denied")
    found = evaluate("(self.names + ['c']).all(n, n == 'c')", names=denied)
    assert found == Unreadable("denied")


def test_nested_open_lists() -> None:
    rules = OpenList(
        [{"port": 22, "open": True, "cidrs": OpenList(["0.0.0.0/0"], "inner")}], "outer"
    )
    assert (
        evaluate("self.rules.exists(r, r.cidrs.exists(c, c == '0.0.0.0/0'))", rules=rules) is True
    )
    missed = evaluate("self.rules.exists(r, r.cidrs.exists(c, c == '1.1.1.1/32'))", rules=rules)
    assert missed == Unreadable("inner; outer")
    assert evaluate("self.rules.map(r, r.open)", rules=rules) == OpenList([True], "outer")
    assert evaluate("self.grid == [[1]]", grid=[OpenList([1], "inner")]) == Unreadable("inner")


@pytest.mark.parametrize(
    ("value", "says_has", "guarded"),
    [(10, True, True), (1, True, False), (ABSENT, False, False), (U, U, U)],
)
def test_optional_fields(value: object, says_has: object, guarded: object) -> None:
    assert evaluate("has(self.limit)", limit=value) == says_has
    assert evaluate("has(self.limit) && self.limit == 10", limit=value) == guarded
    assert evaluate("has(self.limit) ? self.limit == 10 : false", limit=value) == guarded


@pytest.mark.parametrize("value", ["10", 10.0, True, None, [], {}])
def test_a_value_of_another_type_is_unread(value: Any) -> None:
    for source in (
        "self.count == 10",
        "self.count > 0",
        "self.count in [10]",
        "self.count + 1 == 11",
    ):
        assert isinstance(evaluate(source, count=value), Unreadable)
    assert isinstance(evaluate("has(self.limit)", limit=value), Unreadable)
    assert isinstance(
        evaluate("self.rules.exists(r, r.open)", rules=[{"open": "true"}, value]), Unreadable
    )


def test_absence_where_it_is_not_declared_is_unread() -> None:
    assert isinstance(evaluate("self.count == 3", count=ABSENT), Unreadable)
    assert isinstance(evaluate("'env' in self.tags", tags=ABSENT), Unreadable)
    assert isinstance(evaluate("'a' in self.names", names=["b", ABSENT]), Unreadable)
    assert evaluate("'a' in self.names", names=["a", ABSENT]) is True


def test_what_was_not_given_is_unread() -> None:
    assert program("self.flag").evaluate({}) == Unreadable("self was not given")
    assert program("self.flag").evaluate({"self": {}}) == Unreadable("self.flag was not read")
    assert program("self.flag").evaluate({"self": U}) == U


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("7 / -2 == -3 && -7 / 2 == -3 && -7 / -2 == 3", True),
        ("7 % -2 == 1 && -7 % 2 == -1", True),
        ("1 / 0 == 1", U),
        ("1 % 0 == 1", U),
        ("1.0 / 0.0 == 1.0", U),
        ("9223372036854775807 + 1 > 0", U),
        ("-9223372036854775808 - 1 < 0", U),
        ("-9223372036854775808 / -1 > 0", U),
        ("9223372036854775807 * 2 > 0", U),
        ("-(-9223372036854775808) > 0", U),
        ("0x1F == 31 && 1.5e3 == 1500.0 && -1.5 < 0.0", True),
        (
            "'a\\n\\t\\x41\\u0042\\'' == \"a\n\tAB'\"".replace("\n", "\\n").replace("\t", "\\t"),
            True,
        ),
        ("r'\\d' == '\\\\d'", True),
        ("size('é𐍈') == 2", True),
        ("'ÀB'.lowerAscii() == 'Àb' && 'àb'.upperAscii() == 'àB'", True),
        (
            "'a,b'.split(',') == ['a', 'b'] && ''.split(',') == [''] && 'ab'.split('') == ['a', 'b']",
            True,
        ),
        ("['a', 'b'].join('-') == 'a-b'", True),
        ("'abc'.startsWith('a') && 'abc'.endsWith('c') && 'abc'.contains('b')", True),
        ("int('22') == 22 && int('-7') == -7 && int(2.9) == 2 && int(-2.9) == -2", True),
        ("int('x') == 0", U),
        ("int('9223372036854775808') == 0", U),
        ("int('2' + self.name) == 2", U),
        ("int(1e300) == 0", U),
        ("double('1.5') == 1.5 && double(3) == 3.0", True),
        ("double(1.5) == 1.5", True),
        ("double('x') == 1.0", U),
        ("string(22) == '22' && string(true) == 'true' && string('a') == 'a'", True),
        ("string(timestamp('2026-01-31T14:00:00+02:00')) == '2026-01-31T12:00:00Z'", True),
        (
            "string(timestamp('2026-01-31T12:00:00.250Z') - days(1)) == '2026-01-30T12:00:00.25Z'",
            True,
        ),
        (
            "days(1) == hours(24) && days(1) == duration('24h') && duration('1h30m') == duration('90m')",
            True,
        ),
        ("days(9223372036854775807) > days(1)", U),
        ("now + days(9000000) > now", U),
        ("duration('-1s') < duration('1.5s') && duration('100ms') > duration('99999us')", True),
        ("timestamp('2026-01-31T13:00:00+01:00') == now", True),
        ("timestamp('2026-01-31T12:00:00.123456789Z') > now", True),
        ("timestamp(self.name) > now", U),
        ("now - timestamp('2026-01-30T12:00:00Z') == days(1)", True),
        (
            "cidrPrefix('10.0.0.0/8') == 8 && cidrPrefix('10.0.0.1') == 32 && cidrPrefix('::1') == 128",
            True,
        ),
        ("cidrPrefix('10.0.0.0/33') == 1", U),
        ("cidrPrefix('10.0.0.0/255.0.0.0') == 8", U),
        ("cidrPrefix('fe80::1%eth0') == 128", U),
        (
            "cidrWithin('10.1.0.0/16', '10.0.0.0/8') && !cidrWithin('10.0.0.0/8', '10.1.0.0/16')",
            True,
        ),
        ("cidrWithin('::1', '0.0.0.0/0')", False),
        ("cidrWithin('x', '0.0.0.0/0')", U),
        ("cidrsBetween('0.0.0.0', '127.255.255.255') == ['0.0.0.0/1']", True),
        (
            "cidrsBetween('10.0.0.1', '10.0.0.4') == ['10.0.0.1/32', '10.0.0.2/31', '10.0.0.4/32']",
            True,
        ),
        ("cidrsBetween('::', '::') == ['::/128']", True),
        ("internetRanges(['2.0.0.0/8', '3.0.0.0/8'], 8, 16) == ['2.0.0.0/7']", True),
        ("internetRanges(['10.0.0.0/8'], 8, 16) == []", True),
        ("internetRanges(['pl-1'], 8, 16) == []", U),
        ("['a', 'b'].map(x, [x, 'c']).flatten() == ['a', 'c', 'b', 'c']", True),
        ("cidrsBetween('10.0.0.2', '10.0.0.1') == []", U),
        ("cidrsBetween('10.0.0.1', '::1') == []", U),
        ("cidrsBetween('10.0.0.0/8', '11.0.0.0/8') == []", U),
        ("self.name.matches('^prod-[a-z]+$')", True),
        ("'a\\n'.matches('a$')", False),
        ("'é'.matches('^\\\\w$') || '٣'.matches('\\\\d')", False),
        ("self.created < now && self.created + days(30) <= now", True),
        ("self.tags.all(k, k == 'env')", True),
        ("self.tags.exists(k, self.tags[k] == 'prod')", True),
        ("self.grid == [[1], [2, 3]] && [1] in self.grid", True),
        ("self.ratio in [0.5] && self.ratio * 2.0 == 1.0", True),
        ("!(self.count in [1, 2])", True),
    ],
)
def test_values(source: str, expected: object) -> None:
    outcome = evaluate(source)
    assert (U if isinstance(outcome, Unreadable) else outcome) == expected


@pytest.mark.parametrize("moment", [datetime(2026, 1, 1), "2026-01-01T00:00:00Z", 0, timedelta(1)])  # noqa: DTZ001
def test_moments_are_aware(moment: object) -> None:
    assert isinstance(evaluate("self.created < now", created=moment), Unreadable)


def test_results_that_are_no_bools() -> None:
    assert evaluate("self.names.map(n, n + '!')") == ["a!", "b!"]
    assert evaluate("self.names.filter(n, n == 'b')") == ["b"]
    assert evaluate("self.name + '!'") == "prod-logs!"
    assert program("self.names").type == parse_type("list(string)")
    assert program("now - self.created").evaluate(thing()) == NOW - thing()["self"]["created"]


def test_budget() -> None:
    source = "self.names.all(a, self.names.all(b, a + b != ''))"
    over = Unreadable("iteration budget exceeded")
    for count, expected in ((9, True), (10, over)):
        compiled, scope = program(source, budget=100), thing(names=["x"] * count)
        assert compiled.evaluate(scope) == expected
        assert compiled.evaluate_slowly(scope) == expected
        assert compiled.explain(scope).outcome == expected
    assert program("self.names.all(a, a != '')").evaluate(thing(names=["x"] * 999_999)) is True
    assert program("self.names.all(a, a != '')").evaluate(thing(names=["x"] * 1_000_001)) == over


def test_data_that_is_nested_too_deeply_is_unread() -> None:
    deep: list[Any] = []
    for _ in range(20_000):
        deep = [deep]
    compiled = compile_expression("it.a == it.b", {"it": DYN})
    assert compiled.evaluate({"it": {"a": deep, "b": [deep[0]]}}) == Unreadable(
        "the data is nested too deeply"
    )


def test_reasons_are_joined_once_each() -> None:
    rules = [{"port": Unreadable(f"reason {n % 12}"), "open": True, "cidrs": []} for n in range(50)]
    outcome = evaluate("self.rules.all(r, !has(r.port) || r.port == 1)", rules=rules)
    assert outcome.reason == "; ".join(f"reason {n}" for n in range(8)) + "; …"


def test_nothing_of_python_is_reachable() -> None:
    hostile = {"it": {"__class__": 1, "x": "{0.__class__}"}}
    assert compile_expression("it.__class__", {"it": DYN}).evaluate(hostile) == 1
    assert isinstance(
        compile_expression("it.x.__class__", {"it": DYN}).evaluate(hostile), Unreadable
    )
    assert evaluate('\'"""); import os\' == self.name') is False
