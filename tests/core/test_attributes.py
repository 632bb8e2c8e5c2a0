"""Attributes are exactly of their declared type, open where the answer was cut off, or unread."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from scanner.core.reading.attributes import read_attribute
from scanner.model.kinds import Attribute
from scanner.model.values import ABSENT, OpenList, Unreadable
from tests.helpers.small_library import Explained

CALL = frozenset({"x:List@"})


class Raw:
    """An expression that reads one name."""

    def __init__(self, name: str) -> None:
        self.source = name
        self.paths: frozenset[tuple[str, ...]] = frozenset({(name,)})

    def evaluate(self, scope: Mapping[str, Any]) -> object:
        return scope[self.source]

    def explain(self, scope: Mapping[str, Any]) -> Explained:
        return Explained(self.evaluate(scope))


def attribute(kind: str, name: str = "it", **more: Any) -> Attribute:
    return Attribute(name="size", meaning=".", type=kind, api=Raw(name), **more)


def value(found: Attribute, raw: object) -> object:
    return read_attribute(found, {"it": raw, "account": "1"})


@pytest.mark.parametrize(
    ("kind", "raw"),
    [
        ("int", True),
        ("int", 1.0),
        ("double", True),
        ("bool", 1),
        ("string", 1),
        ("list(string)", "a"),
        ("list(record)", {"a": 1}),
        ("map(string)", ["a"]),
        ("map(string)", OpenList([{"Key": "a", "Value": "b"}], "cut off")),
    ],
)
def test_another_type_is_unread(kind: str, raw: object) -> None:
    found = value(attribute(kind), raw)
    assert isinstance(found, Unreadable)
    assert found.reason.startswith(f"size should be {kind}, the response has ")


def test_the_rest_of_a_cut_off_list_stays_open() -> None:
    texts = value(attribute("list(string)"), OpenList(["b", "a"], "cut off", CALL))
    assert isinstance(texts, OpenList)
    assert (list(texts), texts.reason, texts.gaps) == (["a", "b"], "cut off", CALL)
    of_records = attribute("list(record)", each={"n": attribute("int", "item")})
    records = value(of_records, OpenList([2, 1], "cut off", CALL))
    assert isinstance(records, OpenList)
    assert (list(records), records.gaps) == ([{"n": 1}, {"n": 2}], CALL)


def test_records_in_order_know_their_position() -> None:
    each = {"n": attribute("int", "item")}
    ordered = attribute("list(record)", each=each, ordered=True)
    assert value(ordered, [2, 1]) == [{"n": 2, "position": 0}, {"n": 1, "position": 1}]


def test_only_a_complete_answer_without_the_member_is_an_absence() -> None:
    declared = attribute("int", absent=0, has_absent=True)
    assert value(declared, Unreadable("no member", missing=True)) == 0
    assert value(declared, Unreadable("denied")) == Unreadable("denied")
    assert value(attribute("int?"), Unreadable("no member", missing=True)) is ABSENT
    undeclared = value(attribute("int"), Unreadable("no member", missing=True))
    assert undeclared == Unreadable("the response returned no size")


def test_a_kind_says_what_the_entity_must_set_where_the_value_is_not_known() -> None:
    sentence = 'bucket has no "{params.tag}" tag, so whether it is confidential is not known'
    declared = attribute("string", unknown=sentence)
    bindings = {"it": Unreadable("no member", missing=True), "params": {"tag": "data-class"}}
    assert read_attribute(declared, bindings) == Unreadable(
        'bucket has no "data-class" tag, so whether it is confidential is not known'
    )
    # A denied call is not a missing tag.
    denied = {**bindings, "it": Unreadable("denied")}
    assert read_attribute(declared, denied) == Unreadable("denied")


def test_tags_may_be_pairs_and_a_value_that_is_not_there_is_unread() -> None:
    pairs = [{"Key": "a", "Value": "b"}, {"Key": "c"}, {"Key": "d", "Value": ""}]
    unread = Unreadable("a tag was returned without its value")
    assert value(attribute("map(string)"), pairs) == {"a": "b", "c": unread, "d": ""}


def test_a_redacted_value_is_unread() -> None:
    found = value(attribute("string"), {"$redacted": "declared secret"})
    assert found == Unreadable("size was redacted (declared secret)")


@pytest.mark.parametrize(
    "unset", [ABSENT, None, "", [], {}, False, 0, Unreadable("x", missing=True)]
)
def test_a_member_that_changes_the_meaning_and_is_not_set_changes_nothing(unset: object) -> None:
    found = attribute("int", unknown_if_set=(Raw("more"),))
    assert read_attribute(found, {"it": 3, "more": unset}) == 3


@pytest.mark.parametrize("set_", [True, 1, "x", [0], {"a": None}])
def test_where_it_is_set_the_attribute_is_unread(set_: object) -> None:
    found = attribute("int", has_absent=True, absent=0, unknown_if_set=(Raw("it.more"),))
    reason = "more is set, and may change what size means"
    for raw in (3, ABSENT):
        assert read_attribute(found, {"it": raw, "it.more": set_}) == Unreadable(reason)


def test_where_it_was_not_read_the_attribute_is_unread() -> None:
    found = attribute("int", unknown_if_set=(Raw("more"),))
    denied = Unreadable("denied", gaps=CALL)
    assert read_attribute(found, {"it": 3, "more": denied}) == denied


@pytest.mark.parametrize("more", [True, "x", Unreadable("denied")])
def test_a_list_to_which_more_is_added_is_open(more: object) -> None:
    found = attribute("list(string)", more_if_set=(Raw("more"),))
    result = read_attribute(found, {"it": ["a"], "more": more})
    assert isinstance(result, OpenList)
    assert result == ["a"]
    assert read_attribute(found, {"it": ["a"], "more": False}) == ["a"]
    assert not isinstance(read_attribute(found, {"it": ["a"], "more": ABSENT}), OpenList)
