"""What is asked of an audit log about a drift, and what its events then say."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from scanner.core.drift.audit_attribution import (
    AuditQuery,
    Reach,
    Rule,
    attribute_change,
    audit_queries,
    rules_of,
)
from scanner.core.drift.audit_events import LogEvent, find_actor
from scanner.core.drift.between_records import drift_between
from scanner.model.history import Cause, Transition
from tests.helpers.library import shipped_library
from tests.helpers.nights import HERE, Nights, night

LIBRARY = shipped_library()
TLS, RECORDER = "aws-s3-bucket-tls-only", "aws-config-recorder-on"
BUCKET = "arn:aws:s3:::ledger"
KEY = (TLS, "eu-west-1", BUCKET)
LISTING = (TLS, "", "*")
OTHER = (TLS, "eu-west-1", "arn:aws:s3:::notes")
WINDOW = ("2026-01-01T02:00:00Z", "2026-01-02T02:10:00Z")
TRANSITION = Transition(
    seq=2, ts=WINDOW[1], check=TLS, target=HERE, region="eu-west-1", resource=BUCKET, previous="pass", verdict="fail",
    cause=Cause.EVIDENCE,
)  # fmt: skip
RULES = {
    "aws.s3.bucket": Rule(actions=("s3:*Bucket*",), named=True, reach=Reach.BOTH),
    "aws.region": Rule(actions=("ec2:*Ebs*",), named=False, reach=Reach.OWN),
    "aws.config.recorder": Rule(actions=("config:*Recorder*",), named=True, reach=Reach.OWN),
}


def asked(
    *states: dict[tuple[str, str, str], str], cause: Cause = Cause.EVIDENCE, before: int = -2
) -> Any:
    """What is asked about the last two of these nights."""
    history = Nights()
    for number, state in enumerate(states):
        history.commit(night(number), state, cause=cause, checks=(TLS, RECORDER))
    records = history.records(HERE)
    drift = drift_between(history, records[before], records[-1], LIBRARY, today=date(2026, 1, 10))
    return audit_queries(drift, records, history.transitions(HERE), LIBRARY)


def test_the_window_is_from_the_reading_before_to_the_one_that_saw_it() -> None:
    question = asked({KEY: "pass"}, {KEY: "pass"}, {KEY: "fail"})[KEY]
    assert question.window == ("2026-01-02T02:00:00Z", "2026-01-03T02:10:00Z")
    assert (question.kind, question.others) == ("aws.s3.bucket", {})


def test_an_unread_night_widens_it() -> None:
    question = asked({KEY: "pass"}, {KEY: "unknown"}, {KEY: "unknown"}, {KEY: "fail"})[KEY]
    assert question.window == ("2026-01-01T02:00:00Z", "2026-01-04T02:10:00Z")


def test_the_last_change_of_several_is_asked_about() -> None:
    question = asked(
        {KEY: "pass"}, {KEY: "fail"}, {KEY: "pass"}, {KEY: "fail"}, {KEY: "fail"}, before=0
    )[KEY]
    assert question.window == ("2026-01-03T02:00:00Z", "2026-01-04T02:10:00Z")


@pytest.mark.parametrize(
    ("cause", "said"),
    [
        (Cause.PACK, "the check changed"), (Cause.PARAMS, "a parameter changed"), (Cause.WAIVER, "a waiver changed"),
        (Cause.CLOCK, "time passed: no change was made"), (Cause.SCOPE, "the scope of the scan changed"),
    ],
)  # fmt: skip
def test_what_nobody_did_is_not_asked(cause: Cause, said: str) -> None:
    assert asked({KEY: "pass"}, {KEY: "fail"}, cause=cause)[KEY].startswith(said)


def test_what_was_never_read_before_is_not_asked() -> None:
    assert asked({OTHER: "pass"}, {OTHER: "pass"}) == {}
    assert isinstance(asked({OTHER: "pass"}, {OTHER: "pass", KEY: "fail"})[KEY], AuditQuery), (
        "it is new"
    )
    hidden = asked({LISTING: "unknown"}, {KEY: "fail"})[KEY]
    assert hidden == "whether the resource existed before is not known: its listing was not read"
    assert (
        asked({OTHER: "pass", KEY: "unknown"}, {OTHER: "pass", KEY: "fail"})[KEY]
        == "the resource was not read before"
    )


def test_moves_of_our_own_sight_are_not_asked() -> None:
    assert asked({KEY: "pass"}, {KEY: "unknown"}) == {}
    assert asked({KEY: "fail"}, {KEY: "waived"}) == {}
    assert (
        asked({KEY: "fail"}, {KEY: "pass"}).keys()
        == asked({KEY: "fail", OTHER: "pass"}, {OTHER: "pass"}).keys()
    )


def test_a_place_that_is_no_region_of_a_record_hides_nothing() -> None:
    history = Nights()
    for number, verdict in enumerate(("pass", "fail")):
        history.commit(night(number), {KEY: verdict}, regions=())
    records = history.records(HERE)
    drift = drift_between(history, *records, LIBRARY, today=date(2026, 1, 10))
    question = audit_queries(drift, records, history.transitions(HERE), LIBRARY)[KEY]
    assert isinstance(question, AuditQuery), question
    assert question.window == ("2026-01-01T02:00:00Z", "2026-01-02T02:10:00Z")


def test_a_region_that_a_record_did_not_read_is_not_a_reading_before() -> None:
    history = Nights()
    for number, (verdict, regions) in enumerate(
        (("pass", ("eu-west-1",)), ("pass", ()), ("fail", ("eu-west-1",)))
    ):
        history.commit(night(number), {KEY: verdict}, regions=regions)
    records = history.records(HERE)
    drift = drift_between(history, *records[-2:], LIBRARY, today=date(2026, 1, 10))
    question = audit_queries(drift, records, history.transitions(HERE), LIBRARY)[KEY]
    assert isinstance(question, AuditQuery), question
    assert question.window[0] == "2026-01-01T02:00:00Z"


def event(
    number: int, actor: str, action: str, *resources: str, region: str = "eu-west-1"
) -> LogEvent:
    return LogEvent(
        id=f"e{number}",
        time="2026-01-01T12:00:00Z",
        action=action,
        actor=actor,
        resources=resources,
        region=region,
    )


def region_question() -> tuple[AuditQuery, tuple[Rule, ...]]:
    key = (RECORDER, "eu-west-1", "111122223333/eu-west-1")
    question = asked({key: "pass"}, {key: "fail"})[key]
    rules = rules_of(question, RULES)
    assert isinstance(rules, tuple)
    return question, rules


def test_a_check_of_other_resources_looks_at_every_call_that_changes_those_in_its_region() -> None:
    question, rules = region_question()
    assert question.others == {"aws.config.recorder": True}
    stopped = event(1, "ann", "config:StopConfigurationRecorder", "default")
    elsewhere = event(2, "bob", "config:StopConfigurationRecorder", "default", region="us-east-1")
    unrelated = event(3, "carol", "config:PutConfigRule", "rule")
    assert attribute_change(question, rules, [elsewhere, unrelated, stopped]).name == "ann"
    twice = attribute_change(
        question, rules, [stopped, event(4, "dan", "config:PutConfigurationRecorder", "other")]
    )
    assert twice.reason == "2 actors match: ann, dan"
    assert attribute_change(
        question, rules, [stopped, event(5, "", "config:PutConfigurationRecorder")]
    ).reason == ("2 actors match: an unnamed one, ann")


def test_a_named_call_on_another_resource_is_not_the_one() -> None:
    question = asked({KEY: "pass"}, {KEY: "fail"})[KEY]
    rules = (RULES["aws.s3.bucket"],)
    mine, other = (
        event(1, "ann", "s3:DeleteBucketPolicy", "ledger"),
        event(2, "bob", "s3:PutBucketPolicy", "notes"),
    )
    assert attribute_change(question, rules, [other, mine]).name == "ann"
    assert attribute_change(question, rules, [other]).reason == "no event of the audit log matches"


def test_a_log_that_may_be_late_names_nobody() -> None:
    question = asked({KEY: "pass"}, {KEY: "fail"})[KEY]
    found = attribute_change(
        question,
        (RULES["aws.s3.bucket"],),
        [event(1, "ann", "s3:PutBucketAcl", "ledger")],
        "it is early",
    )
    assert (found.known, found.reason) == (False, "it is early; so far ann")


def test_a_kind_without_a_rule_is_not_guessed_at() -> None:
    question, _ = region_question()
    left = {name: rule for name, rule in RULES.items() if name != "aws.config.recorder"}
    assert rules_of(question, left) == "which calls change aws.config.recorder is not known"


def test_what_lies_elsewhere_is_looked_for_everywhere() -> None:
    key = ("aws-cloudtrail-data-events", "eu-west-1", BUCKET)
    history = Nights()
    for number, verdict in enumerate(("pass", "fail")):
        history.commit(night(number), {key: verdict})
    records = history.records(HERE)
    drift = drift_between(history, *records, LIBRARY, today=date(2026, 1, 10))
    question = audit_queries(drift, records, history.transitions(HERE), LIBRARY)[key]
    assert isinstance(question, AuditQuery)
    trail = Rule(actions=("cloudtrail:*",), named=True, reach=Reach.OWN)
    rules = rules_of(question, {**RULES, **dict.fromkeys(question.others, trail)})
    stopped = event(1, "ann", "cloudtrail:StopLogging", "main", region="us-east-1")
    assert not isinstance(rules, str)
    assert Reach.EVERY in {rule.reach for rule in rules}
    assert attribute_change(question, rules, [stopped]).name == "ann"


@pytest.mark.parametrize(
    ("resource", "name"),
    [
        ("arn:aws:rds:eu-west-1:111122223333:db:books", "books"),
        ("arn:aws:logs:eu-west-1:111122223333:log-group:/aws/lambda/x", "/aws/lambda/x"),
        ("arn:aws:lambda:eu-west-1:111122223333:function:work:live", "work:live"),
        ("arn:aws:iam::111122223333:role/team/reader", "reader"),
        ("arn:aws:ec2:eu-west-1:111122223333:security-group/sg-1", "sg-1"),
    ],
)
def test_a_log_names_things_without_their_arn(resource: str, name: str) -> None:
    key = (TLS, "eu-west-1", resource)
    question, rules = asked({key: "pass"}, {key: "fail"})[key], (RULES["aws.s3.bucket"],)
    assert (
        attribute_change(question, rules, [event(1, "ann", "s3:PutBucketAcl", name)]).name == "ann"
    )
    assert not attribute_change(question, rules, [event(1, "ann", "s3:PutBucketAcl", "else")]).known


def test_the_calls_are_shown_in_order_of_time() -> None:
    question = asked({KEY: "pass"}, {KEY: "fail"})[KEY]
    first, last = (
        event(9, "ann", "s3:PutBucketAcl", "ledger"),
        event(2, "ann", "s3:PutBucketPolicy", "ledger"),
    )
    last = replace(last, time="2026-01-01T12:00:01Z")
    assert attribute_change(question, (RULES["aws.s3.bucket"],), [last, first, last]).events == (
        first,
        last,
    )


@pytest.mark.parametrize(
    ("resource", "name", "fits"),
    [
        ("/g/web", "/g/web", True), ("/g/web", "/g/web/rules/r", True), ("/g/web", "/g", True),
        ("/g/web", "/g/web2", False), ("/g/web/rules/r", "/g/web/rules/s", False), ("arn:x", "arn:x/y", False),
    ],
)  # fmt: skip
def test_where_ids_are_paths_parts_and_wholes_fit(resource: str, name: str, fits: bool) -> None:
    move = replace(TRANSITION, resource=resource)
    found = find_actor(move, [event(1, "ann", "s3:Put", name)], WINDOW, actions=["s3:*"])
    assert found.name == ("ann" if fits else "")


@pytest.mark.parametrize(
    ("region", "other", "name"),
    [("", "eu", "ann"), ("eu", "", "ann"), ("eu", "eu", "ann"), ("eu", "us", "")],
)
def test_a_log_without_regions_speaks_of_all(region: str, other: str, name: str) -> None:
    nameless = event(1, "ann", "s3:Put", region=other)
    assert (
        find_actor(replace(TRANSITION, region=region), [nameless], WINDOW, actions=["s3:*"]).name
        == name
    )
