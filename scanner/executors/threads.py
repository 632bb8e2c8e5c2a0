"""Jobs spread over threads; beyond 16 the client's own work is the bound, not the wait."""

from __future__ import annotations

import heapq
import itertools
import queue
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final, Generic

from scanner.core.steps import Pending, Prompt, Steps
from scanner.executors import J, R, Working

WORKERS: Final = 16
_GATHER: Final = 0.05
"""Seconds in which outcomes gather: to handle some in a row takes less time than to handle each as it comes."""


@dataclass(frozen=True, slots=True)
class _Outcome(Generic[J, R]):
    job: J
    result: R | None
    error: BaseException | None = None


@dataclass(slots=True, order=True)
class _Task(Generic[J, R]):
    """A job that is begun, and when it goes on."""

    due: float
    number: int
    job: J = field(compare=False)
    steps: Steps[R] = field(compare=False)


class Threads:
    """Up to `workers` jobs at once, besides those that wait; `then` runs in the caller's thread only."""

    def __init__(self, workers: int = WORKERS) -> None:
        self._workers = workers

    def each(
        self, work: Working[J, R], first: Iterable[J], then: Callable[[J, R], Iterable[J]]
    ) -> Iterator[J]:
        """Do the jobs and all that follow; after an error or an interrupt no further job is begun."""
        crew: _Crew[J, R] = _Crew(work, self._workers)
        try:
            left = crew.add(first)
            while left:
                if left > 1 and crew.results.empty():
                    time.sleep(_GATHER)
                outcome = crew.results.get()
                if isinstance(outcome, _Task):
                    crew.go_on(outcome)
                    continue
                if outcome.error is not None:
                    raise outcome.error
                left += crew.add(then(outcome.job, outcome.result)) - 1  # type: ignore[arg-type]  # no error: a result
                yield outcome.job
        finally:
            crew.stop()


class _Crew(Generic[J, R]):
    """The threads, made as they are needed, with what they have to do and what they brought."""

    def __init__(self, work: Working[J, R], limit: int) -> None:
        self._work = work
        self._limit = limit
        self._tasks: list[_Task[J, R]] = []
        self._numbers = itertools.count()
        self._threads: list[threading.Thread] = []
        self._changed = threading.Condition()
        self._stopped = False
        self.results: queue.SimpleQueue[_Outcome[J, R] | _Task[J, R]] = queue.SimpleQueue()
        """Outcomes, and tasks whose pending came: these only compute, and handing them to a thread would cost more."""

    def add(self, jobs: Iterable[J]) -> int:
        """Hand out jobs; returns how many."""
        count = 0
        for job in jobs:
            count += 1
            steps = self._work.steps(job)
            if isinstance(steps, Prompt):
                self.go_on(_Task(0.0, next(self._numbers), job, steps))
            else:
                self._put(0.0, job, steps)
        return count

    def stop(self) -> None:
        """Let every thread end after the step that it is in."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()

    def _put(self, wait: float, job: J, steps: Steps[R]) -> None:
        with self._changed:
            heapq.heappush(
                self._tasks, _Task(time.monotonic() + wait, next(self._numbers), job, steps)
            )
            self._changed.notify()
            if len(self._threads) < self._limit:
                # Daemons: an interrupt must not wait for an answer that may take half a minute.
                thread = threading.Thread(
                    target=self._serve, name=f"tscan-{len(self._threads)}", daemon=True
                )
                self._threads.append(thread)
                thread.start()

    def _take(self) -> _Task[J, R] | None:
        """The next task whose time has come; None when the crew is stopped."""
        with self._changed:
            while not self._stopped:
                wait = self._tasks[0].due - time.monotonic() if self._tasks else None
                if wait is not None and wait <= 0:
                    return heapq.heappop(self._tasks)
                self._changed.wait(wait)
        return None

    def _serve(self) -> None:
        while (task := self._take()) is not None:
            self.go_on(task)

    def go_on(self, task: _Task[J, R]) -> None:
        """Take a task one step further, in the thread that asks."""
        try:
            wait = next(task.steps)
        except StopIteration as stop:
            self.results.put(_Outcome(task.job, stop.value))
        except BaseException as error:  # noqa: BLE001 - handed to the caller's thread and raised there
            self.results.put(_Outcome(task.job, None, error))
        else:
            if isinstance(wait, Pending):
                wait.then(lambda: self.results.put(task))
            else:
                self._put(wait, task.job, task.steps)
