"""Executors: every job is done once, what follows is done too, and an end is an end."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterable

import pytest

from scanner.executors import EXECUTORS, WORKER, Executor, run
from scanner.model.answers import Answer, Call, State

NAMES = ["serial", "threads"]


class Tree:
    """Calls that have two followers each, down to a depth."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def request(self, call: Call) -> Answer:
        self.asked.append(call.region)
        return Answer(call=call, state=State.OK)


class Gate:
    """Calls of which all but the first wait until the gate is opened."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.opened = threading.Event()

    def request(self, call: Call) -> Answer:
        self.begun.append(call.region)
        if call.region != "0":
            self.opened.wait()
        return Answer(call=call, state=State.OK)

    def open(self) -> None:
        """Let every waiting call go on, and wait until no worker is left."""
        self.opened.set()
        for thread in threading.enumerate():
            if thread.name.startswith(WORKER):
                thread.join()


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


def test_many_wait_at_the_same_time() -> None:
    together = threading.Barrier(16)

    def meet(job: Call) -> Answer:
        together.wait()
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


def interrupt(*_: object) -> Iterable[Call]:
    raise KeyboardInterrupt


JOBS = [call(str(number)) for number in range(100)]


@pytest.mark.parametrize("name", NAMES)
def test_an_interrupt_begins_no_further_call(name: str) -> None:
    gate = Gate()
    with pytest.raises(KeyboardInterrupt):
        run(executor(name, 2), gate.request, JOBS, interrupt)
    gate.open()
    # The first, and what two workers had begun before the interrupt.
    assert 1 <= len(gate.begun) <= 3


def test_leaving_early_begins_no_further_call() -> None:
    gate = Gate()
    for _ in executor("threads", 2).each(gate.request, JOBS, lambda *_: []):
        break
    gate.open()
    assert 1 <= len(gate.begun) <= 3


def test_an_interrupt_waits_for_no_job() -> None:
    released = threading.Event()
    ended: list[str] = []

    def stuck(job: Call) -> Answer:
        if job.region == "stuck":
            # Whoever waited for this job would wait for ever, and then find it ended.
            released.wait(600)
        ended.append(job.region)
        return Answer(call=job, state=State.OK)

    with pytest.raises(KeyboardInterrupt):
        run(executor("threads", 2), stuck, [call("stuck"), call("quick")], interrupt)
    assert ended == ["quick"]
    released.set()


STUCK = """
import sys, threading
from scanner import cli
from scanner.executors import EXECUTORS, run

def stuck(number):
    if number:
        threading.Event().wait()

def interrupt(*_):
    raise KeyboardInterrupt

cli.app.main = lambda **_: run(EXECUTORS.get("threads")(2), stuck, [0, 1], interrupt)
cli.main()
"""


def test_an_interrupted_command_ends_although_a_worker_waits() -> None:
    # A command that waited for its worker would never end: the limit only ends the test then.
    done = subprocess.run(
        [sys.executable, "-c", STUCK], capture_output=True, text=True, timeout=600, check=False
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "interrupted: nothing was judged\n"
