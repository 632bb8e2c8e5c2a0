"""What else counts or names the resources of a listing: agreement is shown, a difference is a gap."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from scanner.core.reading.context import ReadContext
from scanner.core.reading.projection import Projection
from scanner.errors import ContentError
from scanner.model.answers import Answer, Call, State
from scanner.model.findings import Counted
from scanner.model.values import ABSENT
from tests.core.test_project import check
from tests.helpers.small_provider import Provider, library, read, refused

COUNTED = """
scope: account
list: {call: x:ListLamps, items: Lamps}
completeness: [%s]
id: it
name: it
attributes:
  name_again: {meaning: ., type: string, api: it}
"""
EQUAL = "{call: x:Summary, value: answer.Lamps}"
AT_LEAST = "{call: x:Summary, value: answer.Lamps, means: at_least}"
LISTS = "{call: x:Summary, value: answer.Lamps, means: lists}"


def lamps(
    tmp_path: Path, source: str, summary: Any, listed: Any = None, **readers: Any
) -> Projection:
    provider = Provider({"x:ListLamps": listed or {"Lamps": ["a", "b"]}, "x:Summary": summary})
    found = library(
        tmp_path, {"x.lamp": COUNTED % source}, {"one": check("self.name_again == 'a'", "x.lamp")}
    )
    return read(found, provider, **readers)


def gaps(projection: Projection) -> list[str]:
    return [gap.unread.reason for gap in projection.gaps["test.x.lamp"]]


@pytest.mark.parametrize(
    ("source", "summary", "number"),
    [
        (EQUAL, {"Lamps": 2}, 2),
        (AT_LEAST, {"Lamps": 2}, 2),
        (AT_LEAST, {"Lamps": 0}, 0),
        (LISTS, {"Lamps": ["b"]}, 1),
        (LISTS, {"Lamps": ["b", "b", "a"]}, 2),
        (LISTS, {"Lamps": []}, 0),
    ],
)
def test_a_source_that_agrees_is_shown(
    tmp_path: Path, source: str, summary: Any, number: int
) -> None:
    projection = lamps(tmp_path, source, summary)
    (row,) = projection.populations
    means = "lists" if source is LISTS else "at_least" if source is AT_LEAST else "equal"
    assert (row.listed, row.whole, row.counts) == (
        2,
        True,
        (Counted(by="x:Summary", means=means, number=number),),
    )
    assert gaps(projection) == []


@pytest.mark.parametrize(
    ("source", "summary", "said"),
    [
        (EQUAL, {"Lamps": 3}, "2 listed, but x:Summary counts 3"),
        (EQUAL, {"Lamps": 1}, "2 listed, but x:Summary counts 1"),
        (AT_LEAST, {"Lamps": 3}, "2 listed, but x:Summary counts at least 3"),
        (LISTS, {"Lamps": ["a", "c"]}, "x:Summary names c, which the listing lacks"),
        (
            LISTS,
            {"Lamps": list("cdefg")},
            "x:Summary names c, d, e and 2 more, which the listing lacks",
        ),
    ],
)
def test_a_source_that_says_otherwise_is_a_gap_that_names_it(
    tmp_path: Path, source: str, summary: Any, said: str
) -> None:
    projection = lamps(tmp_path, source, summary)
    assert gaps(projection) == [said]
    (gap,) = projection.gaps["test.x.lamp"]
    assert gap.unread.gaps == {"x:Summary@"}
    assert len(projection.resources["test.x.lamp"]) == 2
    (row,) = projection.populations
    assert not row.whole


@pytest.mark.parametrize(
    ("source", "summary"),
    [
        (EQUAL, {}),
        (EQUAL, {"Lamps": "2"}),
        (EQUAL, {"Lamps": True}),
        (EQUAL, refused()),
        (AT_LEAST, {"Lamps": [1]}),
        (AT_LEAST, refused()),
        (LISTS, {"Lamps": 2}),
        (LISTS, {"Lamps": [2]}),
        (LISTS, refused(State.THROTTLED, "Throttling")),
    ],
)
def test_a_source_that_does_not_answer_is_a_gap(tmp_path: Path, source: str, summary: Any) -> None:
    projection = lamps(tmp_path, source, summary)
    (said,) = gaps(projection)
    assert said.startswith("x:Summary returned no count: ")
    assert projection.populations[0].counts[0].number is None


@pytest.mark.parametrize("source", [AT_LEAST, LISTS])
def test_a_source_that_knows_of_some_only_need_not_know_of_these(
    tmp_path: Path, source: str
) -> None:
    projection = lamps(tmp_path, source, {"Doors": 4})
    assert gaps(projection) == []
    assert projection.populations[0].counts[0].number is None


def test_where_there_is_no_second_source_the_population_says_so(tmp_path: Path) -> None:
    kind = COUNTED.replace("completeness: [%s]\n", "")
    found = library(tmp_path, {"x.lamp": kind}, {"one": check("self.name_again == 'a'", "x.lamp")})
    (row,) = read(found, Provider({"x:ListLamps": {"Lamps": []}})).populations
    assert row.counts == ()


def test_a_listing_that_was_not_read_is_held_against_nothing(tmp_path: Path) -> None:
    assert gaps(lamps(tmp_path, EQUAL, {"Lamps": 2}, refused())) == [
        "x:ListLamps denied (AccessDenied)"
    ]


def test_every_source_is_asked_and_shown(tmp_path: Path) -> None:
    projection = lamps(
        tmp_path,
        f"{AT_LEAST}, {{call: x:Summary, value: answer.Names, means: lists}}",
        {
            "Lamps": 5,
            "Names": ["z"],
        },
    )
    assert gaps(projection) == [
        "2 listed, but x:Summary counts at least 5; x:Summary names z, which the listing lacks"
    ]
    assert [one.number for one in projection.populations[0].counts] == [5, 1]


WHOLE = "{call: x:Summary, value: answer.Seen, means: whole}"


def test_a_source_that_shows_a_listing_to_be_whole_counts_nothing(tmp_path: Path) -> None:
    projection = lamps(tmp_path, WHOLE, {"Seen": True})
    (row,) = projection.populations
    assert (row.listed, row.whole, row.counts) == (
        2,
        True,
        (Counted(by="x:Summary", means="whole"),),
    )
    assert gaps(projection) == []


@pytest.mark.parametrize(
    "summary",
    [
        {"Seen": False},
        {"Seen": 1},
        {"Seen": "true"},
        {"Seen": []},
        {},
        refused(),
        refused(State.ABSENT, "None"),
    ],
)
def test_whatever_else_it_says_leaves_the_listing_open(tmp_path: Path, summary: Any) -> None:
    projection = lamps(tmp_path, WHOLE, summary)
    assert gaps(projection)[0].startswith("the listing may be incomplete: ")
    (gap,) = projection.gaps["test.x.lamp"]
    assert (gap.unread.gaps, gap.unread.missing) == ({"x:Summary@"}, False)
    assert not projection.populations[0].whole
    assert len(projection.resources["test.x.lamp"]) == 2


READ = "{reader: test.second, reads: [{call: x:First}, {call: x:Summary}], value: answer.Lamps, means: at_least}"


def test_a_reader_counts_by_its_last_call_or_says_that_nothing_is_counted(tmp_path: Path) -> None:
    def second(context: ReadContext) -> Generator[Call, Answer, Any]:
        answer = yield Call(operation="x:Summary", region="")
        return answer.data if answer.data["Lamps"] else ABSENT

    def found(number: int) -> Projection:
        return lamps(
            tmp_path / str(number), READ, {"Lamps": number}, readers={"test.second": second}
        )

    assert found(2).populations[0].counts == (Counted(by="x:Summary", means="at_least", number=2),)
    assert found(0).populations[0].counts == (Counted(by="x:Summary", means="at_least"),)
    assert gaps(found(0)) == []
    assert gaps(found(3)) == ["2 listed, but x:Summary counts at least 3"]


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("{call: x:Summary, value: \"'two'\"}", "int"),
        ("{call: x:Summary, value: '2', means: lists}", "list(string)"),
        ("{value: '2'}", "one of 'call' and 'reader' is needed"),
        ("{call: x:Summary, value: '2', means: most}", "must be one of: equal, at_least, lists"),
    ],
)
def test_a_source_that_cannot_count_is_refused(tmp_path: Path, source: str, said: str) -> None:
    with pytest.raises(ContentError) as refusal:
        lamps(tmp_path, source, {})
    assert said in str(refusal.value)
