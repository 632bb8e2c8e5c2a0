"""Over everything that was recorded, redaction replaces no ordinary value and changes no verdict."""

from __future__ import annotations

from dataclasses import replace

import pytest

from scanner import pipeline
from scanner.client.interfaces import Rules
from scanner.client.redaction import Redactor
from scanner.history.snapshots.snapshot_file import read_snapshot
from scanner.model.answers import Answer, Snapshot
from scanner.model.findings import Verdict
from scanner.model.library import Library
from tests.helpers.estate_recording import SNAPSHOT
from tests.helpers.library import shipped_library
from tests.pipeline.planted_secrets import redactor_of
from tests.recordings.redacted_texts import better, improvements, outcomes, places
from tests.recordings.store import ABSENT, folder, scenarios

TAKEN = {
    "value[].properties.ConnectionString": "the recorder wrote REDACTED there",
    "nextLink": "a link to a next page holds a token",
}
"""What detection takes out of the recordings of Google Cloud and Azure, with the reason."""


@pytest.fixture(scope="module")
def library() -> Library:
    """The shipped checks."""
    return shipped_library()


@pytest.fixture(scope="module")
def snapshot() -> Snapshot:
    """The recorded estate."""
    return read_snapshot(SNAPSHOT)


def test_in_the_estate_nothing_is_taken_for_a_secret(snapshot: Snapshot) -> None:
    redactor = Redactor(Rules())
    found: list[str] = []
    for answer in snapshot.answers.values():
        _, redacted = redactor.clean(answer.call.operation, answer.data)
        found.extend(f"{answer.call.operation} {path}" for path in redacted)
    assert found == []


@pytest.mark.skipif(folder() is None, reason=ABSENT)
@pytest.mark.parametrize("cloud", ["gcp", "azure"])
def test_in_recordings_of_other_clouds_nothing_is_taken_for_a_secret(cloud: str) -> None:
    redactor = Redactor(Rules())
    found: set[str] = set()
    number = 0
    for scenario in scenarios(cloud).values():
        for recording in scenario.recordings:
            number += 1
            cleaned, redacted = redactor.clean("x:Y", recording.body)
            found.update(path.replace("[0]", "[]") for path in redacted)
            assert redactor.clean("x:Y", cleaned) == (cleaned, ())
    assert found <= set(TAKEN)
    assert number > 100


def test_no_verdict_of_the_estate_is_changed(snapshot: Snapshot, library: Library) -> None:
    redactor = redactor_of(library)
    answers: dict[str, Answer] = {}
    replaced = 0
    for key, answer in snapshot.answers.items():
        data, redacted = redactor.clean(answer.call.operation, answer.data)
        replaced += len(answer.redacted) + len(redacted)
        answers[key] = replace(answer, data=data, redacted=(*answer.redacted, *redacted))
    before = outcomes(pipeline.judge([snapshot], library))
    after = outcomes(pipeline.judge([replace(snapshot, answers=answers)], library))
    assert before == after
    assert replaced > 0


@pytest.mark.parametrize("operation", ["s3:GetPublicAccessBlock", "sns:ListSubscriptionsByTopic"])
def test_whatever_text_is_redacted_nothing_is_better(
    snapshot: Snapshot, library: Library, operation: str
) -> None:
    """Every place of two operations; `make secrets` tries all."""
    chosen = [place for place in places(snapshot) if place[0] == operation]
    assert list(improvements(snapshot, library, chosen)) == []


def test_what_gets_better_is_noticed(library: Library, snapshot: Snapshot) -> None:
    before = outcomes(pipeline.judge([snapshot], library))
    failing = next(item for item, verdict in before.items() if verdict == "fail")
    assert list(better(before, {**before, failing: Verdict.PASS}))
    assert not list(better(before, before))
