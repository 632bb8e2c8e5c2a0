"""Executors: every job is done once, what follows is done too, and an end is an end."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable

import pytest

from scanner.executors import EXECUTORS, Executor, run
from scanner.model.answers import Answer, Call, State

NAMES = ["serial", "threads"]


class Tree:
    """Calls that have two followers each, down to a depth."""

    def __init__(self, pause: float = 0.0) -> None:
        self.asked: list[str] = []
        self.threads: set[str] = set()
        self.pause = pause

    def request(self, call: Call) -> Answer:
        self.asked.append(call.region)
        self.threads.add(threading.current_thread().name)
        time.sleep(self.pause)
        return Answer(call=call, state=State.OK)


def call(name: str) -> Call:
    return Call(operation="t:Ask", region=name)


def grow(done: Call, _: Answer) -> Iterable[Call]:
    return [call(done.region + side) for side in "lr"] if len(done.region) < 5 else []


def executor(name: str, workers: int = 4) -> Executor:
    return EXECUTORS.get(name)(workers)


@pytest.mark.parametrize("name", NAMES)
def test_every_call_and_what_follows_is_made_once(name: str) -> None:
    tree = Tree()
    seen = [done.region for done in executor(name).each(tree.request, [call("a"), call("b")], grow)]
    assert len(tree.asked) == len(set(tree.asked)) == 2 * 31
    assert sorted(seen) == sorted(tree.asked)


@pytest.mark.parametrize("name", NAMES)
def test_answers_are_handled_in_the_callers_thread(name: str) -> None:
    inside: set[str] = set()

    def then(done: Call, answer: Answer) -> Iterable[Call]:
        inside.add(threading.current_thread().name)
        assert answer.call is done
        return grow(done, answer)

    run(executor(name), Tree().request, [call("a")], then)
    assert inside == {threading.current_thread().name}


@pytest.mark.parametrize("name", NAMES)
def test_nothing_to_do(name: str) -> None:
    run(executor(name), Tree().request, [], grow)


def test_serial_is_the_same_every_time() -> None:
    runs = []
    for _ in range(2):
        tree = Tree()
        run(executor("serial"), tree.request, [call("a"), call("b")], grow)
        runs.append(tree.asked)
    assert runs[0] == runs[1]
    assert runs[0][:4] == ["a", "b", "al", "ar"]


def test_threads_work_at_the_same_time() -> None:
    tree = Tree(pause=0.02)
    run(executor("threads", 8), tree.request, [call(str(n)) for n in range(16)], lambda *_: [])
    assert 1 < len(tree.threads) <= 8


def test_many_wait_at_the_same_time() -> None:
    together = threading.Barrier(16)

    def meet(job: Call) -> Answer:
        together.wait(timeout=10)
        return Answer(call=job, state=State.OK)

    calls = [call(str(number)) for number in range(64)]
    assert len(list(executor("threads", 16).each(meet, calls, lambda *_: []))) == 64


def test_the_number_of_workers_is_known() -> None:
    assert executor("threads", 7).workers == 7
    assert executor("serial", 7).workers == 1


@pytest.mark.parametrize("name", NAMES)
def test_an_internal_error_is_raised(name: str) -> None:
    def broken(job: Call) -> Answer:
        raise LookupError("a defect")

    with pytest.raises(LookupError):
        run(executor(name), broken, [call("a")], grow)


@pytest.mark.parametrize("name", NAMES)
def test_an_interrupt_begins_no_further_call(name: str) -> None:
    tree = Tree(pause=0.03)

    def interrupt(*_: object) -> Iterable[Call]:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(executor(name, 2), tree.request, [call(str(n)) for n in range(100)], interrupt)
    time.sleep(0.1)
    begun = len(tree.asked)
    time.sleep(0.1)
    assert len(tree.asked) == begun < 20


def test_leaving_early_begins_no_further_call() -> None:
    tree = Tree(pause=0.03)
    jobs = [call(str(n)) for n in range(100)]
    for _ in executor("threads", 2).each(tree.request, jobs, lambda *_: []):
        break
    time.sleep(0.1)
    begun = len(tree.asked)
    time.sleep(0.1)
    assert len(tree.asked) == begun < 20


def test_an_interrupt_waits_for_no_job() -> None:
    released = threading.Event()

    def stuck(job: Call) -> Answer:
        if job.region == "stuck":
            released.wait(10)
        return Answer(call=job, state=State.OK)

    def interrupt(*_: object) -> Iterable[Call]:
        raise KeyboardInterrupt

    began = time.monotonic()
    try:
        with pytest.raises(KeyboardInterrupt):
            run(executor("threads", 2), stuck, [call("stuck"), call("quick")], interrupt)
        assert time.monotonic() - began < 5
    finally:
        released.set()
