"""Since when a finding has had its verdict, by history."""

from __future__ import annotations

from dataclasses import replace

import pytest

from scanner.core.periods.first_seen import FirstSeen, State
from scanner.model.findings import Verdict
from scanner.model.history import Cause, Transition
from tests.helpers.reference_scan import TARGET, finding

THEN, NOW = "2026-01-01T00:00:00.000Z", "2026-02-01T00:00:00.000Z"
FINDING = finding("aws-s3-bucket-versioned", Verdict.FAIL, "logs")
KEY = (FINDING.check, "eu-west-1", "arn:aws:s3:::logs")


def transition(verdict: str) -> Transition:
    return Transition(
        seq=1,
        ts=THEN,
        check=KEY[0],
        target=TARGET,
        region=KEY[1],
        resource=KEY[2],
        previous="",
        verdict=verdict,
        cause=Cause.EVIDENCE,
    )


@pytest.mark.parametrize(
    ("state", "since"),
    [
        ({KEY: transition("fail")}, THEN),
        # It passed before this scan: the failure is this scan's.
        ({KEY: transition("pass")}, NOW),
        ({KEY: transition("waived")}, NOW),
        # The same resource in another region is another finding.
        ({(KEY[0], "us-east-1", KEY[2]): transition("fail")}, NOW),
        ({}, NOW),
    ],
)
def test_the_first_scan_with_this_verdict(state: State, since: str) -> None:
    assert FirstSeen({TARGET: NOW}, lambda _: state)(FINDING) == since


def test_without_history_nothing_is_known() -> None:
    other = replace(FINDING, resource=replace(FINDING.resource, target="aws:999999999999"))

    def unread(_: str) -> State:
        raise AssertionError("history was read for a target that is not in it")

    assert FirstSeen({TARGET: NOW}, unread)(other) is None
