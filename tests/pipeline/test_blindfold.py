"""It cannot be blindfolded: taking evidence away never makes anything look better."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from pathlib import Path

import pytest

from scanner.history.snapshots.snapshot_file import read_snapshot
from scanner.model.answers import Snapshot
from scanner.model.findings import Assessment, Verdict
from scanner.model.library import Library
from scanner.pipeline import judge
from tests.helpers.library import shipped_library
from tests.helpers.long_form import amount, some
from tests.helpers.refusals import (
    changed,
    cut_off,
    denied,
    improvements,
    samples,
    throttled,
    worsened,
)

SNAPSHOT = Path(__file__).parents[2] / "tests/recordings/estate.snapshot.jsonl.gz"


@pytest.fixture(scope="module")
def library() -> Library:
    return shipped_library()


@pytest.fixture(scope="module")
def snapshot() -> Snapshot:
    return read_snapshot(SNAPSHOT)


@pytest.fixture(scope="module")
def before(snapshot: Snapshot, library: Library) -> Assessment:
    return judge([snapshot], library)


def test_the_evidence_is_worth_taking_away(before: Assessment) -> None:
    verdicts = [finding.verdict for finding in before.findings]
    assert verdicts.count(Verdict.PASS) > 50
    assert verdicts.count(Verdict.FAIL) > 50


def test_refusing_an_operation_improves_nothing(
    snapshot: Snapshot, before: Assessment, library: Library
) -> None:
    by_operation: dict[str, list[str]] = defaultdict(list)
    for key, answer in snapshot.answers.items():
        by_operation[answer.call.operation].append(key)
    assert len(by_operation) > 50
    for operation, keys in some(by_operation.items(), 40):
        after = judge([worsened(snapshot, keys, denied)], library)
        assert list(improvements(before, after, library)) == [], operation


def test_refusing_one_answer_shows_in_the_findings_that_read_it(
    snapshot: Snapshot, before: Assessment, library: Library
) -> None:
    answered = sorted(key for key, answer in snapshot.answers.items() if answer.state.whole)
    for key in some(answered, amount(20, 200)):
        after = judge([worsened(snapshot, [key], denied)], library)
        assert list(improvements(before, after, library)) == [], key
        for finding in changed(before, after):
            assert finding.verdict is Verdict.UNKNOWN, key
            assert finding.reason, key


def test_cutting_listings_off_improves_nothing(
    snapshot: Snapshot, before: Assessment, library: Library
) -> None:
    listings = [
        key for key, answer in snapshot.answers.items() if answer.call.items and answer.count
    ]
    assert len(listings) > 20
    for key in some(listings, amount(20, 200)):
        after = judge([worsened(snapshot, [key], cut_off)], library)
        assert list(improvements(before, after, library)) == [], key


@pytest.mark.parametrize("worsen", [denied, throttled, cut_off])
def test_random_losses_improve_nothing(
    worsen: object, snapshot: Snapshot, before: Assessment, library: Library
) -> None:
    for keys in samples(sorted(snapshot.answers), 15, seed=7):
        after = judge([worsened(snapshot, keys, worsen)], library)  # type: ignore[arg-type]
        assert list(improvements(before, after, library)) == []


def test_answers_that_were_never_made_improve_nothing(
    snapshot: Snapshot, before: Assessment, library: Library
) -> None:
    for keys in samples(sorted(snapshot.answers), 15, seed=11):
        left = {key: answer for key, answer in snapshot.answers.items() if key not in keys}
        after = judge([replace(snapshot, answers=left)], library)
        assert list(improvements(before, after, library)) == []


def test_running_fewer_checks_improves_nothing(
    snapshot: Snapshot, before: Assessment, library: Library
) -> None:
    for checks in samples(sorted(snapshot.checks), 25, seed=3):
        after = judge([snapshot], library, checks=tuple(checks))
        gains = [gain for gain in improvements(before, after, library) if "disappeared" not in gain]
        assert gains == []


def test_regions_that_could_not_be_listed_improve_nothing(
    snapshot: Snapshot, before: Assessment, library: Library
) -> None:
    for regions in (snapshot.regions[:1], snapshot.regions):
        blind = replace(snapshot, regions=regions, regions_open="ec2:DescribeRegions denied")
        assert list(improvements(before, judge([blind], library), library)) == []
