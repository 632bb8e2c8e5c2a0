"""Stories out of columns make the report that a walk over the transitions makes, and damage is
said."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.core.calendar import period_window
from scanner.core.periods.timelines import build_timelines
from scanner.core.periods.type2_period import TargetHistory, type2_period
from scanner.errors import TscanError
from scanner.history.ledger.ledger import Ledger
from scanner.history.ledger.timeline_columns import COLUMNS, timelines_of
from scanner.history.records.segments import SegmentError, make_table
from scanner.history.stores import open_store
from scanner.model.controls import Role
from scanner.model.period import Period, Schedule
from tests.helpers.long_form import amount
from tests.helpers.nights import library_of
from tests.helpers.small_library import make_check, make_control
from tests.helpers.small_scans import CHECKS, HERE, scan, simple

PLACES = st.tuples(
    st.sampled_from(CHECKS),
    st.sampled_from(["eu-west-1", "us-east-1", ""]),
    st.sampled_from(["a", "b", "c", "*"]),
)
VERDICTS = st.sampled_from(["pass", "pass", "fail", "fail", "unknown", "waived"])
STEADY = [
    (check, region, name) for check in CHECKS for region in ("eu-west-1", "") for name in "ab"
]
NIGHTS = st.one_of(
    st.lists(st.dictionaries(PLACES, VERDICTS), max_size=9),
    st.lists(
        st.fixed_dictionaries(dict.fromkeys(STEADY, st.sampled_from(["pass", "fail"]))), max_size=9
    ),
)
ROW = ("check-a", "eu-west-1", "b", "fail", "evidence", "it is so")


def report(ledger: Ledger, first: int, days: int, *, columns: bool) -> Period:
    """A period by two controls: one check evidences both, the other supports one of them."""
    library = library_of(
        make_control((CHECKS[0], Role.EVIDENCES), (CHECKS[1], Role.SUPPORTS)),
        make_control((CHECKS[1], Role.EVIDENCES), (CHECKS[0], Role.EVIDENCES), name="D"),
        checks=(make_check(CHECKS[0]), replace(make_check(CHECKS[1]), kind="aws.job")),
        kinds={
            "aws.thing": SimpleNamespace(nature="state"),
            "aws.job": SimpleNamespace(nature="event"),
        },
    )
    chain = TargetHistory(
        target=HERE,
        records=ledger.records(HERE),
        transitions=() if columns else ledger.transitions(HERE),
        told=(lambda last: ledger.timelines(HERE, last)) if columns else None,
    )
    begins = date(2026, 1, 1) + timedelta(days=first)
    period = period_window(begins, begins + timedelta(days=days - 1), UTC)
    return type2_period(
        [chain], library, period=period, schedule=Schedule(), now=datetime(2027, 1, 1, tzinfo=UTC)
    )


TIMES = st.one_of(st.just(range(9)), st.permutations(range(-2, 7)))
"""When each night was, by a clock: most go forward, and some jump."""


@given(nights=NIGHTS, packs=st.lists(st.sampled_from("001"), min_size=9, max_size=9), times=TIMES)
@settings(max_examples=amount(8, 25), deadline=None)
def test_columns_and_transitions_make_the_same_report(
    nights: list[dict[tuple[str, str, str], str]], packs: list[str], times: Sequence[int]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        ledger = Ledger(open_store(folder))
        ledger.commit(scan(-12, {(CHECKS[0], "eu-west-1", "first"): "pass"}))
        for number, night in enumerate(nights):
            ledger.commit(
                scan(12 * times[number], night, name=f"night-{number}", pack=packs[number] * 64)
            )
        for first, days in ((0, 9), (1, 2), (0, 1), (2, 1)):
            columns = report(ledger, first, days, columns=True)
            assert columns == report(ledger, first, days, columns=False)
            assert [len(one.deviations) for one in columns.controls] == [
                len(list(one.deviations)) for one in columns.controls
            ]
            for last in range(len(nights) + 2):
                assert (
                    ledger.timelines(HERE, last).listings
                    == build_timelines(ledger.transitions(HERE), last).listings
                )


def committed(folder: Path, *nights: dict[str, str]) -> Ledger:
    ledger = Ledger(open_store(str(folder)))
    for number, night in enumerate(nights):
        found = {(CHECKS[0], "eu-west-1", name): verdict for name, verdict in night.items()}
        ledger.commit(scan(24 * number, found))
    return ledger


def test_what_never_failed_is_counted_and_not_told(tmp_path: Path) -> None:
    ledger = committed(
        tmp_path, {"a": "pass", "b": "pass"}, {"a": "fail", "b": "pass", "c": "pass"}
    )
    first, both = ledger.timelines(HERE, 1), ledger.timelines(HERE, 2)
    assert (list(first.items), list(first.failure_intervals), first.always_passing) == (
        [],
        [],
        {(CHECKS[0], "eu-west-1", 1): ["a", "b"]},
    )
    assert both.always_passing == {
        (CHECKS[0], "eu-west-1", 1): ["b"],
        (CHECKS[0], "eu-west-1", 2): ["c"],
    }
    (span,) = both.failure_intervals
    assert (list(both.items), span.resources, span.first_seen) == ([], ["a"], {1: 1})


def test_what_only_fails_and_passes_is_told_in_columns(tmp_path: Path) -> None:
    nights = [
        ("fail", "pass", "pass"),
        ("fail", "fail", "pass"),
        ("pass", "fail", "unknown"),
        ("fail", "pass", "pass"),
    ]
    ledger = committed(tmp_path, *(dict(zip("abc", night, strict=True)) for night in nights))
    stories = ledger.timelines(HERE, 4)
    (span,) = stories.failure_intervals
    assert (span.check, span.region, span.first_seen) == (CHECKS[0], "eu-west-1", {1: 2})
    assert span.resources == ["a", "a", "b"]
    assert (span.passed_before, span.opened) == ([0, 3, 1], [1, 4, 2])
    assert (span.last_failed, span.closed) == ([1, 4, 2], [3, 0, 4])
    assert (span.causes, span.reasons) == (["scope", "evidence", "evidence"], ["it is fail"] * 3)
    ((key, moves),) = stories.items
    assert (key, [move[:2] for move in moves]) == (
        (CHECKS[0], "eu-west-1", "c"),
        [(1, "pass"), (3, "unknown"), (4, "pass")],
    )


def test_a_deviation_out_of_columns_says_what_was_read_around_it(tmp_path: Path) -> None:
    nights = ["pass", "pass", "fail", "fail", "pass", "fail"]
    ledger = committed(
        tmp_path, {"b": "pass"}, *({"a": verdict, "b": "pass"} for verdict in nights)
    )
    assert [span.resources for span in ledger.timelines(HERE, 7).failure_intervals] == [["a", "a"]]
    columns = report(ledger, 0, 9, columns=True)
    found = [one.deviation for one in columns.controls[0].deviations]
    read = ["", *(record.finished for record in ledger.records(HERE))]
    assert [
        (one.opened_after, one.opened_by, one.failing_until, one.closed_by) for one in found
    ] == [
        (read[3], read[4], read[5], read[6]),
        (read[6], read[7], read[7], ""),
    ]
    assert [(one.before, one.why_closed) for one in found] == [("pass", "fixed"), ("pass", "")]
    assert (columns.controls[0].deviating, columns.controls[0].resources) == (1, 2)
    assert columns == report(ledger, 0, 9, columns=False)


def test_the_first_of_many_deviations_are_those_that_began_first(tmp_path: Path) -> None:
    names = [f"r{number:02}" for number in range(40)]
    nights = [{name: "fail" if index // 8 <= night else "pass" for index, name in enumerate(names)}
              for night in (4, 3, 2, 1, 0)]  # fmt: skip
    period = report(committed(tmp_path, *reversed(nights)), 0, 9, columns=True)
    found = period.controls[0].deviations
    whole = list(found)
    assert [one.deviation.resource for one in whole] == names
    assert len(found) == 40
    assert (found[:3], found[0], found[-1]) == (tuple(whole[:3]), whole[0], whole[-1])
    assert (found[30:33], found[::-1], found[99:]) == (
        tuple(whole[30:33]),
        tuple(reversed(whole)),
        (),
    )
    with pytest.raises(IndexError):
        found[40]


def table(*rows: tuple[str | None, ...]) -> pa.Table:
    return pa.table({name: pa.array(column, pa.string()) for name, column in zip(COLUMNS, zip(*rows, strict=True),
                                                                                  strict=True)})  # fmt: skip


def test_a_value_that_is_not_there_is_damage() -> None:
    (span,) = timelines_of([(1, table(ROW))]).failure_intervals
    assert (span.resources, span.opened, span.closed, span.passed_before) == (["b"], [1], [0], [0])
    with pytest.raises(SegmentError, match="lacks a value"):
        timelines_of([(1, table(ROW, (*ROW[:3], None, *ROW[4:])))])


def test_a_cause_that_nobody_knows_is_damage() -> None:
    with pytest.raises(SegmentError, match="'whim' is not a cause"):
        timelines_of([(1, table((*ROW[:4], "whim", ROW[5])))])


def test_a_segment_of_another_kind_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = Ledger(open_store(str(tmp_path)))
    record = ledger.commit(simple(1))
    (segment,) = [part for part in record.segments if part.kind == "transitions"]
    other = make_table("index", ([b"0" * 32], [1]), day="2026-01-01", scan="x")
    (tmp_path / segment.path).write_bytes(other.content)
    monkeypatch.setattr("scanner.history.ledger.chain.checked_content", lambda content, _: content)
    with pytest.raises(
        TscanError, match=f"{segment.path} is damaged: unexpected columns for transitions"
    ):
        Ledger(open_store(str(tmp_path))).timelines(HERE, 1)
