"""A period: when deviations opened and closed, why, and what was not shown."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from scanner.core.calendar import (
    UNSTATED,
    expected_intervals,
    parse_grace,
    parse_schedule,
    period_window,
)
from scanner.core.periods.timelines import build_timelines
from scanner.core.periods.type2_period import TargetHistory, correction, type2_period
from scanner.model.controls import Role
from scanner.model.history import Cause
from scanner.model.period import Deviation, Period, Schedule
from tests.helpers.nights import HERE, Nights, library_of, night
from tests.helpers.small_library import make_check, make_control

DAILY = Schedule()
KEY = ("a", "eu-west-1", "x")
ANY = ("a", "eu-west-1", "*")
LATER = datetime(2027, 1, 1, tzinfo=UTC)
CONTROL = make_control(("a", Role.EVIDENCES), ("b", Role.SUPPORTS))


def report(
    history: Nights, days: int = 10, *, first: int = 0, control: Any = CONTROL, now: datetime = LATER,
    schedule: Schedule = DAILY, kinds: Any = None, parameters: Any = None,
) -> Period:  # fmt: skip
    library = library_of(control, checks=(make_check("a"), make_check("b")), kinds=kinds)
    library = replace(library, parameters=parameters or {})
    begins = date(2026, 1, 1) + timedelta(days=first)
    return type2_period(
        [TargetHistory(target=one, records=history.records(one), transitions=history.transitions(one))
         for one in history.targets()],
        library, period=period_window(begins, begins + timedelta(days=days - 1), UTC), schedule=schedule, now=now,
    )  # fmt: skip


def verdicts(*nights: str | None, key: tuple[str, str, str] = KEY, **more: Any) -> Nights:
    """One item over nights; None: no scan, `gone`: a whole listing without it, `refused`: the
    listing was not read."""
    history = Nights()
    for number, verdict in enumerate(nights):
        if verdict is None:
            continue
        found = {("a", "eu-west-1", "other"): "pass"} if verdict != "refused" else {ANY: "unknown"}
        if verdict not in ("gone", "refused"):
            found[key] = verdict
        history.commit(night(number), found, **more)
    return history


def only(period: Period) -> Deviation:
    (judged,) = period.controls[0].deviations
    return judged.deviation


def read_at(number: int) -> str:
    return (night(number) + timedelta(minutes=10)).isoformat().replace("+00:00", "Z")


def test_a_span_is_known_only_between_reads() -> None:
    found = only(report(verdicts("pass", "pass", "fail", "fail", "pass", "pass")))
    assert (found.opened_after, found.opened_by) == (read_at(1), read_at(2))
    assert (found.failing_until, found.closed_by) == (read_at(3), read_at(4))
    assert (found.why_closed, found.before) == ("fixed", "pass")
    assert (found.at_least, found.at_most) == (timedelta(days=1), timedelta(days=3))


def test_what_failed_when_it_was_first_seen_has_no_known_beginning() -> None:
    found = only(report(verdicts("fail", "pass")))
    assert (found.opened_after, found.opened_by, found.before) == ("", read_at(0), "")
    assert found.at_most is None


def test_what_appears_failing_began_after_the_listing_without_it() -> None:
    found = only(report(verdicts("gone", "fail", "pass")))
    assert (found.opened_after, found.before) == (read_at(0), "absent")
    unknown = only(report(verdicts("refused", "fail", "pass")))
    assert (unknown.opened_after, unknown.before) == ("", "")


def test_a_missed_night_widens_the_range() -> None:
    found = only(report(verdicts("pass", None, None, "fail", None, "pass")))
    assert (found.opened_after, found.opened_by) == (read_at(0), read_at(3))
    assert (found.failing_until, found.closed_by) == (read_at(3), read_at(5))
    assert (found.at_least, found.at_most) == (timedelta(0), timedelta(days=5))


def test_unread_keeps_a_span_open_and_closes_at_the_next_read() -> None:
    closed = only(report(verdicts("pass", "fail", "unknown", "unknown", "pass")))
    assert (closed.failing_until, closed.closed_by, closed.why_closed) == (
        read_at(1),
        read_at(4),
        "fixed",
    )
    still = only(report(verdicts("pass", "fail", "unknown", "unknown", "unknown")))
    assert (still.failing_until, still.closed_by, still.why_closed) == (read_at(1), "", "")
    one = only(report(verdicts("pass", "fail", "unknown", "fail", "pass")))
    assert (one.opened_by, one.failing_until) == (read_at(1), read_at(3))


def test_unknown_before_a_failure_does_not_hide_the_last_pass() -> None:
    found = only(report(verdicts("pass", "unknown", "unknown", "fail")))
    assert (found.opened_after, found.opened_by, found.before) == (
        read_at(0),
        read_at(3),
        "unknown",
    )


def test_gone_from_a_whole_listing_is_removed() -> None:
    found = only(report(verdicts("pass", "fail", "gone")))
    assert (found.why_closed, found.closed_by) == ("removed", read_at(2))


@pytest.mark.parametrize("blind", ["", "eu-west-1"])
def test_gone_with_a_refused_listing_stays_open(blind: str) -> None:
    history = Nights()
    history.commit(night(0), {KEY: "fail"})
    history.commit(night(1), {("a", blind, "*"): "unknown"})
    assert only(report(history)).why_closed == ""
    history.commit(night(2), {KEY: "fail"})
    history.commit(night(3), {KEY: "pass"})
    found = only(report(history))
    assert (found.opened_by, found.failing_until, found.why_closed) == (
        read_at(0),
        read_at(2),
        "fixed",
    )


def test_a_refusal_elsewhere_does_not_keep_a_removed_item() -> None:
    history = Nights()
    history.commit(night(0), {KEY: "fail", ("a", "us-east-1", "*"): "unknown"})
    history.commit(night(1), {("a", "us-east-1", "*"): "unknown", ("a", "eu-west-1", "y"): "pass"})
    assert only(report(history)).why_closed == "removed"


def test_what_a_refusal_hid_is_removed_when_the_listing_is_whole_again() -> None:
    found = only(report(verdicts("fail", "refused", "refused", "gone")))
    assert (found.failing_until, found.closed_by, found.why_closed) == (
        read_at(0),
        read_at(3),
        "removed",
    )
    waived_gap = verdicts("fail")
    waived_gap.commit(night(1), {ANY: "waived"})
    assert only(report(waived_gap)).why_closed == ""


def test_what_a_refusal_hid_is_removed_also_when_it_comes_back() -> None:
    period = report(verdicts("fail", "refused", "gone", "fail"))
    first, second = (judged.deviation for judged in period.controls[0].deviations)
    assert (first.failing_until, first.closed_by, first.why_closed) == (
        read_at(0),
        read_at(2),
        "removed",
    )
    assert (second.opened_after, second.opened_by, second.before) == (
        read_at(2),
        read_at(3),
        "absent",
    )
    back = only(report(verdicts("fail", "refused", "fail")))
    assert (back.opened_by, back.failing_until, back.closed_by) == (read_at(0), read_at(2), "")


def test_what_comes_back_failing_began_after_the_last_listing_without_it() -> None:
    found = only(report(verdicts("pass", "gone", "gone", "fail")))
    assert (found.opened_after, found.opened_by, found.before) == (read_at(2), read_at(3), "absent")


def test_what_comes_after_a_record_is_in_no_story_up_to_it() -> None:
    rows = list(verdicts("pass", "fail", "refused").transitions(HERE))
    first, two = build_timelines(rows, 1), build_timelines(rows, 2)
    assert (
        list(first.items),
        dict(first.listings),
        sum(map(len, first.always_passing.values())),
    ) == (
        [],
        {},
        2,
    )
    assert [(key, [move[:2] for move in moves]) for key, moves in two.items] == [
        (KEY, [(1, "pass"), (2, "fail")])
    ]
    assert dict(two.listings) == {}


def test_one_of_two_listings_that_is_whole_again_shows_nothing() -> None:
    history = Nights()
    history.commit(night(0), {KEY: "fail"})
    history.commit(night(1), {("a", "", "*"): "unknown", ANY: "unknown"})
    history.commit(night(2), {("a", "", "*"): "unknown"})
    assert only(report(history)).closed_by == ""
    history.commit(night(3), {("a", "eu-west-1", "y"): "pass"})
    assert (only(report(history)).why_closed, only(report(history)).closed_by) == (
        "removed",
        read_at(3),
    )


def test_an_item_without_a_region_may_be_in_any_listing() -> None:
    history = Nights()
    history.commit(night(0), {("a", "", "x"): "fail"})
    history.commit(night(1), {ANY: "unknown"})
    assert only(report(history)).closed_by == ""


def test_a_run_that_did_not_read_the_region_removes_nothing() -> None:
    history = verdicts("fail")
    history.commit(night(1), {("a", "us-east-1", "y"): "pass"}, regions=("us-east-1",))
    assert only(report(history)).why_closed == ""


def test_a_waiver_closes_a_span_and_is_no_pass() -> None:
    period = report(verdicts("pass", "fail", "waived", "waived", "fail", "pass"))
    first, second = (judged.deviation for judged in period.controls[0].deviations)
    assert (first.why_closed, first.closed_by) == ("waived", read_at(2))
    assert (second.opened_after, second.before, second.why_closed) == (
        read_at(3),
        "waived",
        "fixed",
    )
    control = period.controls[0]
    assert (control.deviating, control.waived, control.resources) == (1, 1, 2)
    assert [judged.correction for judged in control.deviations] == [
        "not corrected",
        "the policy decides",
    ]
    (span,) = control.checks[0].waived
    assert (span.start, span.end) == (read_at(2), read_at(4))
    assert control.days.waived == 2


def test_a_gap_that_is_accepted_closes_nothing_and_is_no_reading() -> None:
    """Failing, then refused and the refusal accepted: nothing says that it does not fail any more."""
    history = verdicts("pass", "fail")
    history.commit(night(2), {KEY: "waived"}, cause=Cause.GAP)
    history.commit(night(3), {KEY: "waived"})
    found = only(report(history))
    assert (found.why_closed, found.failing_until) == ("", read_at(1))
    history.commit(night(4), {KEY: "pass"})
    period = report(history)
    found = only(period)
    assert (found.why_closed, found.failing_until, found.closed_by) == (
        "fixed",
        read_at(1),
        read_at(4),
    )
    (span,) = period.controls[0].checks[0].waived
    assert (span.start, span.end, span.what) == (read_at(2), read_at(4), "gap")
    assert (period.controls[0].days.waived, period.controls[0].days.unread) == (0, 2)


def test_what_fails_after_an_accepted_gap_began_after_the_last_reading() -> None:
    history = verdicts("pass")
    history.commit(night(1), {KEY: "waived"}, cause=Cause.GAP)
    history.commit(night(2), {KEY: "fail"})
    found = only(report(history))
    assert (found.opened_after, found.opened_by, found.before) == (
        read_at(0),
        read_at(2),
        "unknown",
    )


@pytest.mark.parametrize(("cause", "why"), [(Cause.PACK, "check changed"), (Cause.PARAMS, "check changed"),
                                            (Cause.CLOCK, "fixed"), (Cause.EVIDENCE, "fixed")])  # fmt: skip
def test_a_pass_that_another_check_gives_is_not_a_fix(cause: Cause, why: str) -> None:
    history = verdicts("fail")
    history.commit(night(1), {KEY: "pass"}, cause=cause)
    assert only(report(history)).why_closed == why


@pytest.mark.parametrize("cause", [Cause.PACK, Cause.PARAMS])
def test_what_another_check_does_not_ask_about_is_not_removed(cause: Cause) -> None:
    history = verdicts("fail")
    history.commit(night(1), {("a", "eu-west-1", "other"): "pass"}, cause=cause)
    found = only(report(history))
    assert (found.why_closed, found.closed_by) == ("check changed", read_at(1))


def test_an_open_span_may_last_to_the_end_of_the_period() -> None:
    found = only(report(verdicts("pass", "fail", "fail"), 5))
    assert found.at_least == timedelta(days=1)
    assert found.at_most == datetime(2026, 1, 6, tzinfo=UTC) - night(0) - timedelta(minutes=10)


def test_items_that_only_passed_are_each_counted() -> None:
    history = Nights()
    for number in range(3):
        found = {("a", "eu-west-1", name): "pass" for name in ("x", "y", "z")}
        history.commit(
            night(number), found | ({("a", "eu-west-1", "late"): "pass"} if number else {})
        )
    control = report(history, 3).controls[0]
    assert (control.resources, control.days.passing, control.days.observed) == (4, 11, 11)


def test_what_left_the_scope_is_neither_fixed_nor_removed() -> None:
    history = verdicts("fail")
    history.commit(night(1), {("b", "", "y"): "pass"}, cause=Cause.SCOPE)
    assert only(report(history)).why_closed == "left scope"
    history.commit(night(2), {KEY: "fail"}, cause=Cause.SCOPE)
    found = only(report(history))
    assert (found.opened_by, found.failing_until, found.closed_by) == (read_at(0), read_at(2), "")


def test_events_stay_when_the_provider_forgets_them() -> None:
    history = verdicts("gone", "fail", "fail", "gone", "gone")
    kinds = {"aws.thing": SimpleNamespace(nature="event")}
    period = report(history, kinds=kinds)
    found = only(period)
    assert (found.event, found.opened_by, found.closed_by) == (True, read_at(1), "")
    assert period.controls[0].resources == 2
    assert report(history, first=4, kinds=kinds).controls[0].deviations == ()
    assert only(report(history, first=2, kinds=kinds)).opened_by == read_at(1)


def test_spans_of_other_periods_are_not_listed() -> None:
    history = verdicts("pass", "fail", "pass", "pass", "fail", "fail", "pass")
    assert [
        item.deviation.opened_by for item in report(history, 2, first=2).controls[0].deviations
    ] == [read_at(1)]
    assert report(history, 1, first=3).controls[0].deviations == ()
    within = only(report(history, 1, first=4))
    assert (within.opened_by, within.closed_by, within.failing_until) == (
        read_at(4),
        "",
        read_at(4),
    )


def test_every_missed_run_is_listed_and_counts_as_nothing() -> None:
    period = report(verdicts("pass", None, "pass", None, None, "pass"), 6)
    (target,) = period.targets
    assert (target.expected, target.made) == (6, 3)
    assert [slot.start.day for slot in target.missed] == [2, 4, 5]
    control = period.controls[0]
    assert control.days.passing == 6  # two items, three nights
    assert control.days.observed == 6
    assert [
        (silence.runs, silence.why) for silence in control.silences if silence.why == "no run"
    ] == [
        (1, "no run"),
        (2, "no run"),
    ]


def test_the_future_is_not_missed() -> None:
    period = report(verdicts("pass", "pass"), 10, now=night(2))
    assert (period.targets[0].expected, period.targets[0].missed) == (2, ())
    assert "not over" in period.notes[0]


def test_what_is_read_in_an_interval_that_is_not_over_counts_as_far_as_it_goes() -> None:
    history = verdicts("pass")
    history.commit(night(1), {KEY: "fail", ("a", "eu-west-1", "new"): "fail"})
    period = report(history, 10, now=night(1) + timedelta(hours=4))
    (target,) = period.targets
    control = period.controls[0]
    assert (target.expected, target.made, target.records) == (1, 1, 2)
    assert (control.resources, control.deviating, control.runs_made) == (3, 2, 1)
    assert (control.days.passing, control.days.failing) == (2, 0.5)


@pytest.mark.parametrize(("days", "expected", "weekly"), [(9, 1, 2), (14, 2, 7), (7, 1, 0)])
def test_the_end_of_the_period_cuts_an_interval_off(
    days: int, expected: int, weekly: float
) -> None:
    history = Nights()
    history.commit(night(8), {KEY: "fail"})
    period = report(history, days, schedule=Schedule(text="weekly", hours=168))
    (target,) = period.targets
    control = period.controls[0]
    assert (target.expected, target.made) == (expected, expected - 1)
    assert (control.resources, control.days.failing, control.deviating) == (
        int(weekly > 0),
        weekly,
        int(weekly > 0),
    )


def test_two_runs_of_a_day_share_it() -> None:
    history = Nights()
    history.commit(night(0), {KEY: "pass"})
    history.commit(night(0) + timedelta(hours=6), {KEY: "fail"})
    days = report(history, 1).controls[0].days
    assert (days.passing, days.failing) == (0.5, 0.5)


def test_controls_that_nothing_showed() -> None:
    history = Nights()
    for number, status in enumerate(["pass", "not shown", "not shown", "fail"]):
        history.commit(night(number), {KEY: "pass"}, controls={"C": status})
    control = report(history, 4).controls[0]
    assert control.shown
    assert [(one.start[:10], one.runs, one.why) for one in control.silences] == [
        ("2026-01-02", 2, "not shown")
    ]
    assert control.statuses == {"fail": 1, "not shown": 2, "pass": 1}
    blank = report(verdicts("pass"), 1).controls[0]
    assert not blank.shown


def test_a_run_without_the_check_is_not_a_run_of_its_control() -> None:
    history = verdicts("pass", "pass")
    history.commit(night(2), {("b", "", "y"): "pass"}, cause=Cause.SCOPE)
    control = report(history, 3).controls[0]
    assert (control.runs_expected, control.runs_made) == (3, 2)
    assert control.days.passing == 4


def test_a_scan_that_did_not_ask_shows_no_absence() -> None:
    history = Nights()
    history.commit(night(0), {("a", "eu-west-1", "other"): "pass"})
    history.commit(night(1), {("b", "", "y"): "pass"}, cause=Cause.SCOPE)
    history.commit(night(2), {("a", "eu-west-1", "other"): "pass", KEY: "fail"}, checks=("a", "b"))
    one = only(report(history, 3))
    assert (one.opened_after, one.opened_by, one.before) == (read_at(0), read_at(2), "absent")


def test_a_period_falls_into_stretches_where_anything_changes() -> None:
    history = Nights()
    history.commit(night(0), {KEY: "pass"}, params={"days": 90})
    history.commit(night(1), {KEY: "pass"}, params={"days": 30})
    history.commit(night(2), {KEY: "pass"}, params={"days": 30}, pack_sha256="1")
    history.commit(
        night(3),
        {KEY: "pass", ("b", "", "y"): "pass"},
        params={"days": 30},
        pack_sha256="1",
        regions=("eu-west-1", "us-east-1"),
    )
    (target,) = report(history, 4).targets
    assert [(one.first, one.last, one.differs) for one in target.stretches] == [
        (1, 1, ()), (2, 2, ("params: days: 90 → 30",)), (3, 3, ("pack: 0 → 1",)),
        (4, 4, ("checks: checks added: b", "regions: regions added: us-east-1")),
    ]  # fmt: skip
    assert [change.what for change in report(history, 2, first=1).targets[0].changes] == [
        "params",
        "pack",
    ]


def test_supporting_checks_stand_beside() -> None:
    history = Nights()
    history.commit(night(0), {KEY: "pass", ("b", "", "y"): "fail"})
    control = report(history, 1).controls[0]
    assert (control.deviations, len(control.beside), control.resources) == ((), 1, 1)


@pytest.mark.parametrize(
    ("grace", "nights", "said"),
    [
        ("none", ("pass", "fail", "pass"), "late"),
        ("7 days", ("pass", "fail", "pass"), "within grace"),
        ("one day", ("pass", "fail", "pass"), "not known"),
        ("24 hours", ("pass", "fail", "fail", "fail", "pass"), "late"),
        ("7 days", ("fail", "pass"), "not known"),
        ("7 days", ("pass", "fail", "fail"), "not corrected"),
        ("the days that the policy sets", ("pass", "fail", "pass"), "the policy decides"),
    ],
)
def test_corrected_in_time_or_late_both_are_deviations(
    grace: str, nights: tuple[str, ...], said: str
) -> None:
    (judged,) = (
        report(verdicts(*nights), control=replace(CONTROL, grace=grace)).controls[0].deviations
    )
    assert judged.correction == said
    assert correction(judged.deviation, parse_grace(grace)) == said


@pytest.mark.parametrize(
    ("params", "said", "shown"),
    [
        ({}, "within grace", "params.days days (7)"),
        ({"days": 1}, "not known", "params.days days (1)"),
        ({"days": 0}, "late", "params.days days (0)"),
        ({"days": "seven"}, "the policy decides", "params.days days (seven)"),
    ],
)
def test_a_grace_may_be_a_parameter_of_the_record(
    params: dict[str, Any], said: str, shown: str
) -> None:
    history = Nights()
    for number, verdict in enumerate(("pass", "fail", "pass")):
        history.commit(night(number), {KEY: verdict}, params=params)
    days = SimpleNamespace(name="days", default=7, has_default=True)
    control = replace(CONTROL, grace="params.days days")
    found = report(history, 3, control=control, parameters={"days": days}).controls[0]
    assert ([one.correction for one in found.deviations], found.grace) == ([said], shown)


@pytest.mark.parametrize(("text", "hours"), [("hourly", 1), ("daily", 24), ("weekly", 168), ("every 6 hours", 6),
                                             ("every 0 hours", None), ("nightly", None),
                                             ("every 99999 hours", None)])  # fmt: skip
def test_schedules(text: str, hours: int | None) -> None:
    found = parse_schedule(text)
    assert (found.hours if found else None) == hours


def test_days_are_local_days() -> None:
    berlin = period_window(date(2026, 3, 28), date(2026, 3, 30), ZoneInfo("Europe/Berlin"))
    assert berlin.start == datetime(2026, 3, 27, 23, tzinfo=UTC)
    assert berlin.end == datetime(2026, 3, 30, 22, tzinfo=UTC)
    found = expected_intervals(berlin, UNSTATED, LATER)
    assert [(slot.end - slot.start) / timedelta(hours=1) for slot in found] == [24, 23, 24]
    assert [slot.days for slot in found] == [1, 1, 1]


def test_several_targets_are_counted_together_and_listed_apart() -> None:
    history = verdicts("pass", "fail")
    history.commit(night(0), {KEY: "fail"}, target="aws:444455556666")
    period = report(history, 2)
    control = period.controls[0]
    assert {judged.deviation.target for judged in control.deviations} == {HERE, "aws:444455556666"}
    assert (control.deviating, control.resources, control.runs_expected, control.runs_made) == (
        2,
        3,
        4,
        3,
    )


def test_a_target_of_another_cloud_does_not_miss_the_control() -> None:
    history = verdicts("pass")
    history.commit(night(0), {("z", "", "p"): "pass"}, target="gcp:project")
    assert report(history, 1).controls[0].runs_expected == 1


# -- clocks ----------------------------------------------------------------------------------------


def dated(*nights: tuple[int, str]) -> Nights:
    """One item over nights as a clock dated them."""
    history = Nights()
    for number, verdict in nights:
        history.commit(night(number), {("a", "eu-west-1", "other"): "pass", KEY: verdict})
    return history


def test_a_clock_that_jumps_back_hides_no_deviation_and_shortens_none() -> None:
    """The failure of the second day ended by a record that is dated before the period began."""
    found = report(dated((0, "pass"), (1, "fail"), (-9, "pass"), (3, "pass")))
    item = only(found)
    assert (item.opened_by, item.closed_by, item.why_closed) == (read_at(1), read_at(-9), "fixed")
    assert (item.at_least, item.at_most) == (timedelta(0), None)
    assert correction(item, timedelta(hours=1)) == "not known"
    assert found.notes == (
        "Record 3 of aws:111122223333, dated 2025-12-23T02:00:00Z: it ends 9 days, 23:50:00 before record 2 began: "
        "the scans overlapped, or a clock was wrong. Dates in these records may be wrong.",
    )


@pytest.mark.parametrize(
    "failing", [((0, "pass"), (3, "fail"), (1, "fail")), ((3, "pass"), (0, "fail"), (1, "fail"))]
)
def test_how_long_is_not_told_across_a_clock_that_jumped(
    failing: tuple[tuple[int, str], ...],
) -> None:
    item = only(report(dated(*failing, (4, "pass"))))
    assert item.at_least >= timedelta(0)
    assert item.at_most is None


def test_a_clock_of_another_period_is_no_news_of_this_one() -> None:
    jumped = dated((0, "pass"), (5, "pass"), (3, "pass"), (20, "pass"), (21, "pass"))
    assert not report(jumped, first=10, days=20).notes
    assert len(report(jumped).notes) == 1
    assert len(report(jumped, days=5).notes) == 1
    assert not report(jumped, days=3).notes
    assert len(report(jumped, first=5, days=1).notes) == 1
    assert not report(jumped, first=6, days=9).notes


def test_a_record_of_the_future_is_said() -> None:
    ahead = dated((0, "pass"), (1, "pass"), (4000, "fail"))
    assert report(ahead).notes == (
        "A clock is wrong: record 3 of aws:111122223333 is dated 2036-12-14T02:00:00Z, after this report.",
    )
