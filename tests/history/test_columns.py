"""What columns come to, case by case, beside the walk that takes transitions one by one."""

from __future__ import annotations

from pathlib import Path

from scanner.history.ledger.ledger import Ledger
from scanner.history.ledger.timeline_columns import timelines_of
from scanner.history.stores import open_store
from scanner.model.period import ControlPeriod, Deviation
from tests.helpers.small_scans import CHECKS, HERE, scan
from tests.history.test_told import ROW, report, table

A, B = CHECKS
WEST = "eu-west-1"
Night = dict[tuple[str, str, str], str]


def controls(
    folder: Path, *nights: tuple[float, Night], first: int = 0, days: int = 9, packs: str = ""
) -> tuple[ControlPeriod, ControlPeriod]:
    """Both controls by columns, once the walk has said the same; each night has its hour."""
    ledger = Ledger(open_store(str(folder)))
    for place, (hour, night) in enumerate(nights):
        # Named by its place: two nights may have one hour.
        ledger.commit(
            scan(int(hour), night, name=f"n{place}-", pack=(packs[place] if packs else "0") * 64)
        )
    assert list(ledger.timelines(HERE, len(nights)).items) == [], "all of it is told in columns"
    one, two = report(ledger, first, days, columns=True).controls
    assert (one, two) == report(ledger, first, days, columns=False).controls
    return one, two


def of(control: ControlPeriod) -> list[Deviation]:
    return [judged.deviation for judged in control.deviations]


def a(*names: str, fails: str = "") -> Night:
    return {(A, WEST, name): "fail" if name in fails else "pass" for name in names}


def test_who_was_not_read_in_the_period_is_no_item(tmp_path: Path) -> None:
    nights = (0, a("x", "y", fails="x")), (24, a("x", "y")), (48, a("x", "y", fails="y"))
    control, _ = controls(tmp_path, *nights, first=4, days=2)
    assert (control.resources, control.days.observed) == (0, 0)
    assert [one.resource for one in of(control)] == ["y"]


def test_whose_deviations_ended_before_the_period_does_not_deviate(tmp_path: Path) -> None:
    nights = (
        (0, a("x", "y", "z", fails="xz")),
        (24, a("x", "y", "z")),
        (48, a("x", "y", "z", fails="yz")),
    )
    control, _ = controls(tmp_path, *nights, first=2, days=2)
    assert (control.resources, control.deviating) == (3, 2)
    assert [(one.resource, one.before) for one in of(control)] == [("y", "pass"), ("z", "pass")]


def test_an_item_that_deviates_twice_is_one(tmp_path: Path) -> None:
    nights = [
        (24 * place, a("x", "y", fails=fails))
        for place, fails in enumerate(("x", "", "x", "", "y"))
    ]
    control, _ = controls(tmp_path, *nights)
    assert [one.resource for one in of(control)] == ["x", "x", "y"]
    assert (control.resources, control.deviating) == (2, 2)
    later, _ = controls(tmp_path / "later", *nights, (120, a("x", "y", fails="x")), first=2, days=4)
    assert [one.resource for one in of(later)] == ["x", "y", "x"]
    assert (later.resources, later.deviating) == (2, 2)


def test_across_a_clock_that_is_set_back_no_time_is_told(tmp_path: Path) -> None:
    control, _ = controls(tmp_path, (48, a("x")), (36, a("x", fails="x")), (24, a("x")))
    (one,) = of(control)
    assert (one.at_least.total_seconds(), one.at_most) == (0, None)


def test_what_passes_by_another_pack_is_not_fixed(tmp_path: Path) -> None:
    nights = (0, a("x", "y", fails="xy")), (24, a("x", "y", fails="x")), (48, a("x", "y"))
    control, _ = controls(tmp_path, *nights, packs="001")
    assert [(one.resource, one.why_closed) for one in of(control)] == [
        ("x", "check changed"),
        ("y", "fixed"),
    ]


def test_an_item_that_is_dated_by_itself_is_told_so(tmp_path: Path) -> None:
    setting, both = controls(tmp_path, (0, {(A, WEST, "x"): "fail", (B, WEST, "job"): "fail"}))
    assert [(one.resource, one.event) for one in of(setting)] == [("x", False)]
    assert [(one.resource, one.event) for one in of(both)] == [("x", False), ("job", True)]
    assert [one.resource for one in setting.beside] == ["job"]


def test_many_of_a_record_are_as_many(tmp_path: Path) -> None:
    nights = (0, a("v", "w", fails="vw")), (24, a("v", "w", "x", "y", "z", fails="xyz"))
    control, _ = controls(tmp_path, *nights)
    assert (control.resources, control.deviating) == (5, 5)
    assert (control.days.passing, control.days.failing) == (2, 5)


def test_who_first_passed_on_a_later_night_is_an_item(tmp_path: Path) -> None:
    nights = (0, a("x")), (24, a("x", "y", "z")), (48, a("x", "y", "z", fails="z"))
    control, _ = controls(tmp_path, *nights)
    assert (control.resources, control.days.passing, control.days.failing) == (3, 6, 1)


def test_check_then_region_then_resource_decide_among_those_of_one_night(tmp_path: Path) -> None:
    night = {
        (check, region, name): "fail"
        for check in CHECKS
        for region in ("us-east-1", WEST, "")
        for name in "ba"
    }
    _, both = controls(tmp_path, (0, night))
    assert [(one.check, one.region, one.resource) for one in of(both)] == sorted(night)


def test_a_region_that_only_passes_is_not_another_s(tmp_path: Path) -> None:
    nights: list[tuple[float, Night]] = [
        (0, {(A, WEST, "x"): "pass", (A, "us-east-1", "x"): "pass", (B, WEST, "x"): "pass"}),
        (24, {(A, WEST, "x"): "fail", (A, "us-east-1", "x"): "pass", (B, WEST, "x"): "pass"}),
    ]
    setting, both = controls(tmp_path, *nights)
    assert [(one.check, one.region) for one in of(both)] == [(A, WEST)]
    # Two checks read x in one region: it is one resource, and each day of a check counts.
    assert (setting.resources, both.resources, both.days.passing, both.days.failing) == (2, 2, 5, 1)


def test_a_scan_that_did_not_ask_shows_no_absence(tmp_path: Path) -> None:
    ledger = Ledger(open_store(str(tmp_path)))
    read = [
        ledger.commit(scan(24 * place, night, checks=checks)).finished
        for place, (night, checks) in enumerate(
            ((a("x"), CHECKS), ({(B, WEST, "y"): "pass"}, (B,)), (a("x", "z", fails="z"), CHECKS))
        )
    ]
    control, _ = report(ledger, 0, 9, columns=True).controls
    assert [(one.opened_after, one.opened_by) for one in of(control)] == [(read[0], read[2])]
    assert report(ledger, 0, 9, columns=True) == report(ledger, 0, 9, columns=False)


def test_a_listing_is_no_item(tmp_path: Path) -> None:
    ledger = Ledger(open_store(str(tmp_path)))
    ledger.commit(scan(0, {**a("x", fails="x"), (A, WEST, "*"): "unknown", (B, WEST, "y"): "fail"}))
    stories = ledger.timelines(HERE, 1)
    assert [key for key, _ in stories.items] == [(A, WEST, "x")]
    assert list(stories.listings) == [(A, WEST, "*")]
    assert [span.check for span in stories.failure_intervals] == [B]


def test_a_failure_that_is_told_twice_is_one_span_from_the_first_to_the_last() -> None:
    """No store holds such rows, and a damaged one must not tell less for it."""
    again = (*ROW[:4], "params", "it is so again")
    passes = (*ROW[:3], "pass", "pack", "")
    (span,) = timelines_of(
        [(1, table(ROW)), (2, table(again)), (3, table(passes))]
    ).failure_intervals
    assert (span.opened, span.last_failed, span.closed) == ([1], [2], [3])
    assert (span.causes, span.reasons, span.closing_causes) == (
        ["evidence"],
        ["it is so"],
        ["pack"],
    )
