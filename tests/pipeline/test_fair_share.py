"""Many targets on few workers: one whose calls sleep, because it is throttled, holds up none."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Any

import pytest

from scanner.client.interfaces import Connected
from scanner.collect import Collected, Scheduler, collect_all
from scanner.core.reading.answer_lookup import AnswerLookup
from scanner.executors import EXECUTORS
from scanner.model.answers import Answer, Call, State, Target

CALLS = 40


@dataclass
class Session:
    """A target that answers at once, or not before it is released."""

    target: Target
    released: threading.Event
    answers: dict[str, Answer] = field(default_factory=dict)
    asked: list[Call] = field(default_factory=list)
    regions: tuple[str, ...] = ()

    def request(self, call: Call) -> Answer:
        self.asked.append(call)
        assert self.released.wait(30)
        return Answer(call=call, state=State.OK, data={})


class Many:
    """A reader that needs many answers, none of which needs another."""

    def ask(self, lookup: AnswerLookup) -> None:
        for number in range(CALLS):
            lookup.ask(Call(operation="t:Get", region=str(number)))


@pytest.mark.parametrize(("workers", "targets"), [(4, 4), (16, 3), (16, 12), (2, 2)])
def test_a_target_whose_calls_sleep_holds_up_no_other(workers: int, targets: int) -> None:
    throttled, quick = threading.Event(), threading.Event()
    quick.set()
    sessions = [Session(Target(f"t:{number}"), quick) for number in range(targets - 1)]
    sleeping = Session(Target("t:sleeping"), throttled)
    connectors: list[Any] = [Connected(one) for one in (sleeping, *sessions)]  # type: ignore[arg-type]
    executor = EXECUTORS.get("threads")(workers)
    ended: list[Collected] = []
    for collected in collect_all(
        connectors, lambda _number, _session, _started: [Many()], executor, lambda _: None
    ):
        ended.append(collected)
        if len(ended) == targets - 1:
            assert len(sleeping.asked) < workers, "it never held all workers"
            throttled.set()
    assert [len(one.answers) for one in ended] == [CALLS] * targets
    assert ended[-1].opened is sleeping


def test_a_target_alone_has_all_workers() -> None:
    session = Session(Target("t:alone"), threading.Event())
    scheduler = Scheduler([Connected(session)], lambda *_: [Many()], 16)  # type: ignore[arg-type]
    (job,) = scheduler.first()
    assert len(scheduler.then(job, scheduler.work(job))) == 32
