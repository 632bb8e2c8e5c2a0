"""Nouns as JSON: every value as `plain` gives it, a row to a line."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

import pytest

from scanner.core.periods.ordered import DeviationList, SortedDeviations
from scanner.model.period import Deviation
from scanner.rendering.dataclass_json import dumps, to_json


def deviation(number: int) -> Deviation:
    return Deviation(
        target="t", check="c", region="r", resource=f"item-{number}", opened_after="", opened_by="2026-01-01",
        failing_until="", closed_by="", why_closed="", before="", cause="evidence", reason="", at_least=timedelta(1),
        at_most=None,
    )  # fmt: skip


class Word(StrEnum):
    GOOD = "good"


class Pair(NamedTuple):
    row: Row
    why: str


@dataclass(frozen=True)
class Row:
    name: str
    when: datetime
    took: timedelta
    share: float
    word: Word
    days: tuple[date, ...] = ()


@dataclass(frozen=True)
class Book:
    title: str
    first: Pair
    rows: tuple[Row, ...]
    pairs: Sequence[Pair]
    words: tuple[str, ...]
    counts: dict[str, int]
    deviations: Sequence[Deviation]
    inner: Book | None = None


ROW = Row(
    "a",
    datetime(2026, 1, 2, tzinfo=UTC),
    timedelta(hours=1),
    0.1234567,
    Word.GOOD,
    (date(2026, 1, 1),),
)
AS_JSON = {
    "name": "a",
    "when": "2026-01-02T00:00:00Z",
    "took": 3600.0,
    "share": 0.123457,
    "word": "good",
    "days": ["2026-01-01"],
}


def book(rows: int, inner: Book | None = None) -> Book:
    return Book(
        title="\u202e\x1b",
        first=Pair(ROW, "one"),
        rows=(ROW,) * rows,
        pairs=[Pair(ROW, "one")] * rows,
        words=("x",) * rows,
        counts={"x": 1},
        deviations=SortedDeviations(
            [DeviationList([deviation(place) for place in range(rows)])], lambda one: one
        ),
        inner=inner,
    )


@pytest.mark.parametrize("one", [book(0), book(1), book(3, book(0)), book(2, book(2))])
def test_the_text_holds_what_the_values_are(one: Book) -> None:
    text = dumps("book/1", one)
    assert json.loads(text) == {"schema": "book/1", **to_json(one)}
    assert text.isascii()
    assert text.endswith("}\n")
    assert "\x1b" not in text


def test_nouns_are_values_by_name() -> None:
    assert to_json(ROW) == AS_JSON
    assert to_json(Pair(ROW, "one")) == {"row": AS_JSON, "why": "one"}


def test_a_row_is_a_line() -> None:
    lines = dumps("book/1", book(2, book(1))).splitlines()
    row = json.dumps(AS_JSON)
    assert lines[:6] == [
        "{",
        '  "schema": "book/1",',
        '  "title": "\\u202e\\u001b",',
        f'  "first": {{"row": {row}, "why": "one"}},',
        '  "rows": [',
        f"    {row},",
    ]
    assert lines.count(f"    {row}") == 1
    assert '  "words": ["x", "x"],' in lines
    assert '  "inner": {' in lines
    assert '    "rows": [' in lines
    assert f"      {row}" in lines


def test_no_rows_are_an_empty_list() -> None:
    lines = dumps("book/1", book(0)).splitlines()
    assert '  "rows": [],' in lines
    assert '  "deviations": [],' in lines
