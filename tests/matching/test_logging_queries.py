"""Queries of Cloud Logging: what is taken for certain, and where the grammar stops."""

from __future__ import annotations

import pytest

from scanner.matching.logging_query import coverage
from scanner.matching.logging_query.coverage import covers
from scanner.matching.logging_query.tokens import QueryError
from tests.matching.fuzz_logging_queries import run

ENTRIES = 'resource.type="gce_route" AND protoPayload.methodName=("v1.compute.routes.insert" OR "v1.compute.routes.delete")'
DELTAS = 'methodName="SetIamPolicy" AND deltas.role:"roles/owner" AND deltas.action:"ADD"'


@pytest.mark.parametrize(
    "query",
    [
        "",
        "-- everything",
        'resource.type="gce_route"',
        "resource.type=GCE_ROUTE",
        "resource.type:route",
        'protoPayload.methodName:("routes.insert" OR "routes.delete")',
        'protoPayload.methodName:("compute" AND "routes")',
        'protoPayload.methodName:("routes" AND NOT "firewalls")',
        'protoPayload.methodName:(("routes" "compute") OR "x")',
        r'protoPayload.methodName=~"^v1\.compute\.routes\.(insert|delete)$"',
        r'protoPayload.methodName=~"^v1\\.compute"',
        'protoPayload.methodName=~"(?i)ROUTES"',
        'protoPayload.methodName!~"firewalls"',
        'protoPayload.methodName!="x"',
        "protoPayload.methodName:* resource:*",
        "resource.type=gce_route\nprotoPayload.methodName:routes",
        # OR binds closer than AND.
        "resource.type=gce_network OR resource.type=gce_route AND protoPayload.methodName:routes",
        "NOT resource.type=gce_network AND NOT resource.type=x",
        "-resource.type=gce_network -resource.type=x",
        "NOT NOT resource.type=gce_route",
        '"gce_route"',
        '"gce_route"(routes)',
        "routes AND compute",
        'foo OR "gce_route"',
        '"resource" OR resource."type"="gce_route"',
        "(((resource.type=gce_route)))",
    ],
)
def test_a_query_that_takes_every_entry(query: str) -> None:
    assert covers(query, ENTRIES)


@pytest.mark.parametrize(
    "query",
    [
        'resource.type="gce_network"',
        'resource.type="gce"',
        "resource.type>5 AND resource.type=x",
        "protoPayload.methodName:routes.insert",
        "resource.type=gce_route AND protoPayload.methodName:firewalls",
        "NOT protoPayload.methodName:delete",
        "-protoPayload.methodName:delete",
        'protoPayload.methodName=~"Routes"',
        # The other way about, AND would bind closer and this would take every entry.
        "resource.type=gce_route OR a=1 AND protoPayload.methodName:firewalls",
        "protoPayload.methodName:routes AND principal=a",
        "protoPayload.methodName:routes AND NOT principal:robot",
        "protoPayload.methodName:routes AND principal!=robot",
        "protoPayload.methodName:routes AND principal:*",
        "protoPayload.methodName:routes AND NOT status.code:*",
        "severity>=ERROR",
        "severity=NOTICE",
        "count>5",
        "count<=5",
        "NOT count>5",
        "NOT count<5",
        "log_id(x)",
        "NOT log_id(x)",
        'logName:"x"',
        "foo",
        "NOT foo",
        "or OR foo",
    ],
)
def test_a_query_that_leaves_entries_out(query: str) -> None:
    assert not covers(query, ENTRIES)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ('deltas.role="roles/owner"', True),
        ('deltas.role="roles/owner" AND deltas.action="ADD"', True),
        ("deltas:*", True),
        ('deltas.action="REMOVE"', False),
        # There may be another change in the same entry.
        ('NOT deltas.role="roles/viewer"', False),
        ('methodName="SetIamPolicy" AND NOT deltas.role="roles/owner"', False),
    ],
)
def test_a_repeated_field_may_have_other_values(query: str, *, expected: bool) -> None:
    assert covers(query, DELTAS) == expected


def test_a_negated_operator_over_several_values_is_open() -> None:
    with pytest.raises(QueryError, match="every such entry"):
        covers('deltas.role!="roles/viewer"', DELTAS)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ('log_id("cloudaudit.googleapis.com/activity")', True),
        ('LOG_ID("cloudaudit.googleapis.com/activity")', True),
        ('log_id("cloudaudit.googleapis.com/data_access")', False),
        ('logName:"cloudaudit.googleapis.com%2Factivity"', True),
    ],
)
def test_the_log_of_an_entry(query: str, *, expected: bool) -> None:
    assert (
        covers(query, 'logName="projects/p/logs/cloudaudit.googleapis.com%2Factivity"') == expected
    )


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("(a=1", "query 1:5: ')' is missing"),
        ("a=1)", "query 1:4: unexpected ')'"),
        ("\n(a=1", "query 2:5: ')' is missing"),
        ("a=1\n  AND", "query 2:6: a field or a value is missing"),
        ("AND a=1", "query 1:1: a field or a value is missing"),
        ("a=", "query 1:3: a value is missing"),
        ("a=AND", "query 1:3: a value is missing"),
        ("a=OR", "query 1:3: a value is missing"),
        ("a=NOT", "query 1:3: a value is missing"),
        ("NOT", "query 1:4: a field or a value is missing"),
        ("()", "query 1:2: nothing in parentheses"),
        ("a=()", "query 1:4: nothing in parentheses"),
        ('a="x', "query 1:3: unexpected '\"'"),
        ("a={x}", "query 1:3: unexpected '{'"),
        ("a=x:y", "query 1:4: a field or a value is missing"),
        ("a=-x", "query 1:4: a value is missing"),
        ("a:x*", "query 1:3: a star outside quotes must stand alone after ':'"),
        ("a=x*", "query 1:3: a star outside quotes must stand alone after ':'"),
        ("a=*", "query 1:3: a star outside quotes must stand alone after ':'"),
        ('a=x."y"', "query 1:3: quote the whole value or nothing"),
        ("a=NULL_VALUE", "query 1:3: NULL_VALUE is not supported"),
        ("a!=(x OR y)", "query 1:4: several values after '!=' are not supported"),
        ("a!~(x OR y)", "query 1:4: several values after '!~' are not supported"),
        ("(b) " + "(" * 51 + "a", "query 1:55: nested too deeply"),
        ('"a"=x', "query 1:1: a field in quotes is not supported"),
        ('SEARCH("x")', "query 1:1: SEARCH() is not supported"),
        ("sample(insertId, 0.5)", "query 1:16: unexpected ','"),
        ("log_id(x", "query 1:9: ')' is missing"),
        ('resource.type=~"("', "query 1:1: '(' is not a pattern: missing ): ("),
        ("resource.Type=x", "query 1:1: 'resource.Type' is another spelling of a field"),
        (
            "proto_payload.method_name:x",
            "query 1:1: 'proto_payload.method_name' is another spelling of a field",
        ),
        ("resource:gce_route", "query 1:1: 'resource' is compared as a whole"),
        ("severity>=DEFAULT", "query 1:1: whether it matches every such entry is not known"),
        ("a=x OR a!=x OR NOT a:*", "query 1:1: whether it matches every such entry is not known"),
        ("(" * 60 + "a" + ")" * 60, "query 1:51: nested too deeply"),
        ("a" * 20_001, "query 1:20001: longer than 20000 characters"),
    ],
)
def test_what_is_not_judged_has_its_place(query: str, message: str) -> None:
    with pytest.raises(QueryError) as found:
        covers(query, ENTRIES)
    assert str(found.value) == message


def test_the_longest_query_is_judged() -> None:
    assert covers(ENTRIES.ljust(20_000), ENTRIES)


def test_a_negative_number_may_have_a_point() -> None:
    assert covers("a=-1.5", "a=-1.5")
    assert not covers("a=-1.5", "a=1.5")


@pytest.mark.parametrize("text", ["a>1", "NOT a=1", "a=1 AND b", "log_id(x)", "a=(1 OR (2 3))"])
def test_what_describes_no_entry(text: str) -> None:
    with pytest.raises(QueryError, match=r"^query 1:1: a description has comparisons"):
        covers("a=1", text)


def test_escapes() -> None:
    assert covers(r'a="\x41\u0042\103\"\\\t"', 'a="ABC\\"\\\\\t"')


def test_the_reference_agrees() -> None:
    outcomes, differing = run(800, seed=13)
    assert differing == []
    # Both answers occur, and few questions stay open.
    assert outcomes["covered"] > 100
    assert outcomes["left out"] > 400
    assert outcomes["open"] < 40


def test_the_log_of_parse_errors_stays_silent(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(QueryError, match="is not a pattern"):
        covers('resource.type=~"[z-a]"', ENTRIES)
    assert capfd.readouterr() == ("", "")


def test_a_pattern_takes_so_much_memory() -> None:
    assert not covers(r'resource.type=~"\pL{40}"', ENTRIES)
    with pytest.raises(QueryError, match="too large"):
        covers(r'resource.type=~"\pL{60}"', ENTRIES)


@pytest.mark.parametrize(
    ("query", "expected"),
    [('roles:"c"', False), ('roles="c" OR roles="b"', True), ('roles!="a" AND roles="c"', False)],
)
def test_two_values_of_a_repeated_field(query: str, *, expected: bool) -> None:
    assert covers(query, 'roles:"a" AND roles:"b"') == expected


def test_each_field_is_tried_alone_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(coverage, "_MOST_ATTEMPTS", 0)
    assert not covers("c:* OR b!=x", "a=1")


def test_a_search_tries_so_many_entries(monkeypatch: pytest.MonkeyPatch) -> None:
    # Each number has five choices: absent, another text, and three numbers; both are to be 1.
    query = "NOT (b=1 AND c=1)"
    monkeypatch.setattr(coverage, "_MOST_ATTEMPTS", 3 * 5 + 4)
    assert not covers(query, "a=1")
    monkeypatch.setattr(coverage, "_MOST_ATTEMPTS", 3 * 5 + 3)
    with pytest.raises(QueryError, match="every such entry"):
        covers(query, "a=1")


def test_the_order_of_texts_is_open_for_each_of_two_values() -> None:
    with pytest.raises(QueryError, match="every such entry"):
        covers("roles>c", 'roles:"a" AND roles:"b"')


@pytest.mark.parametrize(
    ("query", "entries"),
    [
        ("count>x", 'count="5"'),
        ("count>x", 'count="y"'),
        ("severity>=LOUD", 'severity="ERROR"'),
        # Numbers that a double may not hold, and digits of other scripts.
        ("count>1000000000000000000", 'count="1000000000000000001"'),
        ("count>2", 'count="\u0663"'),
        # No entry has a severity of another name, and an empty text may count as no field.
        ("NOT severity=LOUD", "a=1"),
        ('NOT b:* OR b!~"^$"', "a=1"),
        # A field that has one value has no other in the entries that are tried.
        ("NOT a=2 AND (b=1 OR NOT b=1)", 'a="1"'),
    ],
)
def test_what_stays_open(query: str, entries: str) -> None:
    with pytest.raises(QueryError, match="every such entry"):
        covers(query, entries)


def test_numbers_that_are_ordered() -> None:
    assert covers("count>999999999999999998", 'count="999999999999999999"')
    assert covers("count>-3", 'count="-2"')


def test_one_open_entry_leaves_the_question_open() -> None:
    query = "a=2 OR severity>=DEFAULT"
    assert covers(query, "a=2")
    with pytest.raises(QueryError, match="every such entry"):
        covers(query, 'a=("1" OR "2")')


def test_one_value_of_several_is_found_anywhere() -> None:
    assert covers("alpha", 'roles:"alpha" AND roles:"beta"')


def test_an_entry_may_have_no_name_of_a_log() -> None:
    assert not covers("log_id(x) OR logName:*", "a=1")


@pytest.mark.parametrize(
    ("query", "entries"),
    [
        # A comparison with a field that is not there fails, and so does its negation.
        ("b=x OR b!=x", "a=1"),
        # One number, just below or just above the one that is named.
        ('count>=5 OR count=~"^[0-3]$" OR NOT count:*', "a=1"),
        ('count<=5 OR count=~"^[7-9]$" OR NOT count:*', "a=1"),
        # A negated operator fails where it fails of each value.
        ('roles!~"a"', 'roles:"a1" AND roles:"a2"'),
    ],
)
def test_the_only_entries_that_are_left_out(query: str, entries: str) -> None:
    assert not covers(query, entries)


def test_parentheses_of_fifty_levels_are_read_again_and_again() -> None:
    deep = "(" * 50 + "a=1" + ")" * 50
    assert covers(f"{deep} {deep}", "a=1")
