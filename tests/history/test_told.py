"""Stories out of columns are those that a walk over the transitions tells, and damage is said."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.core.stories import Stories, tell
from scanner.errors import TscanError
from scanner.history.ledger import Ledger
from scanner.history.segments import SegmentError, make_table
from scanner.history.stores import open_store
from scanner.history.told import COLUMNS, told
from tests.history.world import CHECKS, HERE, scan, simple

PLACES = st.tuples(
    st.sampled_from(CHECKS), st.sampled_from(["eu-west-1", "us-east-1", ""]), st.sampled_from(["a", "b", "c", "*"])
)
NIGHTS = st.lists(st.dictionaries(PLACES, st.sampled_from(["pass", "pass", "fail", "unknown", "waived"])), max_size=5)
ROW = ("check-a", "eu-west-1", "b", "fail", "evidence", "it is so")


def plainly(stories: Stories) -> tuple[Any, ...]:
    """Everything that stories hold; items may come in any order, their moves may not."""
    return (
        sorted((key, tuple(moves)) for key, moves in stories.items),
        {key: tuple(moves) for key, moves in stories.listings.items()},
        dict(stories.passing),
    )


@given(nights=NIGHTS)
@settings(max_examples=60, deadline=None)
def test_columns_tell_what_transitions_tell(nights: list[dict[tuple[str, str, str], str]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        ledger = Ledger(open_store(folder))
        ledger.commit(scan(-1, {(CHECKS[0], "eu-west-1", "first"): "pass"}))
        for number, night in enumerate(nights):
            ledger.commit(scan(number, night))
        for last in range(len(nights) + 2):
            assert plainly(ledger.stories(HERE, last)) == plainly(tell(ledger.transitions(HERE), last))


def test_what_only_ever_passed_is_counted_and_not_told(tmp_path: Path) -> None:
    ledger = Ledger(open_store(str(tmp_path)))
    place = (CHECKS[0], "eu-west-1", "a")
    ledger.commit(scan(0, {place: "pass", (CHECKS[0], "eu-west-1", "b"): "pass"}))
    ledger.commit(scan(1, {place: "fail", (CHECKS[0], "eu-west-1", "b"): "pass"}))
    first, both = ledger.stories(HERE, 1), ledger.stories(HERE, 2)
    assert (list(first.items), first.passing) == ([], {(CHECKS[0], "eu-west-1", 1): 2})
    ((key, moves),) = both.items
    assert (key, [move[:2] for move in moves]) == (place, [(1, "pass"), (2, "fail")])
    assert both.passing == {(CHECKS[0], "eu-west-1", 1): 1}


def table(*rows: tuple[str | None, ...]) -> pa.Table:
    return pa.table({name: pa.array(column, pa.string()) for name, column in zip(COLUMNS, zip(*rows, strict=True),
                                                                                  strict=True)})  # fmt: skip


def test_a_value_that_is_not_there_is_damage() -> None:
    assert len(list(told([(1, table(ROW))]).items)) == 1
    with pytest.raises(SegmentError, match="lacks a value"):
        told([(1, table(ROW, (*ROW[:3], None, *ROW[4:])))])


def test_a_cause_that_nobody_knows_is_damage() -> None:
    with pytest.raises(SegmentError, match="'whim' is no cause"):
        told([(1, table((*ROW[:4], "whim", ROW[5])))])


def test_a_segment_of_another_kind_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ledger = Ledger(open_store(str(tmp_path)))
    record = ledger.commit(simple(1))
    (segment,) = [part for part in record.segments if part.kind == "transitions"]
    other = make_table("index", ([b"0" * 32], [1]), day="2026-01-01", scan="x")
    (tmp_path / segment.path).write_bytes(other.content)
    monkeypatch.setattr("scanner.history.chain.stored", lambda content, _: content)
    with pytest.raises(TscanError, match=f"{segment.path} is damaged: its columns are not those of transitions"):
        Ledger(open_store(str(tmp_path))).stories(HERE, 1)
