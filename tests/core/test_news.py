"""News: who hears of what."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from scanner.core.between import drift_between
from scanner.core.news import News, hears, news, route, scan_failed
from scanner.model.config import AlertRule
from scanner.model.controls import Role
from scanner.model.history import Cause
from scanner.model.waivers import GapScope, Waiver
from tests.core.nights import HERE, Nights, library_of, night
from tests.core.small import make_check, make_control

KEY = ("a", "", "x")
LIBRARY = library_of(make_control(("a", Role.EVIDENCES)), checks=(make_check("a"),))


def told(was: str, now: str, cause: Cause = Cause.EVIDENCE, **more: Any) -> tuple[News, ...]:
    history = Nights()
    history.commit(night(0), {KEY: was} if was else {("a", "", "o"): "pass"})
    history.commit(night(1), {KEY: now} if now else {("a", "", "o"): "pass"}, cause=cause)
    records = history.records(HERE)
    return news(drift_between(history, *records, LIBRARY, today=date(2026, 1, 2), **more), LIBRARY)


@pytest.mark.parametrize(
    ("was", "now", "event"),
    [("pass", "fail", "new failure"), ("fail", "unknown", "new unknown"), ("fail", "pass", "fixed"),
     ("unknown", "pass", "fixed"), ("fail", "", "fixed"), ("", "fail", "new failure")],
)  # fmt: skip
def test_events(was: str, now: str, event: str) -> None:
    (one,) = told(was, now)
    assert (one.event, one.controls, one.severity) == (event, ("C",), "high")


def test_acceptance_and_another_judgement_are_no_news() -> None:
    assert told("fail", "waived") == ()
    assert told("fail", "pass", Cause.PACK) == ()
    assert told("pass", "") == ()


def test_an_event_has_the_same_id_whenever_it_is_found_again() -> None:
    assert told("pass", "fail")[0].id == told("pass", "fail")[0].id
    assert told("pass", "fail")[0].id != told("pass", "unknown")[0].id


def test_a_waiver_is_news_once_before_and_once_after_its_end() -> None:
    waiver = Waiver(
        id="W", scope=GapScope(target=HERE, operation="s3:L"), reason="r", approver="p",
        opened=date(2025, 6, 1), expires=date(2026, 1, 10),
    )  # fmt: skip
    first = told("pass", "pass", waivers=[waiver])
    assert [(one.event, one.text) for one in first] == [("waiver expiring", "waiver W ends in 8 days, on 2026-01-10")]
    over = told("pass", "pass", waivers=[replace(waiver, expires=date(2026, 1, 2))])
    assert (over[0].event, over[0].text) == ("waiver expired", "waiver W has ended, on 2026-01-02")
    assert first[0].id != over[0].id
    # Who asked to hear of a waiver's end before it comes hears of it when it came.
    assert hears(AlertRule(events=("waiver expiring",), to=("x://y",)), over[0])
    assert hears(AlertRule(events=("waiver expired",), to=("x://y",)), over[0])
    assert not hears(AlertRule(events=("waiver expired",), to=("x://y",)), first[0])


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
    assert hears(AlertRule(**rule, to=("x://y",)), one) is heard


def test_who_hears_of_a_failure_hears_of_its_end() -> None:
    rule = AlertRule(events=("new failure",), to=("x://y",))
    assert hears(rule, told("fail", "pass")[0])
    assert hears(rule, told("fail", "")[0])
    assert not hears(rule, told("unknown", "pass")[0])
    assert hears(AlertRule(events=("new unknown",), to=("x://y",)), told("unknown", "pass")[0])


def test_what_an_event_does_not_have_keeps_it_from_nobody() -> None:
    failed = scan_failed(HERE, "2026-01-01T00:00:00Z", "no credentials")
    rule = AlertRule(events=("scan failed",), severities=("critical",), controls=("D",), to=("x://y",))
    assert hears(rule, failed)


def test_two_rules_tell_a_channel_once() -> None:
    rules = [AlertRule(to=("x://y",)), AlertRule(to=("x://y", "x://z"))]
    assert {channel: len(items) for channel, items in route(told("pass", "fail"), rules).items()} == {
        "x://y": 1,
        "x://z": 1,
    }
