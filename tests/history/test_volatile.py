"""Drift over a store: what moves by itself from night to night is none, what somebody changed is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from scanner.core.drift.alert_events import alert_events_of
from scanner.core.drift.between_records import drift_between
from scanner.core.drift.comparison import Drift, DriftKind
from scanner.history.ledger.ledger import Ledger
from scanner.history.ledger.record_builder import ScanToCommit
from scanner.history.snapshots.snapshot_file import read_snapshot
from scanner.history.stores import open_store
from scanner.model.answers import Snapshot
from scanner.pipeline import judge
from tests.helpers.estate_recording import SNAPSHOT
from tests.helpers.library import shipped_library

LIBRARY = shipped_library()
VOLATILE = {
    "rds:DescribeDBInstances": "LatestRestorableTime",
    "cloudtrail:GetTrailStatus": "LatestDeliveryTime",
    "backup:ListProtectedResources": "LastBackupTime",
}
"""Members that move by themselves, by the call that gives them."""
Change = Callable[[str, Any], Any]


def changed(snapshot: Snapshot, change: Change) -> tuple[Snapshot, set[str]]:
    """The same ten minutes later with other data, and the operations of which it is other."""
    answers = {}
    touched: set[str] = set()
    for key, answer in snapshot.answers.items():
        data = change(answer.call.operation, answer.data)
        if data != answer.data:
            touched.add(answer.call.operation)
            answer = replace(answer, data=data)
        answers[key] = answer
    finished = datetime.fromisoformat(snapshot.finished) + timedelta(minutes=10)
    later = finished.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return replace(
        snapshot, id=f"{snapshot.id}-2", started=later, finished=later, answers=answers
    ), touched


def drifted(place: Path, change: Change) -> tuple[Drift, set[str]]:
    ledger = Ledger(open_store(str(place)))
    first = read_snapshot(SNAPSHOT)
    second, touched = changed(first, change)
    before, after = (
        ledger.commit(ScanToCommit(snapshot=one, assessment=judge([one], LIBRARY), library=LIBRARY))
        for one in (first, second)
    )
    return drift_between(ledger, before, after, LIBRARY, today=date(2026, 1, 1)), touched


def tick(operation: str, data: Any) -> Any:
    """Every volatile time a second later."""
    member = VOLATILE.get(operation)
    if member is None:
        return data

    def moved(value: Any, name: str = "") -> Any:
        if isinstance(value, dict):
            return {key: moved(one, key) for key, one in value.items()}
        if isinstance(value, list):
            return [moved(one) for one in value]
        if name != member or not value:
            return value
        then = datetime.fromisoformat(value).astimezone(UTC) + timedelta(seconds=1)
        return then.isoformat().replace("+00:00", "Z")

    return moved(data)


@pytest.mark.slow
def test_attributes_that_are_volatile_are_no_drift(tmp_path: Path) -> None:
    sources = {
        attribute.api.source
        for kind in LIBRARY.kinds.values()
        for attribute in kind.attributes.values()
    }
    for member in VOLATILE.values():
        assert any(member in source for source in sources), "an attribute reads it"
    found, touched = drifted(tmp_path / "store", tick)
    assert touched, "the recorded account has some"
    assert (found.moved, found.controls, found.appeared, found.gone, found.changes) == (
        (),
        (),
        (),
        (),
        (),
    )
    assert alert_events_of(found, LIBRARY) == ()


@pytest.mark.slow
def test_one_that_decides_is(tmp_path: Path) -> None:
    def suspend(operation: str, data: Any) -> Any:
        return (
            {**data, "Status": "Suspended"}
            if operation == "s3:GetBucketVersioning" and data
            else data
        )

    found, touched = drifted(tmp_path / "store", suspend)
    assert touched == {"s3:GetBucketVersioning"}
    assert {(moved.check, moved.what) for moved in found.moved} >= {
        ("aws-s3-bucket-versioned", DriftKind.NEW_FAILURE)
    }
    assert {moved.cause for moved in found.moved} == {"evidence"}
