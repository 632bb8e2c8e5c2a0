"""Items of an answer: lists in lists, lists in mappings, and what a cut-off answer leaves open."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from scanner.core.reading.answer_items import OpenMapping, items_at, paged_part
from scanner.core.reading.answer_lookup import raw_data
from scanner.core.reading.request_builder import match_rows
from scanner.model.answers import Answer, Call, State
from scanner.model.kinds import Request
from scanner.model.values import ABSENT, OpenList, Unreadable
from tests.core.test_project import check
from tests.helpers.small_provider import Provider, library, read, refused

ZONES = {
    "items": {
        "b": {"instances": [{"n": 2}, {"n": 3}]},
        "a": {"instances": [{"n": 1}]},
        "c": {"warning": {}},
    }
}


@pytest.mark.parametrize(
    ("data", "path", "found"),
    [
        ({"xs": [1, 2]}, "xs", [1, 2]),
        ({"r": {"xs": [1]}}, "r.xs", [1]),
        ({"rs": [{"xs": [1]}, {"xs": []}, {"xs": [2, 3]}]}, "rs[].xs", [1, 2, 3]),
        ({"m": {"b": 2, "a": 1}}, "m{}", [1, 2]),
        ({"rs": [{"m": {"k": {"xs": [1]}}}]}, "rs[].m{}.xs", [1]),
        ({"m": {"k": {"rs": [{"xs": [1]}, {"xs": [2]}]}}}, "m{}.rs[].xs", [1, 2]),
        (ABSENT, "items{}.instances", []),
    ],
)
def test_what_is_at_a_path(data: Any, path: str, found: list[Any]) -> None:
    assert items_at(data, path) == found


@pytest.mark.parametrize(
    ("data", "path", "found"),
    [
        ({}, "xs", []),
        ({"r": {}}, "r.xs", []),
        ({"rs": [{"xs": [1]}, {}, {"xs": [2, 3]}]}, "rs[].xs", [1, 2, 3]),
        (ZONES, "items{}.instances", [{"n": 1}, {"n": 2}, {"n": 3}]),
        ({}, "items{}.instances", []),
    ],
)
def test_a_list_that_is_not_there_is_empty_only_where_that_is_declared(
    data: Any, path: str, found: list[Any]
) -> None:
    assert items_at(data, path, leaves_out=True) == found
    unread = items_at(data, path)
    assert isinstance(unread, Unreadable)
    assert "the response has no '" in unread.reason


def test_a_part_of_a_mapping_without_a_list_and_without_a_warning_was_not_read() -> None:
    parts = {"items": {**ZONES["items"], "d": {}}}
    unread = items_at(parts, "items{}.instances", leaves_out=True)
    assert isinstance(unread, Unreadable)
    assert unread.reason == "items{}.instances: the response has a part without anything in it"


@pytest.mark.parametrize("data", [{}, {"r": None}, {"r": []}])
def test_what_holds_the_list_is_never_left_out(data: Any) -> None:
    assert isinstance(items_at(data, "r.xs", leaves_out=True), Unreadable)


@pytest.mark.parametrize(
    ("data", "path", "words"),
    [
        ({"items": []}, "items{}.instances", "expected a mapping, the response has a list"),
        ({"items": {"a": []}}, "items{}.instances", "expected a mapping"),
        (
            {"items": {"a": {"instances": {}}}},
            "items{}.instances",
            "expected a list, the response has a mapping",
        ),
        ({"xs": {}}, "xs", "expected a list, the response has a mapping"),
        ({"xs": 1}, "xs.ys", "expected a mapping"),
        (Unreadable("denied"), "items{}.instances", "denied"),
    ],
)
def test_another_form_is_unread(data: Any, path: str, words: str) -> None:
    found = items_at(data, path)
    assert isinstance(found, Unreadable)
    assert words in found.reason


def test_what_pages_add_to() -> None:
    assert [paged_part(path) for path in ("xs", "r.xs", "rs[].xs", "items{}.xs", "r.items{}.xs", "rs[].m{}.xs")] == [
        "xs", "r.xs", "rs", "items{}", "r.items{}", "rs",
    ]  # fmt: skip


def cut(data: Any, items: str) -> Any:
    call = Call(operation="x:List", region="")
    return raw_data(
        Answer(call=call, state=State.PARTIAL, code="429", data=data),
        Request(operation="x:List", items=(items,)),
    )


@pytest.mark.parametrize("data", [ZONES, {"items": {}}, {}])
def test_a_mapping_that_is_cut_off_is_open(data: Any) -> None:
    raw = cut(data, "items{}.instances")
    assert isinstance(raw["items"], OpenMapping)
    found = items_at(raw, "items{}.instances", leaves_out=True)
    assert isinstance(found, OpenList)
    assert list(found) == items_at(data, "items{}.instances", leaves_out=True)
    assert "x:List partial (429)" in found.rest.reason
    assert found.gaps == {"x:List@"}


def test_a_mapping_of_another_form_that_is_cut_off_is_unread() -> None:
    found = items_at(cut({"items": []}, "items{}.instances"), "items{}.instances")
    assert isinstance(found, Unreadable)
    assert "x:List partial (429)" in found.reason


def test_a_code_that_is_knowledge_is_none_after_a_first_page() -> None:
    request = Request(operation="x:List", items=("xs",), absent_on=("NOT_FOUND",))
    call = Call(operation="x:List", region="")
    cut_off = Answer(call=call, state=State.PARTIAL, code="NOT_FOUND", data={"xs": [1]})
    found = raw_data(cut_off, request)
    assert isinstance(found["xs"], OpenList)
    assert raw_data(Answer(call=call, state=State.ERROR, code="NOT_FOUND"), request) is ABSENT


def test_a_key_without_a_row_is_unread_where_rows_may_be_missing() -> None:
    row = {"id": "a"}
    cut_off = OpenList([row], "x:List partial", frozenset({"x:List@"}))
    assert dict(match_rows([row], "id", ["a", "b"], ABSENT)) == {"a": row, "b": ABSENT}
    assert dict(match_rows(cut_off, "id", ["a", "b"], ABSENT)) == {"a": row, "b": cut_off.rest}
    nameless = dict(match_rows([row, {"state": 1}], "id", ["a", "b"], ABSENT))
    assert isinstance(nameless["b"], Unreadable)


PLACE = """
scope: account
location: it.where
list: {call: "api:things.list", items: "items{}.things"}
id: it.id
name: it.id
details:
  more: {call: "api:things.get", with: {id: it.id}}
attributes:
  good: {meaning: ., type: bool, api: more.good}
"""
PART = """
scope: account
list: {call: "api:parts.list", items: parts, per: test.x.thing, with: {id: parent.id}}
id: it.id
name: it.id
attributes:
  good: {meaning: ., type: bool, api: it.good}
"""


def test_a_location_is_where_a_resource_is_and_no_endpoint(tmp_path: Path) -> None:
    found = library(
        tmp_path, {"x.thing": PLACE, "x.part": PART},
        {"one": check("self.good", "x.thing"), "two": check("self.good", "x.part")},
    )  # fmt: skip
    provider = Provider(
        {
            "api:things.list@": {"items": {"zones/a": {"things": [{"id": "t", "where": "a"}]}}},
            "api:things.get@": {"good": True},
            "api:parts.list@": {"parts": [{"id": "p", "good": False}]},
        }
    )
    projection = read(found, provider)
    (thing,), (part,) = projection.resources["test.x.thing"], projection.resources["test.x.part"]
    assert (thing.ref.region, thing.value["good"]) == ("a", True)
    assert (part.ref.region, part.value["good"]) == ("", False)
    assert projection.gaps["test.x.thing"] == ()


def test_a_listing_that_is_cut_off_in_a_mapping_is_a_gap(tmp_path: Path) -> None:
    found = library(tmp_path, {"x.thing": PLACE}, {"one": check("self.good", "x.thing")})
    provider = Provider({"api:things.list@": refused(State.PARTIAL, "429", {"items": {}})})
    (gap,) = read(found, provider).gaps["test.x.thing"]
    assert "429" in gap.unread.reason
