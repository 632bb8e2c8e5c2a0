"""Executors: every call is asked once, what follows is asked too, and an end is an end."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable

import pytest

from scanner.core.steps import Pending, Prompt, Steps, walk_all
from scanner.executors import EXECUTORS, Executor, run
from scanner.model.answers import Answer, Call, State

NAMES = ["serial", "threads"]


class Tree:
    """A session whose calls have two followers each, down to a depth."""

    def __init__(self, pause: float = 0.0) -> None:
        self.asked: list[str] = []
        self.threads: set[str] = set()
        self.pause = pause

    def steps(self, call: Call) -> Steps[Answer]:
        yield 0.0
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
def test_every_call_and_what_follows_is_asked_once(name: str) -> None:
    tree = Tree()
    seen = [done.region for done in executor(name).each(tree, [call("a"), call("b")], grow)]
    assert len(tree.asked) == len(set(tree.asked)) == 2 * 31
    assert sorted(seen) == sorted(tree.asked)


@pytest.mark.parametrize("name", NAMES)
def test_answers_are_handled_in_the_callers_thread(name: str) -> None:
    inside: set[str] = set()

    def then(done: Call, answer: Answer) -> Iterable[Call]:
        inside.add(threading.current_thread().name)
        assert answer.call is done
        return grow(done, answer)

    run(executor(name), Tree(), [call("a")], then)
    assert inside == {threading.current_thread().name}


@pytest.mark.parametrize("name", NAMES)
def test_nothing_to_ask(name: str) -> None:
    run(executor(name), Tree(), [], grow)


def test_serial_is_the_same_every_time() -> None:
    runs = []
    for _ in range(2):
        tree = Tree()
        run(executor("serial"), tree, [call("a"), call("b")], grow)
        runs.append(tree.asked)
    assert runs[0] == runs[1]
    assert runs[0][:4] == ["a", "b", "al", "ar"]


def test_threads_ask_at_the_same_time() -> None:
    tree = Tree(pause=0.02)
    run(executor("threads", 8), tree, [call(str(n)) for n in range(16)], lambda *_: [])
    assert 1 < len(tree.threads) <= 8


@pytest.mark.parametrize("name", NAMES)
def test_an_internal_error_is_raised(name: str) -> None:
    class Broken(Tree):
        def steps(self, call: Call) -> Steps[Answer]:
            yield from super().steps(call)
            raise LookupError("a defect")

    with pytest.raises(LookupError):
        run(executor(name), Broken(), [call("a")], grow)


@pytest.mark.parametrize("name", NAMES)
def test_an_interrupt_begins_no_further_call(name: str) -> None:
    tree = Tree(pause=0.03)

    def interrupt(*_: object) -> Iterable[Call]:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(executor(name, 2), tree, [call(str(n)) for n in range(100)], interrupt)
    time.sleep(0.1)
    begun = len(tree.asked)
    time.sleep(0.1)
    assert len(tree.asked) == begun < 20


def test_leaving_early_begins_no_further_call() -> None:
    tree = Tree(pause=0.03)
    for _ in executor("threads", 2).each(tree, [call(str(n)) for n in range(100)], lambda *_: []):
        break
    time.sleep(0.1)
    begun = len(tree.asked)
    time.sleep(0.1)
    assert len(tree.asked) == begun < 20


def test_who_waits_holds_no_thread() -> None:
    class Waiting(Tree):
        def steps(self, call: Call) -> Steps[Answer]:
            if call.region == "slow":
                yield 0.3
            return (yield from super().steps(call))

    slow = [call("slow") for _ in range(8)]
    began = time.monotonic()
    order: list[tuple[str, float]] = [
        (done.region, time.monotonic() - began)
        for done in executor("threads", 2).each(Waiting(), [*slow, call("quick")], lambda *_: [])
    ]
    assert order[0][0] == "quick"
    assert order[0][1] < 0.2
    assert 0.3 <= order[-1][1] < 0.6, "eight waits on two threads take as long as one"


class Brought:
    """A session whose calls wait for what another thread brings."""

    def __init__(self, *, prompt: bool) -> None:
        self.prompt = prompt
        self.began: set[str] = set()
        self.went_on: set[str] = set()

    def steps(self, call: Call) -> Steps[Answer]:
        return Prompt(self._steps(call)) if self.prompt else self._steps(call)

    def _steps(self, call: Call) -> Steps[Answer]:
        self.began.add(threading.current_thread().name)
        pending = Pending()
        threading.Timer(0.01, pending.bring, [call.region]).start()
        yield pending
        self.went_on.add(threading.current_thread().name)
        assert pending.outcome == call.region
        yield 0.001
        return Answer(call=call, state=State.OK)


@pytest.mark.parametrize("prompt", [False, True])
@pytest.mark.parametrize("name", NAMES)
def test_what_is_brought_by_another_thread_is_waited_for(name: str, prompt: bool) -> None:
    session = Brought(prompt=prompt)
    seen = [done.region for done in executor(name).each(session, [call("a"), call("b")], grow)]
    assert len(seen) == len(set(seen)) == 2 * 31


def test_steps_that_only_compute_take_no_thread() -> None:
    session = Brought(prompt=True)
    run(executor("threads"), session, [call("a")], lambda done, answer: [])
    assert session.began == session.went_on == {threading.current_thread().name}


def test_many_wait_at_the_same_time_without_threads() -> None:
    class Together:
        """Nothing is brought before all wait."""

        waiting: list[Pending] = []  # noqa: RUF012

        def steps(self, call: Call) -> Steps[Answer]:
            return Prompt(self._steps(call))

        def _steps(self, call: Call) -> Steps[Answer]:
            pending = Pending()
            self.waiting.append(pending)
            if len(self.waiting) == 200:
                threading.Thread(target=lambda: [one.bring(True) for one in self.waiting]).start()
            yield pending
            return Answer(call=call, state=State.OK)

    calls = [call(f"long-{number}") for number in range(200)]
    assert len(list(executor("threads", workers=1).each(Together(), calls, lambda *_: []))) == 200


def test_an_error_of_steps_that_only_compute_is_raised() -> None:
    class Broken:
        def steps(self, call: Call) -> Steps[Answer]:
            return Prompt(self._steps())

        def _steps(self) -> Steps[Answer]:
            yield from ()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run(executor("threads"), Broken(), [call("a")], grow)


def test_steps_walked_together_wait_together() -> None:
    pendings = [Pending() for _ in range(3)]

    def waiting(number: int) -> Steps[int]:
        yield pendings[number]
        return number

    for pending in reversed(pendings):
        threading.Timer(0.01, pending.bring, [None]).start()
    assert walk_all([waiting(number) for number in range(3)], time.sleep) == [0, 1, 2]
