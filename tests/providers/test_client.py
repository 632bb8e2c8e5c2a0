"""The client that every cloud shares, over a transport that follows a script."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from scanner.client.client import Page, ProviderClient, ScanContext
from scanner.client.clock import Clock
from scanner.client.failures import Failure, OperationNotListedError
from scanner.client.interfaces import Rules
from scanner.model.answers import Answer, Call, State
from tests.helpers.scripted_aws import Ticks

CALL = Call(operation="t:List", region="", items=("items",))
BROKEN = Failure(state=State.ERROR, code="Broken", message="cut", attempts=3)
LATER = Failure(state=State.THROTTLED, code="SlowDown", message="", attempts=0, after=7.0)
DENIED = Failure(state=State.DENIED, code="No", message="not yours", request_id="r-9")
SHORT = Failure(state=State.PARTIAL, code="total", message="fewer came than were counted")
WARNED = Failure(state=State.PARTIAL, code="unreachable", message="a zone did not respond")


def page(*items: int, to: Any = None, **more: Any) -> Page[Any]:
    return Page(data={"items": list(items)}, next=to, token=repr(to), **more)


@dataclass
class Script:
    """A transport, and a call that it prepared."""

    outcomes: list[Page[Any] | Failure]
    short: Failure | None = None
    unprepared: Failure | None = None
    lists: tuple[str, ...] = ("items",)
    cursors: list[Any] = field(default_factory=list)

    def rate_limit_key(self, call: Call) -> Hashable:
        if call.operation != CALL.operation:
            raise OperationNotListedError(call.operation)
        return ""

    def prepare(self, call: Call) -> Script | Failure:
        return self.unprepared or self

    def fetch(self, cursor: Any, deadline: float) -> Page[Any] | Failure:
        self.cursors.append(cursor)
        return self.outcomes.pop(0) if len(self.outcomes) > 1 else self.outcomes[0]

    def shortfall(self, data: dict[str, Any], last: Page[Any]) -> Failure | None:
        return self.short


def ask(script: Script, call: Call = CALL, **rules: Any) -> tuple[Answer, Ticks]:
    ticks = Ticks()
    clock = Clock(monotonic=ticks.monotonic, sleep=ticks.sleep, jitter=lambda: 0.5)
    client = ProviderClient(script, ScanContext.begin(Rules(**rules), clock))
    return client.request(call), ticks


def test_pages_are_joined_to_the_last() -> None:
    script = Script([page(1, to="a", request_id="r-1"), page(2, 3, to="b"), page(4)])
    answer, _ = ask(script)
    assert (answer.state, answer.data, answer.count) == (State.OK, {"items": [1, 2, 3, 4]}, 4)
    assert (script.cursors, answer.pages, answer.request_ids) == ([None, "a", "b"], 3, ("r-1",))


@pytest.mark.parametrize(
    ("outcomes", "short", "code"),
    [
        ([page(1, to="a"), page(2, to="a")], None, "RepeatedPageToken"),
        ([page(1, to="a"), DENIED], None, "No"),
        ([page(1, to=SHORT)], None, "total"),
        ([page(1, to="a", incomplete=WARNED), page(2)], None, "unreachable"),
        ([page(1)], SHORT, "total"),
        ([page(1, to="a"), page(2)], SHORT, "total"),
    ],
)
def test_what_is_not_complete_is_partial(
    outcomes: list[Page[Any] | Failure], short: Failure | None, code: str
) -> None:
    answer, _ = ask(Script(outcomes, short=short))
    assert (answer.state, answer.code) == (State.PARTIAL, code)
    assert answer.data is not None
    assert not answer.state.whole


def test_pages_of_a_call_without_lists_are_not_followed() -> None:
    script = Script([page(1, to="a")])
    answer, _ = ask(script, Call(operation=CALL.operation, region=""))
    assert (answer.state, answer.code, len(script.cursors)) == (State.PARTIAL, "MorePages", 1)


def test_a_list_that_is_none_is_an_error() -> None:
    answer, _ = ask(Script([page(1, to="a"), Page(data={"items": "x"})]))
    assert (answer.state, answer.code) == (State.ERROR, "NotAList")


@pytest.mark.parametrize(
    ("outcomes", "state", "requests"),
    [
        ([BROKEN, page(1)], State.OK, 2),
        ([BROKEN], State.ERROR, 3),
        ([DENIED, page(1)], State.DENIED, 1),
        ([LATER, DENIED, page(1)], State.DENIED, 2),
        ([LATER, LATER, page(1)], State.OK, 3),
    ],
)
def test_failures_are_retried_as_often_as_they_are_worth(
    outcomes: list[Page[Any] | Failure], state: State, requests: int
) -> None:
    script = Script(outcomes)
    answer, ticks = ask(script)
    assert (answer.state, len(script.cursors), answer.retries) == (state, requests, requests - 1)
    if outcomes[0] is LATER:
        assert max(ticks.slept) >= 7.0, "Retry-After is kept"


def test_a_refusal_keeps_its_request_id_and_what_says_absence_is_absent() -> None:
    answer, _ = ask(Script([DENIED]))
    assert (answer.request_ids, answer.message) == (("r-9",), "not yours")
    absent = Call(operation=CALL.operation, region="", absent_on=("No",))
    assert ask(Script([DENIED]), absent)[0].state is State.ABSENT


def test_a_call_that_cannot_be_prepared_is_not_sent() -> None:
    script = Script([page(1)], unprepared=BROKEN)
    answer, _ = ask(script)
    assert (answer.state, answer.code, script.cursors) == (State.ERROR, "Broken", [])


def test_nothing_is_sent_after_the_deadline() -> None:
    script = Script([page(1)])
    answer, _ = ask(script, scan_deadline=0.0)
    assert (answer.state, answer.code, script.cursors) == (State.ERROR, "Deadline", [])
    throttled, ticks = ask(Script([LATER]), call_deadline=30.0)
    assert throttled.state is State.THROTTLED
    assert ticks.time <= 30.0


def test_an_operation_that_is_not_listed_is_an_error_of_ours() -> None:
    with pytest.raises(OperationNotListedError):
        ask(Script([page(1)]), Call(operation="t:Delete", region=""))


def test_the_date_of_responses_tells_the_clocks_apart() -> None:
    script = Script([page(1, date="Thu, 01 Jan 2026 00:00:30 GMT")])
    clock = Clock(now=lambda: datetime(2026, 1, 1, tzinfo=UTC))
    client = ProviderClient(script, ScanContext.begin(Rules(), clock))
    client.request(CALL)
    assert client.skew.largest == 30.0
