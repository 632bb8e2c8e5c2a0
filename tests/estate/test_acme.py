"""What is said of acme-prod in place of the simulator, and the clock that its recording gets."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from scanner.model.answers import Answer, Call, Snapshot, State
from tests.estate.acme import CREATED, HOME, NIGHTS, REGIONS
from tests.estate.acme.answers import answers
from tests.estate.acme.record import as_of, with_endpoint
from tests.estate.told import untrue

BEGAN = datetime(2027, 5, 1, 12, tzinfo=UTC)
ANSWERS = answers(NIGHTS[0], ["i-1", "i-2", "i-3"])
REQUEST = {"filterCriteria": {"resourceType": [{"value": "AWS_ECR_REPOSITORY"}]}}


@pytest.mark.parametrize("region", REGIONS)
@pytest.mark.parametrize("operation", ANSWERS)
def test_every_answer_is_of_the_providers_shape(operation: str, region: str) -> None:
    assert list(untrue(operation, ANSWERS[operation](region, REQUEST))) == []


def snapshot(data: Any, **params: str) -> Snapshot:
    call = Call(operation="x:Get", region=HOME, params=params)
    answer = Answer(call=call, state=State.OK, data=data, request_ids=("r",))
    return Snapshot(
        id="s", target="aws:1", started="", finished="", version="1", regions=REGIONS,
        checks=(), params={}, callers=(), answers={call.key: answer},
    )  # fmt: skip


def moved(data: Any) -> Any:
    (answer,) = as_of(snapshot(data), NIGHTS[0], BEGAN).answers.values()
    assert answer.request_ids == ()
    assert answer.started.startswith("2026-11-29T02:00:00")
    return answer.data


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"CreateDate": "2027-05-01T12:00:07Z"}, {"CreateDate": "2026-03-02T09:30:00Z"}),
        ({"CreateDate": "2027-05-01T12:00:07.123Z"}, {"CreateDate": "2026-03-02T09:30:00Z"}),
        ({"CreateDate": "2019-05-01T12:00:07Z"}, {"CreateDate": "2019-05-01T12:00:07Z"}),
        ({"LatestRestorableTime": "2027-05-01T12:00:07+00:00"}, {"LatestRestorableTime": "2026-11-29T01:55:00+00:00"}),
        ({"NotAfter": "2028-04-30T12:00:00Z"}, {"NotAfter": "2027-03-02T09:30:00Z"}),
        ({"creationTime": int((BEGAN + timedelta(seconds=3)).timestamp() * 1000)}, {"creationTime": int(CREATED.timestamp() * 1000)}),
        ({"CreatedTimestamp": f"{int(BEGAN.timestamp())}.25"}, {"CreatedTimestamp": str(int(CREATED.timestamp()))}),
        ({"Serial": "1234", "Size": 30, "On": True}, {"Serial": "simulated", "Size": 30, "On": True}),
    ],
)  # fmt: skip
def test_times_of_the_recording_become_those_of_the_night(before: Any, after: Any) -> None:
    assert moved({"Rows": [before]}) == {"Rows": [after]}


def test_the_port_of_the_simulator_is_in_no_call_and_no_answer() -> None:
    taken = snapshot({"Urls": ["http://127.0.0.1:5000/1/q"]}, Url="http://127.0.0.1:5000/1/q")
    ((key, answer),) = with_endpoint(taken, "http://127.0.0.1:5000", "https://q").answers.items()
    assert key == answer.call.key
    assert (answer.data, answer.call.params) == (
        {"Urls": ["https://q/1/q"]},
        {"Url": "https://q/1/q"},
    )
