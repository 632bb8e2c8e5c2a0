"""Lines break between words, or in a word behind `.`, `/`, `:` and `-`; nothing is lost."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.text import Text

from scanner.formats.terminal.layout import Column, clipped, fold, folded, table

ARN = "arn:aws:iam::123456789012:role/service-role/a-long-name"


def lines(text: str, width: int) -> list[str]:
    return [line.plain for line in fold(Text(text), width)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("one two three four", ["one two three", "four"]),
        (ARN, ["arn:aws:iam::", "123456789012:", "role/service-", "role/a-long-", "name"]),
        ("RestrictPublicBuckets=true", ["RestrictPublicBuckets=true"]),
        ("run `aws s3 ls --a b` now", ["run", "`aws s3 ls --a b`", "now"]),
        ("  begins indented", ["  begins", "indented"]),
        ("", [""]),
    ],
)
def test_where_a_line_breaks(text: str, expected: list[str]) -> None:
    assert lines(text, 13) == expected


def test_wide_characters_take_two_columns() -> None:
    assert lines("東京 大阪 京都", 9) == ["東京 大阪", "京都"]


WORDS = st.lists(st.text("ab.:/-`", min_size=1, max_size=30), min_size=1, max_size=8)


@given(words=WORDS, width=st.integers(10, 40))
def test_folding_loses_nothing_but_spaces(words: list[str], width: int) -> None:
    text = " ".join(words)
    assert "".join(lines(text, width)).replace(" ", "") == text.replace(" ", "")


@given(words=WORDS, width=st.integers(10, 40))
def test_only_what_cannot_be_broken_is_longer_than_a_line(words: list[str], width: int) -> None:
    for line in lines(" ".join(words).replace("`", ""), width):
        # Longer only where it is one piece: letters, with the marks behind them.
        assert len(line) <= width or re.fullmatch(r"[ab]*[./:\-]*", line)


def test_the_first_line_has_its_own_indent() -> None:
    shown = folded(Text("label     one two three"), 18, hanging=10)
    assert [line.plain for line in shown] == ["label     one two", "          three"]


@pytest.mark.parametrize(
    ("text", "width", "expected"),
    [
        ("short", 10, "short"),
        ("two words, and more", 12, "two words…"),
        (ARN, 30, "arn:aws:iam::123456789012…"),
        ("Restrict", 5, "Rest…"),
    ],
)
def test_what_is_shortened_says_so_and_ends_with_a_word(
    text: str, width: int, expected: str
) -> None:
    shown = clipped(text, width)
    assert shown == expected
    assert len(shown) <= width


COLUMNS = (Column(heading="id"), Column(heading="text", folds=True), Column(right=True))


def test_a_table_folds_one_column_and_aligns_the_others() -> None:
    rows = [
        [Text("a"), Text("some words that fold here"), Text("1")],
        [Text("bcd"), Text("x"), Text("22")],
    ]
    assert [line.plain for line in table(COLUMNS, rows, 24)] == [
        "id   text",
        "a    some words that   1",
        "     fold here",
        "bcd  x                22",
    ]


def test_a_table_without_room_puts_cells_behind_each_other() -> None:
    rows = [[Text("a-long-identifier"), Text("words of a column"), Text("1")]]
    shown = [line.plain for line in table(COLUMNS, rows, 24)]
    assert shown == ["a-long-identifier  words", "    of a column  1"]
