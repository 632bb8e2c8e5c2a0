"""Alert events: what a drift gives, and which rules match it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from scanner.core.drift.alert_events import (
    AlertEvent,
    alert_events_of,
    matches,
    open_problems,
    route,
    scan_failed,
    scan_works,
)
from scanner.core.drift.between_records import drift_between
from scanner.model.config import AlertRule
from scanner.model.controls import Role
from scanner.model.history import Cause
from scanner.model.waivers import GapScope, Waiver
from tests.helpers.nights import HERE, Nights, library_of, night
from tests.helpers.small_library import make_check, make_control

KEY = ("a", "", "x")
LIBRARY = library_of(make_control(("a", Role.EVIDENCES)), checks=(make_check("a"),))


def told(was: str, now: str, cause: Cause = Cause.EVIDENCE, **more: Any) -> tuple[AlertEvent, ...]:
    history = Nights()
    history.commit(night(0), {KEY: was} if was else {("a", "", "o"): "pass"})
    history.commit(night(1), {KEY: now} if now else {("a", "", "o"): "pass"}, cause=cause)
    records = history.records(HERE)
    return alert_events_of(
        drift_between(history, *records, LIBRARY, today=date(2026, 1, 2), **more), LIBRARY
    )


@pytest.mark.parametrize(
    ("was", "now", "event"),
    [("pass", "fail", "new failure"), ("fail", "unknown", "new unknown"), ("fail", "pass", "fixed"),
     ("unknown", "pass", "fixed"), ("fail", "", "fixed"), ("", "fail", "new failure")],
)  # fmt: skip
def test_events(was: str, now: str, event: str) -> None:
    (one,) = told(was, now)
    assert (one.event, one.controls, one.severity) == (event, ("C",), "high")


@pytest.mark.parametrize(
    ("was", "now", "cause", "what", "began"),
    [
        ("fail", "waived", Cause.WAIVER, "waived", "new failure"),
        ("unknown", "waived", Cause.WAIVER, "waived", "new unknown"),
        ("fail", "pass", Cause.PACK, "evaluated differently", "new failure"),
        ("fail", "", Cause.PARAMS, "evaluated differently", "new failure"),
    ],
)
def test_an_end_that_is_no_fix_is_told_to_who_heard_of_the_beginning(
    was: str, now: str, cause: Cause, what: str, began: str
) -> None:
    (one,) = told(was, now, cause)
    assert (one.event, one.what, one.hearers, one.recovery) == ("ended", what, (began,), True)
    assert matches(AlertRule(events=(began,), to=("x://y",)), one)
    assert not matches(AlertRule(events=("fixed",), to=("x://y",)), one)


@pytest.mark.parametrize(
    ("then", "cause", "event"),
    [
        ("pass", Cause.EVIDENCE, "fixed"), ("", Cause.EVIDENCE, "fixed"), ("fail", Cause.EVIDENCE, "new failure"),
        ("pass", Cause.PACK, "ended"), ("waived", Cause.WAIVER, "ended"),
    ],
)  # fmt: skip
def test_who_heard_of_a_failure_hears_of_its_end_though_it_was_unread_in_between(
    then: str, cause: Cause, event: str
) -> None:
    history = Nights()
    other = {("a", "", "o"): "pass"}
    for number, verdict in enumerate(("fail", "unknown")):
        history.commit(night(number), {KEY: verdict, **other})
    history.commit(night(2), {KEY: then, **other} if then else other, cause=cause)
    (one,) = alert_events_of(
        drift_between(history, *history.records(HERE)[1:], LIBRARY, today=date(2026, 1, 3)), LIBRARY
    )
    assert one.event == event
    for began in ("new failure", "new unknown"):
        assert matches(AlertRule(events=(began,), to=("x://y",)), one)


def test_who_heard_that_it_is_unread_hears_how_that_ended() -> None:
    for then in ("pass", "", "fail", "waived"):
        (one,) = told("unknown", then)
        assert matches(AlertRule(events=("new unknown",), to=("x://y",)), one)
        assert matches(AlertRule(events=("new failure",), to=("x://y",)), one) is (then == "fail")


def test_who_heard_of_a_failure_hears_that_it_is_looked_at_no_more() -> None:
    (one,) = told("fail", "", Cause.SCOPE)
    assert (one.event, one.what, one.hearers) == (
        "new unknown",
        "no longer read",
        ("new unknown", "new failure"),
    )
    (unread,) = told("fail", "unknown")
    assert unread.hearers == ("new unknown",)


def test_what_was_good_and_is_gone_or_accepted_is_no_news() -> None:
    assert told("pass", "") == ()
    assert told("pass", "waived", Cause.WAIVER) == ()


def test_an_event_has_the_same_id_whenever_it_is_found_again() -> None:
    assert told("pass", "fail")[0].id == told("pass", "fail")[0].id
    assert told("pass", "fail")[0].id != told("pass", "unknown")[0].id


def test_a_waiver_is_news_once_before_and_once_after_its_end() -> None:
    waiver = Waiver(
        id="W", scope=GapScope(target=HERE, operation="s3:L"), reason="r", approver="p",
        opened=date(2025, 6, 1), expires=date(2026, 1, 10),
    )  # fmt: skip
    first = told("pass", "pass", waivers=[waiver])
    assert [(one.event, one.text) for one in first] == [
        ("waiver expiring", "waiver W ends in 8 days, on 2026-01-10")
    ]
    over = told("pass", "pass", waivers=[replace(waiver, expires=date(2026, 1, 2))])
    assert (over[0].event, over[0].text) == ("waiver expired", "waiver W has ended, on 2026-01-02")
    assert first[0].id != over[0].id
    # Who asked to hear of a waiver's end before it comes matches of it when it came.
    assert matches(AlertRule(events=("waiver expiring",), to=("x://y",)), over[0])
    assert matches(AlertRule(events=("waiver expired",), to=("x://y",)), over[0])
    assert not matches(AlertRule(events=("waiver expired",), to=("x://y",)), first[0])


@pytest.mark.parametrize(
    ("rule", "heard"),
    [
        ({}, True), ({"events": ("new failure",)}, True), ({"events": ("fixed",)}, False),
        ({"severities": ("critical",)}, False), ({"severities": ("high", "critical")}, True),
        ({"controls": ("C",)}, True), ({"controls": ("D",)}, False), ({"targets": ("aws:*",)}, True),
        ({"targets": ("gcp:*",)}, False),
    ],
)  # fmt: skip
def test_rules(rule: dict[str, Any], heard: bool) -> None:
    (one,) = told("pass", "fail")
    assert matches(AlertRule(**rule, to=("x://y",)), one) is heard


def test_who_hears_of_a_failure_hears_of_its_end() -> None:
    rule = AlertRule(events=("new failure",), to=("x://y",))
    assert matches(rule, told("fail", "pass")[0])
    assert matches(rule, told("fail", "")[0])
    assert not matches(rule, told("unknown", "pass")[0])
    assert matches(AlertRule(events=("new unknown",), to=("x://y",)), told("unknown", "pass")[0])


def test_what_an_event_does_not_have_keeps_it_from_nobody() -> None:
    failed = scan_failed("aws (audit)", "2026-01-01T00:00:00Z", "no credentials")
    rule = AlertRule(
        events=("scan failed",),
        severities=("critical",),
        controls=("D",),
        targets=("aws:*",),
        to=("x://y",),
    )
    assert matches(rule, failed)
    assert matches(rule, scan_works(failed, "2026-01-02T00:00:00Z"))


def test_a_scan_that_works_again_is_one_event_for_each_failure() -> None:
    failed = scan_failed("aws (audit)", "2026-01-01T00:00:00Z", "no credentials")
    other = scan_failed("aws (audit)", "2026-01-02T00:00:00Z", "no credentials")
    works = [scan_works(failed, time) for time in ("2026-01-03T00:00:00Z", "2026-01-04T00:00:00Z")]
    assert works[0].id == works[1].id
    assert len({failed.id, other.id, works[0].id, scan_works(other, works[0].time).id}) == 4
    assert (works[0].recovery, failed.recovery) == (True, False)


def stands(*verdicts: str) -> list[tuple[str, str, tuple[str, ...]]]:
    history = Nights()
    for number, verdict in enumerate(verdicts):
        history.commit(night(number), {KEY: verdict})
    found = open_problems(history.state_before(HERE, "9999"), LIBRARY, HERE)
    return [(one.event, one.what, one.hearers) for one in found]


def test_what_stands_is_what_fails_or_is_not_seen() -> None:
    assert stands("pass") == stands("waived") == stands("fail", "pass") == []
    assert stands("pass", "fail", "fail") == [("new failure", "failing", ("new failure",))]
    assert stands("pass", "unknown") == [("new unknown", "not seen", ("new unknown",))]
    lost = ("new unknown", "failing before, not seen now", ("new unknown", "new failure"))
    assert stands("fail", "unknown") == [lost], "a failure that is not seen is not fixed"


def test_what_stands_has_the_id_and_the_subject_of_its_news() -> None:
    history = Nights()
    for number, verdict in enumerate(("pass", "fail", "fail")):
        history.commit(night(number), {KEY: verdict})
    (one,) = open_problems(history.state_before(HERE, "9999"), LIBRARY, HERE)
    (new,) = told("pass", "fail")
    assert (one.id, one.controls, one.severity, one.target) == (new.id, ("C",), "high", HERE)


def test_two_rules_tell_a_channel_once() -> None:
    rules = [AlertRule(to=("x://y",)), AlertRule(to=("x://y", "x://z"))]
    assert {
        channel: len(items) for channel, items in route(told("pass", "fail"), rules).items()
    } == {
        "x://y": 1,
        "x://z": 1,
    }
