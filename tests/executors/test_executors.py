"""Executors: every call is asked once, what follows is asked too, and an end is an end."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable

import pytest

from scanner.executors import EXECUTORS, Executor
from scanner.model.answers import Answer, Call, State

NAMES = ["serial", "threads"]


class Tree:
    """A session whose calls have two followers each, down to a depth."""

    def __init__(self, pause: float = 0.0) -> None:
        self.asked: list[str] = []
        self.threads: set[str] = set()
        self.pause = pause

    def ask(self, call: Call) -> Answer:
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
    seen: list[tuple[int, int]] = []
    executor(name).run(tree, [call("a"), call("b")], grow, lambda done, known: seen.append((done, known)))
    assert len(tree.asked) == len(set(tree.asked)) == 2 * 31
    assert seen[-1] == (62, 62)
    assert [done for done, _ in seen] == list(range(1, 63))


@pytest.mark.parametrize("name", NAMES)
def test_answers_are_handled_in_the_callers_thread(name: str) -> None:
    inside: set[str] = set()

    def then(done: Call, answer: Answer) -> Iterable[Call]:
        inside.add(threading.current_thread().name)
        assert answer.call is done
        return grow(done, answer)

    executor(name).run(Tree(), [call("a")], then)
    assert inside == {threading.current_thread().name}


@pytest.mark.parametrize("name", NAMES)
def test_nothing_to_ask(name: str) -> None:
    executor(name).run(Tree(), [], grow)


def test_serial_is_the_same_every_time() -> None:
    runs = []
    for _ in range(2):
        tree = Tree()
        executor("serial").run(tree, [call("a"), call("b")], grow)
        runs.append(tree.asked)
    assert runs[0] == runs[1]
    assert runs[0][:4] == ["a", "b", "al", "ar"]


def test_threads_ask_at_the_same_time() -> None:
    tree = Tree(pause=0.02)
    executor("threads", 8).run(tree, [call(str(n)) for n in range(16)], lambda *_: [])
    assert 1 < len(tree.threads) <= 8


@pytest.mark.parametrize("name", NAMES)
def test_an_internal_error_is_raised(name: str) -> None:
    class Broken(Tree):
        def ask(self, call: Call) -> Answer:
            super().ask(call)
            raise LookupError("a defect")

    with pytest.raises(LookupError):
        executor(name).run(Broken(), [call("a")], grow)


@pytest.mark.parametrize("name", NAMES)
def test_an_interrupt_begins_no_further_call(name: str) -> None:
    tree = Tree(pause=0.005)

    def interrupt(*_: object) -> Iterable[Call]:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        executor(name, 2).run(tree, [call(str(n)) for n in range(100)], interrupt)
    time.sleep(0.05)
    begun = len(tree.asked)
    time.sleep(0.05)
    assert len(tree.asked) == begun < 20
