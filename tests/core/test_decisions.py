"""What a waiver was worth, record by record."""

from __future__ import annotations

from datetime import date
from types import SimpleNamespace
from typing import Any

from scanner.core.periods.decisions import waiver_periods
from scanner.model.waivers import ControlScope, Waiver

HERE = "aws:111122223333"
WAIVER = Waiver(
    id="W-1", scope=ControlScope(target=HERE, control="C"), reason="r", approver="a@example.com",
    opened=date(2026, 1, 2), expires=date(2026, 1, 8), compensating="D",
)  # fmt: skip


def record(day: int, status: str = "pass") -> Any:
    finished = f"2026-01-{day:02}T02:00:00Z"
    return SimpleNamespace(seq=day, target=HERE, finished=finished, controls={"D": status})


def worth(*records: Any, without: int = 0, first: int = 1) -> list[tuple[str, int, int]]:
    (span,) = waiver_periods(
        records, lambda one: one.seq >= first, lambda one: () if one.seq == without else (WAIVER,)
    )  # fmt: skip
    return [(one.standing, one.first_seq, one.last_seq) for one in span.standings]


def test_it_begins_lapses_counts_again_and_ends() -> None:
    days = [
        record(1),
        record(2),
        record(3),
        record(4, "accepted"),
        record(5, "fail"),
        record(6),
        record(8),
    ]
    assert worth(*days) == [
        ("not begun", 1, 1), ("in force", 2, 3), ("lapsed", 4, 4), ("lapsed", 5, 5), ("in force", 6, 6),
        ("expired", 8, 8),
    ]  # fmt: skip


def test_a_record_without_it_parts_those_around() -> None:
    assert worth(record(2), record(3), record(4), without=3) == [
        ("in force", 2, 2),
        ("in force", 4, 4),
    ]


def test_only_records_of_the_period_are_told() -> None:
    assert worth(record(2), record(3), record(4), first=3) == [("in force", 3, 4)]
