"""Drift between two nights, and who did it."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from scanner.core.drift.audit_events import LogEvent, find_actor
from scanner.core.drift.between_records import drift_between
from scanner.core.drift.comparison import Drift, DriftKind
from scanner.model.checks import Severity
from scanner.model.history import Cause, Transition
from scanner.model.waivers import GapScope, Waiver
from tests.helpers.nights import HERE, Nights, library_of, night
from tests.helpers.small_library import make_check

KEY = ("a", "eu-west-1", "x")
LIBRARY = library_of(checks=(make_check("a"), make_check("b", severity=Severity.CRITICAL)))
TODAY = date(2026, 1, 10)


def between(history: Nights, before: int = -2, **more: Any) -> Drift:
    records = history.records(HERE)
    return drift_between(history, records[before], records[-1], LIBRARY, today=TODAY, **more)


def nights(
    *states: dict[tuple[str, str, str], str], cause: Cause = Cause.EVIDENCE, **more: Any
) -> Nights:
    history = Nights()
    for number, state in enumerate(states):
        history.commit(night(number), state, cause=cause, **more)
    return history


def what(history: Nights, before: int = -2) -> list[DriftKind]:
    return [moved.what for moved in between(history, before).moved]


@pytest.mark.parametrize(
    ("was", "now", "said"),
    [
        ("pass", "fail", DriftKind.NEW_FAILURE), ("unknown", "fail", DriftKind.NEW_FAILURE), ("waived", "fail", DriftKind.NEW_FAILURE),
        ("pass", "unknown", DriftKind.NEW_UNKNOWN), ("fail", "unknown", DriftKind.NEW_UNKNOWN),
        ("fail", "pass", DriftKind.FIXED), ("unknown", "pass", DriftKind.RESOLVED), ("fail", "waived", DriftKind.WAIVED),
        ("waived", "pass", DriftKind.RESOLVED),
    ],
)  # fmt: skip
def test_every_move_has_its_name(was: str, now: str, said: DriftKind) -> None:
    assert what(nights({KEY: was}, {KEY: now})) == [said]


@pytest.mark.parametrize(
    ("was", "said"), [("fail", DriftKind.NO_LONGER_READ), ("unknown", DriftKind.WAIVED)]
)
def test_an_accepted_gap_does_not_hide_that_it_failed(was: str, said: DriftKind) -> None:
    history = nights({KEY: was})
    history.commit(night(1), {KEY: "waived"}, cause=Cause.GAP)
    assert what(history) == [said]


def test_what_failed_before_it_was_unread_is_fixed_or_removed() -> None:
    assert what(nights({KEY: "fail"}, {KEY: "unknown"}, {KEY: "pass"})) == [DriftKind.FIXED]
    other = {("a", "", "o"): "pass"}
    assert what(nights({KEY: "fail", **other}, {KEY: "unknown", **other}, other)) == [
        DriftKind.REMOVED
    ]
    assert what(nights({KEY: "pass", **other}, {KEY: "unknown", **other}, other)) == [
        DriftKind.RESOLVED
    ]
    assert what(nights({KEY: "fail"}, {KEY: "unknown"}, {KEY: "pass"}, cause=Cause.PARAMS)) == [
        DriftKind.CONTENT_CHANGED
    ]


def test_a_listing_of_a_region_that_is_left_out_is_out_of_sight() -> None:
    other = {("a", "", "o"): "pass"}
    history = nights({("a", "eu-west-1", "*"): "unknown", **other})
    history.commit(night(1), other, cause=Cause.SCOPE, regions=())
    assert what(history) == [DriftKind.NO_LONGER_READ]
    assert what(nights({("a", "eu-west-1", "*"): "unknown", **other}, other)) == [
        DriftKind.RESOLVED
    ]


def test_what_is_as_it_was_is_no_drift() -> None:
    assert what(nights({KEY: "fail"}, {KEY: "fail"})) == []
    there_and_back = nights({KEY: "pass"}, {KEY: "fail"}, {KEY: "pass"})
    assert what(there_and_back, -3) == []
    assert what(there_and_back) == [DriftKind.FIXED]


def test_new_is_a_failure_and_a_new_pass_is_only_an_appearance() -> None:
    found = between(
        nights({KEY: "pass"}, {KEY: "pass", ("a", "", "y"): "fail", ("a", "", "z"): "pass"})
    )
    assert [(moved.what, moved.resource, moved.before) for moved in found.moved] == [
        (DriftKind.NEW_FAILURE, "y", "")
    ]
    assert found.appeared == (("", "y"), ("", "z"))


def test_gone_is_removed_only_when_the_listing_was_read() -> None:
    whole = between(
        nights({KEY: "fail", ("a", "eu-west-1", "y"): "pass"}, {("a", "eu-west-1", "y"): "pass"})
    )
    assert ([moved.what for moved in whole.moved], whole.gone[0].whole) == (
        [DriftKind.REMOVED],
        True,
    )
    refused = between(nights({KEY: "fail"}, {("a", "eu-west-1", "*"): "unknown"}))
    assert sorted(moved.what for moved in refused.moved) == [
        DriftKind.NEW_UNKNOWN,
        DriftKind.NO_LONGER_READ,
    ]
    assert [one.whole for one in refused.gone] == [False]


def test_a_check_that_is_not_run_fixes_nothing() -> None:
    history = nights({KEY: "fail"})
    history.commit(night(1), {("b", "", "y"): "pass"}, cause=Cause.SCOPE)
    found = between(history)
    assert [moved.what for moved in found.moved] == [DriftKind.NO_LONGER_READ]
    assert [(change.what, change.detail) for change in found.changes] == [
        ("checks", "checks left out: a"), ("checks", "checks added: b"),
    ]  # fmt: skip


@pytest.mark.parametrize("cause", [Cause.PACK, Cause.PARAMS])
def test_a_pass_by_another_check_is_not_a_fix(cause: Cause) -> None:
    assert what(nights({KEY: "fail"}, {KEY: "pass"}, cause=cause)) == [DriftKind.CONTENT_CHANGED]
    assert what(nights({KEY: "fail"}, {("a", "", "y"): "pass"}, cause=cause)) == [
        DriftKind.CONTENT_CHANGED
    ]


def test_the_gravest_comes_first() -> None:
    worse = nights({}, {("a", "", "x"): "fail", ("b", "", "y"): "fail", ("b", "", "z"): "unknown"})
    assert [(moved.check, moved.severity) for moved in between(worse).moved] == [
        ("b", "critical"), ("a", "high"), ("b", "critical"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("was", "now", "said"),
    [
        ("pass", "fail", "worse"), ("fail", "not shown", "lost from sight"), ("pass", "not shown", "lost from sight"),
        ("fail", "pass", "better"), ("not shown", "pass", "better"), ("pass", "accepted", "worse"),
        ("not shown", "fail", "worse"), ("fail", "needs evidence", "lost from sight"),
    ],
)  # fmt: skip
def test_controls(was: str, now: str, said: str) -> None:
    history = Nights()
    for number, status in enumerate((was, now)):
        history.commit(night(number), {KEY: "pass"}, controls={"C": status})
    assert [(one.control, one.what) for one in between(history).controls] == [("C", said)]


def test_waivers_that_end_soon() -> None:
    def waiver(name: str, days: int, target: str = HERE) -> Waiver:
        return Waiver(
            id=name, scope=GapScope(target=target, operation="s3:List"), reason="r", approver="p",
            opened=date(2025, 6, 1), expires=TODAY + timedelta(days=days),
        )  # fmt: skip

    accepted = [
        waiver("late", 15),
        waiver("soon", 14),
        waiver("over", -1),
        waiver("other", 1, "aws:444455556666"),
    ]
    found = between(nights({KEY: "pass"}, {KEY: "pass"}), waivers=accepted).waivers
    assert [(one.waiver, one.days) for one in found] == [("over", -1), ("soon", 14)]


def test_changes_on_the_way_are_all_named() -> None:
    history = Nights()
    for number, days in enumerate((90, 30, 90)):
        history.commit(night(number), {KEY: "pass"}, params={"days": days})
    assert len(between(history, -3).changes) == 2


def test_a_clock_that_jumps_does_not_confuse_the_order() -> None:
    history = Nights()
    history.commit(night(0), {KEY: "pass"})
    history.commit(night(30), {KEY: "fail"})
    history.commit(night(1), {KEY: "pass"})
    assert what(history) == [DriftKind.FIXED]
    assert [change.what for change in between(history).changes] == ["clock"]


# -- who -------------------------------------------------------------------------------------------

ARN = "arn:aws:s3:::records"
MOVE = Transition(
    seq=2, ts="2026-01-02T02:10:00Z", check="a", target=HERE, region="eu-west-1", resource=ARN, previous="pass",
    verdict="fail", cause=Cause.EVIDENCE,
)  # fmt: skip
WINDOW = ("2026-01-01T02:00:00Z", "2026-01-02T02:10:00Z")


def event(number: int = 1, actor: str = "arn:user/ann", **more: Any) -> LogEvent:
    defaults: dict[str, Any] = {
        "id": f"e{number}", "time": "2026-01-01T12:00:00Z", "action": "s3:PutBucketAcl", "resources": (ARN,),
        "region": "eu-west-1",
    }  # fmt: skip
    return LogEvent(actor=actor, **{**defaults, **more})


def test_one_actor_that_fits_is_named() -> None:
    found = find_actor(MOVE, [event(2, time="2026-01-01T13:00:00Z"), event(1)], WINDOW)
    assert (found.name, [one.id for one in found.events]) == ("arn:user/ann", ["e1", "e2"])


def test_the_same_event_twice_is_one_event() -> None:
    found = find_actor(MOVE, [event(), event()], WINDOW)
    assert (found.name, len(found.events)) == ("arn:user/ann", 1)


def test_two_actors_are_unknown() -> None:
    found = find_actor(MOVE, [event(1), event(2, "arn:user/bob")], WINDOW)
    assert not found.known
    assert found.reason == "2 actors match: arn:user/ann, arn:user/bob"
    assert len(found.events) == 2


@pytest.mark.parametrize(
    "other",
    [
        {"time": "2026-01-01T01:59:00Z"}, {"time": "2026-01-02T02:11:00Z"}, {"error": "AccessDenied"},
        {"writes": False}, {"resources": ("arn:aws:s3:::another",)}, {"resources": ()}, {"resources": ("records",)},
    ],
)  # fmt: skip
def test_what_does_not_fit_names_nobody(other: dict[str, Any]) -> None:
    assert find_actor(MOVE, [event(**other)], WINDOW).reason == "no event of the audit log matches"
    assert (
        find_actor(MOVE, [event(1), event(2, "arn:user/bob", **other)], WINDOW).name
        == "arn:user/ann"
    )


def test_calls_that_can_change_it_narrow_and_widen_what_fits() -> None:
    actions = ("s3:PutBucket*",)
    assert find_actor(
        MOVE,
        [event(), event(2, "arn:user/bob", action="s3:PutObjectTagging")],
        WINDOW,
        actions=actions,
    ).known
    assert find_actor(MOVE, [event(resources=("records",))], WINDOW, actions=actions).known
    assert not find_actor(
        MOVE, [event(), event(2, "arn:user/bob", resources=())], WINDOW, actions=actions
    ).known
    assert not find_actor(MOVE, [event(action="s3:DeleteBucket")], WINDOW, actions=actions).known


def test_a_log_that_was_not_read_whole_names_nobody() -> None:
    assert (
        find_actor(MOVE, [event()], WINDOW, whole=False).reason
        == "the audit log was not read completely"
    )
    assert (
        find_actor(MOVE, [event(actor="")], WINDOW).reason
        == "the audit log does not name the actor"
    )
