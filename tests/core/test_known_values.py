"""A value that the provider's model does not know is unread, wherever it stands in an answer."""

from __future__ import annotations

from typing import Any

import pytest

from scanner.core.reading.known_values import with_known_values
from scanner.model.kinds import Enumeration
from scanner.model.values import OpenList, Unreadable


def _held(path: str, value: Any, **more: Any) -> Any:
    enumeration = Enumeration(
        path=tuple(path.replace("[]", ".[]").split(".")), known=frozenset({"On", "Off"}), **more
    )
    return with_known_values([enumeration], {"it": value})["it"]


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("it.State", {"State": "On"}),
        ("it.State", {"Other": "Paused"}),
        ("it.State", {"State": None}),
        ("it.State", {"State": {"Paused": 1}}),
        ("it.State", "Paused"),
        ("it.Rules[].State", {"Rules": [{"State": "Off"}, {}]}),
        ("it.Rules[].State", {"Rules": {"State": "Paused"}}),
        ("it.By.*", {"By": {"a": "On"}}),
        ("it.States[]", {"States": ["On", "Off"]}),
    ],
)
def test_a_known_value_and_another_shape_stay_as_they_are(path: str, value: Any) -> None:
    assert _held(path, value) is value


def test_an_unknown_value_is_unread_and_says_where() -> None:
    given = {"State": "Paused", "Size": 3}
    held = _held("it.State", given)
    reason = "State has a value that tscan does not know: 'Paused'"
    assert held == {"State": Unreadable(reason), "Size": 3}
    assert given["State"] == "Paused"


def test_only_the_unknown_ones_of_several_are_unread() -> None:
    held = _held("it.Rules[].State", {"Rules": [{"State": "On"}, {"State": "Paused"}]})
    assert held["Rules"][0] == {"State": "On"}
    assert held["Rules"][1]["State"].reason.startswith("Rules[].State has a value")
    assert isinstance(_held("it.By.*", {"By": {"a": "Paused"}})["By"]["a"], Unreadable)
    assert isinstance(_held("it.States[]", {"States": ["Paused"]})["States"][0], Unreadable)


def test_a_list_that_was_cut_off_stays_cut_off() -> None:
    rules = OpenList([{"State": "Paused"}], "page 2 was refused", frozenset({"a:B@c"}))
    held = _held("it.Rules[].State", {"Rules": rules})["Rules"]
    assert isinstance(held, OpenList)
    assert (held.reason, held.gaps) == (rules.reason, rules.gaps)


def test_a_long_value_is_cut_in_the_reason() -> None:
    reason = _held("it.State", {"State": "x" * 500})["State"].reason
    assert reason.endswith("x…'")
    assert len(reason) < 120


@pytest.mark.parametrize("value", ["on", "ON", "oN"])
def test_spelling_counts_unless_the_provider_writes_values_in_any_case(value: str) -> None:
    assert isinstance(_held("it.State", {"State": value})["State"], Unreadable)
    assert _held("it.State", {"State": value}, any_case=True) == {"State": "On"}
    assert isinstance(_held("it.State", {"State": "Onn"}, any_case=True)["State"], Unreadable)


def test_an_open_enumeration_and_another_root_hold_nothing() -> None:
    given = {"State": "Paused"}
    assert _held("it.State", given, open="Names of regions.") is given
    assert _held("detail.State", given) is given


@pytest.mark.parametrize(
    ("value", "any_case", "known"),
    [
        ("17", False, True),
        ("1a", False, False),
        ("17\n", False, False),
        ("x/17", False, False),
        ("N/17", False, True),
        ("n/17", False, False),
        ("n/17", True, True),
    ],
)
def test_a_pattern_takes_whole_values(value: str, any_case: bool, known: bool) -> None:
    held = _held("it.State", {"State": value}, pattern="(N/)?[0-9]+", any_case=any_case)
    assert (held["State"] == value) is known
