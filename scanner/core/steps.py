"""Work that waits without holding a thread: it yields what it waits for, and whoever drives it decides how to wait."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Generator, Sequence
from typing import Any, TypeVar

R = TypeVar("R")


class Pending:
    """Something that somebody else is about to bring: who waits for it is told, once."""

    __slots__ = ("_lock", "_waiting", "outcome")

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: list[Callable[[], None]] | None = []
        self.outcome: Any = None
        """What was brought; None until then."""

    def bring(self, outcome: Any) -> None:
        """Hand over what was waited for."""
        with self._lock:
            self.outcome = outcome
            waiting, self._waiting = self._waiting, None
        for tell in waiting or ():
            tell()

    def then(self, tell: Callable[[], None]) -> None:
        """Have somebody told when it is there, by the thread that brings it, or at once."""
        with self._lock:
            if self._waiting is not None:
                self._waiting.append(tell)
                return
        tell()

    def wait(self) -> None:
        """Wait until it is there."""
        there = threading.Event()
        self.then(there.set)
        there.wait()


Steps = Generator["float | Pending", None, R]
"""Yields seconds to wait before it goes on, or what it waits for; returns what it leads to.

After seconds it may block; after a `Pending` it only computes, so that any thread may go on with it.
"""


class Prompt(Generator["float | Pending", None, R]):
    """Steps that only compute until they wait: whoever has them takes the first one too, without a thread."""

    __slots__ = ("_steps",)

    def __init__(self, steps: Steps[R]) -> None:
        self._steps = steps

    def __next__(self) -> float | Pending:
        return next(self._steps)

    def send(self, value: None, /) -> float | Pending:
        """As `next`: nothing is sent."""
        return self._steps.send(value)

    def throw(self, *error: Any) -> float | Pending:
        """Raise an error where the steps wait."""
        return self._steps.throw(*error)

    def close(self) -> None:
        """End the steps where they wait."""
        self._steps.close()


def walk(steps: Steps[R], sleep: Callable[[float], None]) -> R:
    """What the steps lead to, each wait slept."""
    while True:
        try:
            wait = next(steps)
        except StopIteration as stop:
            result: R = stop.value
            return result
        if isinstance(wait, Pending):
            wait.wait()
        else:
            sleep(wait)


def walk_all(many: Sequence[Steps[R]], sleep: Callable[[float], None]) -> list[R]:
    """What each of the steps leads to; they wait at the same time for what is pending."""
    results: dict[int, R] = {}
    ready: queue.SimpleQueue[int] = queue.SimpleQueue()
    for number in range(len(many)):
        ready.put(number)
    while len(results) < len(many):
        number = ready.get()
        try:
            wait = next(many[number])
            while not isinstance(wait, Pending):
                sleep(wait)
                wait = next(many[number])
        except StopIteration as stop:
            results[number] = stop.value
        else:
            wait.then(lambda number=number: ready.put(number))  # type: ignore[misc]
    return [results[number] for number in range(len(many))]
