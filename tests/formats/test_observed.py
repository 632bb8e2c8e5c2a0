"""Values that decided a finding, as people read them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from scanner.model.findings import Observation
from scanner.model.values import ABSENT, OpenList, Unreadable, Wanted
from scanner.rendering.observed import observed_text


@pytest.mark.parametrize(
    ("value", "wanted", "text"),
    [
        ("optional", (Wanted("{}", "required"),), "= optional, wanted required"),
        (8, (Wanted("at least {}", 14),), "= 8, wanted at least 14"),
        (7, (Wanted("{}", 0), Wanted("at least {}", 365)), "= 7, wanted 0 or at least 365"),
        ("none", (Wanted("one of {}", ["a", "b"]),), "= none, wanted one of a, b"),
        (["x"], (Wanted("empty"),), '= ["x"], wanted empty'),
        ("t", (Wanted("at most {} ago", timedelta(days=2)),), "= t, wanted at most 2 days ago"),
        ("x", (), "= x"),
        # The opposite is plain.
        (False, (Wanted("{}", True),), "= false"),
        (ABSENT, (Wanted("present"),), "= absent"),
        ("", (Wanted("not empty"),), "= empty"),
        ([], (Wanted("with {}", "a"),), "= empty"),
        (Unreadable("denied"), (), "= unreadable: denied"),
        (OpenList(["a"], "cut"), (), '= {"read": ["a"], "unreadable": "cut"}'),
        # Nothing acts on a terminal, and nothing fills the screen.
        ("a\x1b[2J\u202eb", (Wanted("{}", "\x07"),), "= a\\x1b[2J\\u202eb, wanted \\x07"),
        ("a" * 100, (Wanted("{}", "b" * 100),), f"= {'a' * 59}…, wanted {'b' * 59}…"),
    ],
)
def test_a_value_and_what_was_wanted(value: object, wanted: tuple[Wanted, ...], text: str) -> None:
    item = Observation("self.http_tokens", value, "self.http_tokens", wanted)
    assert observed_text(item) == f"http_tokens {text}"


def test_an_item_is_named_by_its_label() -> None:
    item = Observation("self.rules[1].port", 22, "self.rules[ssh].port")
    assert observed_text(item) == "rules[ssh].port = 22"
    assert observed_text(Observation("self.rules[1].port", 22)) == "rules[1].port = 22"
